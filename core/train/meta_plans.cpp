// Plans drawn at random from a family.
#include "core/base/rng.h"
#include "core/base/text.h"
#include "core/engine/evaluator.h"
#include "core/graph/layer_work.h"
#include "core/train/meta.h"

#include <algorithm>
#include <functional>

namespace widthwise::train {
namespace {

/// An integer format at another width, its scales open; formats of other types as they are.
NumberFormat at_width(NumberFormat format, int bits, const NumberFormat& binary) {
    if (format.type != FormatType::integer) return format;
    if (bits == 1) return binary;
    format.bits = bits;
    format.scale.clear();
    format.zero_point.clear();
    return format;
}

LayerPrecision at_widths(LayerPrecision precision, int weight_bits, int activation_bits) {
    precision.weights = at_width(std::move(precision.weights), weight_bits, weight_integer(1));
    precision.activations =
        at_width(std::move(precision.activations), activation_bits, activation_integer(1));
    return precision;
}

/// The family's plan with these widths in its free layers.
PrecisionPlan plan_of(const PlanFamily& family, const Graph& graph,
                      const std::function<int(const std::vector<int>&)>& choose) {
    PrecisionPlan plan = family.base;
    plan.set_folds_batch_norm(false);
    for (const NodeId id : graph.node_ids()) {
        const std::string& name = graph.node(id).name;
        if (!is_weighted(graph, id) || std::ranges::count(family.fixed, name) > 0) continue;
        const int weight_bits = choose(family.weight_bits);
        plan.set(name, at_widths(family.base.at(name), weight_bits, choose(family.activation_bits)));
    }
    return plan;
}

Result<void> check_widths(const std::vector<int>& bits, const char* whose) {
    const bool possible = std::ranges::all_of(bits, [](int b) { return b >= k_min_bits && b <= k_max_bits; });
    if (!bits.empty() && possible) return {};
    return fail(ErrorCode::usage, std::string("the widths of ") + whose + " must be from 1 to 16 bits",
                "meta-training", "give one width or more, as 2, 3 and 4");
}

} // namespace

Result<void> validate(const PlanFamily& family, const Graph& graph) {
    if (Result<void> ok = check_widths(family.weight_bits, "weights"); !ok) return ok;
    if (Result<void> ok = check_widths(family.activation_bits, "activations"); !ok) return ok;
    std::vector<std::string> names;
    for (const Node& node : graph.nodes()) names.push_back(node.name);
    for (const std::string& layer : family.fixed)
        if (!graph.find_node(layer).valid()) {
            const std::vector<std::string> near = nearest_names(layer, names);
            return fail(ErrorCode::usage, "the network has no layer " + in_quotes(layer), "meta-training",
                        near.empty() ? "name layers of the network"
                                     : "did you mean " + join(near, " or ") + "?");
        }
    return {};
}

PrecisionPlan draw_plan(const PlanFamily& family, const Graph& graph, uint64_t seed, uint64_t index) {
    Rng rng = Rng::stream(seed, index);
    return plan_of(family, graph, [&](const std::vector<int>& bits) { return bits[rng.below(bits.size())]; });
}

Result<ScaleTable> calibrated_scales(const Graph& graph, const PlanFamily& family,
                                     const engine::Statistics& statistics) {
    if (Result<void> ok = validate(family, graph); !ok) return forward_error(ok);
    ScaleTable table;
    const size_t widths = std::max(family.weight_bits.size(), family.activation_bits.size());
    for (size_t w = 0; w < widths; ++w) {
        const PrecisionPlan plan = plan_of(
            family, graph, [&](const std::vector<int>& bits) { return bits[std::min(w, bits.size() - 1)]; });
        Result<PrecisionPlan> resolved = engine::resolve_plan(graph, plan, statistics);
        if (!resolved) return forward_error(resolved);
        for (const auto& [layer, precision] : resolved->layers()) {
            if (!precision.weights.scale.empty())
                table.weights[layer].emplace(precision.weights.bits, precision.weights);
            if (!precision.activations.scale.empty())
                table.activations[layer].emplace(precision.activations.bits, precision.activations);
        }
    }
    return table;
}

} // namespace widthwise::train
