#pragma once
// A cost breakdown as the plain values that the hardware charts show.

#include "core/design/cost_breakdown.h"
#include "widgets/charts/roofline.h"
#include "widgets/charts/stacked_bars.h"

namespace widthwise::gui {

/// Layers that cost anything, in the network's order; joules by component.
[[nodiscard]] StackedBars energy_bars(const CostBreakdown& cost);
/// Seconds: computing, and waiting by what for, in the colours that the memories have in energy_bars(). All
/// of a layer's time is the launch where that hides its computing.
[[nodiscard]] StackedBars latency_bars(const CostBreakdown& cost, const HardwareTarget& target);
/// Layers with MACs. Roofs are what the target reaches in the formats that its layers run in.
[[nodiscard]] Roofline roofline_of(const CostBreakdown& cost, const HardwareTarget& target);

} // namespace widthwise::gui
