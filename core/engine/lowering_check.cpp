// What a graph and its plan must be like before anything is lowered.

#include "core/engine/lowering.h"
#include "core/engine/representation.h"
#include "core/graph/layer_work.h"

#include <algorithm>

namespace widthwise::engine {
namespace {

// Element maps are 32-bit; a value of this size would need gigabytes anyway.
constexpr int64_t k_largest = int64_t{1} << 28;

Result<void> check_size(const Shape& shape, const char* what) {
    const auto elements = shape.checked_elements();
    if (elements && *elements <= k_largest) return {};
    return fail(ErrorCode::unsupported,
                std::string(what) + " of " + shape.to_string() + " elements is too large to run");
}

/// Maps that some layers write out before they run: padded, or spread by a transposed convolution's stride.
Result<void> check_padded(const Graph& graph, const Node& node) {
    if (const auto* a = std::get_if<ConvAttributes>(&node.attributes)) {
        Shape padded = graph.value(node.inputs[0]).shape;
        for (size_t i = 0; i < 2; ++i) padded[2 + i] += a->pads[i] + a->pads[2 + i];
        return check_size(padded, "the padded input");
    }
    if (const auto* a = std::get_if<ConvTransposeAttributes>(&node.attributes)) {
        Shape spread = graph.value(node.output()).shape;
        spread[1] = graph.value(node.inputs[0]).shape[1];
        for (size_t i = 0; i < 2; ++i) spread[2 + i] += (a->conv.kernel[i] - 1) * a->conv.dilations[i];
        return check_size(spread, "the spread input");
    }
    return {};
}

/// One scale for all inputs, or one for each that is computed (and each of its channels or groups).
Result<void> check_scales(const Graph& graph, const Node& node, const NumberFormat& format) {
    if (!format.has_scale() || format.is_dynamic() || format.scale.size() == 1) return {};
    const auto scales = static_cast<int64_t>(format.scale.size());
    int64_t computed = 0, each = 1; // scales of one input
    for (const ValueId input : node.inputs) {
        if (graph.value(input).constant) continue;
        ++computed;
        if (format.granularity == Granularity::tensor) continue;
        const int64_t channels = extent_of(graph.value(input).shape).channels;
        const int64_t shared = format.granularity == Granularity::channel ? 1 : format.group_size;
        each = std::max(each, (channels + shared - 1) / shared);
    }
    if (scales >= std::max<int64_t>(1, computed) * each || (computed > 0 && each > 1 && scales == each))
        return {};
    return fail(ErrorCode::invalid_input, "its activations have " + std::to_string(scales) + " scales for " +
                                              std::to_string(computed) + " inputs");
}

Result<void> check_formats(const Graph& graph, const Node& node, const LayerPrecision& p) {
    if (Result<void> ok = validate(p.weights); !ok) return ok;
    if (Result<void> ok = check_activation_format(p.activations); !ok) return ok;
    const NodeId id = graph.producer(node.output());
    if (!reads_activations(graph, id)) return {};
    if (p.activations.is_dynamic() && !is_weighted(graph, id))
        return fail(ErrorCode::unsupported, "only layers with weights take ranges that are found at run time",
                    {}, "choose another range rule for " + node.op_type);
    return check_scales(graph, node, p.activations);
}

Result<void> check_node(const Graph& graph, const Node& node, const LayerPrecision& p) {
    if (Result<void> ok = check_size(graph.value(node.output()).shape, "the output"); !ok) return ok;
    if (node.op == Op::conv || node.op == Op::conv_transpose || node.op == Op::gemm ||
        node.op == Op::batch_norm)
        for (size_t i = 1; i < node.inputs.size(); ++i)
            if (!graph.value(node.inputs[i]).constant)
                return fail(ErrorCode::unsupported, node.op_type + " with computed weights cannot be run");
    if (Result<void> ok = check_padded(graph, node); !ok) return ok;
    return check_formats(graph, node, p);
}

} // namespace

Result<void> Lowering::check() const {
    if (m_graph.inputs().size() != 1)
        return fail(ErrorCode::unsupported, "a network with " + std::to_string(m_graph.inputs().size()) +
                                                " inputs cannot be run by this version");
    if (const NodeId id = m_graph.first_unsupported(); id.valid()) {
        const Node& node = m_graph.node(id);
        return fail(ErrorCode::unsupported, node.op_type + " cannot be run: " + node.why_unsupported,
                    node.name);
    }
    if (Result<void> ok = check_size(m_graph.value(m_graph.inputs()[0]).shape, "the input"); !ok) return ok;
    for (const Node& node : m_graph.nodes())
        if (Result<void> ok = check_node(m_graph, node, m_plan.at(node.name)); !ok) {
            ok.error().where = node.name;
            return ok;
        }
    return {};
}

} // namespace widthwise::engine
