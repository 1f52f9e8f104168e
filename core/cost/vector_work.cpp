#include "core/cost/vector_work.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace widthwise::cost {
namespace {

double elements(const Graph& graph, ValueId id) {
    return static_cast<double>(graph.value(id).shape.elements());
}

struct Kind {
    double adds = 0, multiplies = 0; ///< of one image
};

Kind reduction(Reduction reduction, double in, double out) {
    switch (reduction) {
    case Reduction::mean:
    case Reduction::sum:
    case Reduction::max:
    case Reduction::min:
    case Reduction::l1:
        return {in, 0};
    case Reduction::prod:
        return {0, in};
    case Reduction::l2: // and a root
        return {in, in + out};
    case Reduction::sum_square:
        return {in, in};
    case Reduction::log_sum: // and a logarithm
        return {in, out};
    case Reduction::log_sum_exp: // maximum, sum; exponential, logarithm
        return {2 * in, in + out};
    }
    return {};
}

/// 2 x 2 or 4 x 4 weighted pixels.
Kind interpolation(ResizeMode mode, double out) {
    const double taps = mode == ResizeMode::nearest ? 0 : mode == ResizeMode::linear ? 4 : 16;
    return {std::max(0.0, taps - 1) * out, taps * out};
}

Kind operations(const Graph& graph, const Node& node) {
    const double out = elements(graph, node.output());
    const double in = node.inputs.empty() ? 0 : elements(graph, node.inputs[0]);
    switch (node.op) {
    case Op::max_pool:
    case Op::average_pool: {
        const auto& pool = std::get<PoolAttributes>(node.attributes);
        return {out * static_cast<double>(pool.kernel[0]) * static_cast<double>(pool.kernel[1]), 0};
    }
    case Op::global_average_pool:
    case Op::reduce_mean:
    case Op::arg_max:
        return {in, 0};
    case Op::reduce:
        return reduction(std::get<ReduceAttributes>(node.attributes).reduction, in, out);
    case Op::relu:
    case Op::clip:
    case Op::add:
    case Op::sub:
    case Op::minimum:
    case Op::maximum:
    case Op::compare:
    case Op::where:
        return {out, 0};
    case Op::quantize: // scaled and rounded
        return {out, out};
    case Op::batch_norm:
        return {out, out};
    case Op::softmax:
        return {2 * out, out};
    case Op::instance_norm:
    case Op::layer_norm: // mean, variance; scale and shift
        return {3 * out, 2 * out};
    case Op::lrn: { // a sum of squares per channel window, a power, a division
        const double window = static_cast<double>(std::get<LrnAttributes>(node.attributes).size);
        const double channels = static_cast<double>(graph.value(node.inputs[0]).shape[1]);
        return {out * std::min(window, channels), 3 * out};
    }
    case Op::multi_threshold: { // every threshold is compared, as the hardware that it is made for does
        const Shape& thresholds = graph.value(node.inputs[1]).shape;
        return {out * static_cast<double>(thresholds[1]), 0};
    }
    case Op::resize:
        return interpolation(std::get<ResizeAttributes>(node.attributes).mode, out);
    case Op::mul:
    case Op::div:
    case Op::leaky_relu:
    case Op::sigmoid:
    case Op::tanh:
    case Op::exp:
    case Op::function:
    case Op::prelu:
    case Op::pow:
        return {0, out};
    case Op::conv:
    case Op::conv_transpose:
    case Op::gemm:
    case Op::matmul:
    case Op::concat:
    case Op::slice:
    case Op::pad:
    case Op::transpose:
    case Op::gather:
    case Op::expand:
    case Op::depth_to_space:
    case Op::space_to_depth:
    case Op::reshape:
    case Op::identity:
    case Op::unsupported:
        break;
    }
    return {};
}

} // namespace

std::optional<VectorWork> vector_work(const Graph& graph, NodeId id, const Widths& widths, int64_t batch) {
    const Node& node = graph.node(id);
    const LayerPrecision* precision = widths.precision[id.position()];
    if (node.op == Op::reshape || node.op == Op::identity) return std::nullopt;
    if (node.op == Op::quantize && !(precision && precision->activations.is_quantized())) return std::nullopt;
    const double images = static_cast<double>(batch);
    const double out = elements(graph, node.output());
    VectorWork work;
    for (const ValueId in : node.inputs) {
        const bool constant = graph.value(in).constant != nullptr;
        const int bits = constant ? 32 : widths.stored_bits[in.position()];
        const bool partly = node.op == Op::slice || node.op == Op::gather;
        const double count = partly ? std::min(elements(graph, in), out) : elements(graph, in);
        const double read = count * bits * (constant ? 1.0 : images);
        work.read_bits += read;
        if (!widths.stays(in)) work.dram_read_bits += read;
        if (!constant) work.bits = std::max(work.bits, bits);
    }
    if (precision) work.bits = operand_bits(precision->activations);
    work.written = out * images;
    work.write_bits = work.written * widths.stored_bits[node.output().position()];

    const Kind kind = operations(graph, node);
    work.is_float = precision ? is_floating(precision->activations) : work.bits == 32;
    work.adds = kind.adds * images;
    work.multiplies = kind.multiplies * images;
    if (!widths.stays(node.output())) work.dram_write_bits = work.write_bits;
    return work;
}

std::string vector_text(const Graph& graph, NodeId id, const VectorWork& work, int64_t batch) {
    std::array<char, 64> text;
    if (work.operations() > 0)
        std::snprintf(text.data(), text.size(), "vector unit: %.0f operations", work.operations());
    else
        std::snprintf(text.data(), text.size(), "moves %.0f elements",
                      elements(graph, graph.node(id).output()) * static_cast<double>(batch));
    return text.data();
}

} // namespace widthwise::cost
