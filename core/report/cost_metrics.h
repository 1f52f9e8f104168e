#pragma once
// What a modelled cost comes to, in words: the list of figures by which accelerators are compared (Sze, Chen,
// Yang, Emer: Efficient Processing of Deep Neural Networks, 2017 tutorial, section VII), and how each is
// known.

#include "core/design/cost_breakdown.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise::report {

struct Metric {
    std::string name, value;
    std::string known; ///< "fitted, within 12 %", "estimate, within a factor of 2", "exact"
    std::string note;  ///< where that comes from; may be empty
};

/// In a fixed order; what does not apply to the target is left out.
[[nodiscard]] std::vector<Metric> cost_metrics(const CostBreakdown& cost);

/// Energy or time by where it goes.
struct ComponentShare {
    std::string_view name; ///< "compute", "registers", "on-chip network", "buffer", "DRAM", "static"
    double joules = 0;
};
using ComponentShares = std::array<ComponentShare, 6>;
[[nodiscard]] ComponentShares component_shares(const EnergyBreakdown& energy);
[[nodiscard]] EnergyBreakdown total_energy(const CostBreakdown& cost);

/// Chip area by component, in the order of their names, and where the chip's own area is larger what remains
/// of it: the parts then sum to the total. Empty where nothing is modelled.
struct AreaPart {
    std::string name;
    double mm2 = 0;
    bool modelled = true; ///< false: the rest of the chip
};
[[nodiscard]] std::vector<AreaPart> area_parts(const CostBreakdown& cost);

/// What the layers' time is spent on: limited_by -> share of the sum of latencies, largest first. Where
/// layers run at once their latencies do not add: what limits the slowest unit of each configuration instead,
/// by that unit's latency.
[[nodiscard]] std::vector<std::pair<std::string, double>> time_by_limit(const CostBreakdown& cost);

/// What limits a layer's speed: "compute", a memory level's name, "launch".
[[nodiscard]] std::string limit_of(const LayerCost& layer);

/// "0.191", "8,650": images per second without a prefix, three digits.
[[nodiscard]] std::string rate_text(double per_second);

/// "12.3 mm²", or on an FPGA "25000 LUT".
[[nodiscard]] std::string area_text(const CostBreakdown& cost);

/// MACs of the whole batch.
[[nodiscard]] double total_macs(const CostBreakdown& cost);

/// "measured, within 5 %"; figures of which the target says nothing are estimates within a factor of two.
[[nodiscard]] std::string known_as(const CostBreakdown& cost, const std::string& figure);

} // namespace widthwise::report
