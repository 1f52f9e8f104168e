#include "core/cost/network_problem.h"

#include "core/cost/legality.h"
#include "core/cost/requantize.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace widthwise::cost {
namespace {

constexpr double k_most_cycles = 9e15;  ///< integers stay exact in a double
constexpr double k_parameter_bytes = 4; ///< biases, scales, zero points, levels

tl::unexpected<Error> bad_layer(const Node& node, std::string message, std::string remedy = {}) {
    return fail(ErrorCode::invalid_input, std::move(message), "layer '" + node.name + "'", std::move(remedy));
}

/// Scales and zero points of one quantized tensor, or its codebook. Symmetric formats need no zero point.
double parameter_bytes(const NumberFormat& format, double tensors) {
    if (format.type == FormatType::codebook)
        return k_parameter_bytes * static_cast<double>(facts(format).levels);
    if (!format.has_scale()) return 0;
    const bool zero_point = format.type == FormatType::integer && !format.symmetric;
    return tensors * k_parameter_bytes * (zero_point ? 2 : 1);
}

/// Loops of one batch.
struct MatrixWork {
    LoopNest nest;
    int64_t batch = 1; ///< images that share the right operand
};

std::optional<MatrixWork> matrix_work(const Graph& graph, NodeId id, int64_t batch) {
    auto nest = loop_nest(graph, id);
    if (!nest) return std::nullopt;
    const Node& node = graph.node(id);
    if (node.op != Op::matmul || graph.value(node.inputs[1]).constant) return MatrixWork{*nest, batch};
    for (int64_t* extent : {&nest->groups, &nest->in_channels, &nest->out_channels})
        if (__builtin_mul_overflow(*extent, batch, extent)) return std::nullopt;
    return MatrixWork{*nest, 1}; // each image brings its own
}

/// Neither MACs nor the cycles of the slowest schedule may leave what counters hold.
bool fits_counters(const LoopNest& nest, int64_t batch, const HardwareTarget& target) {
    const double groups = static_cast<double>(nest.groups);
    const double m = static_cast<double>(nest.out_height) * static_cast<double>(nest.out_width) *
                     static_cast<double>(batch);
    const double n = static_cast<double>(nest.out_channels) / groups;
    const double k = static_cast<double>(nest.in_channels) / groups *
                     static_cast<double>(nest.kernel_height) * static_cast<double>(nest.kernel_width);
    const double rows = static_cast<double>(target.rows), cols = static_cast<double>(target.cols);
    const double skew = 2 * rows + cols;
    const auto cycles = [&](double s_r, double s_c, double t) {
        return groups * (s_r / rows + 1) * (s_c / cols + 1) * (t + skew);
    };
    return groups * m * n * k < k_most_cycles &&
           std::max({cycles(k, n, m), cycles(m, n, k), cycles(k, m, n)}) < k_most_cycles;
}

} // namespace

NetworkTranslation::NetworkTranslation(const Graph& graph, const HardwareTarget& target,
                                       const Options& options)
    : m_graph(&graph)
    , m_target(&target)
    , m_options(&options)
    , m_roles(graph_roles(graph))
    , m_stored(graph, m_roles) {
    const auto least = std::min_element(
        target.memory.begin(), target.memory.end(),
        [](const MemoryLevel& a, const MemoryLevel& b) { return a.element_bits < b.element_bits; });
    if (least != target.memory.end()) m_least_bits = least->element_bits;
}

Result<NetworkTranslation> NetworkTranslation::create(const Graph& graph, const HardwareTarget& target,
                                                      const Options& options) {
    if (options.batch < 1)
        return fail(ErrorCode::usage, "a batch of " + std::to_string(options.batch) + " images", "batch",
                    "give 1 or more");
    NetworkTranslation translation(graph, target, options);
    if (auto done = translation.prepare(); !done) return forward_error(done);
    return translation;
}

