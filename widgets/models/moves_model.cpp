#include "widgets/models/moves_model.h"

#include "widgets/number_text.h"

#include <algorithm>
#include <cmath>

namespace widthwise::gui {

using explore::Metric;
using explore::Move;

void MovesModel::setMoves(std::vector<Move> moves) {
    beginResetModel();
    m_moves = std::move(moves);
    double energy = 0, time = 0;
    m_noise = 0;
    for (const Move& move : m_moves) {
        energy = std::max(energy, std::abs(move.saved_j));
        time = std::max(time, std::abs(move.saved_s));
        m_noise += std::max(0.0, move.noise.value_or(0));
    }
    m_energy = metric_scale(Metric::energy, energy);
    m_time = metric_scale(Metric::latency, time);
    endResetModel();
}

int MovesModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_moves.size());
}

int MovesModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant MovesModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<size_t>(index.row()) >= m_moves.size()) return {};
    const Move& move = m_moves[static_cast<size_t>(index.row())];
    const bool words = index.column() <= To;
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case Layer:
            return qt(move.layer);
        case From:
            return qt(move.from);
        case To:
            return qt(move.to);
        case Energy:
            return m_energy.text(move.saved_j);
        case Time:
            return m_time.text(move.saved_s);
        case Noise:
            return move.noise && m_noise > 0 ? percent(*move.noise / m_noise) : k_dash;
        default:
            return {};
        }
    case Qt::ToolTipRole:
        if (index.column() == Noise && move.noise)
            return tr("%1 nat of the output").arg(*move.noise, 0, 'g', 3);
        return index.column() == Layer ? QVariant(qt(move.layer)) : QVariant();
    case Qt::TextAlignmentRole:
        return QVariant((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case SortRole:
        return index.column() == Energy  ? QVariant(move.saved_j)
               : index.column() == Time  ? QVariant(move.saved_s)
               : index.column() == Noise ? QVariant(move.noise.value_or(0))
                                         : data(index, Qt::DisplayRole);
    default:
        return {};
    }
}

QVariant MovesModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    if (role == Qt::TextAlignmentRole)
        return QVariant((section <= To ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role == Qt::DisplayRole) {
        switch (section) {
        case Layer:
            return tr("Layer");
        case From:
            return tr("From");
        case To:
            return tr("To");
        case Energy:
            return tr("Saves (%1)").arg(m_energy.unit);
        case Time:
            return tr("Saves (%1)").arg(m_time.unit);
        case Noise:
            return tr("Noise");
        default:
            return {};
        }
    }
    if (role != Qt::ToolTipRole) return {};
    switch (section) {
    case Energy:
        return tr("Energy of this layer that the design spares; negative: it pays more");
    case Time:
        return tr("Time of this layer that the design spares; negative: it takes longer");
    case Noise:
        return tr("Share of the noise that the moves add to the network's output: what they pay in accuracy, "
                  "as far as sensitivities were measured");
    default:
        return {};
    }
}

} // namespace widthwise::gui
