#pragma once
// A space's designs as the surrogate sees them: noise per slot, looked up by choice.

#include "core/explore/noise.h"
#include "core/explore/space.h"

#include <span>
#include <vector>

namespace widthwise::explore {

class DesignNoise {
public:
    DesignNoise(const Space& space, const NoiseTable& table);

    /// As NoiseTable::features of the design's plan. Hardware changes nothing.
    [[nodiscard]] std::vector<double> of(std::span<const uint8_t> choices) const;
    [[nodiscard]] size_t slot_count() const { return m_base.size(); }

private:
    struct Slot {
        size_t slot = 0;
        std::vector<double> noise; ///< by choice
    };
    std::vector<double> m_base;             ///< of what no variable sets
    std::vector<std::vector<Slot>> m_slots; ///< that each variable sets
};

} // namespace widthwise::explore
