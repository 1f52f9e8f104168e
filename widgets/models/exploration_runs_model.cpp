#include "widgets/models/exploration_runs_model.h"

#include "widgets/charts/training_curves.h"
#include "widgets/number_text.h"

#include <QApplication>
#include <QPainter>
#include <QPixmap>

#include <array>
#include <cmath>

namespace widthwise::gui {
namespace {

/// A piece of the run's line, as the course chart draws it.
QPixmap swatch(int style) {
    QPixmap pixmap(24, 12);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    const RunStyle look = run_style(style, QApplication::palette());
    painter.setPen(QPen(look.colour, 2.4, look.dashes));
    painter.drawLine(0, 6, 24, 6);
    return pixmap;
}

} // namespace

ExplorationRunsModel::ExplorationRunsModel(Exploration& exploration, QObject* parent)
    : QAbstractTableModel(parent)
    , m_exploration(exploration)
    , m_shown(static_cast<int>(exploration.runs().size())) {
    connect(&m_exploration, &Exploration::runsReset, this, [this] {
        beginResetModel();
        m_shown = static_cast<int>(m_exploration.runs().size());
        endResetModel();
    });
    connect(&m_exploration, &Exploration::runAdded, this, [this] {
        beginInsertRows({}, m_shown, m_shown);
        ++m_shown;
        endInsertRows();
    });
    connect(&m_exploration, &Exploration::runAboutToBeRemoved, this, [this](int row) {
        beginRemoveRows({}, row, row);
        --m_shown;
    });
    connect(&m_exploration, &Exploration::runRemoved, this, [this] { endRemoveRows(); });
    connect(&m_exploration, &Exploration::runChanged, this,
            [this](int row) { emit dataChanged(index(row, 0), index(row, ColumnCount - 1)); });
}

int ExplorationRunsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_shown;
}

int ExplorationRunsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QString ExplorationRunsModel::text(const ExplorationRun& run, int column) const {
    switch (column) {
    case Label:
        return run.label;
    case Status:
        return status_text(run);
    case Done:
        return run.work ? QStringLiteral("%1/%2").arg(run.evaluations()).arg(run.budget()) : k_dash;
    case Volume:
        if (run.report_hypervolume) return QString::number(*run.report_hypervolume, 'f', 4);
        return std::isfinite(run.hypervolume())
                   ? QStringLiteral("\u2248\u2009%1").arg(run.hypervolume(), 0, 'f', 4)
                   : k_dash;
    case Time:
        return run.seconds > 0 ? duration(run.seconds) : k_dash;
    default:
        return {};
    }
}

QString ExplorationRunsModel::toolTip(const ExplorationRun& run) const {
    QString text = run.label;
    if (!run.problem.isEmpty()) text += '\n' + run.problem;
    if (!run.work) {
        text += '\n' + tr("Started by the command line: its front is among the designs, its candidates can "
                          "be seen there");
        return text;
    }
    text += '\n' + tr("%1 measured, %2 left after some images, %3 rejected before any")
                       .arg(run.measured)
                       .arg(run.screened)
                       .arg(run.rejected);
    text += '\n' + tr("Seed %1, started %2").arg(run.work->setup.seed).arg(run.created);
    return text;
}

QVariant ExplorationRunsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<size_t>(index.row()) >= m_exploration.runs().size()) return {};
    const ExplorationRun& run = m_exploration.runs()[static_cast<size_t>(index.row())];
    const bool words = index.column() == Label || index.column() == Status;
    switch (role) {
    case Qt::DisplayRole:
        return text(run, index.column());
    case Qt::EditRole:
        return index.column() == Label ? QVariant(run.label) : QVariant();
    case Qt::ToolTipRole:
        return toolTip(run);
    case Qt::DecorationRole:
        return index.column() == Label ? QVariant(swatch(static_cast<int>(run.id - 1))) : QVariant();
    case Qt::CheckStateRole:
        return index.column() == Label ? QVariant(run.shown ? Qt::Checked : Qt::Unchecked) : QVariant();
    case Qt::TextAlignmentRole:
        return QVariant((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case IdRole:
        return qlonglong(run.id);
    default:
        return {};
    }
}

QVariant ExplorationRunsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    static const std::array<std::pair<QString, QString>, ColumnCount> titles{
        {{tr("Search"), tr("Those with a check mark are in charts and front; F2 renames")},
         {tr("Status"), tr("What became of it")},
         {tr("Run"), tr("Designs run, of the budget")},
         {tr("Volume"), tr("Hypervolume of the front on the report images, which no decision saw; with "
                           "\u2248 on the search images, as long as it is not measured there")},
         {tr("Time"), tr("At work, without pauses, over all sittings")}}};
    if (role == Qt::TextAlignmentRole)
        return QVariant((section == Label || section == Status ? Qt::AlignLeft : Qt::AlignRight) |
                        Qt::AlignVCenter);
    if (role == Qt::DisplayRole) return titles[static_cast<size_t>(section)].first;
    return role == Qt::ToolTipRole ? QVariant(titles[static_cast<size_t>(section)].second) : QVariant();
}

Qt::ItemFlags ExplorationRunsModel::flags(const QModelIndex& index) const {
    Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    if (index.column() == Label) flags |= Qt::ItemIsUserCheckable | Qt::ItemIsEditable;
    return flags;
}

bool ExplorationRunsModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (index.column() != Label || index.row() >= m_shown) return false;
    const int64_t id = m_exploration.runs()[static_cast<size_t>(index.row())].id;
    if (role == Qt::CheckStateRole)
        m_exploration.setShown(id, value.toInt() == Qt::Checked);
    else if (role == Qt::EditRole)
        m_exploration.rename(id, value.toString());
    else
        return false;
    return true;
}

} // namespace widthwise::gui
