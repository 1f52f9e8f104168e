#include "widgets/models/version_table_model.h"

#include "core/graph/layer_work.h"
#include "widgets/document/quality.h"
#include "widgets/number_text.h"

#include <QApplication>
#include <QFont>

#include <array>

namespace widthwise::gui {

VersionTableModel::VersionTableModel(Document& document, QObject* parent)
    : QAbstractTableModel(parent)
    , m_document(document)
    , m_shown(static_cast<int>(document.versions().size())) {
    connect(&m_document, &Document::opened, this, [this] {
        beginResetModel();
        m_shown = static_cast<int>(m_document.versions().size());
        endResetModel();
    });
    connect(&m_document, &Document::versionAdded, this, [this] {
        beginInsertRows({}, m_shown, m_shown);
        ++m_shown;
        endInsertRows();
    });
    for (const auto signal : {&Document::designAdded, &Document::designsReset, &Document::networkChanged})
        connect(&m_document, signal, this, [this] {
            if (m_shown > 0) emit dataChanged(index(0, 0), index(m_shown - 1, ColumnCount - 1));
        });
}

int VersionTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_shown;
}

int VersionTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

int VersionTableModel::rowOf(int64_t version) const {
    const auto found = std::ranges::find(m_document.versions(), version, &Version::id);
    return found == m_document.versions().end() ? -1
                                                : static_cast<int>(found - m_document.versions().begin());
}

const Design* VersionTableModel::bestDesign(const Version& version) const {
    const Design* best = nullptr;
    for (const Design& design : m_document.designs())
        if (design.version == version.id &&
            (!best || quality_of(design.evaluation).share > quality_of(best->evaluation).share))
            best = &design;
    return best;
}

QString VersionTableModel::text(const Version& version, int column) const {
    switch (column) {
    case Label:
        return version.label;
    case Top1: {
        const Design* best = bestDesign(version);
        return best ? QString::number(quality_of(best->evaluation).share * 100, 'f', 2) : k_dash;
    }
    case Parameters:
        return count_text(graph_totals(*version.model.graph).parameters);
    case Origin: {
        const Version* parent = m_document.versionById(version.parent);
        return version.id != 0 && parent ? parent->label : k_dash;
    }
    default:
        return {};
    }
}

QVariant VersionTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<size_t>(index.row()) >= m_document.versions().size()) return {};
    const Version& version = m_document.versions()[static_cast<size_t>(index.row())];
    const bool words = index.column() == Label || index.column() == Origin;
    switch (role) {
    case Qt::DisplayRole:
        return text(version, index.column());
    case Qt::ToolTipRole: {
        if (version.id == 0) return tr("The network that the project was made with");
        const Design* best = bestDesign(version);
        QString tip = version.label;
        if (best) tip += '\n' + tr("Best of its designs: %1").arg(qt(best->label));
        return tip + '\n' + tr("Made %1").arg(version.created);
    }
    case Qt::TextAlignmentRole:
        return QVariant((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case Qt::FontRole: {
        QFont font = QApplication::font();
        font.setBold(version.id == m_document.version().id);
        return font;
    }
    case IdRole:
        return qlonglong(version.id);
    default:
        return {};
    }
}

QVariant VersionTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    static const std::array<std::pair<QString, QString>, ColumnCount> titles{
        {{tr("Version"), tr("The network as opened, and what training and compression made of it")},
         {tr("Top-1 (%)"), tr("Of the best design measured of it")},
         {tr("Parameters"), tr("Weights, biases and normalization")},
         {tr("Made from"), tr("The version that it was trained or compressed from")}}};
    if (role == Qt::TextAlignmentRole)
        return QVariant((section == Label || section == Origin ? Qt::AlignLeft : Qt::AlignRight) |
                        Qt::AlignVCenter);
    if (role == Qt::DisplayRole) return titles[static_cast<size_t>(section)].first;
    return role == Qt::ToolTipRole ? QVariant(titles[static_cast<size_t>(section)].second) : QVariant();
}

} // namespace widthwise::gui
