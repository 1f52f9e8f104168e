// What stands in the layer table's cells: numbers, texts and tooltips.
#include "widgets/models/layer_table_model.h"
#include "widgets/number_text.h"

#include <QLocale>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

/// With a real minus sign where there is one.
QString signed_text(double value, int decimals) {
    QString text = QString::number(value, 'f', decimals);
    return text.replace('-', QChar(0x2212));
}

} // namespace

const LayerDiagnostics* LayerTableModel::measuredOf(const Row& row) const {
    const Design* design = m_document.currentDesign();
    if (!design) return nullptr;
    const auto& layers = design->evaluation.layers;
    const auto found = std::ranges::find(layers, row.name.toStdString(), &LayerDiagnostics::layer);
    return found == layers.end() ? nullptr : &*found;
}

QVariant LayerTableModel::diagnosis(const Row& row, int column) const {
    const LayerDiagnostics* measured = measuredOf(row);
    if (column == ExecutionColumn)
        return measured ? QVariant(qt(to_string(measured->execution))) : QVariant();
    const auto from = [](const auto& value) { return value ? QVariant(*value) : QVariant(); };
    if (column == AccumulatorNeeded) return measured ? from(measured->accumulator_bits) : QVariant();
    const LayerReport* report = m_diagnostics.reportOf(row.name.toStdString());
    if (column == AccumulatorSeen) {
        if (measured && measured->observed_accumulator_bits) return *measured->observed_accumulator_bits;
        return report ? from(report->observed_accumulator_bits) : QVariant();
    }
    if (!report) return {};
    switch (column) {
    case OutputSqnr:
        return report->output.sqnr_db;
    case OutputCosine:
        return report->output.cosine;
    case OutputKl:
        return from(report->output.kl_nat);
    case WeightsClipped:
        return report->weights ? QVariant(report->weights_clipped) : QVariant();
    case InputClipped:
        return report->input_after.counts.empty() ? QVariant() : QVariant(report->input_clipped);
    default:
        return {};
    }
}

QVariant LayerTableModel::number(int at, int column) const {
    const Row& row = m_rows[static_cast<size_t>(at)];
    const std::string layer = row.name.toStdString();
    switch (column) {
    case Parameters:
        return row.parameters > 0 ? QVariant(qlonglong(row.parameters)) : QVariant();
    case Macs:
        return row.macs > 0 ? QVariant(qlonglong(row.macs)) : QVariant();
    case WeightBits:
        return row.weights ? QVariant(bits_of(m_document.plan(), layer, LayerOperand::weights)) : QVariant();
    case ActivationBits:
        return row.activations ? QVariant(bits_of(m_document.plan(), layer, LayerOperand::activations))
                               : QVariant();
    case Sqnr:
        if (row.weights)
            if (const auto sqnr = m_analysis.sqnr_db(layer)) return *sqnr;
        return {};
    case Energy:
        if (const LayerCost* cost = costOf(at); cost && cost->energy.total_j() > 0)
            return cost->energy.total_j();
        return {};
    case Latency:
        if (const LayerCost* cost = costOf(at); cost && cost->latency_s > 0) return cost->latency_s;
        return {};
    default:
        return column >= OutputSqnr && column <= ExecutionColumn ? diagnosis(row, column) : QVariant();
    }
}

QString LayerTableModel::text(int at, int column) const {
    const Row& row = m_rows[static_cast<size_t>(at)];
    switch (column) {
    case Name:
        return row.name;
    case Kind:
        return row.kind;
    case ShapeColumn:
        return row.shape;
    default:
        break;
    }
    const QVariant value = number(at, column);
    if (!value.isValid()) return k_dash;
    const auto fixed = [&](double factor, int decimals) {
        const double shown = value.toDouble() * factor;
        return std::isinf(shown) ? QStringLiteral("\u221e") : signed_text(shown, decimals);
    };
    switch (column) {
    case Parameters:
    case Macs:
        return count_text(value.toLongLong());
    case WeightBits:
        return short_label(format_of(m_document.plan(), row.name.toStdString(), LayerOperand::weights));
    case ActivationBits:
        return short_label(format_of(m_document.plan(), row.name.toStdString(), LayerOperand::activations));
    case Sqnr:
    case OutputSqnr:
        return fixed(1, 1);
    case OutputCosine:
        return fixed(1, 4);
    case OutputKl:
        return fixed(1, 4);
    case WeightsClipped:
    case InputClipped:
        return fixed(100, 3);
    case AccumulatorNeeded:
    case AccumulatorSeen:
    case ExecutionColumn:
        return value.toString();
    case Energy:
        return fixed(1 / m_energy_factor, 2);
    case Latency:
        return fixed(1 / m_latency_factor, 2);
    default:
        return {};
    }
}

QString LayerTableModel::toolTip(int at, int column) const {
    const Row& row = m_rows[static_cast<size_t>(at)];
    const auto exact = [](int64_t count) {
        return count > 0 ? QLocale::c().toString(qlonglong(count)) : QString();
    };
    switch (column) {
    case Name:
        return row.name;
    case ShapeColumn:
        return row.full_shape;
    case Parameters:
        return exact(row.parameters);
    case Macs:
        return exact(row.macs);
    case WeightBits:
    case ActivationBits: {
        const LayerOperand operand = *operandOf(column);
        if (operand == LayerOperand::weights ? !row.weights : !row.activations) return {};
        const NumberFormat& format = format_of(m_document.plan(), row.name.toStdString(), operand);
        QStringList lines{qt(format.to_string())};
        if (const QString numbers = facts_text(format); !numbers.isEmpty()) lines += numbers;
        if (const LayerCost* cost = costOf(at); cost && !cost->fallback.empty())
            lines += tr("%1: %2").arg(qt(m_document.target().name), qt(cost->fallback));
        return lines.join('\n');
    }
    default:
        break;
    }
    if (column < OutputSqnr || column > ExecutionColumn) return {};
    const bool empty = !number(at, column).isValid();
    if (column == AccumulatorNeeded || column == ExecutionColumn)
        return !empty                       ? QString()
               : m_document.currentDesign() ? tr("Nothing to say of this layer")
                                            : tr("Measure the design to see this (F5)");
    if (empty)
        return m_diagnostics.shown() ? tr("Nothing to say of this layer")
                                     : tr("Run the diagnostics to see this (F6)");
    return m_diagnostics.stale() ? tr("Of the design diagnosed before; F6 for this one") : QString();
}

} // namespace widthwise::gui
