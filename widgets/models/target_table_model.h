#pragma once
// One design on several targets: a row a target, checked where it takes part.

#include "widgets/document/target_comparison.h"

#include <QAbstractTableModel>

namespace widthwise::gui {

class TargetTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        Name,
        Kind,
        Energy,
        Latency,
        Throughput,
        Area,
        Power,
        Dram,
        Utilization,
        Fallbacks,
        Note,
        ColumnCount
    };
    /// SortRole: a number where the column has one; +infinity for an empty cell, which comes last.
    enum Role { SortRole = Qt::UserRole };

    TargetTableModel(TargetComparison& comparison, Document& document, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

private:
    [[nodiscard]] QString text(const TargetComparison::Row& row, int column) const;
    [[nodiscard]] QString toolTip(const TargetComparison::Row& row, int column) const;
    [[nodiscard]] static QVariant number(const TargetComparison::Row& row, int column);

    TargetComparison& m_comparison;
    Document& m_document;
    int m_shown = 0; ///< rows the views know of
};

} // namespace widthwise::gui
