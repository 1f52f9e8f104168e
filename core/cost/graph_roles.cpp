#include "core/cost/graph_roles.h"

#include "core/graph/layer_work.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

/// The node that computes `value`, if no one else needs the value before `value`'s single reader has changed
/// it.
NodeId sole_source(const Graph& graph, ValueId value) {
    if (graph.consumers(value).size() != 1 || graph.is_output(value)) return {};
    return graph.producer(value);
}

bool is_bias_of_gemm(const Graph& graph, const Node& node, NodeId source, size_t constant_side) {
    const Value& constant = graph.value(node.inputs[constant_side]);
    const Value& sum = graph.value(graph.node(source).output());
    return constant.constant && graph.node(source).op == Op::gemm && sum.shape_known &&
           sum.shape.rank() > 0 && constant.shape.elements() == sum.shape[sum.shape.rank() - 1];
}

/// Nodes in topological order, so that a chain's head is settled before its tail.
class Fusion {
public:
    Fusion(const Graph& graph, GraphRoles& roles)
        : m_graph(graph), m_roles(roles), m_linear(graph.nodes().size()) {
        for (size_t i = 0; i < graph.nodes().size(); ++i) settle(NodeId{static_cast<int>(i)});
    }

private:
    void settle(NodeId id) {
        const Node& node = m_graph.node(id);
        if (is_matrix(node.op)) {
            m_linear[id.position()] = node.op != Op::matmul;
            if (node.inputs.size() > 2) m_roles.has_bias[id.position()] = true;
            return;
        }
        switch (node.op) {
        case Op::relu:
        case Op::clip: {
            const NodeId source = sole_source(m_graph, node.inputs[0]);
            if (!source.valid()) return;
            const NodeId head = head_of(source);
            const Op op = m_graph.node(head).op;
            if (is_matrix(op) || op == Op::add) m_roles.fused_into[id.position()] = head;
            return;
        }
        case Op::batch_norm: {
            const NodeId source = sole_source(m_graph, node.inputs[0]);
            // Behind rows of a fully connected layer axis 1 is no output channel.
            const Shape& in = m_graph.value(node.inputs[0]).shape;
            if (source.valid() && m_linear[source.position()]) {
                const NodeId head = head_of(source);
                if (m_graph.node(head).op != Op::gemm || in.rank() == 2) fold_into(id, head);
            }
            return;
        }
        case Op::add:
            for (size_t side = 0; side < node.inputs.size() && node.inputs.size() == 2; ++side) {
                const NodeId source = sole_source(m_graph, node.inputs[1 - side]);
                if (source.valid() && is_bias_of_gemm(m_graph, node, source, side))
                    fold_into(id, head_of(source));
            }
            return;
        default:
            return;
        }
    }

    void fold_into(NodeId id, NodeId head) {
        m_roles.fused_into[id.position()] = head;
        m_roles.has_bias[head.position()] = true;
        m_linear[id.position()] = true;
    }

    [[nodiscard]] NodeId head_of(NodeId id) const {
        const NodeId head = m_roles.fused_into[id.position()];
        return head.valid() ? head : id;
    }

    const Graph& m_graph;
    GraphRoles& m_roles;
    std::vector<bool> m_linear; ///< so far only matrix product and bias or normalization
};

} // namespace

bool is_matrix(Op op) {
    return op == Op::conv || op == Op::conv_transpose || op == Op::gemm || op == Op::matmul;
}

int operand_bits(const NumberFormat& format) {
    return format.is_quantized() ? format.storage_bits() : 32;
}

bool is_floating(const NumberFormat& format) {
    return !format.is_quantized() || format.is_small_float();
}

GraphRoles graph_roles(const Graph& graph, const PrecisionPlan& plan) {
    const size_t nodes = graph.nodes().size();
    GraphRoles roles;
    roles.fused_into.resize(nodes);
    roles.has_bias.resize(nodes);
    roles.precision.resize(nodes);
    Fusion(graph, roles);

    roles.stored_bits.assign(graph.values().size(), 0);
    const int otherwise = operand_bits(plan.default_precision().activations);
    const auto stored = [&](ValueId v) {
        int& bits = roles.stored_bits[v.position()];
        if (bits == 0) bits = otherwise;
        return bits;
    };
    for (const ValueId v : graph.outputs()) stored(v);
    for (size_t i = nodes; i-- > 0;) {
        const Node& node = graph.nodes()[i];
        int bits = 0;
        if (reads_activations(graph, NodeId{static_cast<int>(i)}) && !roles.fused_into[i].valid()) {
            roles.precision[i] = &plan.at(node.name);
            bits = operand_bits(roles.precision[i]->activations);
        } else {
            for (const ValueId out : node.outputs) bits = std::max(bits, stored(out));
        }
        for (const ValueId in : node.inputs)
            if (!graph.value(in).constant)
                roles.stored_bits[in.position()] = std::max(roles.stored_bits[in.position()], bits);
        for (const ValueId out : node.outputs) stored(out);
    }
    return roles;
}

} // namespace widthwise::cost
