#pragma once

#include "core/design/evaluation.h"

namespace widthwise::gui {

/// How good a measured design is: its top-1 accuracy or, without labels or classes, its agreement with float.
struct Quality {
    bool agreement = false;
    int64_t samples = 0;
    double share = 0; ///< 0..1
    Interval ci95;
};

[[nodiscard]] inline Quality quality_of(const Evaluation& evaluation) {
    if (evaluation.accuracy.samples == 0 && evaluation.agreement)
        return {true, evaluation.agreement->samples, evaluation.agreement->top1_agreement,
                evaluation.agreement->top1_agreement_ci95};
    return {false, evaluation.accuracy.samples, evaluation.accuracy.top1, evaluation.accuracy.top1_ci95};
}

} // namespace widthwise::gui
