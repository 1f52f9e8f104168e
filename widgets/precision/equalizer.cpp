#include "widgets/precision/equalizer.h"

#include "widgets/bit_scale.h"
#include "widgets/charts/heat_map.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

constexpr double k_share_height = 14; ///< of the energy bars below the axis

} // namespace

Equalizer::Equalizer(Document& document, QWidget* parent) : QWidget(parent), m_document(document) {
    setObjectName(QStringLiteral("equalizer"));
    setAccessibleName(tr("Bits of every layer"));
    setFocusPolicy(Qt::StrongFocus);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    connect(&m_document, &Document::networkChanged, this, &Equalizer::reset);
    connect(&m_document, &Document::planChanged, this, qOverload<>(&QWidget::update));
    connect(&m_document, &Document::costChanged, this, qOverload<>(&QWidget::update));
    connect(&m_document, &Document::selectionChanged, this, qOverload<>(&QWidget::update));
}

void Equalizer::reset() {
    m_layers.clear();
    m_nodes.clear();
    const Graph& graph = m_document.graph();
    for (const NodeId id : graph.node_ids()) {
        if (!takes_bits(graph, graph.node(id).name, LayerOperand::weights)) continue;
        m_layers += qt(graph.node(id).name);
        m_nodes.push_back(id.position());
    }
    update();
}

QRectF Equalizer::plot() const {
    const QFontMetrics metrics = fontMetrics();
    const double left = 12 + metrics.horizontalAdvance(tr("float"));
    const double top = metrics.height() + 16;
    return {left, top, std::max(10.0, width() - left - 12),
            std::max(10.0, height() - top - k_share_height - 8)};
}

double Equalizer::columnWidth() const {
    // A handful of layers should not become barn doors.
    return m_layers.isEmpty() ? 1 : std::min(56.0, plot().width() / static_cast<double>(m_layers.size()));
}

double Equalizer::heightOf(int bits) const {
    return plot().height() * bar_height(bits);
}

QPoint Equalizer::positionOf(const QString& layer, LayerOperand operand, int bits) const {
    const auto column = static_cast<double>(m_layers.indexOf(layer));
    const double x =
        plot().left() + (column + (operand == LayerOperand::weights ? 0.3 : 0.7)) * columnWidth();
    return {static_cast<int>(x), static_cast<int>(plot().bottom() - heightOf(bits))};
}

std::optional<Equalizer::Bar> Equalizer::barAt(const QPointF& position) const {
    const QRectF area = plot();
    const double column = (position.x() - area.left()) / columnWidth();
    if (column < 0 || column >= static_cast<double>(m_layers.size())) return std::nullopt;
    Bar bar;
    bar.column = static_cast<int>(column);
    bar.operand = column - bar.column < 0.5 ? LayerOperand::weights : LayerOperand::activations;
    bar.bits = bits_at_height((area.bottom() - position.y()) / area.height());
    return bar;
}

void Equalizer::mousePressEvent(QMouseEvent* event) {
    const auto bar = event->button() == Qt::LeftButton ? barAt(event->position()) : std::nullopt;
    if (!bar) return;
    const QString& layer = m_layers[bar->column];
    QStringList selection = m_document.selection();
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        if (!selection.removeOne(layer)) selection += layer;
        m_document.setSelection(selection);
        return;
    }
    if (!selection.contains(layer)) m_document.setSelection({layer});
    m_gesture = Document::newGesture();
    m_dragged = bar;
    drag(event->position());
}

void Equalizer::mouseMoveEvent(QMouseEvent* event) {
    if (m_dragged) drag(event->position());
}

void Equalizer::mouseReleaseEvent(QMouseEvent*) {
    m_dragged.reset();
    m_gesture = 0;
}

void Equalizer::drag(const QPointF& position) {
    QPointF inside = position;
    // The operand stays the one that the drag began with.
    inside.setX(std::clamp(inside.x(), plot().left(),
                           plot().left() + columnWidth() * static_cast<double>(m_layers.size()) - 1));
    const auto bar = barAt(inside);
    if (!bar) return;
    const QStringList& selection = m_document.selection();
    if (selection.size() > 1 && selection.contains(m_layers[m_dragged->column])) {
        m_document.setBits(selection, m_dragged->operand, bar->bits, m_gesture);
        return;
    }
    // A quick hand skips columns; none between is left out.
    const auto [first, last] = std::minmax(m_dragged->column, bar->column);
    m_document.setBits(m_layers.mid(first, last - first + 1), m_dragged->operand, bar->bits, m_gesture);
    m_dragged->column = bar->column;
}

