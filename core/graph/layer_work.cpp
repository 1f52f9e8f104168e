#include "core/graph/layer_work.h"

#include <limits>
#include <set>

namespace widthwise {

namespace {

/// Saturates: a hostile file may describe more work than 64 bits count.
int64_t saturating_product(int64_t a, int64_t b) {
    int64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<int64_t>::max() : product;
}

int64_t saturating_sum(int64_t a, int64_t b) {
    int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}

const Value& input_of(const Graph& graph, const Node& node, size_t index) {
    return graph.value(node.inputs[index]);
}

/// Frameworks without a fully connected op write MatMul followed by Add: that constant is the layer's bias.
bool is_matmul_bias(const Graph& graph, const Node& node, size_t index) {
    if (node.op != Op::add || node.inputs.size() != 2) return false;
    const NodeId producer = graph.producer(node.inputs[1 - index]);
    if (!producer.valid() || graph.node(producer).op != Op::gemm) return false;
    const Value& sum = graph.value(graph.node(producer).output());
    const Value& bias = input_of(graph, node, index);
    return sum.shape_known && bias.shape.elements() == sum.shape[1];
}

std::vector<ValueId> learned_inputs(const Graph& graph, const Node& node) {
    std::vector<ValueId> ids;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
        if (!input_of(graph, node, i).constant) continue;
        const bool layer = node.op == Op::conv || node.op == Op::gemm || node.op == Op::batch_norm;
        if (layer || is_matmul_bias(graph, node, i)) ids.push_back(node.inputs[i]);
    }
    return ids;
}

} // namespace

int64_t LoopNest::macs() const {
    int64_t product = 1;
    for (const int64_t extent :
         {out_channels, in_channels / groups, out_height, out_width, kernel_height, kernel_width}) {
        product = saturating_product(product, extent);
    }
    return product;
}

std::optional<LoopNest> loop_nest(const Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    if (node.op != Op::conv && node.op != Op::gemm) return std::nullopt;
    const Value& in = input_of(graph, node, 0);
    const Value& weights = input_of(graph, node, 1);
    const Value& out = graph.value(node.output());
    if (!in.shape_known || !weights.shape_known || !out.shape_known) return std::nullopt;
    LoopNest nest;
    nest.out_channels = weights.shape[0];
    nest.in_channels = weights.shape[1];
    if (node.op == Op::gemm) return nest;

    const auto& conv = std::get<ConvAttributes>(node.attributes);
    nest.groups = conv.group;
    nest.in_channels = in.shape[1];
    nest.out_height = out.shape[2];
    nest.out_width = out.shape[3];
    nest.in_height = in.shape[2];
    nest.in_width = in.shape[3];
    nest.kernel_height = conv.kernel[0];
    nest.kernel_width = conv.kernel[1];
    nest.stride_height = conv.strides[0];
    nest.stride_width = conv.strides[1];
    nest.dilation_height = conv.dilations[0];
    nest.dilation_width = conv.dilations[1];
    return nest;
}

int64_t node_macs(const Graph& graph, NodeId node) {
    const auto nest = loop_nest(graph, node);
    return nest ? nest->macs() : 0;
}

int64_t node_parameters(const Graph& graph, NodeId id) {
    int64_t count = 0;
    for (const ValueId value : learned_inputs(graph, graph.node(id)))
        count += graph.value(value).shape.elements();
    return count;
}

bool is_weighted(const Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    return (node.op == Op::conv || node.op == Op::gemm) && node.inputs.size() >= 2 &&
           input_of(graph, node, 1).constant != nullptr;
}

bool reads_activations(const Graph& graph, NodeId id) {
    switch (graph.node(id).op) {
    case Op::conv:
    case Op::gemm:
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
    case Op::max_pool:
    case Op::average_pool:
    case Op::global_average_pool:
    case Op::reduce_mean:
    case Op::concat:
        return true;
    case Op::batch_norm: // folded into the convolution before it wherever that is possible
    case Op::relu:
    case Op::leaky_relu:
    case Op::clip:
    case Op::sigmoid:
    case Op::tanh:
    case Op::exp:
    case Op::softmax:
    case Op::slice:
    case Op::pad:
    case Op::reshape:
    case Op::transpose:
    case Op::identity:
    case Op::unsupported:
        return false;
    }
    return false;
}

GraphTotals graph_totals(const Graph& graph) {
    GraphTotals totals;
    std::set<ValueId> counted; // weights that layers share are stored once
    for (const NodeId id : graph.node_ids()) {
        ++totals.layers;
        totals.macs = saturating_sum(totals.macs, node_macs(graph, id));
        for (const ValueId value : learned_inputs(graph, graph.node(id))) {
            if (counted.insert(value).second) totals.parameters += graph.value(value).shape.elements();
        }
    }
    return totals;
}

} // namespace widthwise
