#include "widgets/charts/heat_map.h"

#include "widgets/theme.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>

#include <algorithm>
#include <array>
#include <cmath>

namespace widthwise::gui {
namespace {

constexpr int k_space = 8;

/// WCAG 2's relative luminance.
double luminance(const QColor& colour) {
    const auto linear = [](double c) {
        return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) +
           0.0722 * linear(colour.blueF());
}

QColor mixed(const QColor& a, const QColor& b, double share) {
    const auto mix = [&](int x, int y) { return static_cast<int>(std::lround(x + (y - x) * share)); };
    return {mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue())};
}

QFont small_font(const QWidget& widget) {
    QFont font = widget.font();
    font.setPointSizeF(font.pointSizeF() * 0.9);
    return font;
}

} // namespace

QColor HeatMap::colourOf(double heat, const QPalette& palette) {
    // From the background over Okabe and Ito's yellow-orange to their vermillion: lightness runs one way, so
    // that it reads without colours too.
    const bool dark = is_dark(palette);
    const QColor base = palette.color(QPalette::Base);
    const std::array<QColor, 4> stops =
        dark ? std::array<QColor, 4>{mixed(base, okabe_ito::blue, 0.25),
                                     mixed(base, okabe_ito::vermillion, 0.6), okabe_ito::orange,
                                     okabe_ito::yellow}
             : std::array<QColor, 4>{mixed(base, okabe_ito::sky, 0.12), mixed(base, okabe_ito::orange, 0.45),
                                     okabe_ito::vermillion, okabe_ito::vermillion.darker(190)};
    const double at = std::clamp(heat, 0.0, 1.0) * 3;
    const auto below = std::min<size_t>(2, static_cast<size_t>(at));
    return mixed(stops[below], stops[below + 1], at - static_cast<double>(below));
}

