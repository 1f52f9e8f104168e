#pragma once
// The order in which images are run.

#include "core/data/dataset.h"

#include <cstdint>
#include <string>
#include <vector>

namespace widthwise::engine {

struct ImageOrder {
    const Dataset* data = nullptr; ///< outlives the order
    std::vector<int64_t> images;   ///< image number at each position
    std::string key;               ///< equal for equal images in equal order
    [[nodiscard]] int64_t size() const { return static_cast<int64_t>(images.size()); }
};

[[nodiscard]] ImageOrder in_data_order(const Dataset& data);
/// A permutation drawn from the seed (Fisher and Yates 1938, Durstenfeld 1964): any prefix is a simple random
/// sample of the images.
[[nodiscard]] ImageOrder shuffled(const Dataset& data, uint64_t seed);

} // namespace widthwise::engine