Result<void> NetworkTranslation::prepare() {
    m_blank.nodes.resize(m_graph->nodes().size());
    for (const NodeId id : m_graph->node_ids()) {
        NodeProblem& entry = m_blank.nodes[id.position()];
        if (is_matrix(m_graph->node(id).op)) {
            if (auto done = prepare_matrix(id, entry); !done) return done;
        } else if (const NodeId head = m_roles.fused_into[id.position()]; head.valid()) {
            entry.kind = NodeProblem::Kind::fused;
            entry.note = "fused into " + m_graph->node(head).name;
        } else {
            prepare_vector(id, entry);
        }
    }
    return {};
}

Result<void> NetworkTranslation::prepare_matrix(NodeId id, NodeProblem& entry) {
    const Node& node = m_graph->node(id);
    if (!loop_nest(*m_graph, id))
        return bad_layer(node, "its shape is unknown",
                         "cost needs every convolution's and every fully connected layer's shape");
    const auto work = matrix_work(*m_graph, id, m_options->batch);
    if (!work || !fits_counters(work->nest, work->batch, *m_target))
        return bad_layer(node, "more work than can be counted", "choose a smaller batch or network");
    entry.kind = NodeProblem::Kind::matrix;
    entry.position = m_blank.matrices.size();
    MatrixProblem problem;
    problem.nest = work->nest;
    problem.batch = work->batch;
    if (const auto zeros = m_options->zeros.find(node.name); zeros != m_options->zeros.end())
        problem.zeros = zeros->second;
    m_blank.matrices.push_back(problem);
    return {};
}

void NetworkTranslation::prepare_vector(NodeId id, NodeProblem& entry) {
    const Node& node = m_graph->node(id);
    entry.kind = NodeProblem::Kind::unpriced;
    for (const ValueId value : node.outputs)
        if (!m_graph->value(value).shape_known) {
            entry.note = "not costed: its shape is unknown";
            return;
        }
    if (node.op == Op::unsupported || node.outputs.empty()) {
        entry.note = "not costed: no model of " + node.op_type;
        return;
    }
    entry.kind = NodeProblem::Kind::vector;
    entry.position = m_blank.vectors.size();
    m_blank.vectors.emplace_back();
}

Result<void> NetworkTranslation::translate(NodeId id, const Widths& widths, NetworkProblem& problem) const {
    NodeProblem& entry = problem.nodes[id.position()];
    switch (m_blank.nodes[id.position()].kind) {
    case NodeProblem::Kind::matrix:
        return translate_matrix(id, widths, entry, problem.matrices[entry.position]);
    case NodeProblem::Kind::vector:
        translate_vector(id, widths, entry, problem.vectors[entry.position]);
        break;
    case NodeProblem::Kind::fused:
    case NodeProblem::Kind::free:
    case NodeProblem::Kind::unpriced:
        break;
    }
    return {};
}

ValueId NetworkTranslation::result_of(NodeId id) const {
    ValueId value = m_graph->node(id).output();
    for (bool follows = true; follows;) {
        follows = false;
        for (const NodeId reader : m_graph->consumers(value))
            if (m_roles.fused_into[reader.position()] == id) {
                value = m_graph->node(reader).output();
                follows = true;
                break;
            }
    }
    return value;
}

