#include "core/cost/residency_steps.h"

#include "core/graph/layer_work.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

int64_t rows_of(const Value& value) {
    return value.shape.rank() == 4 ? std::max<int64_t>(1, value.shape[2]) : 1;
}

/// Output row y depends on input row y alone.
bool is_pointwise(Op op) {
    switch (op) {
    case Op::batch_norm:
    case Op::lrn:
    case Op::relu:
    case Op::leaky_relu:
    case Op::prelu:
    case Op::clip:
    case Op::sigmoid:
    case Op::tanh:
    case Op::exp:
    case Op::function:
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
    case Op::pow:
    case Op::minimum:
    case Op::maximum:
    case Op::compare:
    case Op::where:
    case Op::quantize:
    case Op::multi_threshold:
        return true;
    default:
        return false;
    }
}

RowWindow window_of(const Graph& graph, const Node& node) {
    const RowWindow whole{.streams = false};
    if (node.outputs.empty() || node.inputs.empty()) return whole;
    const Value& out = graph.value(node.output());
    if (!out.shape_known || out.shape.rank() != 4) return whole;
    if (node.op == Op::global_average_pool) return {.streams = false, .accumulates = true};
    if (node.op == Op::conv) {
        const auto& conv = std::get<ConvAttributes>(node.attributes);
        return {(conv.kernel[0] - 1) * conv.dilations[0] + 1, conv.strides[0], conv.pads[0]};
    }
    if (node.op == Op::max_pool || node.op == Op::average_pool) {
        const auto& pool = std::get<PoolAttributes>(node.attributes);
        return {pool.kernel[0], pool.strides[0], pool.pads[0]};
    }
    const bool joins_channels =
        node.op == Op::concat && std::get<ConcatAttributes>(node.attributes).axis == 1;
    return is_pointwise(node.op) || joins_channels ? RowWindow{} : whole;
}

class Builder {
public:
    Builder(const Graph& graph, const GraphRoles& roles) : m_graph(graph), m_roles(roles) {
        m_steps.map_of.assign(graph.values().size(), -1);
        for (const ValueId input : graph.inputs()) new_map(input, -1);
        for (const NodeId id : graph.node_ids()) add(id);
        for (const ValueId value : graph.outputs())
            if (const int map = map_of(value); map >= 0) m_steps.maps[static_cast<size_t>(map)].output = true;
        for (FeatureMap& map : m_steps.maps) {
            if (map.readers.empty()) map.output = true;
            if (map.output || map.producer < 0) map.can_stay = false;
        }
    }
    StepGraph take() { return std::move(m_steps); }

private:
    [[nodiscard]] int map_of(ValueId value) const { return m_steps.map_of[value.position()]; }

    int new_map(ValueId value, int producer) {
        const Value& v = m_graph.value(value);
        FeatureMap map;
        map.elements = v.shape_known ? static_cast<double>(v.shape.elements()) : 0;
        map.rows = v.shape_known ? rows_of(v) : 1;
        map.producer = producer;
        map.can_stay = v.shape_known;
        map.value = value.index;
        const int index = static_cast<int>(m_steps.maps.size());
        m_steps.maps.push_back(map);
        m_steps.map_of[value.position()] = index;
        return index;
    }

    /// The map that the node passes on under another name; -1: it makes a new one.
    [[nodiscard]] int passed_on(NodeId id) const {
        const Node& node = m_graph.node(id);
        const bool views = node.op == Op::reshape || node.op == Op::identity;
        if (!views && !m_roles.fused_into[id.position()].valid()) return -1;
        for (const ValueId in : node.inputs)
            if (const int map = map_of(in); map >= 0) return map;
        return -1;
    }

    void add(NodeId id) {
        const Node& node = m_graph.node(id);
        if (const int map = passed_on(id); map >= 0) {
            m_steps.map_of[node.output().position()] = map;
            return;
        }
        const int index = static_cast<int>(m_steps.steps.size());
        Step step{.node = id, .reads = {}, .writes = {}, .window = window_of(m_graph, node)};
        for (size_t i = 0; i < node.inputs.size(); ++i) {
            const int map = map_of(node.inputs[i]);
            if (map < 0) continue;
            FeatureMap& read = m_steps.maps[static_cast<size_t>(map)];
            // A product's right operand comes from DRAM, as weights do.
            if (is_matrix(node.op) && i > 0) read.can_stay = false;
            if (node.op == Op::unsupported) read.can_stay = false;
            if (std::find(step.reads.begin(), step.reads.end(), map) != step.reads.end()) continue;
            step.reads.push_back(map);
            read.readers.push_back(index);
        }
        if (is_matrix(node.op) && node.inputs.size() > 1)
            if (const Value& weights = m_graph.value(node.inputs[1]); weights.constant) {
                step.weights = static_cast<double>(weights.shape.elements());
                const auto nest = loop_nest(m_graph, id);
                const double channels = nest ? static_cast<double>(nest->out_channels) : 1;
                step.window_weights = step.weights / std::max(1.0, channels);
            }
        for (const ValueId out : node.outputs) {
            const int map = new_map(out, index);
            if (node.op == Op::unsupported) m_steps.maps[static_cast<size_t>(map)].can_stay = false;
            step.writes.push_back(map);
        }
        m_steps.steps.push_back(std::move(step));
    }

    const Graph& m_graph;
    const GraphRoles& m_roles;
    StepGraph m_steps;
};

} // namespace

void StepGraph::set_widths(const Widths& widths, std::span<const int> weight_bits, int element_bits) {
    for (FeatureMap& map : maps)
        map.bits = map.elements * std::max(element_bits, widths.stored_bits[static_cast<size_t>(map.value)]);
    for (size_t s = 0; s < steps.size(); ++s) {
        const int bits = std::max(element_bits, weight_bits[s]);
        steps[s].weight_bits = steps[s].weights * bits;
        steps[s].column_bits = steps[s].window_weights * bits;
    }
}

StepGraph step_graph(const Graph& graph, const GraphRoles& roles) {
    return Builder(graph, roles).take();
}

} // namespace widthwise::cost
