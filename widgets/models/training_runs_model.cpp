#include "widgets/models/training_runs_model.h"

#include "widgets/charts/training_curves.h"
#include "widgets/number_text.h"

#include <QApplication>
#include <QFont>
#include <QPainter>
#include <QPixmap>

#include <array>

namespace widthwise::gui {
namespace {

/// A piece of the run's line, as the charts draw it.
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

TrainingRunsModel::TrainingRunsModel(Training& training, QObject* parent)
    : QAbstractTableModel(parent), m_training(training), m_shown(static_cast<int>(training.runs().size())) {
    connect(&m_training, &Training::runsReset, this, [this] {
        beginResetModel();
        m_shown = static_cast<int>(m_training.runs().size());
        endResetModel();
    });
    connect(&m_training, &Training::runAdded, this, [this] {
        beginInsertRows({}, m_shown, m_shown);
        ++m_shown;
        endInsertRows();
    });
    // The best one may be another one now.
    connect(&m_training, &Training::finished, this,
            [this] { emit dataChanged(index(0, 0), index(m_shown - 1, ColumnCount - 1)); });
    connect(&m_training, &Training::runChanged, this,
            [this](int row) { emit dataChanged(index(row, 0), index(row, ColumnCount - 1)); });
}

int TrainingRunsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_shown;
}

int TrainingRunsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QString TrainingRunsModel::text(const TrainingRun& run, int column) const {
    switch (column) {
    case Label:
        return run.label;
    case Best:
        return run.best_top1() ? QString::number(*run.best_top1() * 100, 'f', 2) : k_dash;
    case Loss:
        return run.loss_now() ? QString::number(*run.loss_now(), 'f', 4) : k_dash;
    case Progress: {
        const auto done = static_cast<qint64>(run.epochs.size());
        // Adapting counts steps, meta-training tasks.
        if (run.kind == QLatin1String("adapt") || run.kind == QLatin1String("meta"))
            return run.last.steps > 0 ? QStringLiteral("%1/%2").arg(run.last.step).arg(run.last.steps)
                                      : k_dash;
        if (run.last.steps_per_epoch > 0 && run.last.steps >= run.last.steps_per_epoch)
            return QStringLiteral("%1/%2").arg(done).arg((run.last.steps + run.last.steps_per_epoch - 1) /
                                                         run.last.steps_per_epoch);
        return done > 0 ? QString::number(done) : k_dash;
    }
    case Time:
        return run.seconds > 0 ? duration(run.seconds) : k_dash;
    case Status:
        return status_text(run);
    default:
        return {};
    }
}

QString TrainingRunsModel::toolTip(const TrainingRun& run) const {
    QString text = run.label;
    if (!run.problem.isEmpty()) text += '\n' + run.problem;
    if (run.version != 0) text += '\n' + tr("Double-click or press Enter to show the network that it made");
    return text;
}

QVariant TrainingRunsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<size_t>(index.row()) >= m_training.runs().size()) return {};
    const TrainingRun& run = m_training.runs()[static_cast<size_t>(index.row())];
    const bool words = index.column() == Label || index.column() == Status;
    switch (role) {
    case Qt::DisplayRole:
        return text(run, index.column());
    case Qt::ToolTipRole:
        return toolTip(run);
    case Qt::DecorationRole:
        return index.column() == Label ? QVariant(swatch(static_cast<int>(run.id - 1))) : QVariant();
    case Qt::CheckStateRole:
        return index.column() == Label ? QVariant(run.shown ? Qt::Checked : Qt::Unchecked) : QVariant();
    case Qt::TextAlignmentRole:
        return QVariant((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case Qt::FontRole: {
        const TrainingRun* best = m_training.bestRun();
        QFont font = QApplication::font();
        font.setBold(best && best->id == run.id);
        return font;
    }
    case IdRole:
        return qlonglong(run.id);
    default:
        return {};
    }
}

QVariant TrainingRunsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    static const std::array<std::pair<QString, QString>, ColumnCount> titles{
        {{tr("Run"), tr("Those with a check mark are in the charts; the best one is bold")},
         {tr("Best (%)"), tr("Best top-1 accuracy of an epoch, on the validation images; without them on the "
                             "training images")},
         {tr("Loss"), tr("Mean loss of the last epoch, nats")},
         {tr("Done"), tr("Epochs; of adapting and meta-training steps")},
         {tr("Time"), tr("At work, without pauses")},
         {tr("Status"), tr("What became of it")}}};
    if (role == Qt::TextAlignmentRole)
        return QVariant((section == Label || section == Status ? Qt::AlignLeft : Qt::AlignRight) |
                        Qt::AlignVCenter);
    if (role == Qt::DisplayRole) return titles[static_cast<size_t>(section)].first;
    return role == Qt::ToolTipRole ? QVariant(titles[static_cast<size_t>(section)].second) : QVariant();
}

Qt::ItemFlags TrainingRunsModel::flags(const QModelIndex& index) const {
    Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    if (index.column() == Label) flags |= Qt::ItemIsUserCheckable;
    return flags;
}

bool TrainingRunsModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::CheckStateRole || index.column() != Label || index.row() >= m_shown) return false;
    m_training.setShown(m_training.runs()[static_cast<size_t>(index.row())].id, value.toInt() == Qt::Checked);
    return true;
}

} // namespace widthwise::gui