int Equalizer::firstSelectedColumn() const {
    for (const QString& layer : m_document.selection())
        if (const auto column = m_layers.indexOf(layer); column >= 0) return static_cast<int>(column);
    return -1;
}

void Equalizer::keyPressEvent(QKeyEvent* event) {
    const int column = firstSelectedColumn();
    const LayerOperand operand =
        event->modifiers().testFlag(Qt::ShiftModifier) ? LayerOperand::activations : LayerOperand::weights;
    switch (event->key()) {
    case Qt::Key_Up:
    case Qt::Key_Down:
        if (m_gesture == 0) m_gesture = Document::newGesture();
        m_document.stepBits(m_document.selection(), operand, event->key() == Qt::Key_Up ? 1 : -1, m_gesture);
        return;
    case Qt::Key_Left:
    case Qt::Key_Right: {
        m_gesture = 0;
        const int next = column + (event->key() == Qt::Key_Left ? -1 : 1);
        if (next >= 0 && next < m_layers.size()) m_document.setSelection({m_layers[next]});
        return;
    }
    default:
        m_gesture = 0;
        QWidget::keyPressEvent(event);
    }
}

bool Equalizer::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    const auto& help = *static_cast<QHelpEvent*>(event);
    const auto bar = barAt(help.pos());
    if (!bar) {
        QToolTip::hideText();
        return true;
    }
    const QString& layer = m_layers[bar->column];
    const auto format = [&](LayerOperand operand) {
        return qt(format_of(m_document.plan(), layer.toStdString(), operand).to_string());
    };
    QString text = tr("%1\nweights %2, activations %3")
                       .arg(layer, format(LayerOperand::weights), format(LayerOperand::activations));
    if (const auto& cost = m_document.cost(); cost && cost->energy_j > 0)
        text += tr("\n%1 of the energy")
                    .arg(percent(cost->layers[m_nodes[static_cast<size_t>(bar->column)]].energy.total_j() /
                                 cost->energy_j));
    QToolTip::showText(help.globalPos(), text, this);
    return true;
}

