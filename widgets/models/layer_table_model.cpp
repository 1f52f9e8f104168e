#include "widgets/models/layer_table_model.h"

#include "core/graph/layer_work.h"
#include "widgets/bit_scale.h"
#include "widgets/models/layer_columns.h"
#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QApplication>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

/// "16 × 32 × 32": without the batch, which is free.
QString shape_text(const Value& value) {
    if (!value.shape_known) return QStringLiteral("?");
    QStringList dims;
    for (size_t axis = std::min<size_t>(1, value.shape.rank()); axis < value.shape.rank(); ++axis)
        dims += QString::number(value.shape[axis]);
    return dims.join(QStringLiteral("\u200a\u00d7\u200a"));
}

} // namespace

LayerTableModel::LayerTableModel(Document& document, WeightAnalysis& analysis, Diagnostics& diagnostics,
                                 QObject* parent)
    : QAbstractTableModel(parent), m_document(document), m_analysis(analysis), m_diagnostics(diagnostics) {
    connect(&m_document, &Document::networkChanged, this, &LayerTableModel::reset);
    connect(&m_document, &Document::planChanged, this,
            [this] { columnsChanged(WeightBits, ExecutionColumn); });
    for (const auto signal : {&Document::designAdded, &Document::designsReset})
        connect(&m_document, signal, this, [this] { columnsChanged(AccumulatorNeeded, ExecutionColumn); });
    connect(&m_diagnostics, &Diagnostics::changed, this,
            [this] { columnsChanged(OutputSqnr, AccumulatorSeen); });
    connect(&m_document, &Document::costChanged, this, [this] {
        rescaleUnits();
        columnsChanged(Energy, Latency);
        columnsChanged(WeightBits, ActivationBits);
    });
    connect(&m_analysis, &WeightAnalysis::sqnrChanged, this, [this] { columnsChanged(Sqnr, Sqnr); });
    reset();
}

void LayerTableModel::reset() {
    beginResetModel();
    m_rows.clear();
    if (m_document.hasNetwork()) {
        const Graph& graph = m_document.graph();
        for (const NodeId id : graph.node_ids()) {
            const Node& node = graph.node(id);
            Row row;
            row.name = qt(node.name);
            row.kind = qt(node.op_type);
            if (!node.outputs.empty()) {
                row.shape = shape_text(graph.value(node.output()));
                row.full_shape = qt(graph.value(node.output()).shape.to_string());
            }
            row.parameters = node_parameters(graph, id);
            row.macs = node_macs(graph, id);
            row.weights = is_weighted(graph, id);
            row.activations = reads_activations(graph, id);
            m_rows.push_back(std::move(row));
        }
    }
    rescaleUnits();
    endResetModel();
}

void LayerTableModel::columnsChanged(int first, int last) {
    if (!m_rows.empty()) emit dataChanged(index(0, first), index(static_cast<int>(m_rows.size()) - 1, last));
}

void LayerTableModel::rescaleUnits() {
    double energy = 0, latency = 0;
    // The baseline's largest layer sets the unit, so that it does not jump while bits are dragged.
    const auto& cost = m_document.baselineCost() ? m_document.baselineCost() : m_document.cost();
    if (cost)
        for (const LayerCost& layer : cost->layers) {
            energy = std::max(energy, layer.energy.total_j());
            latency = std::max(latency, layer.latency_s);
        }
    const ScaledUnit energy_unit = scaled_unit(energy, QStringLiteral("J"));
    const ScaledUnit latency_unit = scaled_unit(latency, QStringLiteral("s"));
    m_largest_energy = energy;
    m_largest_latency = latency;
    m_energy_factor = energy_unit.factor;
    m_latency_factor = latency_unit.factor;
    if (energy_unit.text != m_energy_unit || latency_unit.text != m_latency_unit) {
        m_energy_unit = energy_unit.text;
        m_latency_unit = latency_unit.text;
        emit headerDataChanged(Qt::Horizontal, Energy, Latency);
    }
}

int LayerTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int LayerTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QString LayerTableModel::layerAt(int row) const {
    return m_rows[static_cast<size_t>(row)].name;
}

