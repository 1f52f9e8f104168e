#pragma once

#include <QSortFilterProxyModel>

namespace widthwise::gui {

/// Layers whose name or op contains the text; by default only those that take a precision. Sorted by a
/// column, or in the network's order.
class LayerFilter : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit LayerFilter(QObject* parent = nullptr);
    void setText(const QString& text);
    void setAllNodes(bool all);
    /// Largest first, smallest first, the network's order, by turns.
    void sortBy(int column);
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;

protected:
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    QString m_text;
    bool m_all = false;
};

} // namespace widthwise::gui
