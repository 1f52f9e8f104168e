#pragma once
// The learning rate over the steps of a run.

#include "core/train/options.h"

namespace widthwise::train {

/// The learning rate of step `step` of `steps` (0-based), in (0, peak].
///   constant   peak
///   cosine     peak * (1 + cos(pi * t)) / 2, t = step / steps (Loshchilov and Hutter 2017, without restarts)
///   one_cycle  linear from peak / 10 to the peak over the first 15 % of the steps, then cosine (after Smith
///   and Topin 2019)
[[nodiscard]] double learning_rate(Schedule schedule, double peak, int64_t step, int64_t steps);

} // namespace widthwise::train