int LayerTableModel::rowOf(const QString& layer) const {
    const auto found = std::ranges::find(m_rows, layer, &Row::name);
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

std::optional<LayerOperand> LayerTableModel::operandOf(int column) {
    if (column == WeightBits) return LayerOperand::weights;
    if (column == ActivationBits) return LayerOperand::activations;
    return std::nullopt;
}

bool LayerTableModel::isOptional(int column) {
    return column != Name && !operandOf(column);
}

bool LayerTableModel::isShownAtFirst(int column) {
    return (column <= OutputSqnr && column != Parameters) || column >= Energy;
}

QString LayerTableModel::columnTitle(int column) {
    const QString title = layer_column_text(column).title;
    return title.left(title.indexOf(QLatin1String(" (%1"))).trimmed();
}

QString LayerTableModel::bitsText(int bits) {
    return bits == k_float_bits ? tr("float") : QString::number(bits);
}

const LayerCost* LayerTableModel::costOf(int row) const {
    const auto& cost = m_document.cost();
    const auto at = static_cast<size_t>(row);
    return cost && !m_document.costProblem() && at < cost->layers.size() ? &cost->layers[at] : nullptr;
}

QVariant LayerTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const Row& row = m_rows[static_cast<size_t>(index.row())];
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole:
        return text(index.row(), column);
    case Qt::EditRole:
        return number(index.row(), column);
    case Qt::TextAlignmentRole:
        return QVariant((column <= Kind || column == ExecutionColumn ? Qt::AlignLeft : Qt::AlignRight) |
                        Qt::AlignVCenter);
    case Qt::ForegroundRole:
        if ((m_diagnostics.stale() && column >= OutputSqnr && column <= InputClipped) ||
            (m_document.costStale() && (column == Energy || column == Latency)))
            return muted_text(QApplication::palette());
        return {};
    case Qt::ToolTipRole:
        return toolTip(index.row(), column);
    case SortRole: {
        if (column <= ShapeColumn || column == ExecutionColumn) return text(index.row(), column);
        const QVariant value = number(index.row(), column);
        return value.isValid() ? value.toDouble() : -std::numeric_limits<double>::infinity();
    }
    case BarRole: {
        const QVariant value = number(index.row(), column);
        if (!value.isValid()) return {};
        if (operandOf(column)) return bar_height(value.toInt());
        if (column == Energy && m_largest_energy > 0)
            return std::min(1.0, value.toDouble() / m_largest_energy);
        if (column == Latency && m_largest_latency > 0)
            return std::min(1.0, value.toDouble() / m_largest_latency);
        return {};
    }
    case TakesPrecisionRole:
        return row.weights || row.activations;
    case FallbackRole: {
        const LayerCost* cost = operandOf(column) ? costOf(index.row()) : nullptr;
        if (!cost || cost->fallback.empty()) return false;
        // The operand that the target widens or converts; both where the widths do not tell.
        const bool weights = cost->run_weight_bits != cost->weight_bits;
        const bool activations = cost->run_activation_bits != cost->activation_bits;
        if (!weights && !activations) return true;
        return column == WeightBits ? weights : activations;
    }
    default:
        return {};
    }
}

QVariant LayerTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    switch (role) {
    case Qt::TextAlignmentRole:
        return QVariant((section <= Kind || section == ExecutionColumn ? Qt::AlignLeft : Qt::AlignRight) |
                        Qt::AlignVCenter);
    case Qt::DisplayRole: {
        const QString title = layer_column_text(section).title;
        if (section == Energy) return title.arg(m_energy_unit);
        return section == Latency ? title.arg(m_latency_unit) : title;
    }
    case Qt::ToolTipRole:
        return layer_column_text(section).explanation;
    default:
        return {};
    }
}

Qt::ItemFlags LayerTableModel::flags(const QModelIndex& index) const {
    Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    if (const auto operand = operandOf(index.column()); operand && index.row() < rowCount()) {
        const Row& row = m_rows[static_cast<size_t>(index.row())];
        if (*operand == LayerOperand::weights ? row.weights : row.activations) flags |= Qt::ItemIsEditable;
    }
    return flags;
}

} // namespace widthwise::gui
