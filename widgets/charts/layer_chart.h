#pragma once
// What charts of layers share: a legend above the chart, marks painted over it, and a layer chosen by a click
// or the arrow keys.

#include <QStringList>
#include <QWidget>

#include <optional>

class QChart;
class QChartView;
class QLabel;

namespace widthwise::gui {

class PaintedItem;

class LayerChart : public QWidget {
    Q_OBJECT
public:
    void setSelected(const QStringList& labels);
    /// In this widget's coordinates; (-1, -1) for an unknown label.
    [[nodiscard]] QPoint positionOf(const QString& label) const;

signals:
    void chosen(const QString& label);

protected:
    explicit LayerChart(QWidget* parent);

    /// Once, by the constructor: the chart is taken over.
    void setChart(QChart* chart);
    /// By the destructor, before what the marks are painted with goes.
    void closeChart();
    [[nodiscard]] const QStringList& selected() const { return m_selected; }
    void setLegend(const QString& rich_text);
    void repaintMarks();

    /// Positions are the chart's.
    virtual void paintMarks(QPainter& painter) const = 0;
    /// In the order in which the arrow keys walk.
    [[nodiscard]] virtual QStringList labels() const = 0;
    /// nullopt: no such label.
    [[nodiscard]] virtual std::optional<QPointF> placeOf(const QString& label) const = 0;
    /// Empty: none is there.
    [[nodiscard]] virtual QString labelAt(const QPointF& position) const = 0;
    [[nodiscard]] virtual QString tipOf(const QString& label) const = 0;
    /// The content or the palette is another.
    virtual void refresh() = 0;

    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QStringList m_selected;
    QChart* m_chart = nullptr;
    QChartView* m_view = nullptr;
    QLabel* m_legend = nullptr;
    PaintedItem* m_marks = nullptr;
};

} // namespace widthwise::gui
