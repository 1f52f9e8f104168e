#pragma once
// Training runs, one row each, checked where they are in the charts.

#include "widgets/document/training.h"

#include <QAbstractTableModel>

namespace widthwise::gui {

class TrainingRunsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Label, Best, Loss, Progress, Time, Status, ColumnCount };
    enum Role { IdRole = Qt::UserRole }; ///< int64

    explicit TrainingRunsModel(Training& training, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

private:
    [[nodiscard]] QString text(const TrainingRun& run, int column) const;
    [[nodiscard]] QString toolTip(const TrainingRun& run) const;

    Training& m_training;
    int m_shown = 0; ///< rows the views know of
};

} // namespace widthwise::gui
