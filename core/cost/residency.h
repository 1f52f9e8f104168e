#pragma once
// What of a network stays on the chip between layers, and in which order its layers run.

#include "core/cost/network_problem.h"
#include "core/cost/problem.h"
#include "core/cost/residency_fusion.h"
#include "core/cost/residency_order.h"
#include "core/design/hardware_target.h"

#include <utility>

namespace widthwise::cost {

/// Which of the three ways to spare memory are used.
struct ResidencyUse {
    bool keep_feature_maps = false; ///< whole maps stay (residency_keep.h)
    bool fuse_layers = false;       ///< segments run depth-first (residency_fusion.h)
    bool reorder = false;           ///< the order of least peak memory (residency_order.h)
    bool operator==(const ResidencyUse&) const = default;
};

/// As the options say, else as the target does; a dataflow design on an FPGA keeps nothing: it streams.
[[nodiscard]] ResidencyUse residency_use(const HardwareTarget& target, const Options& options);

struct Residency {
    std::vector<bool> on_chip; ///< per value of the graph
    /// Most that must be alive at once, one image: whole maps, line buffers inside segments.
    double peak_activation_bits = 0;
    /// Most that stays in the innermost shared level at once, whole batch: kept maps, segments' weights and
    /// line buffers.
    double resident_bits = 0;
    bool exact = true; ///< the best choice and the best order, not only good ones
};

/// A network prepared for one target, which both outlive it; widths come and go.
class ResidencyPlanner {
public:
    ResidencyPlanner(const Graph& graph, const GraphRoles& roles, const HardwareTarget& target,
                     int64_t batch);

    /// Both ways to keep maps on the chip together never save less DRAM traffic than the better one alone.
    [[nodiscard]] Residency plan(const Widths& widths, const ResidencyUse& use);

private:
    [[nodiscard]] int stored_weight_bits(const Step& step, const LayerPrecision* precision);

    const Graph* m_graph;
    const HardwareTarget* m_target;
    ChipRoom m_room;
    int m_element_bits = 1; ///< of the outermost level
    StepGraph m_steps;
    std::vector<int> m_weight_bits; ///< per step
    /// Formats met so far, and the bits of a weight as stored.
    std::vector<std::pair<Operands, int>> m_known_bits;
};

} // namespace widthwise::cost