Result<void> NetworkTranslation::translate_matrix(NodeId id, const Widths& widths, NodeProblem& entry,
                                                  MatrixProblem& problem) const {
    const Node& node = m_graph->node(id);
    const LayerPrecision& precision = *widths.precision[id.position()];
    // The right operand: the weights, or, where none are, the other activation.
    const NumberFormat& right = node.op == Op::matmul ? precision.activations : precision.weights;
    auto formats = run_formats(*m_target, right, precision.activations);
    if (!formats) {
        formats.error().where = "layer '" + node.name + "'";
        return forward_error(formats);
    }
    problem.operands = formats->operands;
    entry.weight_bits = operand_bits(right);
    entry.activation_bits = operand_bits(precision.activations);
    entry.note = std::move(formats->fallback);
    problem.stored =
        stored_bits(id, problem.nest, widths, {formats->stored_weight_bits, entry.activation_bits, 0});
    problem.epilogue =
        requantization(problem.nest, problem.batch, *formats,
                       m_graph->value(node.inputs[1]).constant != nullptr, m_target->mac.accumulator_bits);
    problem.input_on_chip = widths.stays(node.inputs[0]);
    problem.output_on_chip = widths.stays(result_of(id));
    entry.bops =
        problem.macs() / static_cast<double>(m_options->batch) * entry.weight_bits * entry.activation_bits;

    entry.weight_bytes = 0;
    entry.model_bytes = parameter_bytes(precision.activations, 1);
    if (!m_graph->value(node.inputs[1]).constant) return {};
    const LoopNest& nest = problem.nest;
    const double outputs = static_cast<double>(nest.out_channels);
    const double window =
        static_cast<double>(nest.in_channels / nest.groups * nest.kernel_height * nest.kernel_width);
    entry.weight_bytes = outputs * window * entry.weight_bits / 8;
    entry.model_bytes += entry.weight_bytes;
    if (m_roles.has_bias[id.position()]) entry.model_bytes += outputs * k_parameter_bytes;
    double scales = 1;
    if (right.granularity == Granularity::channel) scales = outputs;
    if (right.granularity == Granularity::group) scales = outputs * std::ceil(window / right.group_size);
    entry.model_bytes += parameter_bytes(right, scales);
    return {};
}

StoredBits NetworkTranslation::stored_bits(NodeId id, const LoopNest& nest, const Widths& widths,
                                           const StoredBits& constants) const {
    const Node& node = m_graph->node(id);
    const auto bits_of = [&](size_t input, int constant_bits) {
        const ValueId value = node.inputs[input];
        return m_graph->value(value).constant ? constant_bits : widths.stored_bits[value.position()];
    };
    StoredBits stored{bits_of(1, constants.weights), bits_of(0, constants.input),
                      widths.stored_bits[node.output().position()]};
    for (int* bits : {&stored.weights, &stored.input, &stored.output}) *bits = std::max(*bits, m_least_bits);
    if (node.op == Op::conv_transpose) { // one position of the nest stands for stride x stride pixels
        const Shape& out = m_graph->value(node.output()).shape;
        const double pixels = static_cast<double>(out[2]) * static_cast<double>(out[3]) /
                              (static_cast<double>(nest.out_height) * static_cast<double>(nest.out_width));
        stored.output = static_cast<int>(std::min(1e9, std::ceil(stored.output * pixels)));
    }
    return stored;
}

void NetworkTranslation::translate_vector(NodeId id, const Widths& widths, NodeProblem& entry,
                                          VectorWork& work) const {
    entry.activation_bits = 0;
    entry.model_bytes = 0;
    const auto found = vector_work(*m_graph, id, widths, m_options->batch);
    if (!found) {
        entry.kind = NodeProblem::Kind::free;
        entry.note = "no data moves";
        work = {};
        return;
    }
    const Node& node = m_graph->node(id);
    work = *found;
    entry.kind = NodeProblem::Kind::vector;
    entry.activation_bits = work.bits;
    entry.note = vector_text(*m_graph, id, work, m_options->batch);

    double inputs = 0;
    for (const ValueId in : node.inputs) {
        const Value& value = m_graph->value(in);
        if (value.constant)
            entry.model_bytes +=
                static_cast<double>(value.shape.elements()) * k_parameter_bytes *
                (node.op == Op::batch_norm ? 0.5 : 1.0); // four vectors fold to scale and shift
        else
            ++inputs;
    }
    if (const LayerPrecision* precision = widths.precision[id.position()])
        entry.model_bytes += parameter_bytes(precision->activations, inputs);
}

} // namespace widthwise::cost
