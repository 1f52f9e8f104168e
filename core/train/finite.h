#pragma once
// Whether numbers are finite, as fast as memory.

#include <cstddef>
#include <span>

namespace widthwise::train {

/// Place of the first infinity or NaN; the size where there is none.
[[nodiscard]] size_t first_not_finite(std::span<const float> numbers);
[[nodiscard]] inline bool are_finite(std::span<const float> numbers) {
    return first_not_finite(numbers) == numbers.size();
}

} // namespace widthwise::train
