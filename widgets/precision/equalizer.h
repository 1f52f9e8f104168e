#pragma once

#include "widgets/document/document.h"
#include "widgets/precision/layer_heat.h"

#include <QWidget>

#include <optional>

namespace widthwise::gui {

/// The plan as bars, one pair a weighted layer: weights dark, activations light, types other than integers
/// hatched; the layer's share of the energy below; where sensitivities are known, an edge that glows at the
/// widths that do harm. Drag a bar, or across bars; bars of a multiple selection
/// move together. Arrow keys do the same.
class Equalizer : public QWidget {
    Q_OBJECT
public:
    explicit Equalizer(Document& document, QWidget* parent = nullptr);

    /// Empty: none is known.
    void setHeat(const LayerHeat& heat);
    [[nodiscard]] QSize sizeHint() const override { return {600, 150}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {200, 110}; }
    /// Middle of a bar's top at this width; for tests.
    [[nodiscard]] QPoint positionOf(const QString& layer, LayerOperand operand, int bits) const;

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Bar {
        int column = -1;
        LayerOperand operand = LayerOperand::weights;
        int bits = 8;
    };
    void reset();
    [[nodiscard]] QRectF plot() const;
    [[nodiscard]] double columnWidth() const;
    [[nodiscard]] double heightOf(int bits) const;
    [[nodiscard]] std::optional<Bar> barAt(const QPointF& position) const;
    [[nodiscard]] int firstSelectedColumn() const;
    void drag(const QPointF& position);
    void paintBars(QPainter& painter) const;
    void paintBar(QPainter& painter, const QRectF& bar, const NumberFormat& format,
                  const QColor& colour) const;
    /// Along the left edge of a bar's place, whatever its height.
    void paintHeat(QPainter& painter, const QRectF& place, const QString& layer, LayerOperand operand) const;
    void paintShares(QPainter& painter) const;
    void paintLegend(QPainter& painter) const;

    Document& m_document;
    QStringList m_layers;
    std::vector<size_t> m_nodes; ///< their positions in the graph
    quint64 m_gesture = 0;       ///< of the drag or the keys
    std::optional<Bar> m_dragged;
    LayerHeat m_heat;
};

} // namespace widthwise::gui
