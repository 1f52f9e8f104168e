#include "core/cost/cost_model.h"

#include "core/cost/graph_roles.h"
#include "core/cost/mapping_text.h"
#include "core/cost/vector_work.h"
#include "core/graph/layer_work.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

constexpr double k_most_cycles = 9e15;  ///< integers stay exact in a double
constexpr double k_parameter_bytes = 4; ///< biases, scales, zero points

/// Everything that the walk over the nodes shares.
struct Walk {
    const Graph& graph;
    const HardwareTarget& target;
    int64_t batch;
    const GraphRoles& roles;
    const Chip& chip;
    CostBreakdown& cost;
};

/// The right operand of a matrix layer: the weights', or, where none are, the other activation's.
const NumberFormat& right_format(const Node& node, const LayerPrecision& precision) {
    return node.op == Op::matmul ? precision.activations : precision.weights;
}

Widths layer_widths(const Node& node, const LayerPrecision& precision) {
    const NumberFormat& right = right_format(node, precision);
    if (is_floating(right) || is_floating(precision.activations)) return {32, 32, true};
    return {operand_bits(right), operand_bits(precision.activations), false};
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

tl::unexpected<Error> bad_layer(const Node& node, std::string message, std::string remedy = {}) {
    return fail(ErrorCode::invalid_input, std::move(message), "layer '" + node.name + "'", std::move(remedy));
}

bool fits_counters(const LoopNest& nest, int64_t batch, const Array& array) {
    const double groups = static_cast<double>(nest.groups);
    const double m = static_cast<double>(nest.out_height) * static_cast<double>(nest.out_width) *
                     static_cast<double>(batch);
    const double n = static_cast<double>(nest.out_channels) / groups;
    const double k = static_cast<double>(nest.in_channels) / groups *
                     static_cast<double>(nest.kernel_height) * static_cast<double>(nest.kernel_width);
    const double rows = static_cast<double>(array.rows), cols = static_cast<double>(array.cols);
    const double skew = 2 * rows + cols;
    const auto cycles = [&](double s_r, double s_c, double t) {
        return groups * (s_r / rows + 1) * (s_c / cols + 1) * (t + skew);
    };
    return groups * m * n * k < k_most_cycles &&
           std::max({cycles(k, n, m), cycles(m, n, k), cycles(k, m, n)}) < k_most_cycles;
}

/// First pass: what the layers ask of a MAC unit, and that the target can give it.
Result<Demand> survey(const Graph& graph, const HardwareTarget& target, const GraphRoles& roles,
                      int64_t batch) {
    Demand demand;
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
        const Node& node = graph.nodes()[i];
        if (!is_matrix(node.op)) continue;
        if (!loop_nest(graph, NodeId{static_cast<int>(i)}))
            return bad_layer(node, "its shape is unknown",
                             "cost needs every convolution's and every fully connected "
                             "layer's shape");
        const auto work = matrix_work(graph, NodeId{static_cast<int>(i)}, batch);
        if (!work || !fits_counters(work->nest, work->batch, {target.rows, target.cols}))
            return bad_layer(node, "more work than can be counted", "choose a smaller batch or network");
        const LoopNest& nest = work->nest;
        const Widths widths = layer_widths(node, *roles.precision[i]);
        if (target.sizing == Sizing::fixed && !widths.is_float &&
            (widths.weights > target.weight_bits || widths.activations > target.activation_bits))
            return bad_layer(node,
                             "w" + std::to_string(widths.weights) + "a" + std::to_string(widths.activations) +
                                 " does not fit the MACs of target '" + target.name + "' (" +
                                 std::to_string(target.weight_bits) + " x " +
                                 std::to_string(target.activation_bits) + " bits)",
                             "use narrower formats or a target with \"sizing\": \"to_design\"");
        demand.add(widths, nest.in_channels / nest.groups * nest.kernel_height * nest.kernel_width);
    }
    return demand;
}

void copy_figures(const LayerFigures& figures, const Walk& walk, LayerCost& layer) {
    layer.compute_cycles = figures.compute_cycles;
    layer.cycles = figures.cycles;
    layer.latency_s = static_cast<double>(figures.cycles) * walk.chip.cycle_s;
    layer.energy = figures.energy;
    layer.dram_bytes = figures.dram_bytes;
    layer.buffer_bytes = figures.buffer_bytes;
    layer.bound = figures.bound;
    const double slots = static_cast<double>(figures.cycles) *
                         static_cast<double>(walk.chip.array.rows * walk.chip.array.cols);
    layer.utilization = slots > 0 ? static_cast<double>(layer.macs) / slots : 0;
}

/// Scales and zero points of one quantized tensor. Symmetric formats need no zero point.
double parameter_bytes(const NumberFormat& format, double tensors) {
    if (!format.has_scale()) return 0;
    const bool zero_point = format.type == FormatType::integer && !format.symmetric;
    return tensors * k_parameter_bytes * (zero_point ? 2 : 1);
}

StoredBits stored_bits(const Walk& walk, const Node& node, const LoopNest& nest, const LayerCost& layer) {
    const auto bits_of = [&](size_t input, int constant_bits) {
        const ValueId value = node.inputs[input];
        return walk.graph.value(value).constant ? constant_bits : walk.roles.stored_bits[value.position()];
    };
    StoredBits stored{bits_of(1, layer.weight_bits), bits_of(0, layer.activation_bits),
                      walk.roles.stored_bits[node.output().position()]};
    if (node.op == Op::conv_transpose) { // one position of the nest stands for stride x stride output pixels
        const Shape& out = walk.graph.value(node.output()).shape;
        const double pixels = static_cast<double>(out[2]) * static_cast<double>(out[3]) /
                              (static_cast<double>(nest.out_height) * static_cast<double>(nest.out_width));
        stored.output = static_cast<int>(std::min(1e9, std::ceil(stored.output * pixels)));
    }
    return stored;
}

