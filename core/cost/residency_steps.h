#pragma once
// A network as the steps that a machine takes and the feature maps that they hand on: what rides along with a
// layer and what only views a map is no step of its own.

#include "core/cost/graph_roles.h"

#include <cstdint>
#include <span>
#include <vector>

namespace widthwise::cost {

/// Which input rows an output row y needs: y x stride - pad .. y x stride - pad + reach - 1.
struct RowWindow {
    int64_t reach = 1, stride = 1, pad = 0;
    /// Row by row; otherwise no output before the last input.
    bool streams = true;
    /// Does not stream but takes its input row by row all the same (global pooling).
    bool accumulates = false;
};

struct FeatureMap {
    double elements = 0; ///< of one image
    int64_t rows = 1;
    int producer = -1;        ///< step; -1: an input of the network
    std::vector<int> readers; ///< steps, ascending, each once
    bool output = false;      ///< of the network, or read by no one
    bool can_stay = false;    ///< a machine can leave it on the chip
    int value = 0;            ///< of the graph, whose stored width is the map's
    double bits = 0;          ///< of one image; StepGraph::set_widths
    [[nodiscard]] int last_use(int steps) const { return output ? steps : readers.back(); }
};

struct Step {
    NodeId node;
    std::vector<int> reads, writes; ///< maps, each once
    RowWindow window;
    double weights = 0;        ///< elements
    double window_weights = 0; ///< of one output channel
    double weight_bits = 0;    ///< all of them; StepGraph::set_widths
    double column_bits = 0;    ///< of one output channel
};

struct StepGraph {
    std::vector<Step> steps; ///< in the file's order
    std::vector<FeatureMap> maps;
    std::vector<int> map_of; ///< per value of the graph; -1: a constant or of unknown shape

    /// Bits of every map and of every step's weights, one of which takes `weight_bits` of its step; any
    /// element takes at least `element_bits`.
    void set_widths(const Widths& widths, std::span<const int> weight_bits, int element_bits);
};

[[nodiscard]] StepGraph step_graph(const Graph& graph, const GraphRoles& roles);

} // namespace widthwise::cost
