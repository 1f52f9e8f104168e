#pragma once
// Every measured design, one row each: the one source of table, chart and report.

#include "widgets/document/document.h"

#include <QAbstractTableModel>

namespace widthwise::gui {

class DesignTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Number, Label, Top1, Interval95, Delta, Energy, Latency, Area, Size, ColumnCount };
    /// IdRole: int64; CurrentRole: bool, the row's plan is the document's.
    enum Role { SortRole = Qt::UserRole, IdRole, CurrentRole };

    explicit DesignTableModel(Document& document, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    Document& m_document;
    int m_shown = 0; ///< rows the views know of
};

} // namespace widthwise::gui
