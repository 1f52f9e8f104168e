#pragma once
// How often each level of a memory hierarchy is accessed under a mapping: counts alone, no energy, no time.
//
// Source: the tile analysis of A. Parashar et al., "Timeloop", ISPASS 2019, with the accounting of Timeloop
// v2.0 (NVlabs/timeloop@6b705056), whose counts these reproduce exactly (tests/core/cost/tst_timeloop.cpp):
//   fills    a level's tile of an operand is replaced whenever a loop outside it advances that the operand
//            depends on; loops inside the innermost of these leave it in place. Where that innermost loop
//            slides a window over the input, only what is new is filled.
//   reads    what serves the fills of the next level inside that holds the operand; equal tiles that several
//            instances take at once are read once (multicast). The level nearest to the MAC serves each MAC.
//   updates  partial sums that come back from inside, those of several instances summed on their way.
//   outputs  are read only to be updated further: the first update of each element reads nothing. Their fills
//            are counted also where zeros are filled.
// What a mapping covers beyond the layer's extents is idle and moves nothing.

#include "core/cost/nest_shape.h"
#include "core/design/hardware_target.h"

namespace widthwise::cost {

/// What counting must know of a target.
struct NestHierarchy {
    size_t levels = 0;
    std::array<OperandSet, k_most_levels> holds;
    bool diagonal_multicast = false; ///< HardwareTarget::diagonal_multicast

    explicit NestHierarchy(const HardwareTarget& target);
    /// The innermost level that holds the operand.
    [[nodiscard]] size_t innermost(Operand operand) const;
};

struct NestCounts {
    double steps = 1; ///< product of temporal extents: cycles of one MAC per unit and cycle
    double units = 1; ///< MAC units in use: product of spatial extents
    struct Level {
        double instances = 1; ///< in use
        std::array<OperandAccesses, k_operands> operands;
    };
    std::array<Level, k_most_levels> levels;
    double distinct_outputs = 0; ///< what reaches the outermost level as finished results
};

[[nodiscard]] NestCounts count_accesses(const NestShape& shape, const NestHierarchy& hierarchy,
                                        const Tiling& tiling);

} // namespace widthwise::cost
