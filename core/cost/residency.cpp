#include "core/cost/residency.h"

#include "core/cost/legality.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

/// The innermost shared level, if it keeps feature maps. A dataflow design on an FPGA has none: its units
/// stream to each other.
ChipRoom room_of(const HardwareTarget& target, int64_t batch) {
    ChipRoom room{.bits = 0, .weight_columns = static_cast<double>(target.cols), .batch = batch};
    if (target.gpu)
        for (const GpuPeak& peak : target.gpu->peaks)
            room.weight_columns = std::max(room.weight_columns, static_cast<double>(peak.tile_n));
    if (target.kind == TargetKind::fpga_dataflow) return room;
    for (size_t i = 1; i < target.memory.size() && !target.memory[i].per_pe; ++i) {
        const MemoryLevel& level = target.memory[i];
        const bool keeps = level.holds.inputs && level.holds.outputs;
        room.bits = keeps ? 8.0 * static_cast<double>(level.bytes.value_or(0)) : 0;
    }
    return room;
}

double most_resident(const StepGraph& graph, const KeptMaps& kept, std::span<const Segment> segments,
                     int64_t batch) {
    std::vector<double> change(graph.steps.size() + 1);
    for (size_t i = 0; i < kept.kept.size(); ++i) {
        if (!kept.kept[i]) continue;
        const double bits = graph.maps[i].bits * static_cast<double>(batch);
        change[static_cast<size_t>(graph.maps[i].producer)] += bits;
        change[static_cast<size_t>(graph.maps[i].readers.back()) + 1] -= bits;
    }
    for (const Segment& segment : segments) {
        change[static_cast<size_t>(segment.first)] += segment.working_bits;
        change[static_cast<size_t>(segment.last) + 1] -= segment.working_bits;
    }
    double most = 0, now = 0;
    for (const double bits : change) most = std::max(most, now += bits);
    return most;
}

} // namespace

ResidencyUse residency_use(const HardwareTarget& target, const Options& options) {
    const bool streams = target.kind == TargetKind::fpga_dataflow;
    return {.keep_feature_maps = !streams && options.keep_feature_maps.value_or(target.keeps_feature_maps),
            .fuse_layers = !streams && options.fuse_layers,
            .reorder = options.reorder};
}

ResidencyPlanner::ResidencyPlanner(const Graph& graph, const GraphRoles& roles, const HardwareTarget& target,
                                   int64_t batch)
    : m_graph(&graph)
    , m_target(&target)
    , m_room(room_of(target, batch))
    , m_element_bits(target.memory.empty() ? 1 : target.memory.front().element_bits)
    , m_steps(step_graph(graph, roles))
    , m_weight_bits(m_steps.steps.size()) {}

int ResidencyPlanner::stored_weight_bits(const Step& step, const LayerPrecision* precision) {
    if (step.weights == 0 || !precision) return 0;
    const bool product = m_graph->node(step.node).op == Op::matmul;
    const NumberFormat& weights = product ? precision->activations : precision->weights;
    const Operands formats{operand_format(weights), operand_format(precision->activations)};
    for (const auto& [known, bits] : m_known_bits)
        if (known == formats) return bits;
    const auto run = run_formats(*m_target, weights, precision->activations);
    const int bits = run ? run->stored_weight_bits : formats.weights.bits; // the translation reports errors
    m_known_bits.emplace_back(formats, bits);
    return bits;
}

Residency ResidencyPlanner::plan(const Widths& widths, const ResidencyUse& use) {
    if (use.keep_feature_maps || use.fuse_layers)
        for (size_t s = 0; s < m_weight_bits.size(); ++s) {
            const Step& step = m_steps.steps[s];
            m_weight_bits[s] = stored_weight_bits(step, widths.precision[step.node.position()]);
        }
    m_steps.set_widths(widths, m_weight_bits, m_element_bits);
    Residency result;
    Fusion fusion;
    KeptMaps kept;
    if (use.fuse_layers) fusion = fuse_depth_first(m_steps, m_room);
    if (use.keep_feature_maps) {
        kept = keep_maps(m_steps, m_room, fusion.segments);
        if (use.fuse_layers)
            if (KeptMaps alone = keep_maps(m_steps, m_room);
                alone.saved_bits > kept.saved_bits + fusion.saved_bits) {
                kept = std::move(alone);
                fusion = {};
            }
        result.exact = kept.exact;
    }
    result.on_chip.resize(m_graph->values().size());
    for (size_t v = 0; v < result.on_chip.size(); ++v) {
        if (m_steps.map_of[v] < 0) continue;
        const auto map = static_cast<size_t>(m_steps.map_of[v]);
        result.on_chip[v] =
            (!kept.kept.empty() && kept.kept[map]) || (!fusion.inside.empty() && fusion.inside[map]);
    }
    result.resident_bits = most_resident(m_steps, kept, fusion.segments, m_room.batch);
    const StepGraph* steps = &m_steps;
    StepGraph small;
    if (!fusion.segments.empty()) {
        small = contracted(m_steps, fusion.segments);
        steps = &small;
    }
    if (use.reorder) {
        const OperatorOrder order = best_order(*steps);
        result.peak_activation_bits = order.best_bits;
        result.exact = result.exact && order.exact;
    } else {
        result.peak_activation_bits = peak_bits(*steps);
    }
    return result;
}

} // namespace widthwise::cost
