#include "widgets/models/design_table_model.h"

#include "widgets/document/accuracy_change.h"
#include "widgets/document/quality.h"
#include "widgets/number_text.h"

#include <QFont>

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise::gui {

DesignTableModel::DesignTableModel(Document& document, QObject* parent)
    : QAbstractTableModel(parent)
    , m_document(document)
    , m_shown(static_cast<int>(document.designs().size())) {
    rescale();
    connect(&m_document, &Document::designsReset, this, [this] {
        beginResetModel();
        rescale();
        m_shown = static_cast<int>(m_document.designs().size());
        endResetModel();
    });
    connect(&m_document, &Document::designAdded, this, [this] {
        const int count = static_cast<int>(m_document.designs().size());
        if (count == m_shown) return;
        beginInsertRows({}, m_shown, count - 1);
        m_shown = count;
        endInsertRows();
        rescale();
        emit headerDataChanged(Qt::Horizontal, Top1, Size);
        // What the first one of the network as opened says of versions, and the units.
        emit dataChanged(index(0, Delta), index(m_shown - 1, Size));
    });
    connect(&m_document, &Document::planChanged, this, [this] {
        if (m_shown > 0)
            emit dataChanged(index(0, 0), index(m_shown - 1, ColumnCount - 1), {Qt::FontRole, CurrentRole});
    });
}

void DesignTableModel::rescale() {
    double energy = 0, latency = 0, size = 0, area = 0;
    m_agreement =
        !m_document.designs().empty() && quality_of(m_document.designs().front().evaluation).agreement;
    for (const Design& design : m_document.designs()) {
        energy = std::max(energy, design.cost.energy_j);
        latency = std::max(latency, design.cost.latency_s);
        size = std::max(size, design.cost.model_bytes);
        if (std::isfinite(design.cost.area_mm2)) area = std::max(area, design.cost.area_mm2);
    }
    const auto decimals = [](double value) { return value >= 100 ? 1 : 2; };
    const auto scale = [&](double largest, const QString& unit) {
        const ScaledUnit scaled = scaled_unit(largest, unit);
        return Scale{scaled.factor, scaled.text, decimals(largest / scaled.factor)};
    };
    m_energy = scale(energy, QStringLiteral("J"));
    m_latency = scale(latency, QStringLiteral("s"));
    m_size = scale(size, QStringLiteral("B"));
    m_area_decimals = decimals(area);
}

int DesignTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_shown;
}

int DesignTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QString DesignTableModel::networkOf(const Design& design) const {
    const Version* version = m_document.versionById(design.version);
    return version ? version->label : k_dash;
}

QString DesignTableModel::toolTip(const Design& design) {
    const Evaluation& evaluation = design.evaluation;
    const Accuracy& accuracy = evaluation.accuracy;
    const Quality quality = quality_of(evaluation);
    const double agreement = quality.agreement ? quality.share : accuracy.agreement;
    QString text = tr("Design %1: %2 images, %3 answered as float does, measured %4")
                       .arg(design.id)
                       .arg(quality.samples)
                       .arg(percent(agreement), qt(evaluation.provenance.created_utc));
    if (design.version != 0 && !quality.agreement)
        text += tr("\n%1 points against its own float, which has %2")
                    .arg(signed_number(accuracy.delta_top1 * 100, 2), percent(accuracy.float_top1));
    for (const PassReport& report : evaluation.passes) {
        text += '\n' + pass_name(report.pass) + QStringLiteral(": ") + qt(report.summary);
        if (report.output_sqnr_db_before && report.output_sqnr_db_after)
            text += tr(" (output SQNR %1 dB)")
                        .arg(signed_number(*report.output_sqnr_db_after - *report.output_sqnr_db_before, 1));
    }
    return text;
}

