#include "core/cost/option_gains.h"

namespace widthwise::cost {
namespace {

struct Choice {
    const char* name;
    bool ResidencyUse::*use;
    bool moves_maps; ///< else it changes the peak memory alone
};
constexpr Choice k_choices[] = {{"keep feature maps on chip", &ResidencyUse::keep_feature_maps, true},
                                {"depth-first fusion", &ResidencyUse::fuse_layers, true},
                                {"operator order", &ResidencyUse::reorder, false}};

struct Figures {
    double latency_s = 0, energy_j = 0, dram_bytes = 0, peak_activation_bytes = 0;
};

} // namespace

Result<std::vector<OptionGain>> option_gains(Estimator& estimator, const PrecisionPlan& plan) {
    const HardwareTarget& target = estimator.target();
    const ResidencyUse use = residency_use(target, estimator.options());
    const auto figures = [&](const ResidencyUse& with) -> Result<Figures> {
        estimator.use(with);
        auto cost = estimator.at(plan);
        if (!cost) return forward_error(cost);
        const CostBreakdown& c = **cost;
        return Figures{c.latency_s, c.energy_j, c.dram_bytes, c.peak_activation_bytes};
    };
    auto taken = figures(use);
    if (!taken) return forward_error(taken);
    std::vector<OptionGain> gains;
    for (const Choice& choice : k_choices) {
        if (choice.moves_maps && target.kind == TargetKind::fpga_dataflow) continue;
        const bool is_taken = use.*choice.use;
        ResidencyUse changed = use;
        changed.*choice.use = !is_taken;
        auto other = figures(changed);
        estimator.use(use);
        if (!other) return forward_error(other);
        const Figures& with = is_taken ? *taken : *other;
        const Figures& without = is_taken ? *other : *taken;
        gains.push_back(
            {.option = choice.name,
             .taken = is_taken,
             .latency_s = with.latency_s - without.latency_s,
             .energy_j = with.energy_j - without.energy_j,
             .dram_bytes = with.dram_bytes - without.dram_bytes,
             .peak_activation_bytes = with.peak_activation_bytes - without.peak_activation_bytes});
    }
    return gains;
}

} // namespace widthwise::cost
