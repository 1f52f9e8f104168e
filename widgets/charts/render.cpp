#include "widgets/charts/render.h"

#include "widgets/charts/design_space_plot.h"

#include <QGraphicsLayout>
#include <QGraphicsScene>
#include <QPainter>

namespace widthwise::gui {

void render_design_space(QPainter& painter, const QSizeF& size, const DesignSpace& space,
                         const QPalette& palette) {
    QGraphicsScene scene;
    DesignSpacePlot plot;
    scene.addItem(plot.chart());
    plot.chart()->resize(size);
    plot.show(space, palette);
    // Charts lay themselves out when their layout is activated, which without an event loop nobody does.
    plot.chart()->layout()->activate();
    scene.setSceneRect(QRectF(QPointF(), size));
    scene.render(&painter, QRectF(QPointF(), size), scene.sceneRect());
    scene.removeItem(plot.chart());
}

} // namespace widthwise::gui
