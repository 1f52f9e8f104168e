#include "widgets/panels/sensitivity_map.h"

#include "widgets/number_text.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <set>

namespace widthwise::gui {
namespace {

QString text(const char* words) {
    return QCoreApplication::translate("SensitivityMap", words);
}

/// Between values and heat. Logarithmic ones are linear below `knee`, so that they have a zero.
class Scale {
public:
    Scale(SensitivityMetric metric, double most) : m_metric(metric) {
        switch (metric) {
        case SensitivityMetric::accuracy:
            m_knee = 0.5;
            m_most = std::max(most, 10.0);
            break;
        case SensitivityMetric::sqnr: // 0 dB: as much noise as signal; 50 dB: 0.3 % of it
            m_most = 50;
            break;
        default:
            m_most = std::max(most, 1e-3);
            m_knee = m_most / 1000;
            break;
        }
    }
    [[nodiscard]] double heat(double value) const {
        if (m_metric == SensitivityMetric::sqnr) return std::clamp(1 - value / m_most, 0.0, 1.0);
        if (!(value > 0)) return 0;
        return std::min(1.0, std::log1p(value / m_knee) / std::log1p(m_most / m_knee));
    }
    [[nodiscard]] std::vector<HeatMapContent::Tick> ticks() const {
        std::vector<HeatMapContent::Tick> ticks;
        if (m_metric == SensitivityMetric::sqnr) {
            for (const int db : {50, 40, 30, 20, 10, 0}) ticks.push_back({heat(db), QString::number(db)});
            return ticks;
        }
        ticks.push_back({0, QStringLiteral("0")});
        for (int decade = -6; decade <= 3; ++decade) {
            const double value = std::pow(10.0, decade);
            if (value >= 2 * m_knee && value < 0.7 * m_most)
                ticks.push_back({heat(value), QString::number(value, 'g', 3)});
        }
        ticks.push_back({1, significant(m_most)});
        return ticks;
    }

private:
    SensitivityMetric m_metric;
    double m_knee = 1, m_most = 1;
};

/// "0" for what rounds to it; a true minus sign.
QString number(double value, int decimals) {
    const QString text = QString::number(value, 'f', decimals);
    if (text.toDouble() == 0) return QStringLiteral("0");
    return value < 0 ? QStringLiteral("\u2212") + text.mid(1) : text;
}

QString short_text(double value, SensitivityMetric metric) {
    switch (metric) {
    case SensitivityMetric::accuracy:
        return number(value, 1);
    case SensitivityMetric::sqnr:
        return std::isinf(value) ? QStringLiteral("\u221e") : QString::number(value, 'f', 0);
    default:
        return number(value, std::abs(value) < 0.1 ? 3 : 2);
    }
}

QString long_text(double value, const SensitivityEntry& entry, SensitivityMetric metric) {
    switch (metric) {
    case SensitivityMetric::accuracy:
        return text("top-1 %1 points [%2, %3] on %4 images")
            .arg(signed_number(-value, 2), signed_number(100 * entry.delta_ci95.lo, 2),
                 signed_number(100 * entry.delta_ci95.hi, 2))
            .arg(entry.samples);
    case SensitivityMetric::loss:
        return text("cross-entropy %1 nat on %2 images").arg(signed_number(value, 4)).arg(entry.samples);
    case SensitivityMetric::kl:
        return text("KL divergence from the float network %1 nat, mean of %2 images")
            .arg(value, 0, 'g', 4)
            .arg(entry.samples);
    case SensitivityMetric::sqnr:
        return std::isinf(value) ? text("the outputs are the float network's")
                                 : text("outputs' signal to quantization noise %1 dB").arg(value, 0, 'f', 1);
    case SensitivityMetric::hessian:
        return text("second-order estimate: cross-entropy %1 nat").arg(signed_number(value, 4));
    }
    return {};
}

QString legend(SensitivityMetric metric) {
    switch (metric) {
    case SensitivityMetric::accuracy:
        return text("Top-1 lost when this alone is quantized, percentage points");
    case SensitivityMetric::loss:
        return text("Cross-entropy added when this alone is quantized, nat");
    case SensitivityMetric::kl:
        return text("KL divergence from the float network, nat");
    case SensitivityMetric::sqnr:
        return text("Signal to quantization noise of the outputs, dB");
    case SensitivityMetric::hessian:
        return text("Cross-entropy that it should add by the Hessian's trace (HAWQ-V2), nat");
    }
    return {};
}

const std::vector<SensitivityEntry>& entries_of(const LayerSensitivity& layer, LayerOperand operand) {
    return operand == LayerOperand::weights ? layer.weights : layer.activations;
}

} // namespace

QString metric_name(SensitivityMetric metric) {
    switch (metric) {
    case SensitivityMetric::accuracy:
        return text("Accuracy lost");
    case SensitivityMetric::loss:
        return text("Loss added");
    case SensitivityMetric::kl:
        return text("KL divergence");
    case SensitivityMetric::sqnr:
        return text("SQNR");
    case SensitivityMetric::hessian:
        return text("Hessian estimate");
    }
    return {};
}

std::optional<double> metric_value(const SensitivityEntry& entry, const Sensitivity& all,
                                   SensitivityMetric metric) {
    switch (metric) {
    case SensitivityMetric::accuracy: // the loss is known where labels and classes are
        return entry.loss_nat ? std::optional(100 * (all.baseline_top1 - entry.top1)) : std::nullopt;
    case SensitivityMetric::loss:
        if (!entry.loss_nat || !all.baseline_loss_nat) return std::nullopt;
        return *entry.loss_nat - *all.baseline_loss_nat;
    case SensitivityMetric::kl:
        return entry.kl_nat;
    case SensitivityMetric::sqnr:
        return entry.sqnr_db;
    case SensitivityMetric::hessian:
        return entry.hessian_nat;
    }
    return std::nullopt;
}

bool has_metric(const Sensitivity& sensitivity, SensitivityMetric metric) {
    for (const LayerSensitivity& layer : sensitivity.layers)
        for (const auto* entries : {&layer.weights, &layer.activations})
            for (const SensitivityEntry& entry : *entries)
                if (metric_value(entry, sensitivity, metric)) return true;
    return false;
}

SensitivityMap sensitivity_map(const Sensitivity& sensitivity, SensitivityMetric metric, const Graph& graph,
                               const PrecisionPlan& plan) {
    SensitivityMap map;
    map.content.legend = legend(metric);
    double most = 0;
    for (const LayerOperand operand : {LayerOperand::weights, LayerOperand::activations}) {
        std::set<int> widths;
        for (const LayerSensitivity& layer : sensitivity.layers)
            for (const SensitivityEntry& entry : entries_of(layer, operand))
                if (const auto value = metric_value(entry, sensitivity, metric)) {
                    widths.insert(entry.bits);
                    if (std::isfinite(*value)) most = std::max(most, *value);
                }
        if (widths.empty()) continue; // second-order estimates are of weights
        HeatMapContent::Group group;
        group.title = operand == LayerOperand::weights ? text("Weights, bits") : text("Activations, bits");
        for (const int bits : widths) {
            group.columns << QString::number(bits);
            map.columns.push_back({operand, bits});
        }
        map.content.groups.push_back(std::move(group));
    }
    const Scale scale(metric, most);
    map.content.ticks = scale.ticks();
    for (const LayerSensitivity& layer : sensitivity.layers) {
        std::vector<HeatCell> row;
        for (const SensitivityColumn& column : map.columns) {
            HeatCell& cell = row.emplace_back();
            const auto& entries = entries_of(layer, column.operand);
            const auto entry = std::ranges::find(entries, column.bits, &SensitivityEntry::bits);
            const bool there = takes_bits(graph, layer.layer, column.operand);
            cell.current = there && bits_of(plan, layer.layer, column.operand) == column.bits;
            const QString what =
                column.operand == LayerOperand::weights ? text("weights") : text("activations");
            cell.tip = text("%1, %2 at %n bits: ")
                           .arg(qt(layer.layer), what)
                           .replace(QStringLiteral("%n"), QString::number(column.bits));
            const auto value =
                entry == entries.end() ? std::nullopt : metric_value(*entry, sensitivity, metric);
            if (!value) {
                cell.tip += there ? text("not known") : text("the layer has none");
                continue;
            }
            cell.heat = scale.heat(*value);
            cell.text = short_text(*value, metric);
            cell.tip += long_text(*value, *entry, metric);
        }
        map.content.rows << qt(layer.layer);
        map.content.cells.push_back(std::move(row));
    }
    return map;
}

LayerHeat layer_heat(const SensitivityMap& map) {
    LayerHeat heat;
    for (int row = 0; row < map.content.rows.size(); ++row)
        for (size_t i = 0; i < map.columns.size(); ++i)
            if (const HeatCell& cell = map.content.cells[static_cast<size_t>(row)][i]; cell.heat)
                heat[{map.content.rows[row], map.columns[i].operand}][map.columns[i].bits] = *cell.heat;
    return heat;
}

} // namespace widthwise::gui
