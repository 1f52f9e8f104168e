#include "core/base/input_file.h"
#include "core/base/resource.h"
#include "core/base/text.h"
#include "core/cost/cost_model.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

constexpr std::string_view k_folder = "targets/";
constexpr std::string_view k_suffix = ".json";
constexpr int64_t k_most_bytes = 1 << 20;

} // namespace

std::vector<std::string> preset_names() {
    std::vector<std::string> names;
    for (std::string_view path : resource_paths(k_folder)) {
        if (!path.ends_with(k_suffix)) continue;
        path.remove_prefix(k_folder.size());
        path.remove_suffix(k_suffix.size());
        names.emplace_back(path);
    }
    return names;
}

Result<HardwareTarget> load_target(const std::string& name_or_path) {
    const std::vector<std::string> names = preset_names();
    if (std::find(names.begin(), names.end(), name_or_path) != names.end())
        return target_from_json(resource(std::string(k_folder) + name_or_path + std::string(k_suffix)),
                                "target '" + name_or_path + "'");
    std::error_code ignored;
    if (!std::filesystem::exists(name_or_path, ignored)) {
        const std::vector<std::string> near = nearest_names(name_or_path, names);
        return fail(
            ErrorCode::invalid_input, "neither a built-in target nor a file", "'" + name_or_path + "'",
            near.empty() ? "built in are " + join(names, ", ") : "did you mean " + join(near, " or ") + "?");
    }
    auto text = read_input(name_or_path, k_most_bytes);
    if (!text) return forward_error(text);
    return target_from_json(*text, name_or_path);
}

} // namespace widthwise::cost
