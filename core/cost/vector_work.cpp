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

Kind operations(const Graph& graph, const Node& node) {
    const double out = elements(graph, node.output());
    switch (node.op) {
    case Op::max_pool:
    case Op::average_pool: {
        const auto& pool = std::get<PoolAttributes>(node.attributes);
        return {out * static_cast<double>(pool.kernel[0]) * static_cast<double>(pool.kernel[1]), 0};
    }
    case Op::global_average_pool:
    case Op::reduce_mean:
        return {elements(graph, node.inputs[0]), 0};
    case Op::relu:
    case Op::clip:
    case Op::add:
    case Op::sub:
        return {out, 0};
    case Op::batch_norm:
        return {out, out};
    case Op::softmax:
        return {2 * out, out};
    case Op::mul:
    case Op::div:
    case Op::leaky_relu:
    case Op::sigmoid:
    case Op::tanh:
    case Op::exp:
        return {0, out};
    case Op::conv:
    case Op::gemm:
    case Op::concat:
    case Op::slice:
    case Op::pad:
    case Op::transpose:
    case Op::reshape:
    case Op::identity:
    case Op::unsupported:
        break;
    }
    return {};
}

} // namespace

std::optional<NodeWork> node_work(const Graph& graph, NodeId id, const GraphRoles& roles, const Chip& chip,
                                  int64_t batch) {
    const Node& node = graph.node(id);
    if (node.op == Op::reshape || node.op == Op::identity) return std::nullopt;
    const double images = static_cast<double>(batch);
    const double out = elements(graph, node.output());
    NodeWork result;
    for (const ValueId in : node.inputs) {
        const bool constant = graph.value(in).constant != nullptr;
        const int bits = constant ? 32 : roles.stored_bits[in.position()];
        const double count = std::min(elements(graph, in), node.op == Op::slice ? out : 1e300);
        result.work.read_bits += count * bits * (constant ? 1.0 : images);
        if (!constant) result.bits = std::max(result.bits, bits);
    }
    if (const LayerPrecision* precision = roles.precision[id.position()])
        result.bits = operand_bits(precision->activations);
    result.work.write_bits = out * images * roles.stored_bits[node.output().position()];

    const Kind kind = operations(graph, node);
    const bool is_float = result.bits == 32;
    result.work.operations = (kind.adds + kind.multiplies) * images;
    if (result.work.operations > 0)
        result.work.operation_pj = (kind.adds * chip.vector_add_pj(result.bits, is_float) +
                                    kind.multiplies * chip.vector_multiply_pj(result.bits, is_float)) /
                                   (kind.adds + kind.multiplies);
    std::array<char, 64> text;
    if (result.work.operations > 0)
        std::snprintf(text.data(), text.size(), "vector unit: %.0f operations", result.work.operations);
    else
        std::snprintf(text.data(), text.size(), "moves %.0f elements", out * images);
    result.mapping = text.data();
    return result;
}

} // namespace widthwise::cost
