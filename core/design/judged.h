#pragma once
// What an evaluation is judged by: accuracy, or agreement with float where there are no labels or classes.

#include "core/design/evaluation.h"

namespace widthwise {

[[nodiscard]] inline bool has_accuracy(const Evaluation& evaluation) {
    return evaluation.accuracy.samples > 0 || !evaluation.agreement;
}

/// Images that were run.
[[nodiscard]] inline int64_t images_run(const Evaluation& evaluation) {
    return has_accuracy(evaluation) ? evaluation.accuracy.samples : evaluation.agreement->samples;
}

/// Share of images with the float network's prediction.
[[nodiscard]] inline double top1_agreement(const Evaluation& evaluation) {
    return has_accuracy(evaluation) ? evaluation.accuracy.agreement : evaluation.agreement->top1_agreement;
}

} // namespace widthwise
