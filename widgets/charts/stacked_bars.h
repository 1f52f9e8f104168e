#pragma once
// Bars of parts, one a layer, as plain values.

#include <QColor>
#include <QString>
#include <QStringList>
#include <QWidget>

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
class StackedBarsView : public QWidget {
    Q_OBJECT
public:
    explicit StackedBarsView(QWidget* parent = nullptr);
    ~StackedBarsView() override;
    void show(StackedBars bars);
    void setSelected(const QStringList& labels);
    [[nodiscard]] const StackedBars& bars() const;
    /// The middle of a bar's foot in this widget's coordinates; (-1, -1) for an unknown label.
    [[nodiscard]] QPoint positionOf(const QString& label) const;

signals:
    void chosen(const QString& label);

protected:
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void refresh();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace widthwise::gui
