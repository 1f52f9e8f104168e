#include "widgets/models/design_table_model.h"

#include "widgets/number_text.h"

#include <QFont>

namespace widthwise::gui {

DesignTableModel::DesignTableModel(Document& document, QObject* parent)
    : QAbstractTableModel(parent), m_document(document), m_shown(static_cast<int>(document.designs().size())) {
    connect(&m_document, &Document::designsReset, this, [this] {
        beginResetModel();
        m_shown = static_cast<int>(m_document.designs().size());
        endResetModel();
    });
    connect(&m_document, &Document::designAdded, this, [this] {
        const int count = static_cast<int>(m_document.designs().size());
        if (count == m_shown) return;
        beginInsertRows({}, m_shown, count - 1);
        m_shown = count;
        endInsertRows();
    });
    connect(&m_document, &Document::planChanged, this, [this] {
        if (m_shown > 0) emit dataChanged(index(0, 0), index(m_shown - 1, ColumnCount - 1), {Qt::FontRole, CurrentRole});
    });
}

int DesignTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : m_shown; }

int DesignTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant DesignTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<size_t>(index.row()) >= m_document.designs().size()) return {};
    const Design& design = m_document.designs()[static_cast<size_t>(index.row())];
    const Accuracy& accuracy = design.evaluation.accuracy;
    const auto values = [&]() -> QVariant {
        switch (index.column()) {
        case Number: return qlonglong(design.id);
        case Label: return qt(design.label);
        case Top1: return accuracy.top1;
        case Interval95: return accuracy.top1_ci95.hi - accuracy.top1_ci95.lo;
        case Delta: return accuracy.delta_top1;
        case Energy: return design.cost.energy_j;
        case Latency: return design.cost.latency_s;
        case Area: return design.cost.area_mm2;
        case Size: return design.cost.model_bytes;
        default: return {};
        }
    };
    switch (role) {
    case SortRole: return values();
    case IdRole: return qlonglong(design.id);
    case CurrentRole: return design.evaluation.plan == m_document.plan();
    case Qt::FontRole: {
        QFont font;
        font.setBold(&design == m_document.currentDesign());
        return font;
    }
    case Qt::TextAlignmentRole:
        return QVariant((index.column() == Label ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case Qt::ToolTipRole:
        return tr("%1: %2 images, %3 right like float, measured %4")
            .arg(qt(design.label))
            .arg(accuracy.samples)
            .arg(percent(accuracy.agreement), qt(design.evaluation.provenance.created_utc));
    case Qt::DisplayRole: break;
    default: return {};
    }
    switch (index.column()) {
    case Number: return QString::number(design.id);
    case Label: return qt(design.label);
    case Top1: return QString::number(accuracy.top1 * 100, 'f', 2);
    case Interval95:
        return QStringLiteral("%1\u2009\u2013\u2009%2")
            .arg(accuracy.top1_ci95.lo * 100, 0, 'f', 1)
            .arg(accuracy.top1_ci95.hi * 100, 0, 'f', 1);
    case Delta: return signed_number(accuracy.delta_top1 * 100, 2);
    case Energy: return engineering(design.cost.energy_j, QStringLiteral("J"));
    case Latency: return engineering(design.cost.latency_s, QStringLiteral("s"));
    case Area: return significant(design.cost.area_mm2) + QStringLiteral("\u00a0mm\u00b2");
    case Size: return bytes_text(design.cost.model_bytes);
    default: return {};
    }
}

QVariant DesignTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    if (role == Qt::TextAlignmentRole) return QVariant((section == Label ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case Number: return QStringLiteral("#");
    case Label: return tr("Design");
    case Top1: return tr("Top-1 (%)");
    case Interval95: return tr("95 % interval");
    case Delta: return tr("\u0394 float (pt)");
    case Energy: return tr("Energy");
    case Latency: return tr("Latency");
    case Area: return tr("Area");
    case Size: return tr("Size");
    default: return {};
    }
}

} // namespace widthwise::gui
