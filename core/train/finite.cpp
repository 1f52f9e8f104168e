#include "core/train/finite.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace widthwise::train {

size_t first_not_finite(std::span<const float> numbers) {
    constexpr size_t k_block = 1024;            // without a branch inside
    constexpr uint32_t k_exponent = 0x7f800000; // all of it set: infinity or NaN
    for (size_t begin = 0; begin < numbers.size(); begin += k_block) {
        const std::span<const float> block =
            numbers.subspan(begin, std::min(k_block, numbers.size() - begin));
        uint32_t found = 0;
        for (const float v : block)
            found |= (std::bit_cast<uint32_t>(v) & k_exponent) == k_exponent ? uint32_t{1} : uint32_t{0};
        if (found == 0) continue;
        const auto bad = std::ranges::find_if_not(block, [](float v) { return std::isfinite(v); });
        return begin + static_cast<size_t>(bad - block.begin());
    }
    return numbers.size();
}

} // namespace widthwise::train
