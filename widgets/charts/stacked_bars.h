#pragma once
// Bars of parts, one a layer, as plain values.

#include "widgets/charts/layer_chart.h"

#include <QColor>
#include <QString>

#include <memory>
#include <vector>

namespace widthwise::gui {

struct BarSeries {
    QString name;
    QColor colour;
};
struct StackedBar {
    QString label;
    std::vector<double> parts; ///< one a series, from the bottom up; SI, >= 0
    QString tip;
    [[nodiscard]] double total() const;
};
struct StackedBars {
    QString title; ///< of the axis, "Energy (%1)": %1 is the unit with its prefix
    QString unit;  ///< "J"
    std::vector<BarSeries> series;
    std::vector<StackedBar> bars;
    bool stale = false; ///< greyed
};

/// Stacked bars side by side. A click or the arrow keys choose a bar; names thin out where there is no room
/// and are in the tooltips.
class StackedBarsView : public LayerChart {
    Q_OBJECT
public:
    explicit StackedBarsView(QWidget* parent = nullptr);
    ~StackedBarsView() override;
    void show(StackedBars bars);
    [[nodiscard]] const StackedBars& bars() const;

protected:
    void paintMarks(QPainter& painter) const override;
    [[nodiscard]] QStringList labels() const override;
    /// The middle of the bar's foot.
    [[nodiscard]] std::optional<QPointF> placeOf(const QString& label) const override;
    [[nodiscard]] QString labelAt(const QPointF& position) const override;
    [[nodiscard]] QString tipOf(const QString& label) const override;
    void refresh() override;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace widthwise::gui