HeatMap::HeatMap(QWidget* parent) : QAbstractScrollArea(parent) {
    setObjectName(QStringLiteral("heatMap"));
    setAccessibleName(tr("Sensitivity by layer and width"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setBackgroundRole(QPalette::Base);
    viewport()->setMouseTracking(true);
    setMinimumHeight(140);
}

void HeatMap::setContent(HeatMapContent content) {
    const bool same = content.rows == m_content.rows;
    m_content = std::move(content);
    if (!same || m_column >= columns()) m_row = m_column = -1;
    refreshScrollBar();
    viewport()->update();
}

void HeatMap::setSelected(const QStringList& rows) {
    if (rows == m_selected) return;
    m_selected = rows;
    if (!rows.isEmpty()) bringIntoView(static_cast<int>(m_content.rows.indexOf(rows.first())));
    viewport()->update();
}

int HeatMap::columns() const {
    int count = 0;
    for (const auto& group : m_content.groups) count += static_cast<int>(group.columns.size());
    return count;
}

HeatMap::Layout HeatMap::layOut() const {
    const QFontMetrics metrics(small_font(*this));
    Layout layout;
    layout.row = metrics.height() + 6;
    layout.head = 2 * metrics.height() + k_space;
    layout.gap = 2 * k_space;
    int widest = 0;
    for (const QString& row : m_content.rows) widest = std::max(widest, metrics.horizontalAdvance(row));
    const int width = viewport()->width();
    layout.names = std::min(widest + 2 * k_space, std::max(width / 3, 80));
    const int gaps = layout.gap * std::max(0, static_cast<int>(m_content.groups.size()) - 1);
    const int free = width - layout.names - gaps - k_space;
    layout.cell = std::clamp(free / std::max(1, columns()), 24, 120);
    return layout;
}

QRect HeatMap::cellRect(int row, int column) const {
    const Layout layout = layOut();
    int x = layout.names, left = column;
    for (const auto& group : m_content.groups) {
        const int count = static_cast<int>(group.columns.size());
        if (left < count) break;
        left -= count;
        x += count * layout.cell + layout.gap;
    }
    const int y = layout.head + row * layout.row - verticalScrollBar()->value();
    return {x + left * layout.cell, y, layout.cell - 1, layout.row - 1};
}

QPoint HeatMap::positionOf(int row, int column) const {
    return cellRect(row, column).center();
}

QPoint HeatMap::cellAt(const QPoint& position) const {
    const Layout layout = layOut();
    if (position.y() < layout.head || position.y() >= viewport()->height()) return {-1, -1};
    const int row = (position.y() - layout.head + verticalScrollBar()->value()) / layout.row;
    if (row >= m_content.rows.size()) return {-1, -1};
    for (int column = 0; column < columns(); ++column)
        if (cellRect(row, column).adjusted(0, 0, 1, 1).contains(position)) return {column, row};
    return {-1, -1};
}

void HeatMap::refreshScrollBar() {
    const Layout layout = layOut();
    const int room = viewport()->height() - layout.head;
    const int needed = static_cast<int>(m_content.rows.size()) * layout.row;
    verticalScrollBar()->setRange(0, std::max(0, needed - room));
    verticalScrollBar()->setPageStep(std::max(layout.row, room));
    verticalScrollBar()->setSingleStep(layout.row);
}

void HeatMap::bringIntoView(int row) {
    if (row < 0) return;
    const Layout layout = layOut();
    const int top = row * layout.row, room = viewport()->height() - layout.head;
    const int at = verticalScrollBar()->value();
    if (top < at) verticalScrollBar()->setValue(top);
    if (top + layout.row > at + room) verticalScrollBar()->setValue(top + layout.row - room);
}

void HeatMap::moveTo(int row, int column) {
    m_row = row;
    m_column = column;
    bringIntoView(row);
    const HeatCell& cell = m_content.cells[static_cast<size_t>(row)][static_cast<size_t>(column)];
    setAccessibleDescription(cell.tip);
    viewport()->update();
    emit chosen(row, column);
}

void HeatMap::paintEvent(QPaintEvent*) {
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), palette().color(QPalette::Base));
    if (m_content.rows.isEmpty()) return;
    painter.setFont(small_font(*this));
    const Layout layout = layOut();
    const int bottom = viewport()->height();
    painter.save();
    painter.setClipRect(0, layout.head, viewport()->width(), bottom - layout.head);
    for (int row = 0; row < m_content.rows.size(); ++row) {
        const QRect first = cellRect(row, 0);
        if (first.bottom() < layout.head || first.top() > bottom) continue;
        const QString& name = m_content.rows[row];
        const QRect label(0, first.top(), layout.names - k_space, first.height());
        const bool selected = m_selected.contains(name);
        if (selected) {
            QColor band = accent(palette());
            band.setAlpha(60);
            painter.fillRect(QRect(0, first.top(), viewport()->width(), first.height()), band);
        }
        painter.setPen(
            palette().color(m_content.stale ? QPalette::Disabled : QPalette::Active, QPalette::Text));
        painter.drawText(label.adjusted(k_space / 2, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(name, Qt::ElideMiddle, label.width()));
        for (int column = 0; column < columns(); ++column) paintCell(painter, row, column);
    }
    painter.restore();
    paintHead(painter);
}

void HeatMap::paintCell(QPainter& painter, int row, int column) const {
    const HeatCell& cell = m_content.cells[static_cast<size_t>(row)][static_cast<size_t>(column)];
    const QRect rect = cellRect(row, column);
    if (cell.heat) {
        QColor fill = colourOf(*cell.heat, palette());
        if (m_content.stale) fill = mixed(fill, palette().color(QPalette::Base), 0.6);
        painter.fillRect(rect, fill);
        painter.setPen(luminance(fill) > 0.18 ? Qt::black : Qt::white); // the better contrast of the two
        if (painter.fontMetrics().horizontalAdvance(cell.text) <= rect.width() - 2)
            painter.drawText(rect, Qt::AlignCenter, cell.text);
    } else {
        painter.setPen(grid_line(palette()));
        painter.drawLine(rect.center() - QPoint(3, 0), rect.center() + QPoint(3, 0));
    }
    if (cell.current) {
        painter.setPen(QPen(palette().color(QPalette::Text), 1.5));
        painter.drawRect(rect.adjusted(1, 1, -2, -2));
    }
    if (row == m_row && column == m_column && hasFocus()) {
        painter.setPen(QPen(accent(palette()), 2.5));
        painter.drawRect(rect.adjusted(1, 1, -1, -1));
    }
}

void HeatMap::paintHead(QPainter& painter) const {
    const Layout layout = layOut();
    const int line = painter.fontMetrics().height();
    int column = 0;
    for (const auto& group : m_content.groups) {
        const int count = static_cast<int>(group.columns.size());
        if (count == 0) continue;
        const QRect first = cellRect(0, column), last = cellRect(0, column + count - 1);
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(QRect(first.left(), 2, last.right() - first.left(), line),
                         Qt::AlignLeft | Qt::AlignVCenter, group.title);
        painter.setPen(muted_text(palette()));
        for (int i = 0; i < count; ++i)
            painter.drawText(QRect(cellRect(0, column + i).left(), 2 + line, layout.cell, line),
                             Qt::AlignCenter, group.columns[i]);
        column += count;
    }
}

void HeatMap::resizeEvent(QResizeEvent* event) {
    QAbstractScrollArea::resizeEvent(event);
    refreshScrollBar();
}

void HeatMap::changeEvent(QEvent* event) {
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
        refreshScrollBar();
        viewport()->update();
    }
}

