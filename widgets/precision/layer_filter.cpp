#include "widgets/precision/layer_filter.h"

#include "widgets/models/layer_table_model.h"

namespace widthwise::gui {

LayerFilter::LayerFilter(QObject* parent) : QSortFilterProxyModel(parent) {
    setSortRole(LayerTableModel::SortRole);
}

void LayerFilter::setText(const QString& text) {
    m_text = text.trimmed();
    invalidateFilter();
}

void LayerFilter::setAllNodes(bool all) {
    m_all = all;
    invalidateFilter();
}

void LayerFilter::sortBy(int column) {
    const int before = sortColumn();
    const bool text = column <= LayerTableModel::ShapeColumn;
    const Qt::SortOrder first = text ? Qt::AscendingOrder : Qt::DescendingOrder;
    const Qt::SortOrder second = text ? Qt::DescendingOrder : Qt::AscendingOrder;
    if (before != column)
        sort(column, first);
    else if (sortOrder() == first)
        sort(column, second);
    else
        sort(-1);
    emit headerDataChanged(Qt::Horizontal, 0, columnCount() - 1);
}

QVariant LayerFilter::headerData(int section, Qt::Orientation orientation, int role) const {
    const QVariant data = QSortFilterProxyModel::headerData(section, orientation, role);
    // In the text: the header's own arrow would keep room in every column.
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section != sortColumn()) return data;
    return data.toString() +
           (sortOrder() == Qt::AscendingOrder ? QStringLiteral(" \u25b4") : QStringLiteral(" \u25be"));
}

bool LayerFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
    const QModelIndex name = sourceModel()->index(row, LayerTableModel::Name, parent);
    if (!m_all && !name.data(LayerTableModel::TakesPrecisionRole).toBool()) return false;
    if (m_text.isEmpty()) return true;
    return name.data().toString().contains(m_text, Qt::CaseInsensitive) ||
           name.siblingAtColumn(LayerTableModel::Kind)
               .data()
               .toString()
               .contains(m_text, Qt::CaseInsensitive);
}

} // namespace widthwise::gui
