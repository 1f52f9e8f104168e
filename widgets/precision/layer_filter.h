#pragma once

#include <QSortFilterProxyModel>

namespace widthwise::gui {

/// Layers whose name or op contains the text; by default only those that take a precision.
class LayerFilter : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit LayerFilter(QObject* parent = nullptr);
    void setText(const QString& text);
    void setAllNodes(bool all);

protected:
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    QString m_text;
    bool m_all = false;
};

} // namespace widthwise::gui
