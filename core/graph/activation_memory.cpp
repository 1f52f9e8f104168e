#include "core/graph/activation_memory.h"

#include <algorithm>

namespace widthwise {
namespace {

/// Values that share their memory, called by the one that brought it.
struct Buffers {
    std::vector<size_t> owner;     ///< of each value
    std::vector<size_t> last_read; ///< by each owner: position of the last node that reads it
};

bool is_activation(const Value& value) {
    return !value.constant && value.shape_known;
}

Buffers assign_buffers(const Graph& graph) {
    const size_t values = graph.values().size(), nodes = graph.nodes().size();
    Buffers buffers{std::vector<size_t>(values), std::vector<size_t>(values, 0)};
    for (size_t v = 0; v < values; ++v) buffers.owner[v] = v;
    for (size_t n = 0; n < nodes; ++n) {
        const Node& node = graph.nodes()[n];
        for (const ValueId input : node.inputs) {
            size_t& last = buffers.last_read[buffers.owner[input.position()]];
            last = std::max(last, n);
        }
        if (node.inputs.empty() || !runs_in_place(node.op)) continue;
        const ValueId in = node.inputs.front(), out = node.output();
        const bool sole_reader = graph.consumers(in).size() == 1 && !graph.is_output(in);
        if (sole_reader && is_activation(graph.value(in)) &&
            graph.value(in).shape.elements() == graph.value(out).shape.elements())
            buffers.owner[out.position()] = buffers.owner[in.position()];
    }
    for (const ValueId output : graph.outputs()) buffers.last_read[buffers.owner[output.position()]] = nodes;
    return buffers;
}

} // namespace

bool runs_in_place(Op op) {
    switch (op) {
    case Op::batch_norm:
    case Op::relu:
    case Op::leaky_relu:
    case Op::prelu:
    case Op::clip:
    case Op::sigmoid:
    case Op::tanh:
    case Op::exp:
    case Op::function:
    case Op::reshape:
    case Op::identity:
    case Op::quantize:
    case Op::multi_threshold:
        return true;
    default:
        return false;
    }
}

ActivationMemory activation_memory(const Graph& graph) {
    const Buffers buffers = assign_buffers(graph);
    ActivationMemory memory;
    std::vector<std::vector<size_t>> expiring(graph.nodes().size() + 1);
    int64_t alive = 0;
    const auto allocate = [&](ValueId id, size_t node) {
        const size_t v = id.position();
        if (!is_activation(graph.value(id)) || buffers.owner[v] != v) return;
        const int64_t elements = graph.value(id).shape.elements();
        memory.total += elements;
        alive += elements;
        memory.peak = std::max(memory.peak, alive);
        expiring[std::max(node, buffers.last_read[v])].push_back(v);
    };
    for (const ValueId input : graph.inputs()) allocate(input, 0);
    for (size_t n = 0; n < graph.nodes().size(); ++n) {
        for (const ValueId output : graph.nodes()[n].outputs) allocate(output, n);
        for (const size_t v : expiring[n]) alive -= graph.values()[v].shape.elements();
    }
    return memory;
}

} // namespace widthwise
