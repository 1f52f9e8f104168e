#pragma once
// Searches, one row each, checked where they are in charts and front; their names can be edited.

#include "widgets/document/exploration.h"

#include <QAbstractTableModel>

namespace widthwise::gui {

class ExplorationRunsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Label, Status, Done, Volume, Time, ColumnCount };
    enum Role { IdRole = Qt::UserRole }; ///< int64

    explicit ExplorationRunsModel(Exploration& exploration, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

private:
    [[nodiscard]] QString text(const ExplorationRun& run, int column) const;
    [[nodiscard]] QString toolTip(const ExplorationRun& run) const;

    Exploration& m_exploration;
    int m_shown = 0; ///< rows the views know of
};

} // namespace widthwise::gui
