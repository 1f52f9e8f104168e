#pragma once
// From what a machine says of layers to the figures of a layer and of the whole network.

#include "core/cost/machine.h"

namespace widthwise::cost {

/// `layer.macs` is there already.
void copy_figures(const LayerFigures& figures, const Machine& machine, LayerCost& layer);

/// Everything that is summed over `cost.layers` (layer by layer, in their order), but bytes of the model and
/// BOPS.
void set_totals(CostBreakdown& cost, const Machine& machine);

/// `area`: Machine::area().
void set_area(CostBreakdown& cost, const Machine& machine, const std::map<std::string, double>& area,
              const HardwareTarget& target);

} // namespace widthwise::cost
