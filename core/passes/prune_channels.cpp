#include "core/passes/prune_channels.h"

#include "core/graph/folding.h"
#include "core/graph/layer_work.h"
#include "core/passes/channel_cut.h"
#include "core/passes/compression_layers.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace widthwise::passes {
namespace {

/// Sum of magnitudes of the weights that make each output channel.
std::vector<double> filter_norms(const Graph& graph, NodeId layer) {
    const Node& node = graph.node(layer);
    const auto channels = static_cast<size_t>(output_channels(graph, node));
    std::vector<double> norms(channels, 0);
    const std::vector<float> weights = graph.value(node.inputs[1]).constant->to_f32();
    const InputRuns runs = input_runs(graph, layer);
    const bool transposed = node.op == Op::conv_transpose;
    // Transposed: runs.outer groups, each with runs.inner = (O / group) x taps behind every input.
    const size_t each = transposed ? channels / runs.outer : 1;
    const size_t taps = transposed ? runs.inner / each : runs.inner;
    for (size_t i = 0; i < weights.size(); ++i) {
        const size_t outer = i / (runs.inputs * runs.inner), within = i % runs.inner / taps;
        norms[transposed ? outer * each + within : outer] += std::abs(static_cast<double>(weights[i]));
    }
    return norms;
}

/// Channels that only go together.
struct TiedSet {
    int root = 0;
    std::set<NodeId> makers;
    double norm = 0;
};

class Pruning {
public:
    Pruning(const GraphPtr& graph, const PruneChannels& method, const std::vector<NodeId>& layers)
        : m_graph(*graph)
        , m_method(method)
        , m_layers(layers)
        , m_labels(m_graph)
        , m_removed(static_cast<size_t>(m_labels.sets().size()), false) {}

    Result<Compressed> run(const GraphPtr& graph) {
        collect();
        count_elements();
        for (auto& [makers, sets] : m_groups) choose(sets);
        Compressed compressed;
        compressed.graph = graph;
        if (std::find(m_removed.begin(), m_removed.end(), true) != m_removed.end()) {
            auto cut = without_channels(m_graph, m_labels, m_removed);
            if (!cut) return forward_error(cut);
            compressed.graph = std::move(*cut);
        }
        for (const NodeId id : m_graph.node_ids())
            if (is_weighted(m_graph, id)) report(id, compressed);
        return compressed;
    }

private:
    /// Groups of sets by the layers that make them, of those that may lose some.
    void collect() {
        std::map<int, TiedSet> sets;
        for (const NodeId id : m_graph.node_ids()) {
            if (!is_weighted(m_graph, id)) continue;
            const ChannelAxis& axis = m_labels.at(m_graph.node(id).output());
            if (!axis.axis) continue;
            const std::vector<double> norms = filter_norms(m_graph, id);
            for (size_t c = 0; c < norms.size(); ++c) {
                const int root = m_labels.sets().root(axis.channels[c]);
                TiedSet& set = sets[root];
                set.root = root;
                set.makers.insert(id);
                set.norm += norms[c];
            }
        }
        for (auto& [root, set] : sets) {
            const bool named = std::any_of(m_layers.begin(), m_layers.end(),
                                           [&](NodeId id) { return set.makers.contains(id); });
            if (named && m_labels.sets().pinned(root).empty()) m_groups[set.makers].push_back(set);
        }
    }
    /// How many elements each set has along each value's axis, and how many the values have in all.
    void count_elements() {
        m_left.resize(m_graph.values().size());
        for (size_t v = 0; v < m_left.size(); ++v) {
            const ChannelAxis& axis = m_labels.at(ValueId{static_cast<int>(v)});
            m_left[v] = axis.channels.size();
            for (const int channel : axis.channels) ++m_elements[m_labels.sets().root(channel)][v];
        }
    }
    void choose(std::vector<TiedSet>& sets) {
        constexpr double rounding = 1e-9; // 0.7 x 10 is 7
        auto wanted =
            static_cast<size_t>(std::floor(m_method.share * static_cast<double>(sets.size()) + rounding));
        std::stable_sort(sets.begin(), sets.end(),
                         [](const TiedSet& a, const TiedSet& b) { return a.norm < b.norm; });
        for (const TiedSet& set : sets) {
            if (wanted == 0) return;
            const auto& elements = m_elements[set.root];
            const bool empties = std::any_of(elements.begin(), elements.end(), [&](const auto& entry) {
                return m_left[entry.first] <= entry.second;
            });
            if (empties) continue;
            for (const auto& [value, count] : elements) m_left[value] -= count;
            m_removed[static_cast<size_t>(set.root)] = true;
            --wanted;
        }
    }
    void report(NodeId id, Compressed& compressed) const {
        LayerChange change = unchanged(m_graph, id);
        const Node& node = m_graph.node(id);
        const ChannelAxis& axis = m_labels.at(node.output());
        const NodeId now = compressed.graph->find_node(node.name);
        const Tensor& weights = *compressed.graph->value(compressed.graph->node(now).inputs[1]).constant;
        change.weights_after = weights.elements();
        change.nonzero_after = count_nonzero(weights.to_f32());
        change.macs_after = node_macs(*compressed.graph, now);
        std::vector<int64_t> kept = kept_indices(axis, m_labels.sets(), m_removed);
        const size_t all = axis.channels.size(), gone = all - kept.size();
        const bool chosen = std::find(m_layers.begin(), m_layers.end(), id) != m_layers.end();
        if (gone > 0) {
            change.note = std::to_string(gone) + " of " + std::to_string(all) + " channels removed";
            change.kept_channels = std::move(kept);
        } else if (chosen) {
            change.note = why_all_stay(axis);
        }
        if (chosen || change.weights_after != change.weights_before)
            compressed.layers.push_back(std::move(change));
    }
    [[nodiscard]] std::string why_all_stay(const ChannelAxis& axis) const {
        if (!axis.axis) return "its channels cannot be followed";
        for (const int channel : axis.channels)
            if (const std::string& why = m_labels.sets().pinned(channel); !why.empty()) return why;
        return "too few channels for this share";
    }

    const Graph& m_graph;
    const PruneChannels& m_method;
    const std::vector<NodeId>& m_layers;
    ChannelLabels m_labels;
    std::map<std::set<NodeId>, std::vector<TiedSet>> m_groups;
    std::map<int, std::map<size_t, size_t>> m_elements; ///< by root and value
    std::vector<size_t> m_left;                         ///< by value
    std::vector<bool> m_removed;                        ///< by root
};

} // namespace

Result<Compressed> prune_channels(const GraphPtr& graph, const PruneChannels& method,
                                  const std::vector<NodeId>& layers, const WorkControl& control) {
    if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
    return Pruning(graph, method, layers).run(graph);
}

} // namespace widthwise::passes
