#pragma once
// Networks that read pixels as they come (0 to 255) have tiny weights in their first layers and huge
// gradients there: one learning rate for all layers would undo those weights within a few steps. Training
// goes as if the images came at unit RMS and the first weights took the factor.

#include "core/data/dataset.h"
#include "core/train/model.h"

#include <vector>

namespace widthwise::train {

/// Weights whose step is measured in units of `unit`: the optimizer sees w / unit.
struct ScaledWeights {
    Slice weights;
    float unit = 1;
};

/// The weights that multiply images, each with 1 / RMS of the first images as read. Empty where the RMS lies
/// within a factor of 8 of 1: normalized images, as most networks take them. Errors: those of reading.
[[nodiscard]] Result<std::vector<ScaledWeights>> input_scales(const Model& model, const Dataset& data);

} // namespace widthwise::train
