#pragma once
// What a compression makes of each layer, one row each.

#include "core/passes/compression.h"

#include <QAbstractTableModel>

namespace widthwise::gui {

class LayerChangeModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Layer, Weights, Nonzero, Macs, Error, Note, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;
    void show(std::vector<passes::LayerChange> layers);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;

private:
    std::vector<passes::LayerChange> m_layers;
};

} // namespace widthwise::gui
