#include "widgets/models/exploration_front_model.h"

#include "widgets/number_text.h"

#include <QApplication>
#include <QFont>

#include <array>
#include <cmath>

namespace widthwise::gui {
namespace {

using Model = ExplorationFrontModel;
using explore::Metric;

std::optional<Metric> metric_of(int column) {
    switch (column) {
    case Model::Drop:
        return Metric::drop;
    case Model::Energy:
        return Metric::energy;
    case Model::Latency:
        return Metric::latency;
    case Model::Area:
        return Metric::area;
    case Model::Size:
        return Metric::size;
    default:
        return std::nullopt;
    }
}

double value_of(const FrontEntry& entry, Metric metric) {
    return metric == Metric::drop ? entry.drop() : entry.figures[metric];
}

bool same_designs(const std::vector<FrontEntry>& a, const std::vector<FrontEntry>& b) {
    return std::ranges::equal(a, b, [](const FrontEntry& x, const FrontEntry& y) {
        return x.run == y.run && x.outcome == y.outcome;
    });
}

} // namespace

ExplorationFrontModel::ExplorationFrontModel(std::function<QString(const FrontEntry&)> label, QObject* parent)
    : QAbstractTableModel(parent), m_label(std::move(label)) {
    setEntries({});
}

void ExplorationFrontModel::setEntries(std::vector<FrontEntry> entries) {
    // What only gains marks or report images keeps its selection.
    const bool same = same_designs(entries, m_entries);
    if (!same) beginResetModel();
    m_entries = std::move(entries);
    for (int column = 0; column < ColumnCount; ++column) {
        const auto metric = metric_of(column);
        if (!metric) continue;
        double largest = 0;
        for (const FrontEntry& entry : m_entries)
            if (const double value = value_of(entry, *metric); std::isfinite(value))
                largest = std::max(largest, value);
        m_scales[static_cast<size_t>(column)] = metric_scale(*metric, largest);
    }
    if (!same)
        endResetModel();
    else if (!m_entries.empty())
        emit dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

int ExplorationFrontModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

int ExplorationFrontModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QString ExplorationFrontModel::text(const FrontEntry& entry, int column) const {
    if (const auto metric = metric_of(column)) {
        const QString text = m_scales[static_cast<size_t>(column)].text(value_of(entry, *metric));
        return column == Drop && !entry.confirmed ? QStringLiteral("\u2248\u2009") + text : text;
    }
    switch (column) {
    case Design:
        return m_label(entry);
    case Mark: {
        QStringList marks;
        if (entry.cheapest) marks += tr("cheapest \u2264 1 pt");
        if (entry.knee) marks += tr("knee");
        return marks.join(QStringLiteral(", "));
    }
    case Within:
        if (!entry.confirmed) return k_dash;
        if (const auto within = within_one_point(entry)) return *within ? tr("yes") : tr("no");
        return tr("open");
    default:
        return {};
    }
}

QString ExplorationFrontModel::toolTip(const FrontEntry& entry) {
    const QString searched =
        tr("%1 points on the search images").arg(signed_number(entry.figures[Metric::drop] * 100, 2));
    if (!entry.confirmed) return tr("Drop of %1; not measured on the report images yet").arg(searched);
    const Accuracy& report = entry.confirmed->report;
    QString text = tr("Drop of %1").arg(searched);
    if (report.samples > 0)
        text += tr("\nOn %1 report images, which no decision saw: %2 instead of %3, a difference of %4 to %5 "
                   "points with 95 % confidence")
                    .arg(report.samples)
                    .arg(percent(report.top1, 2), percent(report.float_top1, 2),
                         signed_number(report.delta_ci95.lo * 100, 2),
                         signed_number(report.delta_ci95.hi * 100, 2));
    return text + tr("\nDouble-click or press Enter to use this design");
}

QVariant ExplorationFrontModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<size_t>(index.row()) >= m_entries.size()) return {};
    const FrontEntry& entry = m_entries[static_cast<size_t>(index.row())];
    const bool words = index.column() == Design || index.column() == Mark || index.column() == Within;
    switch (role) {
    case Qt::DisplayRole:
        return text(entry, index.column());
    case Qt::ToolTipRole:
        return index.column() == Design ? m_label(entry) + '\n' + toolTip(entry) : toolTip(entry);
    case Qt::TextAlignmentRole:
        return QVariant((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case Qt::FontRole: {
        // Estimates lean: what the search images say is what was searched for.
        QFont font = QApplication::font();
        font.setItalic(index.column() == Drop && !entry.confirmed);
        font.setBold(entry.knee || entry.cheapest);
        return font;
    }
    case SortRole:
        if (const auto metric = metric_of(index.column())) return value_of(entry, *metric);
        return text(entry, index.column());
    case PositionRole:
        return index.row();
    default:
        return {};
    }
}

QVariant ExplorationFrontModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    const bool words = section == Design || section == Mark || section == Within;
    if (role == Qt::TextAlignmentRole)
        return QVariant((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role == Qt::DisplayRole) {
        if (const auto metric = metric_of(section))
            return column_title(*metric, m_scales[static_cast<size_t>(section)]);
        return section == Design ? tr("Design") : section == Mark ? tr("Mark") : tr("\u2264 1 pt");
    }
    if (role != Qt::ToolTipRole) return {};
    switch (section) {
    case Mark:
        return tr(
            "Knee: where the front bends most. Cheapest within 1 point: of those that the report images "
            "decided to be within 1 point of float");
    case Drop:
        return tr("Float's accuracy less the design's, on the report images; leaning with \u2248: on the "
                  "search images, which flatter what was chosen by them");
    case Within:
        return tr("Within 1 point of float, by a paired test at 95 % on the report images; open: they cannot "
                  "tell");
    default:
        return {};
    }
}

} // namespace widthwise::gui