void Equalizer::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    if (m_layers.isEmpty()) return;
    const QRectF area = plot();
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.85);
    painter.setFont(small);
    for (const int bits : {2, 4, 8, 16, k_float_bits}) {
        const double y = std::round(area.bottom() - heightOf(bits)) + 0.5;
        painter.setPen(grid_line(palette()));
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        painter.setPen(muted_text(palette()));
        painter.drawText(QRectF(0, y - 10, area.left() - 6, 20), Qt::AlignRight | Qt::AlignVCenter,
                         LayerTableModel::bitsText(bits));
    }
    paintBars(painter);
    paintShares(painter);
    paintLegend(painter);
    if (hasFocus()) {
        painter.setPen(QPen(accent(palette()), 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

void Equalizer::paintBars(QPainter& painter) const {
    const QRectF area = plot();
    const double column = columnWidth(), gap = std::max(1.0, column * 0.12), bar = (column - 2 * gap) / 2;
    const QColor dark = accent(palette());
    QColor light = dark;
    light.setAlphaF(0.40F);
    QColor chosen = dark;
    chosen.setAlphaF(0.14F);
    for (qsizetype i = 0; i < m_layers.size(); ++i) {
        const double left = area.left() + column * static_cast<double>(i);
        if (m_document.selection().contains(m_layers[i]))
            painter.fillRect(QRectF(left, area.top(), column, area.height() + k_share_height + 4), chosen);
        const std::string layer = m_layers[i].toStdString();
        const LayerPrecision& precision = m_document.plan().at(layer);
        const double weights = heightOf(bits_of(m_document.plan(), layer, LayerOperand::weights));
        const double activations = heightOf(bits_of(m_document.plan(), layer, LayerOperand::activations));
        paintBar(painter, QRectF(left + gap, area.bottom() - weights, bar, weights), precision.weights, dark);
        paintBar(painter, QRectF(left + gap + bar, area.bottom() - activations, bar, activations),
                 precision.activations, light);
        const QRectF place(left + gap, area.top(), bar, area.height());
        paintHeat(painter, place, m_layers[i], LayerOperand::weights);
        paintHeat(painter, place.translated(bar, 0), m_layers[i], LayerOperand::activations);
    }
}

void Equalizer::setHeat(const LayerHeat& heat) {
    m_heat = heat;
    update();
}

void Equalizer::paintHeat(QPainter& painter, const QRectF& place, const QString& layer,
                          LayerOperand operand) const {
    const auto found = m_heat.find({layer, operand});
    if (found == m_heat.end()) return;
    constexpr double k_harmless = 0.25, k_widest = 4;
    const double width = std::min(k_widest, std::max(1.0, place.width() * 0.3));
    double below = 0;
    for (const auto& [bits, heat] : found->second) {
        const double height = heightOf(bits);
        if (heat > k_harmless)
            painter.fillRect(QRectF(place.left(), place.bottom() - height, width, height - below),
                             HeatMap::colourOf(heat, palette()));
        below = height;
    }
}

void Equalizer::paintBar(QPainter& painter, const QRectF& bar, const NumberFormat& format,
                         const QColor& colour) const {
    const bool plain = format.type == FormatType::integer || format.type == FormatType::float32;
    if (plain) {
        painter.fillRect(bar, colour);
        return;
    }
    QColor wash = colour;
    wash.setAlphaF(colour.alphaF() * 0.45F);
    painter.fillRect(bar, wash);
    painter.fillRect(bar, QBrush(colour, Qt::BDiagPattern));
    painter.fillRect(QRectF(bar.left(), bar.top(), bar.width(), 2), colour);
    // The type upwards above its bar, or in it where there is no room above, if a bar is wide enough.
    const QFontMetrics metrics(painter.font());
    if (bar.width() < metrics.height() - 3) return;
    const QString label = short_label(format);
    const double length = metrics.horizontalAdvance(label);
    const bool above = bar.top() - 3 - length >= plot().top();
    const double foot = above ? bar.top() - 3 : bar.top() + 5 + length;
    painter.save();
    painter.setPen(palette().color(QPalette::Active, QPalette::WindowText));
    painter.translate(bar.center().x() + metrics.ascent() / 2.0 - 1, foot);
    painter.rotate(-90);
    painter.drawText(QPointF(0, 0), label);
    painter.restore();
}

void Equalizer::paintLegend(QPainter& painter) const {
    const QColor dark = accent(palette());
    QColor light = dark, grey = muted_text(palette());
    light.setAlphaF(0.40F);
    grey.setAlphaF(0.55F);
    QFont bold = font();
    bold.setBold(true);
    painter.setFont(bold);
    painter.setPen(palette().color(QPalette::Active, QPalette::WindowText));
    const double middle = 4 + fontMetrics().height() / 2.0;
    double x = 8;
    const auto write = [&](const QString& text) {
        const QFontMetrics metrics(painter.font());
        painter.drawText(QPointF(x, middle + metrics.ascent() / 2.0 - 1), text);
        x += metrics.horizontalAdvance(text) + 16;
    };
    write(tr("Precision"));
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.9);
    painter.setFont(small);
    painter.setPen(muted_text(palette()));
    std::vector<std::pair<QColor, QString>> keys{
        {dark, tr("weights")}, {light, tr("activations")}, {grey, tr("energy")}};
    if (!m_heat.empty()) keys.emplace_back(HeatMap::colourOf(0.7, palette()), tr("sensitive widths"));
    for (const auto& [colour, text] : keys) {
        painter.fillRect(QRectF(x, middle - 4, 8, 8), colour);
        x += 13;
        write(text);
    }
}

void Equalizer::paintShares(QPainter& painter) const {
    const auto& cost = m_document.cost();
    if (!cost) return;
    const QRectF area = plot();
    double largest = 0;
    for (const size_t node : m_nodes) largest = std::max(largest, cost->layers[node].energy.total_j());
    if (largest <= 0) return;
    QColor colour = muted_text(palette());
    colour.setAlphaF(0.55F);
    const double column = columnWidth(), gap = std::max(1.0, column * 0.12);
    for (size_t i = 0; i < m_nodes.size(); ++i) {
        const double height = cost->layers[m_nodes[i]].energy.total_j() / largest * k_share_height;
        // Hanging from the axis: a mirror image would read as bits.
        painter.fillRect(QRectF(area.left() + column * static_cast<double>(i) + gap, area.bottom() + 3,
                                column - 2 * gap, height),
                         colour);
    }
}

} // namespace widthwise::gui
