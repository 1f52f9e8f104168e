#pragma once
// What `train` tells of a run.

#include "core/flow/training.h"

#include <map>
#include <string>

namespace widthwise::cli {

/// "epoch 3/10: loss 0.1234, training top-1 95.00 %, validation top-1 94.00 %, 12.3 s".
[[nodiscard]] std::string epoch_text(const train::Epoch& epoch, int64_t number, int64_t total,
                                     bool validated);
/// What was measured before and after; one line each.
[[nodiscard]] std::string training_text(const flow::TrainingOutcome& outcome, bool qat);
[[nodiscard]] std::string training_json(const flow::TrainingOutcome& outcome, bool qat, bool validated,
                                        const std::string& path);
/// "warning: worse than before by 1.23 points: ..."; empty where it is not, or nothing was measured.
[[nodiscard]] std::string worse_text(const flow::TrainingOutcome& outcome, bool qat);
/// "loss 1.2345 to 0.5432": means over the first and the last tenth of the tasks; one line.
[[nodiscard]] std::string meta_text(const flow::MetaResult& result);
[[nodiscard]] std::string meta_json(const flow::MetaResult& result, const std::string& path);

/// What it takes to train the same network again, for the file's metadata.
[[nodiscard]] std::map<std::string, std::string>
training_recipe(const train::Options& options, const flow::Model& model, const Dataset& data);

} // namespace widthwise::cli
