#pragma once

#include "core/graph/graph.h"

namespace widthwise {

/// Whether two graphs compute the same: nodes with names, ops, attributes and wiring, constants bit by bit.
/// What values are called, and how a file spelled an op, does not matter.
[[nodiscard]] bool same_network(const Graph& a, const Graph& b);

} // namespace widthwise
