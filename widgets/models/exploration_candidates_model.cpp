#include "widgets/models/exploration_candidates_model.h"

#include "widgets/number_text.h"

#include <array>
#include <cmath>
#include <limits>

namespace widthwise::gui {
namespace {

using Model = ExplorationCandidatesModel;
using explore::Metric;

std::optional<Metric> metric_of(int column) {
    switch (column) {
    case Model::Drop:
        return Metric::drop;
    case Model::Energy:
        return Metric::energy;
    case Model::Latency:
        return Metric::latency;
    case Model::Area:
        return Metric::area;
    case Model::Size:
        return Metric::size;
    default:
        return std::nullopt;
    }
}

bool is_text(int column) {
    return column == Model::Design || column == Model::Verdict || column == Model::Reason;
}

} // namespace

ExplorationCandidatesModel::ExplorationCandidatesModel(Exploration& exploration, QObject* parent)
    : QAbstractTableModel(parent), m_exploration(exploration) {
    rescale(0);
    connect(&m_exploration, &Exploration::runsReset, this, [this] { setRun(0); });
    connect(&m_exploration, &Exploration::runAboutToBeRemoved, this, [this](int row) {
        if (m_exploration.runs()[static_cast<size_t>(row)].id == m_run) setRun(0);
    });
    connect(&m_exploration, &Exploration::runChanged, this, [this](int row) {
        if (m_exploration.runs()[static_cast<size_t>(row)].id == m_run) follow();
    });
}

void ExplorationCandidatesModel::setRun(int64_t id) {
    if (id == m_run) return;
    beginResetModel();
    m_run = id;
    const ExplorationRun* run = m_exploration.runById(id);
    m_shown = run ? static_cast<int>(run->outcomes.size()) : 0;
    m_largest.fill(0);
    rescale(0);
    endResetModel();
}

void ExplorationCandidatesModel::follow() {
    const ExplorationRun* run = m_exploration.runById(m_run);
    const int count = run ? static_cast<int>(run->outcomes.size()) : 0;
    if (count <= m_shown) return;
    const int from = m_shown;
    beginInsertRows({}, from, count - 1);
    m_shown = count;
    endInsertRows();
    if (!rescale(static_cast<size_t>(from))) return;
    emit headerDataChanged(Qt::Horizontal, Drop, Size);
    emit dataChanged(index(0, Drop), index(m_shown - 1, Size));
}

bool ExplorationCandidatesModel::rescale(size_t from) {
    const ExplorationRun* run = m_exploration.runById(m_run);
    bool changed = false;
    for (int column = 0; column < ColumnCount; ++column) {
        const auto metric = metric_of(column);
        if (!metric) continue;
        double& largest = m_largest[static_cast<size_t>(column)];
        for (size_t i = from; run && i < run->outcomes.size(); ++i)
            if (const double value = run->outcomes[i].figures[*metric]; std::isfinite(value))
                largest = std::max(largest, value);
        MetricScale scale = metric_scale(*metric, largest);
        MetricScale& present = m_scales[static_cast<size_t>(column)];
        changed = changed || scale.unit != present.unit || scale.decimals != present.decimals;
        present = std::move(scale);
    }
    return changed;
}

int ExplorationCandidatesModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_shown;
}

int ExplorationCandidatesModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QString ExplorationCandidatesModel::text(const ExplorationRun& run, const explore::Outcome& outcome, int row,
                                         int column) const {
    if (const auto metric = metric_of(column))
        return m_scales[static_cast<size_t>(column)].text(outcome.figures[*metric]);
    switch (column) {
    case Number:
        return QString::number(row + 1);
    case Design: {
        const Graph* graph = m_exploration.graphOf(run);
        return graph && run.space ? design_label(*run.space, outcome.choices, *graph) : k_dash;
    }
    case Verdict:
        return qt(explore::to_string(outcome.verdict));
    case Images:
        return QString::number(outcome.samples);
    case Reason:
        return qt(outcome.reason);
    default:
        return {};
    }
}

QVariant ExplorationCandidatesModel::data(const QModelIndex& index, int role) const {
    const ExplorationRun* run = m_exploration.runById(m_run);
    if (!index.isValid() || !run || static_cast<size_t>(index.row()) >= run->outcomes.size()) return {};
    const explore::Outcome& outcome = run->outcomes[static_cast<size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        return text(*run, outcome, index.row(), index.column());
    case Qt::ToolTipRole:
        if (index.column() == Design || index.column() == Reason)
            return text(*run, outcome, index.row(), index.column());
        if (index.column() == Drop && outcome.samples > 0)
            return tr("%1 \u00b1 %2 points (standard error) on %3 search images")
                .arg(signed_number(outcome.figures[Metric::drop] * 100, 2))
                .arg(outcome.drop_sigma * 100, 0, 'f', 2)
                .arg(outcome.samples);
        return {};
    case Qt::TextAlignmentRole:
        return QVariant((is_text(index.column()) ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case SortRole:
        if (const auto metric = metric_of(index.column())) {
            const double value = outcome.figures[*metric];
            return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
        }
        if (index.column() == Number) return index.row();
        if (index.column() == Images) return qlonglong(outcome.samples);
        return text(*run, outcome, index.row(), index.column());
    case NumberRole:
        return index.row();
    default:
        return {};
    }
}

QVariant ExplorationCandidatesModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    if (role == Qt::TextAlignmentRole)
        return QVariant((is_text(section) ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    const auto metric = metric_of(section);
    if (role == Qt::DisplayRole) {
        if (metric) return column_title(*metric, m_scales[static_cast<size_t>(section)]);
        static const std::array<QString, ColumnCount> titles{
            tr("#"), tr("Design"), tr("Verdict"), {}, {}, {}, {}, {}, tr("Images"), tr("Reason")};
        return titles[static_cast<size_t>(section)];
    }
    if (role != Qt::ToolTipRole) return {};
    switch (section) {
    case Verdict:
        return tr("Measured: on all search images. Screened: left after some, for it cannot be on the front. "
                  "Rejected: before any image");
    case Drop:
        return tr("Float's accuracy less the design's, on the search images that it was run on");
    case Images:
        return tr("Search images that it was run on");
    case Reason:
        return tr("Why it was left or rejected");
    default:
        return {};
    }
}

} // namespace widthwise::gui
