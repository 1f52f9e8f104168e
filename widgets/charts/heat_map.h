#pragma once
// Layers down, widths across, weights beside activations: how much each loses, by colour and by number. Knows
// nothing of what the numbers mean.

#include <QAbstractScrollArea>
#include <QStringList>

#include <optional>
#include <vector>

namespace widthwise::gui {

struct HeatCell {
    std::optional<double> heat; ///< 0 (harmless) to 1 (worst); nullopt: nothing to show
    QString text;               ///< the value, short
    QString tip;                ///< the value with its unit and what it belongs to
    bool current = false;       ///< what the present design has
};

struct HeatMapContent {
    struct Group {
        QString title;
        QStringList columns;
    };
    struct Tick {
        double heat = 0;
        QString text;
    };
    QStringList rows;
    std::vector<Group> groups;
    std::vector<std::vector<HeatCell>> cells; ///< by row; the columns of all groups one after the other
    QString legend;                           ///< what the colours say, with its unit
    std::vector<Tick> ticks;                  ///< of the legend
    bool stale = false;                       ///< greyed
};

class HeatMap : public QAbstractScrollArea {
    Q_OBJECT
public:
    explicit HeatMap(QWidget* parent = nullptr);
    void setContent(HeatMapContent content);
    [[nodiscard]] const HeatMapContent& content() const { return m_content; }
    /// Marked rows; the first is brought into view.
    void setSelected(const QStringList& rows);
    /// The cell that the keyboard is at; (-1, -1): none.
    [[nodiscard]] QPoint cursor() const { return {m_column, m_row}; }
    /// The middle of a cell, in the viewport's coordinates.
    [[nodiscard]] QPoint positionOf(int row, int column) const;
    /// Light is harmless on light, dark on dark; worse cells stand out more. `heat` 0..1.
    [[nodiscard]] static QColor colourOf(double heat, const QPalette& palette);

signals:
    /// A click or the arrow keys have come to this cell.
    void chosen(int row, int column);
    /// A double click or Enter: this width is wanted.
    void applied(int row, int column);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    bool viewportEvent(QEvent* event) override;

private:
    /// Where things stand for the present size.
    struct Layout {
        int names = 0, head = 0, row = 0, cell = 0, gap = 0;
    };
    [[nodiscard]] Layout layOut() const;
    [[nodiscard]] int columns() const;
    [[nodiscard]] QRect cellRect(int row, int column) const;
    /// (-1, -1): none is there.
    [[nodiscard]] QPoint cellAt(const QPoint& position) const;
    void moveTo(int row, int column);
    void bringIntoView(int row);
    void refreshScrollBar();
    void paintCell(QPainter& painter, int row, int column) const;
    void paintHead(QPainter& painter) const;

    HeatMapContent m_content;
    QStringList m_selected;
    int m_row = -1, m_column = -1;
};

} // namespace widthwise::gui
