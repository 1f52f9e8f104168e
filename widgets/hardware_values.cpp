#include "widgets/hardware_values.h"

#include "widgets/cost_text.h"
#include "widgets/energy_parts.h"
#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QObject>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

bool costs_something(const LayerCost& layer) {
    return layer.energy.total_j() > 0 || layer.latency_s > 0;
}

QString formats_text(int weight_bits, int activation_bits) {
    return weight_bits > 0 ? QStringLiteral("w%1a%2").arg(weight_bits).arg(activation_bits)
                           : QStringLiteral("a%1").arg(activation_bits);
}

/// What every chart says of a layer, and more lines after it.
QString layer_tip(const LayerCost& layer, const QStringList& more) {
    QStringList lines{qt(layer.layer)};
    lines += more;
    if (!layer.fallback.empty()) lines += qt(layer.fallback);
    return lines.join('\n');
}

/// Of the units that a layer runs on.
QString peak_name(const LayerCost& layer, const HardwareTarget& target, double rate) {
    if (target.gpu)
        for (const GpuPeak& peak : target.gpu->peaks)
            if (std::abs(rate / peak.macs_per_s - 1) < 0.02)
                return peak.format.type == "integer" ? QStringLiteral("int%1").arg(peak.format.bits)
                                                     : qt(peak.format.type);
    return formats_text(layer.run_weight_bits, layer.run_activation_bits);
}

/// Of the layer's time. A launch hides all of it: the cycles hold the launch.
double computing_share(const LayerCost& layer) {
    if (layer.limited_by == "launch") return 0;
    return layer.cycles > 0
               ? std::min(1.0, static_cast<double>(layer.compute_cycles) / static_cast<double>(layer.cycles))
               : 1.0;
}

QColor colour_of_part(double EnergyBreakdown::*value) {
    for (const EnergyPart& part : energy_parts())
        if (part.value == value) return part.colour;
    return {};
}

/// A memory level has the colour of its energy; of several buffers the inner ones are lighter.
QColor colour_of_wait(const std::string& wait, const HardwareTarget& target) {
    if (wait == "launch") return okabe_ito::green;
    if (wait == "compute" || wait.empty()) return okabe_ito::yellow;
    QColor buffer = colour_of_part(&EnergyBreakdown::buffer_j);
    for (size_t i = 1; i < target.memory.size(); ++i) {
        const MemoryLevel& level = target.memory[i];
        if (level.name == wait) return level.per_pe ? colour_of_part(&EnergyBreakdown::registers_j) : buffer;
        if (!level.per_pe) buffer = buffer.lighter(125);
    }
    return colour_of_part(&EnergyBreakdown::dram_j);
}

} // namespace

StackedBars energy_bars(const CostBreakdown& cost) {
    StackedBars bars;
    bars.title = QObject::tr("Energy (%1)");
    bars.unit = QStringLiteral("J");
    for (const EnergyPart& part : energy_parts()) bars.series.push_back({part.name, part.colour});
    for (const LayerCost& layer : cost.layers) {
        if (!costs_something(layer)) continue;
        StackedBar bar{qt(layer.layer), {}, {}};
        QStringList lines;
        for (const EnergyPart& part : energy_parts()) {
            const double value = layer.energy.*part.value;
            bar.parts.push_back(value);
            if (value > 0)
                lines += QStringLiteral("%1: %2 (%3)")
                             .arg(part.name, engineering(value, bars.unit),
                                  percent(value / layer.energy.total_j(), 0));
        }
        lines.prepend(QObject::tr("Energy: %1").arg(engineering(layer.energy.total_j(), bars.unit)));
        bar.tip = layer_tip(layer, lines);
        bars.bars.push_back(std::move(bar));
    }
    return bars;
}