void cost_matrix(const Walk& walk, NodeId id, LayerCost& layer) {
    const Node& node = walk.graph.node(id);
    const LayerPrecision& precision = *walk.roles.precision[id.position()];
    const auto [nest, batch] = *matrix_work(walk.graph, id, walk.batch);
    const Widths widths = layer_widths(node, precision);
    const NumberFormat& right = right_format(node, precision);
    layer.weight_bits = operand_bits(right);
    layer.activation_bits = operand_bits(precision.activations);
    layer.macs = nest.macs() * batch;
    const StoredBits stored = stored_bits(walk, node, nest, layer);
    const MatrixLayer mapped = matrix_layer(walk.chip, nest, batch, walk.target.dataflow, widths, stored);
    copy_figures(mapped.figures, walk, layer);
    layer.mapping = mapping_text(mapped, walk.chip, nest, batch, widths, stored);
    walk.cost.bops +=
        static_cast<double>(layer.macs / walk.batch) * layer.weight_bits * layer.activation_bits;
    walk.cost.model_bytes += parameter_bytes(precision.activations, 1);
    if (!walk.graph.value(node.inputs[1]).constant) return;

    const double outputs = static_cast<double>(nest.out_channels);
    const double window =
        static_cast<double>(nest.in_channels / nest.groups * nest.kernel_height * nest.kernel_width);
    const double weight_bytes = outputs * window * layer.weight_bits / 8;
    walk.cost.weight_bytes += weight_bytes;
    walk.cost.model_bytes += weight_bytes;
    if (walk.roles.has_bias[id.position()]) walk.cost.model_bytes += outputs * k_parameter_bytes;
    double scales = 1;
    if (right.granularity == Granularity::channel) scales = outputs;
    if (right.granularity == Granularity::group) scales = outputs * std::ceil(window / right.group_size);
    walk.cost.model_bytes += parameter_bytes(right, scales);
}

void cost_vector(const Walk& walk, NodeId id, LayerCost& layer) {
    const Node& node = walk.graph.node(id);
    for (const ValueId value : node.outputs)
        if (!walk.graph.value(value).shape_known) {
            layer.mapping = "not costed: its shape is unknown";
            return;
        }
    if (node.op == Op::unsupported || node.outputs.empty()) {
        layer.mapping = "not costed: no model of " + node.op_type;
        return;
    }
    const auto work = node_work(walk.graph, id, walk.roles, walk.chip, walk.batch);
    if (!work) {
        layer.mapping = "no data moves";
        return;
    }
    copy_figures(vector_layer(walk.chip, work->work), walk, layer);
    layer.activation_bits = work->bits;
    layer.mapping = work->mapping;

    double inputs = 0;
    for (const ValueId in : node.inputs) {
        const Value& value = walk.graph.value(in);
        if (value.constant)
            walk.cost.model_bytes +=
                static_cast<double>(value.shape.elements()) * k_parameter_bytes *
                (node.op == Op::batch_norm ? 0.5 : 1.0); // four vectors fold to scale and shift
        else
            ++inputs;
    }
    if (const LayerPrecision* precision = walk.roles.precision[id.position()])
        walk.cost.model_bytes += parameter_bytes(precision->activations, inputs);
}

void add_totals(CostBreakdown& cost, const Chip& chip, const HardwareTarget& target) {
    double macs = 0, cycles = 0;
    for (const LayerCost& layer : cost.layers) {
        macs += static_cast<double>(layer.macs);
        cycles += static_cast<double>(layer.cycles);
        cost.energy_j += layer.energy.total_j();
        cost.dram_bytes += layer.dram_bytes;
    }
    cost.latency_s = cycles * chip.cycle_s;
    if (cost.latency_s > 0) {
        cost.throughput_ips = static_cast<double>(cost.batch) / cost.latency_s;
        cost.power_w = cost.energy_j / cost.latency_s;
        cost.utilization = macs / (cycles * static_cast<double>(chip.array.rows * chip.array.cols));
    }
    cost.area = chip_area(chip, target);
    for (const auto& [component, mm2] : cost.area) cost.area_mm2 += mm2;
}

} // namespace

Result<CostBreakdown> estimate(const Graph& graph, const PrecisionPlan& plan, const HardwareTarget& target,
                               const Options& options) {
    if (options.batch < 1)
        return fail(ErrorCode::usage, "a batch of " + std::to_string(options.batch) + " images", "batch",
                    "give 1 or more");
    if (target.memory.size() < 2 || target.memory.size() > std::tuple_size_v<decltype(Chip::levels)>)
        return fail(ErrorCode::invalid_input, "a target needs 2 to 8 memory levels",
                    "target '" + target.name + "'", "name at least the DRAM and one buffer");
    const GraphRoles roles = graph_roles(graph, plan);
    auto demand = survey(graph, target, roles, options.batch);
    if (!demand) return forward_error(demand);
    const Chip chip(target, *demand);

    CostBreakdown cost;
    cost.target = target.name;
    cost.batch = options.batch;
    cost.layers.resize(graph.nodes().size());
    const Walk walk{graph, target, options.batch, roles, chip, cost};
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
        const NodeId id{static_cast<int>(i)};
        const Node& node = graph.nodes()[i];
        LayerCost& layer = cost.layers[i];
        layer.layer = node.name;
        if (is_matrix(node.op))
            cost_matrix(walk, id, layer);
        else if (const NodeId head = roles.fused_into[i]; head.valid())
            layer.mapping = "fused into " + graph.node(head).name;
        else
            cost_vector(walk, id, layer);
    }
    add_totals(cost, chip, target);
    return cost;
}

} // namespace widthwise::cost
