#pragma once

#include "core/report/report.h"

namespace widthwise::report {

/// One design's <details>: where its energy goes, its layers, and where its figures come from.
[[nodiscard]] std::string design_details(const Design& design);

} // namespace widthwise::report
