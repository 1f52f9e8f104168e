#pragma once

#include "core/report/report.h"

#include <vector>

namespace widthwise::cli {

/// The design space as the window draws it, one picture per cost axis; none in a build without the window.
[[nodiscard]] std::vector<report::Picture> design_space_pictures(const std::vector<report::Design>& designs);

} // namespace widthwise::cli
