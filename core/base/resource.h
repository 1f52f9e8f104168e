#pragma once
// Files of resources/ that CMake embeds into the program (targets/*.json, demo/*).

#include <string_view>
#include <vector>

namespace widthwise {

/// Contents of "targets/eyeriss.json"; empty when there is no such resource.
[[nodiscard]] std::string_view resource(std::string_view path);
/// Paths with this prefix, sorted.
[[nodiscard]] std::vector<std::string_view> resource_paths(std::string_view prefix);

} // namespace widthwise
