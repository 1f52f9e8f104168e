#pragma once
// What one search looked at, in its order: verdicts and reasons. Thousands of rows; they only ever grow.

#include "widgets/document/exploration.h"
#include "widgets/models/metric_scale.h"

#include <QAbstractTableModel>

namespace widthwise::gui {

class ExplorationCandidatesModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Number, Design, Verdict, Drop, Energy, Latency, Area, Size, Images, Reason, ColumnCount };
    enum Role { SortRole = Qt::UserRole, NumberRole }; ///< NumberRole: int64, position among the outcomes

    explicit ExplorationCandidatesModel(Exploration& exploration, QObject* parent = nullptr);
    /// 0: none.
    void setRun(int64_t id);
    [[nodiscard]] int64_t run() const { return m_run; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;

private:
    void follow();
    /// Units for what came since; true where one changed.
    bool rescale(size_t from);
    [[nodiscard]] QString text(const ExplorationRun& run, const explore::Outcome& outcome, int row,
                               int column) const;

    Exploration& m_exploration;
    int64_t m_run = 0;
    int m_shown = 0; ///< rows the views know of
    std::array<double, ColumnCount> m_largest{};
    std::array<MetricScale, ColumnCount> m_scales;
};

} // namespace widthwise::gui
