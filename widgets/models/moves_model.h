#pragma once
// What became of each layer from one design to another, and what that paid and saved.

#include "core/explore/decision.h"
#include "widgets/models/metric_scale.h"

#include <QAbstractTableModel>

namespace widthwise::gui {

class MovesModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Layer, From, To, Energy, Time, Noise, ColumnCount };
    enum Role { SortRole = Qt::UserRole };

    explicit MovesModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}
    void setMoves(std::vector<explore::Move> moves);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;

private:
    std::vector<explore::Move> m_moves;
    MetricScale m_energy, m_time;
    double m_noise = 0; ///< of all moves
};

} // namespace widthwise::gui
