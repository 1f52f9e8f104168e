#pragma once
// Which file may include which: the architecture's table, read off the #include lines.

#include <map>
#include <set>
#include <string>
#include <vector>

namespace widthwise::arch {

struct SourceFile {
    std::string path; ///< from the project's root: "core/graph/graph.h"
    std::string text;
};

/// Room of core -> rooms that it may include besides itself.
[[nodiscard]] const std::map<std::string, std::set<std::string>>& room_edges();

/// The names between <> or "", in order; commented-out lines do not count.
[[nodiscard]] std::vector<std::string> included_names(const std::string& text);

/// One line for each forbidden #include: "core/graph/graph.h includes core/engine/evaluator.h: graph may not
/// include engine". Also follows headers: what app and widgets reach through core's headers must be free of
/// third-party code.
[[nodiscard]] std::vector<std::string> violations(const std::vector<SourceFile>& files);

} // namespace widthwise::arch
