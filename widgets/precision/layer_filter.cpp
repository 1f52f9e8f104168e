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
