#pragma once
// The state of a training run in a file: enough to go on as if never interrupted.
//
// The file: "WWTRAIN\n"; u32 version; u64 size of the content; the content; SHA-256 of all before it in 64
// hexadecimal digits. Numbers are little endian, arrays and texts carry their length as u64.

#include "core/data/dataset.h"
#include "core/graph/graph.h"
#include "core/train/loss.h"
#include "core/train/optimizer.h"
#include "core/train/trainer.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace widthwise::train {

/// What a checkpoint belongs to.
struct RunIdentity {
    std::string network;                                      ///< network_hash()
    std::string data;                                         ///< of training and validation images
    std::vector<std::pair<std::string, std::string>> options; ///< option_values()
    bool operator==(const RunIdentity&) const = default;
};

/// SHA-256 over structure (names, operations, attributes, shapes) and constants.
[[nodiscard]] std::string network_hash(const Graph& graph);
/// `validation` may be null. By the sets' own hashes, sizes and labels.
[[nodiscard]] std::string data_hash(const Dataset& training, const Dataset* validation);

/// How far a run has come, apart from the numbers that it trains.
struct RunProgress {
    int64_t step = 0;          ///< done
    LossSum epoch_sum;         ///< over the present epoch's images so far
    double epoch_seconds = 0;  ///< spent in it so far
    double learning_rate = 0;  ///< of the last step
    std::vector<Epoch> epochs; ///< finished, validation included
    int best_epoch = -1;       ///< of those validated; -1: none yet
    bool operator==(const RunProgress&) const = default;
};

/// Everything between two steps.
struct TrainingState {
    std::vector<float> trained, running; ///< by the layout
    OptimizerState optimizer;
    RunProgress progress;
    std::vector<float> best_trained, best_running;       ///< empty unless kept
    std::vector<float> average_trained, average_running; ///< empty unless averaged
    bool operator==(const TrainingState&) const = default;
};

/// Whole or not at all; the file before it stays until then. Errors: io.
[[nodiscard]] Result<void> write_checkpoint(const std::filesystem::path& file, const RunIdentity& identity,
                                            const TrainingState& state);

/// What the arrays and counts of a run can be; anything else is refused.
struct RunShape {
    size_t trained = 0, running = 0;
    bool second_moment = false, keeps_best = false, averages = false;
    int64_t steps = 0, steps_per_epoch = 1;
};
/// Errors: invalid_input naming the file, and what is wrong with it or what differs from `identity`.
[[nodiscard]] Result<TrainingState> read_checkpoint(const std::filesystem::path& file,
                                                    const RunIdentity& identity, const RunShape& run);

} // namespace widthwise::train
