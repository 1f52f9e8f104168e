#include "core/engine/folding.h"

#include <cmath>

namespace widthwise::engine {
namespace {

/// The only reader of a value that is no graph output; invalid otherwise.
NodeId only_consumer(const Graph& graph, ValueId value) {
    const auto& consumers = graph.consumers(value);
    return consumers.size() == 1 && !graph.is_output(value) ? consumers.front() : NodeId{};
}

std::optional<Clamp> clamp_of(const Node& node) {
    if (node.op == Op::relu) return Clamp{0.0F, std::numeric_limits<float>::infinity()};
    if (node.op == Op::clip) {
        const auto& a = std::get<ClipAttributes>(node.attributes);
        return Clamp{a.lo, a.hi};
    }
    return std::nullopt;
}

bool takes_clamp(Op op) {
    return op == Op::conv || op == Op::gemm || op == Op::add || op == Op::sub || op == Op::mul ||
           op == Op::div || op == Op::batch_norm;
}

} // namespace

std::vector<Unit> fuse(const Graph& graph) {
    std::vector<Unit> units;
    std::vector<bool> taken(graph.nodes().size(), false);
    for (const NodeId id : graph.node_ids()) {
        if (taken[id.position()]) continue;
        const Node& node = graph.node(id);
        Unit unit{id, {}, {}, node.outputs.empty() ? ValueId{} : node.output()};
        const auto extend = [&](NodeId next) {
            taken[next.position()] = true;
            unit.output = graph.node(next).output();
        };
        if (node.op == Op::conv || node.op == Op::gemm) {
            const NodeId next = only_consumer(graph, unit.output);
            if (next.valid() && graph.node(next).op == Op::batch_norm) {
                unit.batch_norm = next;
                extend(next);
            }
        }
        if (takes_clamp(node.op)) {
            const NodeId next = only_consumer(graph, unit.output);
            if (next.valid())
                if (const auto clamp = clamp_of(graph.node(next))) {
                    unit.clamp = *clamp;
                    extend(next);
                }
        }
        units.push_back(unit);
    }
    return units;
}

FoldedWeights folded_weights(const Graph& graph, const Unit& unit) {
    const Node& node = graph.node(unit.node);
    const auto constant = [&](const Node& n, size_t input) {
        return graph.value(n.inputs[input]).constant->to_f32();
    };
    FoldedWeights out{constant(node, 1), {}};
    const auto channels = static_cast<size_t>(graph.value(node.inputs[1]).shape[0]);
    if (node.inputs.size() > 2) out.bias = constant(node, 2);
    out.bias.resize(channels, 0.0F);
    if (!unit.batch_norm.valid()) return out;
    const Node& bn = graph.node(unit.batch_norm);
    const auto gamma = constant(bn, 1), beta = constant(bn, 2), mean = constant(bn, 3),
               variance = constant(bn, 4);
    const double epsilon = std::get<BatchNormAttributes>(bn.attributes).epsilon;
    const size_t per_channel = out.weights.size() / channels;
    for (size_t c = 0; c < channels; ++c) {
        const double factor = gamma[c] / std::sqrt(variance[c] + epsilon);
        for (size_t i = c * per_channel; i < (c + 1) * per_channel; ++i)
            out.weights[i] = static_cast<float>(out.weights[i] * factor);
        out.bias[c] = static_cast<float>((static_cast<double>(out.bias[c]) - mean[c]) * factor + beta[c]);
    }
    return out;
}

} // namespace widthwise::engine
