#pragma once
// What evaluate can write for other programs to compare.

#include "core/engine/evaluator.h"

#include <string>

namespace widthwise::cli {

/// "index,label,prediction", one line per image that was run, in the data's order.
[[nodiscard]] std::string predictions_csv(const Dataset& data, const engine::Predictions& predictions);

/// The outputs as NumPy's .npy format 1.0: float32, little endian, images x classes.
[[nodiscard]] std::string logits_npy(const engine::Predictions& predictions);

} // namespace widthwise::cli
