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

GraphRoles graph_roles(const Graph& graph) {
    const size_t nodes = graph.nodes().size();
    GraphRoles roles;
    roles.fused_into.resize(nodes);
    roles.has_bias.resize(nodes);
    roles.reads.resize(nodes);
    Fusion(graph, roles);
    for (const NodeId id : graph.node_ids())
        roles.reads[id.position()] = reads_activations(graph, id) && !roles.fused_into[id.position()].valid();
    return roles;
}

StoredWidths::StoredWidths(const Graph& graph, const GraphRoles& roles) {
    const auto settle = [&](ValueId value) {
        Target target{value.index, graph.is_output(value) || graph.consumers(value).empty(),
                      static_cast<int>(m_sources.size()), 0};
        for (const NodeId reader : graph.consumers(value)) {
            if (roles.reads[reader.position()]) {
                m_sources.push_back({reader.index, true});
                continue;
            }
            for (const ValueId out : graph.node(reader).outputs) m_sources.push_back({out.index, false});
        }
        target.last = static_cast<int>(m_sources.size());
        m_targets.push_back(target);
    };
    for (size_t i = graph.nodes().size(); i-- > 0;)
        for (const ValueId out : graph.nodes()[i].outputs) settle(out);
    for (const ValueId in : graph.inputs()) settle(in);
}

void StoredWidths::operator()(std::span<const int> node_bits, int otherwise, std::span<int> stored) const {
    for (const Target& target : m_targets) {
        int bits = target.at_least_otherwise ? otherwise : 0;
        for (int i = target.first; i < target.last; ++i) {
            const Source& source = m_sources[static_cast<size_t>(i)];
            const auto index = static_cast<size_t>(source.index);
            bits = std::max(bits, source.is_node ? node_bits[index] : stored[index]);
        }
        stored[static_cast<size_t>(target.value)] = bits > 0 ? bits : otherwise;
    }
}

NodeId StoredWidths::sole_reader(ValueId value) const {
    for (const Target& target : m_targets)
        if (target.value == value.index && target.last == target.first + 1 && !target.at_least_otherwise) {
            const Source& source = m_sources[static_cast<size_t>(target.first)];
            return source.is_node ? NodeId{source.index} : sole_reader(ValueId{source.index});
        }
    return {};
}

} // namespace widthwise::cost
