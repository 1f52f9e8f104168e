#pragma once
// The built-in networks and what one compares them by. Facts are worked out in the background, network by
// network.

#include "core/graph/network_facts.h"
#include "core/graph/zoo.h"
#include "widgets/jobs/job_lane.h"

#include <QAbstractTableModel>

#include <optional>
#include <vector>

namespace widthwise::gui {

class ZooTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        Name,
        Input,
        ConvLayers,
        Kernels,
        Channels,
        Filters,
        ConvWeights,
        ConvMacs,
        FullLayers,
        FullWeights,
        FullMacs,
        Parameters,
        Macs,
        PeakActivations,
        Top1,
        Top5,
        ColumnCount
    };
    /// SortRole: a number where the column has one, -1 for an empty cell.
    enum Role { SortRole = Qt::UserRole };

    explicit ZooTableModel(QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;

    [[nodiscard]] static const zoo::Entry& entryAt(int row);
    [[nodiscard]] const std::optional<NetworkFacts>& factsAt(int row) const;
    [[nodiscard]] JobLane& lane() { return m_lane; }

private:
    [[nodiscard]] QString text(int row, int column) const;
    /// Invalid: no number there.
    [[nodiscard]] QVariant number(int row, int column) const;

    std::vector<std::optional<NetworkFacts>> m_facts;
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
