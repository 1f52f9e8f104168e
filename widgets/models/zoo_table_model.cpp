#include "widgets/models/zoo_table_model.h"

#include "widgets/number_text.h"

#include <QLocale>

#include <array>

namespace widthwise::gui {

ZooTableModel::ZooTableModel(QObject* parent) : QAbstractTableModel(parent), m_facts(zoo::entries().size()) {
    for (size_t row = 0; row < m_facts.size(); ++row)
        m_lane.submit(tr("Building %1").arg(qt(zoo::entries()[row].name)),
                      [this, row](const WorkControl&) -> JobLane::Deliver {
                          const auto graph = zoo::build(zoo::entries()[row].name, zoo::Weights::zero);
                          if (!graph) return {};
                          return [this, row, facts = network_facts(**graph)] {
                              m_facts[row] = facts;
                              const int at = static_cast<int>(row);
                              emit dataChanged(index(at, 0), index(at, ColumnCount - 1));
                          };
                      });
}

int ZooTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_facts.size());
}

int ZooTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

const zoo::Entry& ZooTableModel::entryAt(int row) {
    return zoo::entries()[static_cast<size_t>(row)];
}

const std::optional<NetworkFacts>& ZooTableModel::factsAt(int row) const {
    return m_facts[static_cast<size_t>(row)];
}

QVariant ZooTableModel::number(int row, int column) const {
    if (column == Top1 || column == Top5) {
        const zoo::Published& published = entryAt(row).published;
        const auto& share = column == Top1 ? published.top1 : published.top5;
        return share ? QVariant(*share) : QVariant();
    }
    const auto& facts = factsAt(row);
    if (!facts) return {};
    const auto positive = [](int64_t value) { return value > 0 ? QVariant(qlonglong(value)) : QVariant(); };
    switch (column) {
    case ConvLayers:
        return positive(facts->convolutions.layers);
    case Channels:
        return positive(facts->convolutions.channels.high);
    case Filters:
        return positive(facts->convolutions.filters.high);
    case ConvWeights:
        return positive(facts->convolutions.weights);
    case ConvMacs:
        return positive(facts->convolutions.macs);
    case FullLayers:
        return positive(facts->fully_connected.layers);
    case FullWeights:
        return positive(facts->fully_connected.weights);
    case FullMacs:
        return positive(facts->fully_connected.macs);
    case Parameters:
        return positive(facts->parameters);
    case Macs:
        return positive(facts->macs);
    case PeakActivations:
        return positive(facts->peak_activations);
    case Input:
        return positive(facts->input.elements());
    default:
        return {};
    }
}

QString ZooTableModel::text(int row, int column) const {
    if (column == Name) return qt(entryAt(row).name);
    const auto& facts = factsAt(row);
    if (!facts && column < Top1) return QStringLiteral("\u2026");
    const auto or_dash = [](const QString& text) { return text.isEmpty() ? k_dash : text; };
    switch (column) {
    case Kernels:
        return or_dash(qt(kernels_text(*facts)).replace('x', QChar(0x00d7)));
    case Channels:
        return or_dash(qt(to_string(facts->convolutions.channels)).replace('-', k_dash));
    case Filters:
        return or_dash(qt(to_string(facts->convolutions.filters)).replace('-', k_dash));
    case Input: {
        QStringList dims;
        for (size_t axis = 1; axis < facts->input.rank(); ++axis) dims += QString::number(facts->input[axis]);
        return dims.join(QStringLiteral("\u200a\u00d7\u200a"));
    }
    default:
        break;
    }
    const QVariant value = number(row, column);
    if (!value.isValid()) return k_dash;
    return column >= Top1 ? QString::number(value.toDouble() * 100, 'f', 1) : count_text(value.toLongLong());
}

QVariant ZooTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const int row = index.row(), column = index.column();
    const zoo::Entry& entry = entryAt(row);
    switch (role) {
    case Qt::DisplayRole:
        return text(row, column);
    case Qt::TextAlignmentRole:
        return QVariant((column == Name || column == Kernels ? Qt::AlignLeft : Qt::AlignRight) |
                        Qt::AlignVCenter);
    case Qt::ToolTipRole: {
        if (column == Name) return qt(entry.description) + '\n' + qt(entry.source);
        if (column >= Top1)
            return entry.published.dataset.empty()
                       ? tr("No comparable accuracy was published")
                       : tr("On %1\n%2").arg(qt(entry.published.dataset), qt(entry.published.source));
        const QVariant value = number(row, column);
        return value.isValid() && column != Input ? QVariant(QLocale::c().toString(value.toLongLong()))
                                                  : QVariant();
    }
    case SortRole: {
        if (column == Name || column == Kernels) return text(row, column);
        const QVariant value = number(row, column);
        return value.isValid() ? value.toDouble() : -1.0;
    }
    default:
        return {};
    }
}

QVariant ZooTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return QAbstractTableModel::headerData(section, orientation, role);
    static const std::array<std::pair<QString, QString>, ColumnCount> titles{
        {{tr("Network"), tr("Architectures, untrained")},
         {tr("Input"), tr("Of one image: channels, height, width")},
         {tr("Conv"), tr("Convolutional layers")},
         {tr("Kernels"), tr("Sizes of the convolutions' kernels")},
         {tr("Channels"), tr("Input channels that one filter reads")},
         {tr("Filters"), tr("Output channels")},
         {tr("Conv weights"), tr("Weights of all convolutions")},
         {tr("Conv MACs"), tr("Multiply-accumulates of all convolutions, one image")},
         {tr("FC"), tr("Fully connected layers")},
         {tr("FC weights"), tr("Weights of all fully connected layers")},
         {tr("FC MACs"), tr("Multiply-accumulates of all fully connected layers, one image")},
         {tr("Params"), tr("All that training adjusts: weights, biases, scales and shifts")},
         {tr("MACs"), tr("Of all layers, one image")},
         {tr("Peak act. (B at 8 bits)"), tr("Most activations alive at once, a byte each")},
         {tr("Top-1 (%)"), tr("As published for a trained network of this architecture")},
         {tr("Top-5 (%)"), tr("As published for a trained network of this architecture")}}};
    if (role == Qt::TextAlignmentRole)
        return QVariant((section == Name || section == Kernels ? Qt::AlignLeft : Qt::AlignRight) |
                        Qt::AlignVCenter);
    if (role == Qt::DisplayRole) return titles[static_cast<size_t>(section)].first;
    return role == Qt::ToolTipRole ? QVariant(titles[static_cast<size_t>(section)].second) : QVariant();
}

} // namespace widthwise::gui
