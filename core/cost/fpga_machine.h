#pragma once
// A dataflow design on an FPGA: every layer has its own unit, all run at once, feature maps flow from unit to
// unit through FIFOs and never leave the chip (FINN).

#include "core/cost/machine.h"
#include "core/graph/graph.h"

#include <memory>
#include <vector>

namespace widthwise::cost {

/// Per value of the graph: it flows from unit to unit on the chip. All but the network's inputs and outputs.
[[nodiscard]] std::vector<bool> streamed_values(const Graph& graph);

} // namespace widthwise::cost
