#include "widgets/models/layer_change_model.h"

#include "widgets/number_text.h"

#include <array>

namespace widthwise::gui {
namespace {

/// "12.3 k" or, where it changed, "12.3 k → 6.1 k".
QString change_text(int64_t before, int64_t after) {
    if (before == after) return count_text(after);
    return QStringLiteral("%1 \u2192 %2").arg(count_text(before), count_text(after));
}

} // namespace

void LayerChangeModel::show(std::vector<passes::LayerChange> layers) {
    beginResetModel();
    m_layers = std::move(layers);
    endResetModel();
}

int LayerChangeModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_layers.size());
}

int LayerChangeModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant LayerChangeModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<size_t>(index.row()) >= m_layers.size()) return {};
    const passes::LayerChange& layer = m_layers[static_cast<size_t>(index.row())];
    const bool words = index.column() == Layer || index.column() == Note;
    if (role == Qt::TextAlignmentRole)
        return QVariant((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole) return words ? data(index, Qt::DisplayRole) : QVariant();
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
    case Layer:
        return qt(layer.layer);
    case Weights:
        return change_text(layer.weights_before, layer.weights_after);
    case Nonzero:
        return change_text(layer.nonzero_before, layer.nonzero_after);
    case Macs:
        return change_text(layer.macs_before, layer.macs_after);
    case Error:
        return layer.relative_error > 0 ? percent(layer.relative_error) : k_dash;
    case Note:
        return qt(layer.note);
    default:
        return {};
    }
}

QVariant LayerChangeModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    static const std::array<std::pair<QString, QString>, ColumnCount> titles{
        {{tr("Layer"), tr("Weighted layers")},
         {tr("Weights"), tr("Elements of the weight tensor, zeros included")},
         {tr("Non-zero"), tr("Weights that are not zero")},
         {tr("MACs"), tr("Multiply-accumulates for one image, zeros included")},
         {tr("Error"), tr("Norm of the change of the weights that remain, relative to their norm")},
         {tr("What was done"), tr("Or why the layer was left alone")}}};
    if (role == Qt::TextAlignmentRole)
        return QVariant((section == Layer || section == Note ? Qt::AlignLeft : Qt::AlignRight) |
                        Qt::AlignVCenter);
    if (role == Qt::DisplayRole) return titles[static_cast<size_t>(section)].first;
    return role == Qt::ToolTipRole ? QVariant(titles[static_cast<size_t>(section)].second) : QVariant();
}

} // namespace widthwise::gui
