#include "core/cost/option_gains.h"

#include "core/cost/residency.h"

namespace widthwise::cost {
namespace {

struct Choice {
    const char* name;
    bool ResidencyUse::*use;
};
constexpr Choice k_choices[] = {{"keep feature maps on chip", &ResidencyUse::keep_feature_maps},
                                {"depth-first fusion", &ResidencyUse::fuse_layers},
                                {"operator order", &ResidencyUse::reorder}};

} // namespace

Result<std::vector<OptionGain>> option_gains(const Graph& graph, const PrecisionPlan& plan,
                                             const HardwareTarget& target, const Options& options,
                                             const CostBreakdown& taken) {
    const ResidencyUse use = residency_use(target, options);
    std::vector<OptionGain> gains;
    for (const Choice& choice : k_choices) {
        const bool moves_maps = choice.use != &ResidencyUse::reorder;
        if (moves_maps && target.kind == TargetKind::fpga_dataflow) continue;
        ResidencyUse other = use;
        other.*choice.use = !(use.*choice.use);
        Options changed = options;
        changed.report_options = false;
        changed.keep_feature_maps = other.keep_feature_maps;
        changed.fuse_layers = other.fuse_layers;
        changed.reorder = other.reorder;
        auto cost = estimate(graph, plan, target, changed);
        if (!cost) return forward_error(cost);
        const CostBreakdown& with = use.*choice.use ? taken : *cost;
        const CostBreakdown& without = use.*choice.use ? *cost : taken;
        gains.push_back(
            {.option = choice.name,
             .taken = use.*choice.use,
             .latency_s = with.latency_s - without.latency_s,
             .energy_j = with.energy_j - without.energy_j,
             .dram_bytes = with.dram_bytes - without.dram_bytes,
             .peak_activation_bytes = with.peak_activation_bytes - without.peak_activation_bytes});
    }
    return gains;
}

} // namespace widthwise::cost
