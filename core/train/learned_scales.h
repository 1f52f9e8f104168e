#pragma once
// Slots of learned scales: how many a format has, where they start, what they mean.

#include "core/train/quantization.h"

namespace widthwise::train {

/// Claims slots for what `scales.learning` can learn of the format, and sets gradient factors; leaves slots
/// empty and `learning` fixed where that is nothing (float16, ternary without threshold, given positions).
/// `elements`: that share one scale (weights, or features of one image).
void learn_scales(TrainedScales& scales, double elements, ParameterLayout& layout);

/// Start values of the slots.
void initialize_slots(const TrainedScales& scales, std::span<float> trained);

} // namespace widthwise::train
