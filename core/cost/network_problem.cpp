#include "core/cost/network_problem.h"

#include "core/cost/legality.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace widthwise::cost {
namespace {

constexpr double k_most_cycles = 9e15;  ///< integers stay exact in a double
constexpr double k_parameter_bytes = 4; ///< biases, scales, zero points

tl::unexpected<Error> bad_layer(const Node& node, std::string message, std::string remedy = {}) {
    return fail(ErrorCode::invalid_input, std::move(message), "layer '" + node.name + "'", std::move(remedy));
}

/// Scales and zero points of one quantized tensor. Symmetric formats need no zero point.
double parameter_bytes(const NumberFormat& format, double tensors) {
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

class Translation {
public:
    Translation(const Graph& graph, const HardwareTarget& target, const Options& options, GraphRoles roles,
                const std::vector<bool>& on_chip)
        : m_graph(graph)
        , m_target(target)
        , m_options(options)
        , m_roles(std::move(roles))
        , m_on_chip(on_chip) {}

    Result<NetworkProblem> run() {
        m_problem.nodes.resize(m_graph.nodes().size());
        for (size_t i = 0; i < m_graph.nodes().size(); ++i) {
            const NodeId id{static_cast<int>(i)};
            const Node& node = m_graph.nodes()[i];
            NodeProblem& entry = m_problem.nodes[i];
            if (is_matrix(node.op)) {
                if (auto done = add_matrix(id, entry); !done) return forward_error(done);
            } else if (const NodeId head = m_roles.fused_into[i]; head.valid()) {
                entry = {NodeProblem::Kind::fused, 0, 0, 0, "fused into " + m_graph.node(head).name};
            } else {
                add_vector(id, entry);
            }
        }
        return std::move(m_problem);
    }

private:
    [[nodiscard]] bool stays(ValueId value) const {
        return !m_on_chip.empty() && m_on_chip[value.position()];
    }

    Result<void> add_matrix(NodeId id, NodeProblem& entry) {
        const Node& node = m_graph.node(id);
        if (!loop_nest(m_graph, id))
            return bad_layer(node, "its shape is unknown",
                             "cost needs every convolution's and every fully connected layer's shape");
        const auto work = matrix_work(m_graph, id, m_options.batch);
        if (!work || !fits_counters(work->nest, work->batch, m_target))
            return bad_layer(node, "more work than can be counted", "choose a smaller batch or network");
        const LayerPrecision& precision = *m_roles.precision[id.position()];
        // The right operand: the weights, or, where none are, the other activation.
        const NumberFormat& right = node.op == Op::matmul ? precision.activations : precision.weights;
        auto formats = run_formats(m_target, right, precision.activations);
        if (!formats) {
            formats.error().where = "layer '" + node.name + "'";
            return forward_error(formats);
        }
        MatrixProblem problem;
        problem.nest = work->nest;
        problem.batch = work->batch;
        problem.operands = formats->operands;
        entry = {NodeProblem::Kind::matrix, m_problem.matrices.size(), operand_bits(right),
                 operand_bits(precision.activations), std::move(formats->fallback)};
        problem.stored = stored_bits(node, problem.nest, entry);
        if (const auto zeros = m_options.zeros.find(node.name); zeros != m_options.zeros.end())
            problem.zeros = zeros->second;
        problem.input_on_chip = stays(node.inputs[0]);
        problem.output_on_chip = stays(result_of(id));
        m_problem.bops +=
            problem.macs() / static_cast<double>(m_options.batch) * entry.weight_bits * entry.activation_bits;
        add_model(id, problem.nest, right, precision.activations, entry.weight_bits);
        m_problem.matrices.push_back(problem);
        return {};
    }

    /// The value in which what the node and those that ride along with it compute leaves.
    [[nodiscard]] ValueId result_of(NodeId id) const {
        ValueId value = m_graph.node(id).output();
        for (bool follows = true; follows;) {
            follows = false;
            for (const NodeId reader : m_graph.consumers(value))
                if (m_roles.fused_into[reader.position()] == id) {
                    value = m_graph.node(reader).output();
                    follows = true;
                    break;
                }
        }
        return value;
    }

    [[nodiscard]] StoredBits stored_bits(const Node& node, const LoopNest& nest,
                                         const NodeProblem& entry) const {
        const auto bits_of = [&](size_t input, int constant_bits) {
            const ValueId value = node.inputs[input];
            return m_graph.value(value).constant ? constant_bits : m_roles.stored_bits[value.position()];
        };
        StoredBits stored{bits_of(1, entry.weight_bits), bits_of(0, entry.activation_bits),
                          m_roles.stored_bits[node.output().position()]};
        if (node.op == Op::conv_transpose) { // one position of the nest stands for stride x stride pixels
            const Shape& out = m_graph.value(node.output()).shape;
            const double pixels =
                static_cast<double>(out[2]) * static_cast<double>(out[3]) /
                (static_cast<double>(nest.out_height) * static_cast<double>(nest.out_width));
            stored.output = static_cast<int>(std::min(1e9, std::ceil(stored.output * pixels)));
        }
        return stored;
    }

    void add_model(NodeId id, const LoopNest& nest, const NumberFormat& right,
                   const NumberFormat& activations, int weight_bits) {
        m_problem.model_bytes += parameter_bytes(activations, 1);
        if (!m_graph.value(m_graph.node(id).inputs[1]).constant) return;
        const double outputs = static_cast<double>(nest.out_channels);
        const double window =
            static_cast<double>(nest.in_channels / nest.groups * nest.kernel_height * nest.kernel_width);
        const double weight_bytes = outputs * window * weight_bits / 8;
        m_problem.weight_bytes += weight_bytes;
        m_problem.model_bytes += weight_bytes;
        if (m_roles.has_bias[id.position()]) m_problem.model_bytes += outputs * k_parameter_bytes;
        double scales = 1;
        if (right.granularity == Granularity::channel) scales = outputs;
        if (right.granularity == Granularity::group) scales = outputs * std::ceil(window / right.group_size);
        m_problem.model_bytes += parameter_bytes(right, scales);
    }

    void add_vector(NodeId id, NodeProblem& entry) {
        const Node& node = m_graph.node(id);
        entry.kind = NodeProblem::Kind::unpriced;
        for (const ValueId value : node.outputs)
            if (!m_graph.value(value).shape_known) {
                entry.note = "not costed: its shape is unknown";
                return;
            }
        if (node.op == Op::unsupported || node.outputs.empty()) {
            entry.note = "not costed: no model of " + node.op_type;
            return;
        }
        auto work = node_work(m_graph, id, m_roles, m_options.batch, m_on_chip);
        if (!work) {
            entry = {NodeProblem::Kind::free, 0, 0, 0, "no data moves"};
            return;
        }
        entry = {NodeProblem::Kind::vector, m_problem.vectors.size(), 0, work->work.bits,
                 std::move(work->mapping)};
        m_problem.vectors.push_back(work->work);

        double inputs = 0;
        for (const ValueId in : node.inputs) {
            const Value& value = m_graph.value(in);
            if (value.constant)
                m_problem.model_bytes +=
                    static_cast<double>(value.shape.elements()) * k_parameter_bytes *
                    (node.op == Op::batch_norm ? 0.5 : 1.0); // four vectors fold to scale and shift
            else
                ++inputs;
        }
        if (const LayerPrecision* precision = m_roles.precision[id.position()])
            m_problem.model_bytes += parameter_bytes(precision->activations, inputs);
    }

    const Graph& m_graph;
    const HardwareTarget& m_target;
    const Options& m_options;
    GraphRoles m_roles;
    const std::vector<bool>& m_on_chip;
    NetworkProblem m_problem;
};

} // namespace

Result<NetworkProblem> network_problem(const Graph& graph, const PrecisionPlan& plan,
                                       const HardwareTarget& target, const Options& options,
                                       const std::vector<bool>& on_chip) {
    if (options.batch < 1)
        return fail(ErrorCode::usage, "a batch of " + std::to_string(options.batch) + " images", "batch",
                    "give 1 or more");
    return Translation(graph, target, options, graph_roles(graph, plan), on_chip).run();
}

} // namespace widthwise::cost
