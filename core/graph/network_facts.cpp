#include "core/graph/network_facts.h"

#include "core/base/text.h"
#include "core/graph/activation_memory.h"
#include "core/graph/layer_work.h"

#include <algorithm>
#include <set>

namespace widthwise {
namespace {

void count_layer(LayerFacts& facts, const LoopNest& nest) {
    ++facts.layers;
    facts.weights +=
        nest.out_channels * (nest.in_channels / nest.groups) * nest.kernel_height * nest.kernel_width;
    facts.macs += nest.macs();
    facts.channels.include(nest.in_channels / nest.groups);
    facts.filters.include(nest.out_channels);
}

int64_t count_statistics(const Graph& graph) {
    std::set<ValueId> counted;
    int64_t count = 0;
    for (const Node& node : graph.nodes()) {
        if (node.op != Op::batch_norm) continue;
        for (const size_t i : {3, 4}) // mean, variance
            if (graph.value(node.inputs[i]).constant && counted.insert(node.inputs[i]).second)
                count += graph.value(node.inputs[i]).shape.elements();
    }
    return count;
}

} // namespace

void Extent::include(int64_t number) {
    const bool first = low == 0 && high == 0;
    low = first ? number : std::min(low, number);
    high = std::max(high, number);
}

NetworkFacts network_facts(const Graph& graph) {
    NetworkFacts facts;
    if (!graph.inputs().empty()) facts.input = graph.value(graph.inputs().front()).shape;
    std::set<std::array<int64_t, 2>> kernels;
    for (const NodeId id : graph.node_ids()) {
        const auto nest = loop_nest(graph, id);
        if (!nest || !is_weighted(graph, id)) continue;
        if (graph.node(id).op == Op::gemm) {
            count_layer(facts.fully_connected, *nest);
            continue;
        }
        count_layer(facts.convolutions, *nest);
        kernels.insert({nest->kernel_height, nest->kernel_width});
        facts.strides.include(nest->stride_height);
    }
    facts.kernels.assign(kernels.begin(), kernels.end());
    const GraphTotals totals = graph_totals(graph);
    facts.macs = totals.macs;
    facts.statistics = count_statistics(graph);
    facts.parameters = totals.parameters - facts.statistics;
    const ActivationMemory memory = activation_memory(graph);
    facts.total_activations = memory.total;
    facts.peak_activations = memory.peak;
    return facts;
}

std::string kernels_text(const NetworkFacts& facts) {
    std::vector<std::string> texts;
    for (const auto& [height, width] : facts.kernels)
        texts.push_back(std::to_string(height) + (height == width ? "" : "x" + std::to_string(width)));
    return join(texts, ", ");
}

std::string to_string(const Extent& extent) {
    if (extent.high == 0) return {};
    const std::string high = std::to_string(extent.high);
    return extent.low == extent.high ? high : std::to_string(extent.low) + "-" + high;
}

} // namespace widthwise
