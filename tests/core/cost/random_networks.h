#pragma once
// Small random networks and plans from a seed, and what two estimates of them differ in.

#include "core/base/rng.h"
#include "tests/core/cost/small_networks.h"

#include <cmath>
#include <vector>

namespace widthwise::test {

class Dice {
public:
    explicit Dice(uint64_t seed) : m_rng(seed) {}
    int pick(int lo, int hi) {
        return lo + static_cast<int>(m_rng.below(static_cast<uint64_t>(hi - lo + 1)));
    }
    template <typename T> const T& of(const std::vector<T>& items) {
        return items[m_rng.below(items.size())];
    }

private:
    Rng m_rng;
};

/// Convolutions (plain, grouped, depthwise, strided), a residual addition of what a ReLU leaves, pools, a
/// fully connected layer.
inline GraphPtr random_network(Dice& dice) {
    const int64_t channels = 4 * dice.pick(1, 6);
    Net net({1, 3, dice.pick(8, 20), dice.pick(8, 20)});
    const int64_t kernel = dice.pick(0, 1) ? 3 : 1;
    net.conv("l0", channels, kernel, dice.pick(1, 2)).add(Op::relu, "r0");
    if (dice.pick(0, 1)) net.add(Op::max_pool, "pool0", PoolAttributes{{2, 2}, {2, 2}, {}, false, false});
    const ValueId shortcut = net.last();
    net.conv("l1", channels, 3, 1, dice.of<int64_t>({1, 4, channels})).batch_norm("bn").add(Op::relu, "r1");
    net.conv("l2", channels, 1).add(Op::add, "sum", {}, {shortcut}).add(Op::relu, "r2");
    const int64_t last = dice.pick(0, 1) ? 4 * dice.pick(1, 8) : channels;
    if (last != channels) net.conv("l3", last, 3, 2);
    net.add(Op::global_average_pool, "pool");
    net.add(Op::reshape, "flat", ReshapeAttributes{{1, last}}).gemm("l4", dice.pick(2, 20));
    return net.build();
}

inline LayerPrecision random_precision(Dice& dice, const std::vector<int>& widths) {
    const int weights = dice.of(widths), activations = dice.of(widths);
    return precision(weights, activations);
}

/// Every layer its own widths, out of these.
inline PrecisionPlan random_plan(Dice& dice, const Graph& graph, const std::vector<int>& widths) {
    PrecisionPlan plan(random_precision(dice, widths));
    for (const Node& node : graph.nodes())
        if (dice.pick(0, 4)) plan.set(node.name, random_precision(dice, widths));
    return plan;
}

/// The first figure that is not the same to the last bit; empty: none.
inline std::string difference(const CostBreakdown& a, const CostBreakdown& b) {
    std::string found;
    const auto check = [&](const char* what, bool same) {
        if (!same && found.empty()) found = what;
    };
    check("target", a.target == b.target && a.batch == b.batch);
    check("latency", a.latency_s == b.latency_s && a.throughput_ips == b.throughput_ips);
    check("energy", a.energy_j == b.energy_j && a.power_w == b.power_w);
    check("area", a.area == b.area &&
                      (a.area_mm2 == b.area_mm2 || (std::isnan(a.area_mm2) && std::isnan(b.area_mm2))));
    check("resources", a.resources == b.resources && a.available == b.available);
    check("bytes", a.weight_bytes == b.weight_bytes && a.model_bytes == b.model_bytes && a.bops == b.bops);
    check("dram", a.dram_bytes == b.dram_bytes && a.dram_bytes_per_s == b.dram_bytes_per_s &&
                      a.dram_peak_bytes_per_s == b.dram_peak_bytes_per_s);
    check("utilization", a.utilization == b.utilization && a.mapped_units == b.mapped_units &&
                             a.peak_macs_per_s == b.peak_macs_per_s);
    check("storage",
          a.on_chip_bytes == b.on_chip_bytes && a.peak_activation_bytes == b.peak_activation_bytes);
    check("confidence", a.confidence == b.confidence);
    check("options", a.options.size() == b.options.size());
    for (size_t i = 0; i < std::min(a.options.size(), b.options.size()); ++i) {
        const OptionGain &x = a.options[i], &y = b.options[i];
        check("option", x.option == y.option && x.taken == y.taken && x.latency_s == y.latency_s &&
                            x.energy_j == y.energy_j && x.dram_bytes == y.dram_bytes &&
                            x.peak_activation_bytes == y.peak_activation_bytes);
    }
    check("layers", a.layers.size() == b.layers.size());
    if (!found.empty()) return found;
    for (size_t i = 0; i < a.layers.size(); ++i) {
        const LayerCost &x = a.layers[i], &y = b.layers[i];
        check("name", x.layer == y.layer && x.macs == y.macs);
        check("bits", x.weight_bits == y.weight_bits && x.activation_bits == y.activation_bits &&
                          x.run_weight_bits == y.run_weight_bits &&
                          x.run_activation_bits == y.run_activation_bits && x.fallback == y.fallback);
        check("cycles",
              x.compute_cycles == y.compute_cycles && x.cycles == y.cycles && x.latency_s == y.latency_s);
        check("energy", x.energy == y.energy);
        check("bytes", x.dram_bytes == y.dram_bytes && x.buffer_bytes == y.buffer_bytes &&
                           x.on_chip_bytes == y.on_chip_bytes);
        check("utilization", x.utilization == y.utilization && x.mapped_units == y.mapped_units &&
                                 x.peak_macs_per_s == y.peak_macs_per_s);
        check("bound", x.bound == y.bound && x.limited_by == y.limited_by);
        check("mapping", x.mapping == y.mapping && !x.nest == !y.nest && (!x.nest || *x.nest == *y.nest));
        check("resources", x.resources == y.resources && x.pe == y.pe && x.simd == y.simd);
        if (!found.empty()) return x.layer + ": " + found;
    }
    return found;
}

} // namespace widthwise::test
