#pragma once
// The designs of a front, one row each, with the marks that help to decide.

#include "widgets/document/exploration_front.h"
#include "widgets/models/metric_scale.h"

#include <QAbstractTableModel>

#include <functional>

namespace widthwise::gui {

class ExplorationFrontModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Design, Drop, Within, Energy, Mark, Latency, Area, Size, ColumnCount };
    enum Role { SortRole = Qt::UserRole, PositionRole }; ///< PositionRole: int, among the entries

    /// `label` of an entry's design, asked for when it is drawn.
    ExplorationFrontModel(std::function<QString(const FrontEntry&)> label, QObject* parent = nullptr);
    void setEntries(std::vector<FrontEntry> entries);
    [[nodiscard]] const std::vector<FrontEntry>& entries() const { return m_entries; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;

private:
    [[nodiscard]] QString text(const FrontEntry& entry, int column) const;
    [[nodiscard]] static QString toolTip(const FrontEntry& entry);

    std::function<QString(const FrontEntry&)> m_label;
    std::vector<FrontEntry> m_entries;
    std::array<MetricScale, ColumnCount> m_scales;
};

} // namespace widthwise::gui
