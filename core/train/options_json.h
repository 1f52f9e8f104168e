#pragma once
// Training options as text: what a recipe says and what a checkpoint is compared with.

#include "core/train/options.h"

#include <string>
#include <utility>
#include <vector>

namespace widthwise::train {

/// Key and JSON value of everything that decides the result, in a fixed order; the checkpoint's file and
/// rhythm do not. Numbers in the shortest form that reads back exactly.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> option_values(const Options& options);

/// One JSON object of option_values(). QAT: "qat" holds {"weights", "activations", "design"}, else null.
[[nodiscard]] std::string to_json(const Options& options);

} // namespace widthwise::train
