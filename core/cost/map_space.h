#pragma once
// The mappings that a dataflow allows on a target: which loops may stand at which place, and in which order.
//
//   dataflow  columns X   rows Y     in the processing element    level beside the array, outermost first
//   rs        P K G       R C K G    S C, K for each psum         K N Q (whole rows; longer than 256, also
//                                                                 halves, quarters, ...), what is left of R S
//   ws        K Q G       C R S G    K C R S                      K C R S | N P Q (weights stay)
//   os        K Q G       P C G      K P Q                        K P Q | C R S (sums stay)
//   is        C Q G       P R G      C P Q R S                    C R S | K (inputs stay)
//   nlr       K G         C G        nothing                      any of the three orders
//
// rs: Eyeriss (Chen et al., ISCA 2016 and JSSC 2017), with the constraints of Timeloop v2.0's eyeriss-256
// configuration (rows there are S and Q, here R and P); ws, os, is, nlr: the taxonomy of Sze et al., Proc.
// IEEE 2017, section V-B. Levels between DRAM and the one beside the array, and DRAM, may walk in three
// orders: the weights', the inputs' or the outputs' tile stays in place innermost; rs keeps the outputs'.

#include "core/cost/nest_shape.h"
#include "core/design/hardware_target.h"

#include <vector>

namespace widthwise::cost {

using LoopOrder = std::array<Dim, k_dims>; ///< outermost first

struct Place {
    size_t level = 0;
    Slot slot = Slot::temporal;
};

struct MapSpace {
    /// Where factors of each dimension may stand, innermost first; the last takes what is left.
    std::array<std::vector<Place>, k_dims> places;
    /// 0, or: this dimension stands whole at its first place; one longer than this also in 2, 4, 8, ...
    /// parts.
    std::array<int64_t, k_dims> whole{};
    std::array<std::vector<LoopOrder>, k_most_levels> orders; ///< by level; at least one
};

/// `dataflow` is not `best`.
[[nodiscard]] MapSpace map_space(const HardwareTarget& target, Dataflow dataflow);

/// Whether the target can run it: rs needs scratchpads for all three operands, ws, os, is one for the operand
/// that stays.
[[nodiscard]] bool can_run(const HardwareTarget& target, Dataflow dataflow);

} // namespace widthwise::cost
