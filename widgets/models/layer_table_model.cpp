#include "widgets/models/layer_table_model.h"

#include "core/graph/layer_work.h"
#include "widgets/number_text.h"

#include <QLocale>

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

LayerTableModel::LayerTableModel(Document& document, WeightAnalysis& analysis, QObject* parent)
    : QAbstractTableModel(parent), m_document(document), m_analysis(analysis) {
    connect(&m_document, &Document::opened, this, &LayerTableModel::reset);
    connect(&m_document, &Document::planChanged, this, [this] { columnsChanged(WeightBits, Sqnr); });
    connect(&m_document, &Document::costChanged, this, [this] {
        rescaleUnits();
        columnsChanged(Energy, Latency);
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

std::optional<Operand> LayerTableModel::operandOf(int column) {
    if (column == WeightBits) return Operand::weights;
    if (column == ActivationBits) return Operand::activations;
    return std::nullopt;
}

QString LayerTableModel::bitsText(int bits) {
    return bits == k_float_bits ? tr("float") : QString::number(bits);
}

const LayerCost* LayerTableModel::costOf(int row) const {
    const auto& cost = m_document.cost();
    const auto at = static_cast<size_t>(row);
    return cost && at < cost->layers.size() ? &cost->layers[at] : nullptr;
}

QVariant LayerTableModel::number(int at, int column) const {
    const Row& row = m_rows[static_cast<size_t>(at)];
    const std::string layer = row.name.toStdString();
    switch (column) {
    case Parameters:
        return row.parameters > 0 ? QVariant(qlonglong(row.parameters)) : QVariant();
    case Macs:
        return row.macs > 0 ? QVariant(qlonglong(row.macs)) : QVariant();
    case WeightBits:
        return row.weights ? QVariant(bits_of(m_document.plan(), layer, Operand::weights)) : QVariant();
    case ActivationBits:
        return row.activations ? QVariant(bits_of(m_document.plan(), layer, Operand::activations))
                               : QVariant();
    case Sqnr:
        if (row.weights)
            if (const auto sqnr = m_analysis.sqnr_db(layer)) return *sqnr;
        return {};
    case Energy:
        if (const LayerCost* cost = costOf(at); cost && cost->energy.total_j() > 0)
            return cost->energy.total_j();
        return {};
    case Latency:
        if (const LayerCost* cost = costOf(at); cost && cost->latency_s > 0) return cost->latency_s;
        return {};
    default:
        return {};
    }
}

QString LayerTableModel::text(int at, int column) const {
    const Row& row = m_rows[static_cast<size_t>(at)];
    switch (column) {
    case Name:
        return row.name;
    case Kind:
        return row.kind;
    case ShapeColumn:
        return row.shape;
    default:
        break;
    }
    const QVariant value = number(at, column);
    if (!value.isValid()) return k_dash;
    switch (column) {
    case Parameters:
    case Macs:
        return count_text(value.toLongLong());
    case WeightBits:
    case ActivationBits:
        return bitsText(value.toInt());
    case Sqnr:
        return std::isinf(value.toDouble()) ? QStringLiteral("\u221e")
                                            : QString::number(value.toDouble(), 'f', 1);
    case Energy:
        return QString::number(value.toDouble() / m_energy_factor, 'f', 2);
    case Latency:
        return QString::number(value.toDouble() / m_latency_factor, 'f', 2);
    default:
        return {};
    }
}

QVariant LayerTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const Row& row = m_rows[static_cast<size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        return text(index.row(), index.column());
    case Qt::EditRole:
        return number(index.row(), index.column());
    case Qt::TextAlignmentRole:
        return QVariant((index.column() <= Kind ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case Qt::ToolTipRole:
        if (index.column() == Name) return row.name;
        if (index.column() == ShapeColumn) return row.full_shape;
        if (index.column() == Parameters)
            return row.parameters > 0 ? QVariant(QLocale::c().toString(qlonglong(row.parameters)))
                                      : QVariant();
        if (index.column() == Macs)
            return row.macs > 0 ? QVariant(QLocale::c().toString(qlonglong(row.macs))) : QVariant();
        return {};
    case SortRole: {
        const QVariant value = number(index.row(), index.column());
        if (value.isValid()) return value.toDouble();
        return index.column() <= ShapeColumn ? QVariant(text(index.row(), index.column())) : QVariant(-1.0);
    }
    case BarRole: {
        const QVariant value = number(index.row(), index.column());
        if (!value.isValid()) return {};
        if (operandOf(index.column())) return std::min(1.0, value.toDouble() / k_max_bits);
        if (index.column() == Energy && m_largest_energy > 0)
            return std::min(1.0, value.toDouble() / m_largest_energy);
        if (index.column() == Latency && m_largest_latency > 0)
            return std::min(1.0, value.toDouble() / m_largest_latency);
        return {};
    }
    case TakesPrecisionRole:
        return row.weights || row.activations;
    default:
        return {};
    }
}

QVariant LayerTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    if (role == Qt::TextAlignmentRole)
        return QVariant((section <= Kind ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    const auto choose = [role](const QString& title, const QString& explanation) -> QVariant {
        if (role == Qt::DisplayRole) return title;
        return role == Qt::ToolTipRole ? QVariant(explanation) : QVariant();
    };
    switch (section) {
    case Name:
        return choose(tr("Layer"), tr("The node's name in the network"));
    case Kind:
        return choose(tr("Op"), tr("The ONNX operator"));
    case ShapeColumn:
        return choose(tr("Output"), tr("Shape of the output for one image"));
    case Parameters:
        return choose(tr("Params"), tr("Learned numbers"));
    case Macs:
        return choose(tr("MACs"), tr("Multiply-accumulates per image"));
    case WeightBits:
        return choose(tr("W"), tr("Bits of the weights: type 2 to 8, or F for float"));
    case ActivationBits:
        return choose(tr("A"),
                      tr("Bits of the activations that the layer reads: type 2 to 8, or F for float"));
    case Sqnr:
        return choose(tr("SQNR (dB)"), tr("Signal to quantization noise of the weights"));
    case Energy:
        return choose(tr("Energy (%1)").arg(m_energy_unit), tr("Modelled energy per image"));
    case Latency:
        return choose(tr("Latency (%1)").arg(m_latency_unit), tr("Modelled latency per image"));
    default:
        return {};
    }
}

Qt::ItemFlags LayerTableModel::flags(const QModelIndex& index) const {
    Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    if (const auto operand = operandOf(index.column()); operand && index.row() < rowCount()) {
        const Row& row = m_rows[static_cast<size_t>(index.row())];
        if (*operand == Operand::weights ? row.weights : row.activations) flags |= Qt::ItemIsEditable;
    }
    return flags;
}

} // namespace widthwise::gui
