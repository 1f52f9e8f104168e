#pragma once
// Finding the layers that a design may name, and saying clearly when a name is none of them.

#include "core/graph/graph.h"

#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

/// A layer that a precision applies to: for its weights, or for the activations that it reads.
[[nodiscard]] bool takes_precision(const Graph& graph, NodeId node);

/// Names of all layers that take a precision, in topological order.
[[nodiscard]] std::vector<std::string> precision_layers(const Graph& graph);

/// Of a weighted layer: its output channels, and the elements of its weights.
[[nodiscard]] int64_t weight_channels(const Graph& graph, NodeId node);
[[nodiscard]] int64_t weight_elements(const Graph& graph, NodeId node);

/// invalid_input for a `name` that is no layer which takes a precision: near names, or how to list them.
/// `where` as given.
[[nodiscard]] Error no_such_layer(const Graph& graph, std::string_view name, std::string where);

} // namespace widthwise
