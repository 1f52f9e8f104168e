#include "app/cli/json_output.h"

#include <nlohmann/json.hpp>

namespace widthwise::cli {

std::string dump(const nlohmann::ordered_json& document) {
    return document.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

} // namespace widthwise::cli
