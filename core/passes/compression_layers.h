#pragma once
// What the methods of compression share: layers by name, networks with other weights, what became of a layer.

#include "core/passes/compression.h"

#include <map>
#include <vector>

namespace widthwise::passes {

/// Weighted layers, in topological order: those that the names or globs stand for; without any, all but the
/// last (the only one: itself), or, `last_too`, all. Errors: usage naming near layers; invalid_input where
/// the network has none.
[[nodiscard]] Result<std::vector<NodeId>> chosen_layers(const Graph& graph,
                                                        const std::vector<std::string>& names, bool last_too);

/// The network with other values in the place of these constants; shapes stay.
[[nodiscard]] Result<GraphPtr> with_constants(const Graph& graph,
                                              std::map<ValueId, std::vector<float>> constants);

/// Weights of a layer as runs along its input channels: outer x inputs x inner, row-major. Those of a
/// transposed convolution are I x O/group x KH x KW: outer counts its groups.
struct InputRuns {
    size_t outer = 1, inputs = 1, inner = 1;
};
[[nodiscard]] InputRuns input_runs(const Graph& graph, NodeId layer);

/// With the numbers before filled in, those after the same; `weights` are the layer's.
[[nodiscard]] LayerChange unchanged(const Graph& graph, NodeId layer);
[[nodiscard]] int64_t count_nonzero(std::span<const float> weights);
/// invalid_input naming the layer.
[[nodiscard]] Result<void> check_finite(const Graph& graph, NodeId layer, std::span<const float> weights);

using WeightTensors = std::map<ValueId, std::vector<float>>; ///< once where layers share them
[[nodiscard]] WeightTensors weights_of(const Graph& graph, const std::vector<NodeId>& layers);
/// The network with these weights in `layers`, whose tensors they are; what became of each is filled in.
[[nodiscard]] Result<Compressed> with_weights(const Graph& graph, const std::vector<NodeId>& layers,
                                              WeightTensors weights);

} // namespace widthwise::passes
