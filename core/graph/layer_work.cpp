#include "core/graph/layer_work.h"

#include <algorithm>
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
    return sum.shape_known && sum.shape.rank() > 0 &&
           bias.shape.elements() == sum.shape[sum.shape.rank() - 1];
}

bool is_unsupported_conv(const Node& node) {
    return node.op == Op::unsupported && std::holds_alternative<ConvAttributes>(node.attributes);
}

bool is_unsupported_product(const Node& node) {
    return node.op == Op::unsupported &&
           (node.op_type == "MatMul" || node.op_type == "Gemm" || node.op_type == "MatMulInteger");
}

/// The constant that a layer's weights come from: itself, or the first input of the quantizers and shuffles
/// before it.
ValueId constant_origin(const Graph& graph, ValueId id) {
    constexpr int longest_chain = 8;
    for (int i = 0; i < longest_chain; ++i) {
        if (graph.value(id).constant) return id;
        const NodeId producer = graph.producer(id);
        if (!producer.valid() || graph.node(producer).inputs.empty()) break;
        id = graph.node(producer).inputs.front();
    }
    return {};
}

/// Ops whose constants training has found; those of other ops are arithmetic.
bool has_learned_constants(Op op) {
    switch (op) {
    case Op::conv:
    case Op::conv_transpose:
    case Op::gemm:
    case Op::matmul:
    case Op::batch_norm:
    case Op::instance_norm:
    case Op::layer_norm:
    case Op::prelu:
    case Op::multi_threshold:
        return true;
    default:
        return false;
    }
}

std::vector<ValueId> learned_inputs(const Graph& graph, const Node& node) {
    std::vector<ValueId> ids;
    if (is_unsupported_conv(node) || is_unsupported_product(node)) {
        // Convolutions may have a bias; the integer ops have zero points there instead.
        const size_t count = node.op_type == "Conv" || node.op_type == "Gemm" ? 3 : 2;
        for (size_t i = 1; i < std::min(count, node.inputs.size()); ++i) {
            if (const ValueId id = constant_origin(graph, node.inputs[i]); id.valid()) ids.push_back(id);
        }
        return ids;
    }
    for (size_t i = 0; i < node.inputs.size(); ++i) {
        if (!input_of(graph, node, i).constant) continue;
        if (has_learned_constants(node.op) || is_matmul_bias(graph, node, i)) ids.push_back(node.inputs[i]);
    }
    return ids;
}

int64_t product_of(const Shape& shape, size_t begin, size_t end) {
    int64_t product = 1;
    for (size_t i = begin; i < end; ++i) product = saturating_product(product, shape[i]);
    return product;
}

/// Rows of a fully connected layer over the last axis are the positions of a 1x1 convolution.
LoopNest gemm_nest(const Shape& in, const Shape& out) {
    LoopNest nest;
    nest.out_channels = out[out.rank() - 1];
    nest.in_channels = in[in.rank() - 1];
    nest.out_height = nest.in_height = product_of(in, 0, in.rank() - 1);
    return nest;
}

/// One group per matrix of the right operand; all rows that meet it are its positions.
LoopNest matmul_nest(const Shape& a, const Shape& b) {
    const size_t batch_axes = std::max(a.rank(), b.rank()) - 2;
    int64_t matrices = 1; // of the output
    for (size_t i = 0; i < batch_axes; ++i) {
        const int64_t from_a = i + 2 < a.rank() ? a[a.rank() - 3 - i] : 1;
        const int64_t from_b = i + 2 < b.rank() ? b[b.rank() - 3 - i] : 1;
        matrices = saturating_product(matrices, std::max(from_a, from_b));
    }
    LoopNest nest;
    nest.groups = product_of(b, 0, b.rank() - 2);
    nest.in_channels = saturating_product(nest.groups, b[b.rank() - 2]);
    nest.out_channels = saturating_product(nest.groups, b[b.rank() - 1]);
    nest.out_height = nest.in_height = saturating_product(matrices / nest.groups, a[a.rank() - 2]);
    return nest;
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
    const bool product = node.op == Op::gemm || is_unsupported_product(node);
    const bool convolution = node.op == Op::conv || is_unsupported_conv(node);
    if (!product && !convolution && node.op != Op::conv_transpose && node.op != Op::matmul)
        return std::nullopt;
    if (node.inputs.size() < 2 || node.outputs.empty()) return std::nullopt;
    const Value& in = input_of(graph, node, 0);
    const Value& weights = input_of(graph, node, 1);
    const Value& out = graph.value(node.output());
    if (!in.shape_known || !weights.shape_known || !out.shape_known) return std::nullopt;
    if (node.op == Op::matmul) return matmul_nest(in.shape, weights.shape);
    if (node.op == Op::gemm) return gemm_nest(in.shape, out.shape);
    const size_t rank = product ? 2 : 4;
    for (const Shape* shape : {&in.shape, &weights.shape, &out.shape}) {
        if (shape->rank() != rank) return std::nullopt; // only possible where nothing was checked ...
    }
    if (in.shape[0] != 1) return std::nullopt; // ... and so is this
    LoopNest nest;
    nest.out_channels = out.shape[1];
    nest.in_channels = in.shape[1];
    if (product) return nest;

    const bool transposed = node.op == Op::conv_transpose;
    const auto& conv = transposed ? std::get<ConvTransposeAttributes>(node.attributes).conv
                                  : std::get<ConvAttributes>(node.attributes);
    nest.groups = conv.group;
    nest.in_height = in.shape[2];
    nest.in_width = in.shape[3];
    nest.kernel_height = conv.kernel[0];
    nest.kernel_width = conv.kernel[1];
    if (transposed) { // every input position meets every tap; see LoopNest
        nest.out_height = nest.in_height;
        nest.out_width = nest.in_width;
        return nest;
    }
    nest.out_height = out.shape[2];
    nest.out_width = out.shape[3];
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
    return (node.op == Op::conv || node.op == Op::conv_transpose || node.op == Op::gemm) &&
           node.inputs.size() >= 2 && input_of(graph, node, 1).constant != nullptr;
}

bool reads_activations(const Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    switch (node.op) {
    case Op::conv:
    case Op::conv_transpose:
    case Op::gemm:
    case Op::matmul:
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
    case Op::minimum:
    case Op::maximum:
    case Op::max_pool:
    case Op::average_pool:
    case Op::global_average_pool:
    case Op::reduce_mean:
    case Op::concat:
    case Op::quantize:
        return true;
    case Op::reduce: {
        const Reduction reduction = std::get<ReduceAttributes>(node.attributes).reduction;
        return reduction == Reduction::mean || reduction == Reduction::sum;
    }
    case Op::resize: // the nearest pixel is only copied
        return std::get<ResizeAttributes>(node.attributes).mode != ResizeMode::nearest;
    case Op::batch_norm: // folded into the convolution before it wherever that is possible
    case Op::instance_norm:
    case Op::layer_norm:
    case Op::lrn:
    case Op::relu:
    case Op::leaky_relu:
    case Op::prelu:
    case Op::clip:
    case Op::sigmoid:
    case Op::tanh:
    case Op::exp:
    case Op::function:
    case Op::softmax:
    case Op::pow:
    case Op::compare:
    case Op::where:
    case Op::arg_max:
    case Op::multi_threshold: // its thresholds stand for the format
    case Op::slice:
    case Op::pad:
    case Op::reshape:
    case Op::transpose:
    case Op::gather:
    case Op::expand:
    case Op::depth_to_space:
    case Op::space_to_depth:
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
