#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace widthwise::cli {

/// Indented; names that are not UTF-8 are mended, so that the document always parses.
[[nodiscard]] std::string dump(const nlohmann::ordered_json& document);

} // namespace widthwise::cli
