#pragma once
// An evaluation for people to read.

#include "core/design/evaluation.h"

#include <string>

namespace widthwise::cli {

/// Per layer, then passes, then accuracy (or agreement without labels), calibration and speed.
[[nodiscard]] std::string evaluation_text(const Evaluation& evaluation);

/// "[90.12 %, 91.30 %]"
[[nodiscard]] std::string interval_text(const Interval& interval);

} // namespace widthwise::cli