StackedBars latency_bars(const CostBreakdown& cost, const HardwareTarget& target) {
    StackedBars bars;
    bars.title = QObject::tr("Latency (%1)");
    bars.unit = QStringLiteral("s");
    bars.series.push_back({QObject::tr("computing"), colour_of_part(&EnergyBreakdown::compute_j)});
    // One series for each thing that is waited for.
    std::vector<std::string> waits;
    for (const LayerCost& layer : cost.layers)
        if (computing_share(layer) < 1 && std::ranges::find(waits, layer.limited_by) == waits.end())
            waits.push_back(layer.limited_by);
    for (const std::string& wait : waits)
        bars.series.push_back({wait == "compute" || wait.empty() ? QObject::tr("start and end")
                               : wait == "launch"                ? QObject::tr("launching")
                                                  : QObject::tr("waiting for %1").arg(qt(wait)),
                               colour_of_wait(wait, target)});
    for (const LayerCost& layer : cost.layers) {
        if (!costs_something(layer)) continue;
        StackedBar bar{qt(layer.layer), std::vector<double>(bars.series.size()), {}};
        const double computing = computing_share(layer);
        bar.parts[0] = layer.latency_s * computing;
        if (const auto found = std::ranges::find(waits, layer.limited_by); found != waits.end())
            bar.parts[static_cast<size_t>(found - waits.begin()) + 1] = layer.latency_s * (1 - computing);
        QStringList lines;
        lines +=
            QObject::tr("Latency: %1, %2").arg(engineering(layer.latency_s, bars.unit), bound_text(layer));
        lines += layer.limited_by == "launch"
                     ? QObject::tr("The launch hides the computing, %1 utilized")
                           .arg(percent(layer.utilization, 0))
                     : QObject::tr("Computing %1 of the time, %2 utilized")
                           .arg(percent(computing, 0), percent(layer.utilization, 0));
        bar.tip = layer_tip(layer, lines);
        bars.bars.push_back(std::move(bar));
    }
    return bars;
}

Roofline roofline_of(const CostBreakdown& cost, const HardwareTarget& target) {
    Roofline roofline;
    roofline.bytes_per_s = cost.dram_peak_bytes_per_s;
    if (!target.memory.empty()) roofline.memory = qt(target.memory.front().name);
    const auto add_roof = [&](const QString& name, double rate) {
        if (!(rate > 0) || !std::isfinite(rate)) return;
        for (Roof& roof : roofline.roofs) {
            if (std::abs(rate / roof.macs_per_s - 1) < 0.02) return;
            if (roof.name != name) continue;
            roof.macs_per_s = std::max(roof.macs_per_s, rate);
            return;
        }
        roofline.roofs.push_back({name, rate});
    };
    if (target.kind == TargetKind::spatial)
        add_roof(formats_text(target.mac.weight_bits, target.mac.activation_bits), cost.peak_macs_per_s);
    else if (!target.gpu)
        add_roof(QObject::tr("all units"), cost.peak_macs_per_s);
    for (const LayerCost& layer : cost.layers) {
        if (layer.macs <= 0 || !(layer.latency_s > 0)) continue;
        RooflinePoint point;
        point.label = qt(layer.layer);
        point.achieved = static_cast<double>(layer.macs) / layer.latency_s;
        if (layer.dram_bytes > 0) point.intensity = static_cast<double>(layer.macs) / layer.dram_bytes;
        using BoundBy = RooflinePoint::BoundBy;
        point.bound = layer.limited_by == "launch"   ? BoundBy::launch
                      : layer.bound == Bound::memory ? BoundBy::memory
                                                     : BoundBy::compute;
        QStringList lines;
        lines += QObject::tr("%1, %2").arg(engineering(point.achieved, QStringLiteral("MAC/s")),
                                           bound_text(layer));
        lines +=
            point.intensity
                ? QObject::tr("%1 MAC per byte of %2").arg(significant(*point.intensity), roofline.memory)
                : QObject::tr("nothing crosses to %1: at the right edge").arg(roofline.memory);
        point.tip = layer_tip(layer, lines);
        // What the units reach in the formats that this layer runs in.
        if (target.kind != TargetKind::fpga_dataflow && layer.utilization > 0)
            add_roof(peak_name(layer, target, point.achieved / layer.utilization),
                     point.achieved / layer.utilization);
        roofline.points.push_back(std::move(point));
    }
    return roofline;
}

} // namespace widthwise::gui
