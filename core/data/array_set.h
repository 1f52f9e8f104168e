#pragma once
// What the readers of array formats (idx, CIFAR, npy) hand over: pixels as they are stored, and labels.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace widthwise {

struct ArrayImages {
    int64_t count = 0, channels = 0, height = 0, width = 0;
    /// count x channels x height x width, colours in the order red, green, blue.
    std::variant<std::vector<uint8_t>, std::vector<float>> pixels;
};

/// Class numbers from 0; readers refuse negative ones and those above k_max_label.
using Labels = std::vector<int32_t>;

/// More classes than any classifier has: a larger label is a damaged file, and would size somebody's table.
inline constexpr int64_t k_max_label = 1'000'000;

struct ArraySet {
    ArrayImages images;
    Labels labels;
};

} // namespace widthwise
