#pragma once
// Every measured design, one row each: the one source of table, chart and report.

#include "widgets/document/document.h"

#include <QAbstractTableModel>
#include <QString>

namespace widthwise::gui {

class DesignTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Number, Label, Network, Top1, PlusMinus, Delta, Energy, Latency, Area, Size, ColumnCount };
    /// IdRole: int64; CurrentRole: bool, the row's plan is the document's.
    enum Role { SortRole = Qt::UserRole, IdRole, CurrentRole };

    explicit DesignTableModel(Document& document, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;

private:
    /// One unit a column, so that digits line up.
    struct Scale {
        double factor = 1;
        QString unit;
        int decimals = 2;
    };
    void rescale();
    /// The label of the version that was measured.
    [[nodiscard]] QString networkOf(const Design& design) const;
    [[nodiscard]] static QString toolTip(const Design& design);
    Document& m_document;
    Scale m_energy, m_latency, m_size;
    int m_area_decimals = 2;
    bool m_agreement = false; ///< with float, in place of accuracy
    int m_shown = 0;          ///< rows the views know of
};

} // namespace widthwise::gui
