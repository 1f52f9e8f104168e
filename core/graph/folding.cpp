#include "core/graph/folding.h"

#include <cmath>

namespace widthwise {
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

bool is_layer(Op op) {
    return op == Op::conv || op == Op::conv_transpose || op == Op::gemm;
}

bool takes_clamp(Op op) {
    return is_layer(op) || op == Op::add || op == Op::sub || op == Op::mul || op == Op::div ||
           op == Op::batch_norm;
}

/// [I, O/group, KH, KW] -> [O, I/group, KH, KW], kernels turned.
std::vector<float> as_convolution(const std::vector<float>& w, const Shape& shape, int64_t group) {
    const int64_t group_in = shape[0] / group, group_out = shape[1], taps = shape[2] * shape[3];
    std::vector<float> out(w.size());
    for (int64_t g = 0; g < group; ++g)
        for (int64_t i = 0; i < group_in; ++i)
            for (int64_t o = 0; o < group_out; ++o)
                for (int64_t t = 0; t < taps; ++t)
                    out[static_cast<size_t>(((g * group_out + o) * group_in + i) * taps + taps - 1 - t)] =
                        w[static_cast<size_t>(((g * group_in + i) * group_out + o) * taps + t)];
    return out;
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
        if (is_layer(node.op)) {
            const NodeId next = only_consumer(graph, unit.output);
            // Behind rows of a fully connected layer axis 1 is no output channel.
            const bool by_channel = node.op != Op::gemm || graph.value(unit.output).shape.rank() == 2;
            if (next.valid() && graph.node(next).op == Op::batch_norm && by_channel) {
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

int64_t output_channels(const Graph& graph, const Node& node) {
    const Shape& weights = graph.value(node.inputs[1]).shape;
    if (const auto* a = std::get_if<ConvTransposeAttributes>(&node.attributes))
        return weights[1] * a->conv.group;
    return weights[0];
}

FoldedWeights folded_weights(const Graph& graph, const Unit& unit, bool fold_batch_norm) {
    const Node& node = graph.node(unit.node);
    const auto constant = [&](const Node& n, size_t input) {
        return graph.value(n.inputs[input]).constant->to_f32();
    };
    FoldedWeights out{constant(node, 1), {}, {}};
    if (const auto* a = std::get_if<ConvTransposeAttributes>(&node.attributes))
        out.weights = as_convolution(out.weights, graph.value(node.inputs[1]).shape, a->conv.group);
    const auto channels = static_cast<size_t>(output_channels(graph, node));
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
        out.bias[c] = static_cast<float>((static_cast<double>(out.bias[c]) - mean[c]) * factor + beta[c]);
        if (!fold_batch_norm) {
            out.after.push_back(static_cast<float>(factor));
            continue;
        }
        for (size_t i = c * per_channel; i < (c + 1) * per_channel; ++i)
            out.weights[i] = static_cast<float>(out.weights[i] * factor);
    }
    return out;
}

} // namespace widthwise
