#include "core/cost/design_layout.h"

#include "core/cost/legality.h"
#include "core/graph/layer_work.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

constexpr size_t k_most_cells = 1 << 16; ///< of one node
constexpr int64_t k_ample_bytes = int64_t{1} << 50;

} // namespace

DesignLayout::DesignLayout(const Graph& graph, const HardwareTarget& target, const Options& options,
                           const NetworkTranslation& translation, const PrecisionPlan& base,
                           const std::vector<NumberFormat>& weights,
                           const std::vector<NumberFormat>& activations)
    : m_graph(&graph)
    , m_translation(&translation)
    , m_weights(weights.size())
    , m_activations(activations.size())
    , m_use(residency_use(target, options))
    , m_otherwise(stored_activation_bits(target, base.default_precision().activations)) {
    if (m_use.keep_feature_maps || m_use.fuse_layers)
        m_planner = std::make_unique<ResidencyPlanner>(graph, translation.roles(), target, options.batch);

    for (const NumberFormat& format : activations) m_bits.push_back(stored_activation_bits(target, format));
    std::vector<int> levels = m_bits;
    levels.push_back(m_otherwise);
    std::sort(levels.begin(), levels.end());
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    for (size_t i = 0; i < levels.size(); ++i) m_level_of[static_cast<size_t>(levels[i])] = i;
    m_levels = levels.size();

    m_node_bits.resize(graph.nodes().size());
    m_widths.precision.resize(graph.nodes().size());
    m_widths.stored_bits.resize(graph.values().size());
    m_widths.on_chip.resize(graph.values().size());
    for (const NodeId id : graph.node_ids()) {
        if (translation.roles().reads[id.position()]) add_layer(id, base, weights, activations);
        const auto kind = translation.blank().nodes[id.position()].kind;
        if (kind == NodeProblem::Kind::matrix || kind == NodeProblem::Kind::vector) add_part(id);
    }
    m_cells.resize(m_parts.size());
    if (m_planner && !m_use.fuse_layers && all_maps_stay(target, options)) m_planner.reset();
}

bool DesignLayout::all_maps_stay(const HardwareTarget& target, const Options& options) {
    const auto widest = static_cast<uint8_t>(std::max_element(m_bits.begin(), m_bits.end()) - m_bits.begin());
    HardwareTarget roomy = target;
    for (MemoryLevel& level : roomy.memory)
        if (level.bytes) level.bytes = k_ample_bytes;
    ResidencyPlanner ample(*m_graph, m_translation->roles(), roomy, options.batch);
    for (size_t w = 0; w < m_weights; ++w) {
        take(std::vector<WidthChoice>(m_layers.size(), WidthChoice{static_cast<uint8_t>(w), widest}));
        m_widths.on_chip = m_planner->plan(m_widths, m_use).on_chip;
        if (m_widths.on_chip != ample.plan(m_widths, m_use).on_chip) return false;
    }
    m_widths.on_chip.resize(m_graph->values().size());
    return true;
}

void DesignLayout::add_layer(NodeId node, const PrecisionPlan& base, const std::vector<NumberFormat>& weights,
                             const std::vector<NumberFormat>& activations) {
    m_layers.push_back(node);
    LayerPrecision precision = base.at(m_graph->node(node).name);
    for (const NumberFormat& read : activations) {
        precision.activations = read;
        for (const NumberFormat& kept : weights) {
            if (is_weighted(*m_graph, node)) precision.weights = kept;
            m_choices.push_back(precision);
        }
    }
}

void DesignLayout::add_part(NodeId node) {
    Part part;
    part.node = node;
    part.matrix = is_matrix(m_graph->node(node).op);
    size_t stride = 1;
    if (m_translation->roles().reads[node.position()]) {
        part.layer = static_cast<int>(m_layers.size()) - 1;
        part.activation_stride = stride;
        stride *= m_activations;
        if (is_weighted(*m_graph, node)) {
            part.weight_stride = stride;
            stride *= m_weights;
        }
    }
    const ValueId result = m_graph->node(node).output();
    std::vector<ValueId> values = m_graph->node(node).inputs;
    values.push_back(result);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    part.first_operand = m_operands.size();
    for (const ValueId value : values) {
        if (m_graph->value(value).constant) continue;
        // What this node alone reads is stored as it reads it.
        if (!m_planner && m_translation->stored_widths().sole_reader(value) == node) continue;
        const ValueId left = value == result && part.matrix ? m_translation->result_of(node) : value;
        m_operands.push_back({value.position(), left.position(), stride});
        stride = std::min(stride * m_levels * (m_planner ? 2 : 1), k_most_cells + 1);
    }
    part.last_operand = m_operands.size();
    part.cells = stride <= k_most_cells ? stride : 0;
    m_parts.push_back(part);
}

bool DesignLayout::has(std::span<const WidthChoice> design) const {
    return design.size() == m_layers.size() &&
           std::all_of(design.begin(), design.end(), [&](WidthChoice choice) {
               return choice.weights < m_weights && choice.activations < m_activations;
           });
}

const LayerPrecision& DesignLayout::chosen(size_t layer, WidthChoice choice) const {
    return m_choices[(layer * m_activations + choice.activations) * m_weights + choice.weights];
}

void DesignLayout::settle(std::span<const WidthChoice> design) {
    take(design);
    if (m_planner) {
        m_widths.on_chip = m_planner->plan(m_widths, m_use).on_chip;
        m_widths.on_chip.resize(m_graph->values().size());
    }
    for (size_t p = 0; p < m_parts.size(); ++p) m_cells[p] = cell_of(m_parts[p], design);
}

void DesignLayout::take(std::span<const WidthChoice> design) {
    for (size_t i = 0; i < m_layers.size(); ++i) {
        m_node_bits[m_layers[i].position()] = m_bits[design[i].activations];
        m_widths.precision[m_layers[i].position()] = &chosen(i, design[i]);
    }
    m_translation->stored_widths()(m_node_bits, m_otherwise, m_widths.stored_bits);
}

size_t DesignLayout::cell_of(const Part& part, std::span<const WidthChoice> design) const {
    size_t cell = 0;
    if (part.layer >= 0) {
        const WidthChoice choice = design[static_cast<size_t>(part.layer)];
        cell = part.activation_stride * choice.activations + part.weight_stride * choice.weights;
    }
    for (size_t i = part.first_operand; i < part.last_operand; ++i) {
        const Operand& operand = m_operands[i];
        const size_t level = m_level_of[static_cast<size_t>(m_widths.stored_bits[operand.stored])];
        cell += operand.stride * (m_widths.on_chip[operand.stays] ? level + m_levels : level);
    }
    return cell;
}

} // namespace widthwise::cost
