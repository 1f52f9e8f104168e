#pragma once
// Which images a run sees, and in which order.

#include "core/data/dataset.h"

#include <memory>
#include <vector>

namespace widthwise::train {

/// One image of a batch and the stream of its random variations.
struct Sample {
    int64_t index = 0;
    uint64_t variation = 0;
};

/// Every image once, in an order drawn from the seed and the epoch, then the first ones again until the last
/// batch is full.
[[nodiscard]] std::vector<Sample> epoch_order(int64_t images, int64_t batch, uint64_t seed, int epoch);

/// A training set and what was held out of it; both refer to the set that was split and keep its order.
struct Split {
    std::unique_ptr<Dataset> training, held_out;
};
/// Holds out round(share * size) images drawn by the seed, at least one, and leaves at least one. `data`: two
/// images or more; outlives the result.
[[nodiscard]] Split split(const Dataset& data, double share, uint64_t seed);

} // namespace widthwise::train
