#pragma once
// Where energy goes: names, order and colours, the same in every bar and chart.

#include "core/design/cost_breakdown.h"

#include <QColor>
#include <QString>

#include <array>

namespace widthwise::gui {

struct EnergyPart {
    QString name;
    double EnergyBreakdown::*value;
    QColor colour;
};

/// Innermost first: compute, registers, on-chip network, buffer, DRAM, static.
[[nodiscard]] const std::array<EnergyPart, 6>& energy_parts();

} // namespace widthwise::gui
