#pragma once

#include <QGraphicsItem>

namespace widthwise::gui {

class DesignSpacePlot;

/// Draws the designs over the chart: dominated ones as dots, the front as joined circles, the baseline as an
/// open circle, the current one as a diamond, candidates of searches as small dots below; error bars, labels
/// where there is room, and the legend.
class DesignMarks : public QGraphicsItem {
public:
    DesignMarks(const DesignSpacePlot& plot, QGraphicsItem* chart);
    [[nodiscard]] QRectF boundingRect() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;
    void changed();

private:
    void paintCandidates(QPainter& painter) const;
    void paintLegend(QPainter& painter) const;
    void paintLabels(QPainter& painter) const;
    const DesignSpacePlot& m_plot;
};

} // namespace widthwise::gui
