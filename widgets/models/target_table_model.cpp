#include "widgets/models/target_table_model.h"

#include "core/report/cost_metrics.h"
#include "widgets/cost_text.h"
#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QApplication>
#include <QFont>

#include <cmath>
#include <limits>

namespace widthwise::gui {

TargetTableModel::TargetTableModel(TargetComparison& comparison, Document& document, QObject* parent)
    : QAbstractTableModel(parent)
    , m_comparison(comparison)
    , m_document(document)
    , m_shown(static_cast<int>(comparison.rows().size())) {
    connect(&m_comparison, &TargetComparison::rowAdded, this, [this] {
        beginInsertRows({}, m_shown, m_shown);
        ++m_shown;
        endInsertRows();
    });
    connect(&m_comparison, &TargetComparison::rowChanged, this,
            [this](int row) { emit dataChanged(index(row, 0), index(row, ColumnCount - 1)); });
    connect(&m_document, &Document::targetChanged, this,
            [this] { emit dataChanged(index(0, 0), index(m_shown - 1, ColumnCount - 1), {Qt::FontRole}); });
}

int TargetTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_shown;
}

int TargetTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant TargetTableModel::number(const TargetComparison::Row& row, int column) {
    if (!row.chosen || !row.cost || !*row.cost) return {};
    const CostBreakdown& cost = **row.cost;
    switch (column) {
    case Energy:
        return cost.energy_j;
    case Latency:
        return cost.latency_s;
    case Throughput:
        return cost.throughput_ips;
    case Area:
        return std::isfinite(cost.area_mm2) ? QVariant(cost.area_mm2) : QVariant();
    case Power:
        return cost.power_w;
    case Dram:
        return cost.dram_bytes;
    case Utilization:
        return cost.utilization;
    case Fallbacks:
        return fallback_count(cost);
    default:
        return {};
    }
}

QString TargetTableModel::text(const TargetComparison::Row& row, int column) const {
    if (column == Name) return qt(row.target.name);
    if (column == Kind) return group_name(group_of(row.target));
    if (!row.chosen) return {};
    if (column == Note) {
        if (!row.cost) return m_document.hasNetwork() ? tr("being modelled\u2026") : QString();
        return *row.cost ? QString() : qt(row.cost->error().message);
    }
    if (column == Area && row.cost && *row.cost) return area_text(**row.cost);
    const QVariant value = number(row, column);
    if (!value.isValid()) return k_dash;
    switch (column) {
    case Energy:
        return engineering(value.toDouble(), QStringLiteral("J"));
    case Latency:
        return engineering(value.toDouble(), QStringLiteral("s"));
    case Throughput:
        return qt(report::rate_text(value.toDouble()));
    case Power:
        return engineering(value.toDouble(), QStringLiteral("W"));
    case Dram:
        return bytes_text(value.toDouble());
    case Utilization:
        return percent(value.toDouble(), 1);
    case Fallbacks:
        return QString::number(value.toInt());
    default:
        return {};
    }
}

QString TargetTableModel::toolTip(const TargetComparison::Row& row, int column) const {
    if (column == Name) return target_tip(row.target);
    if (!row.cost) return {};
    if (!*row.cost) return qt(row.cost->error().to_line());
    const CostBreakdown& cost = **row.cost;
    switch (column) {
    case Energy:
        return confidence_text(cost, "energy");
    case Latency:
        return confidence_text(cost, "latency");
    case Area: {
        QStringList lines;
        for (const DeviceUse& use : device_use(cost))
            lines += tr("%1: %2 of %3").arg(use.name).arg(use.taken, 0, 'f', 0).arg(use.available, 0, 'f', 0);
        return lines.isEmpty() ? confidence_text(cost, "area") : lines.join('\n');
    }
    case Fallbacks: {
        QStringList lines;
        for (const LayerCost& layer : cost.layers)
            if (!layer.fallback.empty() && lines.size() < 12)
                lines += qt(layer.layer) + QStringLiteral(": ") + qt(layer.fallback);
        if (fallback_count(cost) > lines.size())
            lines += tr("and %1 more").arg(fallback_count(cost) - lines.size());
        return lines.join('\n');
    }
    default:
        return {};
    }
}

QVariant TargetTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= m_shown) return {};
    const TargetComparison::Row& row = m_comparison.rows()[static_cast<size_t>(index.row())];
    const int column = index.column();
    const bool words = column == Name || column == Kind || column == Note;
    switch (role) {
    case Qt::DisplayRole:
        return text(row, column);
    case Qt::ToolTipRole:
        return toolTip(row, column);
    case Qt::CheckStateRole:
        return column == Name ? QVariant(row.chosen ? Qt::Checked : Qt::Unchecked) : QVariant();
    case Qt::TextAlignmentRole:
        return QVariant((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case Qt::FontRole: {
        QFont font = QApplication::font();
        font.setBold(row.target == m_document.target());
        return font;
    }
    case Qt::ForegroundRole:
        return row.chosen ? QVariant() : QVariant(muted_text(QApplication::palette()));
    case SortRole: {
        if (words) return text(row, column);
        const QVariant value = number(row, column);
        return value.isValid() ? value.toDouble() : std::numeric_limits<double>::infinity();
    }
    default:
        return {};
    }
}

QVariant TargetTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    static const std::array<std::pair<QString, QString>, ColumnCount> titles{
        {{tr("Target"), tr("Those with a check mark take part")},
         {tr("Kind"), tr("What sort of hardware it is")},
         {tr("Energy"), tr("Modelled energy per image")},
         {tr("Latency"), tr("Modelled latency per image")},
         {tr("Images/s"), tr("Throughput, one image at a time or as pipelined as the target is")},
         {tr("Area"), tr("Of the chip or, on an FPGA, the share of what is scarcest")},
         {tr("Power"), tr("Energy over latency")},
         {tr("Off-chip"), tr("Bytes read from and written to external memory per image")},
         {tr("Utilized"), tr("Share of the peak that is achieved")},
         {tr("Fallbacks"), tr("Layers that do not run in the formats the design asks for")},
         {tr("Note"), tr("Why it cannot be modelled")}}};
    if (role == Qt::TextAlignmentRole)
        return QVariant(
            (section == Name || section == Kind || section == Note ? Qt::AlignLeft : Qt::AlignRight) |
            Qt::AlignVCenter);
    if (role == Qt::DisplayRole) return titles[static_cast<size_t>(section)].first;
    return role == Qt::ToolTipRole ? QVariant(titles[static_cast<size_t>(section)].second) : QVariant();
}

Qt::ItemFlags TargetTableModel::flags(const QModelIndex& index) const {
    Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    if (index.column() == Name) flags |= Qt::ItemIsUserCheckable;
    return flags;
}

bool TargetTableModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::CheckStateRole || index.column() != Name) return false;
    m_comparison.setChosen(static_cast<size_t>(index.row()), value.toInt() == Qt::Checked);
    return true;
}

} // namespace widthwise::gui