void HeatMap::keyPressEvent(QKeyEvent* event) {
    const int rows = static_cast<int>(m_content.rows.size());
    if (rows == 0 || columns() == 0) return QAbstractScrollArea::keyPressEvent(event);
    int row = m_row, column = m_column;
    switch (event->key()) {
    case Qt::Key_Left:
        --column;
        break;
    case Qt::Key_Right:
        ++column;
        break;
    case Qt::Key_Up:
        --row;
        break;
    case Qt::Key_Down:
        ++row;
        break;
    case Qt::Key_Home:
        row = 0;
        break;
    case Qt::Key_End:
        row = rows - 1;
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (m_row >= 0) emit applied(m_row, m_column);
        return;
    default:
        return QAbstractScrollArea::keyPressEvent(event);
    }
    if (m_row < 0) { // the first key comes to what is selected
        row = m_selected.isEmpty() ? 0 : static_cast<int>(m_content.rows.indexOf(m_selected.first()));
        column = 0;
    }
    moveTo(std::clamp(row, 0, rows - 1), std::clamp(column, 0, columns() - 1));
}

void HeatMap::mousePressEvent(QMouseEvent* event) {
    const QPoint cell = cellAt(event->pos());
    if (cell.x() >= 0 && event->button() == Qt::LeftButton) moveTo(cell.y(), cell.x());
}

void HeatMap::mouseDoubleClickEvent(QMouseEvent* event) {
    const QPoint cell = cellAt(event->pos());
    if (cell.x() >= 0 && event->button() == Qt::LeftButton) emit applied(cell.y(), cell.x());
}

bool HeatMap::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::MouseMove || event->type() == QEvent::ToolTip) {
        const auto* help = event->type() == QEvent::ToolTip ? static_cast<QHelpEvent*>(event) : nullptr;
        const auto* mouse = help ? nullptr : static_cast<QMouseEvent*>(event);
        const QPoint cell = cellAt(help ? help->pos() : mouse->pos());
        viewport()->setCursor(cell.x() < 0 ? Qt::ArrowCursor : Qt::PointingHandCursor);
        const QPoint at = help ? help->globalPos() : mouse->globalPosition().toPoint();
        if (cell.x() < 0)
            QToolTip::hideText();
        else
            QToolTip::showText(
                at, m_content.cells[static_cast<size_t>(cell.y())][static_cast<size_t>(cell.x())].tip,
                viewport());
        if (help) return true;
    }
    return QAbstractScrollArea::viewportEvent(event);
}

} // namespace widthwise::gui
