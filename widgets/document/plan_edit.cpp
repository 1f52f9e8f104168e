#include "widgets/document/plan_edit.h"

#include "core/design/layer_lookup.h"
#include "core/graph/layer_work.h"

namespace widthwise::gui {

bool takes_bits(const Graph& graph, const std::string& layer, Operand operand) {
    const NodeId id = graph.find_node(layer);
    if (!id.valid()) return false;
    return operand == Operand::weights ? is_weighted(graph, id) : reads_activations(graph, id);
}

int bits_of(const PrecisionPlan& plan, const std::string& layer, Operand operand) {
    const LayerPrecision& precision = plan.at(layer);
    const NumberFormat& format = operand == Operand::weights ? precision.weights : precision.activations;
    return format.is_integer() ? format.bits : k_float_bits;
}

NumberFormat with_bits(const NumberFormat& format, int bits, Operand operand) {
    if (bits == k_float_bits) return float32_format();
    if (!format.is_integer())
        return operand == Operand::weights ? weight_integer(bits) : activation_integer(bits);
    NumberFormat changed = format;
    changed.bits = bits;
    changed.scale.clear();
    changed.zero_point.clear();
    return changed;
}

PrecisionPlan canonical_plan(const PrecisionPlan& plan, const Graph& graph) {
    std::vector<std::pair<LayerPrecision, int>> votes;
    for (const NodeId id : graph.node_ids()) {
        if (!is_weighted(graph, id)) continue;
        const LayerPrecision& precision = plan.at(graph.node(id).name);
        const auto found = std::find_if(votes.begin(), votes.end(),
                                        [&](const auto& vote) { return vote.first == precision; });
        if (found != votes.end())
            ++found->second;
        else
            votes.emplace_back(precision, 1);
    }
    const auto winner = std::max_element(votes.begin(), votes.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
    PrecisionPlan canonical(winner == votes.end() ? plan.default_precision() : winner->first);
    for (const NodeId id : graph.node_ids()) {
        if (!takes_precision(graph, id)) continue;
        const std::string& name = graph.node(id).name;
        LayerPrecision precision = plan.at(name);
        // A weight format on a layer without weights says nothing.
        if (!is_weighted(graph, id)) precision.weights = canonical.default_precision().weights;
        if (precision != canonical.default_precision()) canonical.set(name, precision);
    }
    return canonical;
}

PrecisionPlan uniform_plan(int weight_bits, int activation_bits) {
    return PrecisionPlan({with_bits(float32_format(), weight_bits, Operand::weights),
                          with_bits(float32_format(), activation_bits, Operand::activations)});
}

} // namespace widthwise::gui
