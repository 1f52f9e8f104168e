#include "widgets/cost_text.h"

#include "core/base/format.h"
#include "core/cost/legality.h"
#include "widgets/number_text.h"

#include <QObject>
#include <QStringList>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {

TargetGroup group_of(const HardwareTarget& target) {
    if (target.gpu) return TargetGroup::gpu;
    if (target.fpga) return TargetGroup::fpga;
    const bool scratchpads = std::ranges::any_of(target.memory, &MemoryLevel::per_pe);
    const bool one_purpose = target.sizing == Sizing::to_design || target.mac.style != MacStyle::bit_parallel;
    return scratchpads || one_purpose ? TargetGroup::asic : TargetGroup::tpu_like;
}

QString group_name(TargetGroup group) {
    switch (group) {
    case TargetGroup::asic:
        return QObject::tr("ASIC");
    case TargetGroup::tpu_like:
        return QObject::tr("TPU-like");
    case TargetGroup::gpu:
        return QObject::tr("GPU");
    case TargetGroup::fpga:
        return QObject::tr("FPGA");
    }
    return {};
}

QString target_facts(const HardwareTarget& target) {
    const QString times = QStringLiteral("\u2009\u00d7\u2009");
    QStringList facts;
    facts += QObject::tr("%1 nm, %2 V, %3")
                 .arg(target.node_nm)
                 .arg(target.voltage_v)
                 .arg(engineering(target.clock_hz, QStringLiteral("Hz")));
    if (target.gpu) {
        QStringList peaks;
        for (const GpuPeak& peak : target.gpu->peaks)
            peaks += QObject::tr("%1 of %2 bits: %3")
                         .arg(qt(peak.format.type))
                         .arg(peak.format.bits)
                         .arg(engineering(peak.macs_per_s, QStringLiteral("MAC/s")));
        facts += peaks.join(QStringLiteral("; "));
    } else if (target.kind == TargetKind::spatial) {
        facts += QString::number(target.rows) + times + QString::number(target.cols) +
                 QObject::tr(" processing elements");
        facts += QObject::tr("weights of up to %1 bits, activations of up to %2 bits")
                     .arg(target.mac.weight_bits)
                     .arg(target.mac.activation_bits);
    }
    if (target.fpga)
        facts += QObject::tr("%1 LUT, %2 DSP, %3 BRAM18, %4 URAM")
                     .arg(count_text(std::llround(target.fpga->luts)))
                     .arg(target.fpga->dsps)
                     .arg(target.fpga->bram18)
                     .arg(target.fpga->urams);
    for (const MemoryLevel& level : target.memory) {
        QString text = qt(level.name) + QStringLiteral(":");
        if (level.bytes) text += QChar(' ') + bytes_text(static_cast<double>(*level.bytes));
        if (level.per_pe) text += QObject::tr(" in each element");
        if (level.bytes_per_cycle)
            text += (level.bytes ? QStringLiteral(", ") : QStringLiteral(" ")) +
                    engineering(*level.bytes_per_cycle * target.clock_hz, QStringLiteral("B/s"));
        if (!text.endsWith(QChar(':'))) facts += text;
    }
    return facts.join(QStringLiteral("\n"));
}

QString target_tip(const HardwareTarget& target) {
    // Rich text wraps, plain text would run across the screen.
    return QStringLiteral("<p>%1</p><p>%2</p>")
        .arg(qt(target.description).toHtmlEscaped(),
             target_facts(target).toHtmlEscaped().replace(QChar('\n'), QStringLiteral("<br>")));
}

QString confidence_text(const CostBreakdown& cost, const std::string& figure) {
    const auto found = cost.confidence.find(figure);
    if (found == cost.confidence.end()) return {};
    const Confidence& known = found->second;
    QString text;
    switch (known.basis) {
    case Basis::exact:
        text = QObject::tr("Exact");
        break;
    case Basis::measured:
        text = known.factor > 1 ? QObject::tr("Checked against measurements") : QObject::tr("Measured");
        break;
    case Basis::fitted:
        text = QObject::tr("From a fitted law");
        break;
    case Basis::estimate:
        text = QObject::tr("Estimate");
        break;
    }
    if (known.basis != Basis::exact && known.factor > 1)
        text += known.factor < 1.5
                    ? QObject::tr(", within %1 %").arg((known.factor - 1) * 100, 0, 'f', 0)
                    : QObject::tr(", within a factor of %1").arg(QString::number(known.factor, 'g', 2));
    if (!known.note.empty()) text += QStringLiteral(" (%1)").arg(qt(known.note));
    return text;
}

bool is_exact(const CostBreakdown& cost, const std::string& figure) {
    const auto found = cost.confidence.find(figure);
    if (found == cost.confidence.end()) return false;
    const Confidence& known = found->second;
    return known.basis == Basis::exact || (known.basis == Basis::measured && known.factor <= 1);
}

std::vector<DeviceUse> device_use(const CostBreakdown& cost) {
    std::vector<DeviceUse> uses;
    if (!cost.resources) return uses;
    const FpgaResources& taken = *cost.resources;
    const FpgaResources available = cost.available.value_or(FpgaResources());
    for (const DeviceUse& use : {DeviceUse{QStringLiteral("LUT"), taken.luts, available.luts},
                                 DeviceUse{QStringLiteral("DSP"), taken.dsps, available.dsps},
                                 DeviceUse{QStringLiteral("BRAM18"), taken.bram18, available.bram18},
                                 DeviceUse{QStringLiteral("URAM"), taken.urams, available.urams}})
        if (use.taken > 0 || use.available > 0) uses.push_back(use);
    return uses;
}

DeviceUse scarcest(const CostBreakdown& cost) {
    DeviceUse scarce;
    for (const DeviceUse& use : device_use(cost))
        if (scarce.name.isEmpty() || use.share() > scarce.share()) scarce = use;
    return scarce;
}

QString area_text(double mm2) {
    return qt(format_number(mm2)) + QStringLiteral("\u00a0mm\u00b2");
}

QString area_text(const CostBreakdown& cost) {
    if (std::isfinite(cost.area_mm2)) return area_text(cost.area_mm2);
    const DeviceUse use = scarcest(cost);
    if (use.name.isEmpty()) return k_dash;
    return QObject::tr("%1 of %2").arg(percent(use.share(), 0), use.name);
}

QString fallback_of(const HardwareTarget& target, const NumberFormat& weights,
                    const NumberFormat& activations) {
    const auto run = cost::run_formats(target, weights, activations);
    return run ? qt(run->fallback) : qt(run.error().message);
}

int fallback_count(const CostBreakdown& cost) {
    return static_cast<int>(
        std::ranges::count_if(cost.layers, [](const LayerCost& layer) { return !layer.fallback.empty(); }));
}

QString bound_text(const LayerCost& layer) {
    if (layer.bound == Bound::compute && layer.limited_by.empty()) return QObject::tr("bound by compute");
    return QObject::tr("bound by %1")
        .arg(layer.limited_by.empty() ? QObject::tr("memory") : qt(layer.limited_by));
}

} // namespace widthwise::gui