QVariant DesignTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<size_t>(index.row()) >= m_document.designs().size()) return {};
    const Design& design = m_document.designs()[static_cast<size_t>(index.row())];
    const Quality quality = quality_of(design.evaluation);
    const auto values = [&]() -> QVariant {
        switch (index.column()) {
        case Number:
            return qlonglong(design.id);
        case Label:
            return qt(design.label);
        case Top1:
            return quality.share;
        case PlusMinus:
            return quality.ci95.hi - quality.ci95.lo;
        case Delta:
            // What is not known stands behind all others.
            return change_from_opened(m_document, design).value_or(-std::numeric_limits<double>::infinity());
        case Energy:
            return design.cost.energy_j;
        case Latency:
            return design.cost.latency_s;
        case Area:
            // Not a number has no place in an order: behind all others.
            return std::isfinite(design.cost.area_mm2) ? design.cost.area_mm2
                                                       : std::numeric_limits<double>::infinity();
        case Size:
            return design.cost.model_bytes;
        default:
            return {};
        }
    };
    switch (role) {
    case SortRole:
        return values();
    case IdRole:
        return qlonglong(design.id);
    case CurrentRole:
        return design.version == m_document.version().id && design.evaluation.plan == m_document.plan();
    case Qt::FontRole: {
        QFont font;
        font.setBold(&design == m_document.currentDesign());
        return font;
    }
    case Qt::TextAlignmentRole:
        return QVariant(
            (index.column() == Label || index.column() == Network ? Qt::AlignLeft : Qt::AlignRight) |
            Qt::AlignVCenter);
    case Qt::ToolTipRole:
        return index.column() == Network ? networkOf(design) + QChar('\n') + toolTip(design)
                                         : toolTip(design);
    case Qt::DisplayRole:
        break;
    default:
        return {};
    }
    switch (index.column()) {
    case Number:
        return QString::number(design.id);
    case Label:
        return qt(design.label);
    case Network:
        return networkOf(design);
    case Top1:
        return QString::number(quality.share * 100, 'f', 2);
    case PlusMinus:
        return QString::number((quality.ci95.hi - quality.ci95.lo) * 50, 'f', 2);
    case Delta:
        if (const auto change = change_from_opened(m_document, design); change && !quality.agreement)
            return signed_number(*change * 100, 2);
        return k_dash;
    case Energy:
        return QString::number(design.cost.energy_j / m_energy.factor, 'f', m_energy.decimals);
    case Latency:
        return QString::number(design.cost.latency_s / m_latency.factor, 'f', m_latency.decimals);
    case Area:
        return std::isfinite(design.cost.area_mm2)
                   ? QString::number(design.cost.area_mm2, 'f', m_area_decimals)
                   : k_dash;
    case Size:
        return QString::number(design.cost.model_bytes / m_size.factor, 'f', m_size.decimals);
    default:
        return {};
    }
}

QVariant DesignTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    if (role == Qt::TextAlignmentRole)
        return QVariant((section == Label || section == Network ? Qt::AlignLeft : Qt::AlignRight) |
                        Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == PlusMinus) return tr("Half of the 95 % interval, in points");
    if (role == Qt::ToolTipRole && section == Delta)
        return tr("Against float of the network as opened, in points, on the same images");
    if (role == Qt::ToolTipRole && section == Network)
        return tr(
            "Which version was measured: the network as opened, or what training and compression made of it");
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case Number:
        return QStringLiteral("#");
    case Label:
        return tr("Design");
    case Network:
        return tr("Network");
    case Top1:
        return m_agreement ? tr("Agree (%)") : tr("Top-1 (%)");
    case PlusMinus:
        return tr("\u00b1 (pt)");
    case Delta:
        return tr("\u0394 (pt)");
    case Energy:
        return tr("Energy (%1)").arg(m_energy.unit);
    case Latency:
        return tr("Latency (%1)").arg(m_latency.unit);
    case Area:
        return tr("Area (mm\u00b2)");
    case Size:
        return tr("Size (%1)").arg(m_size.unit);
    default:
        return {};
    }
}

} // namespace widthwise::gui
