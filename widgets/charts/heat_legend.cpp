#include "widgets/charts/heat_legend.h"

#include "widgets/theme.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

constexpr int k_bar = 8, k_tick = 3;

} // namespace

HeatLegend::HeatLegend(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("heatLegend"));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.9);
    setFont(small);
}

void HeatLegend::setContent(const QString& words, std::vector<HeatMapContent::Tick> ticks) {
    m_words = words;
    m_ticks = std::move(ticks);
    setToolTip(words);
    setAccessibleName(words);
    updateGeometry();
    update();
}

QSize HeatLegend::sizeHint() const {
    return {std::max(240, fontMetrics().horizontalAdvance(m_words) + 2), minimumSizeHint().height()};
}

QSize HeatLegend::minimumSizeHint() const {
    return {120, 2 * fontMetrics().height() + k_bar + k_tick};
}

void HeatLegend::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QFontMetrics metrics = painter.fontMetrics();
    painter.setPen(muted_text(palette()));
    painter.drawText(QRect(0, 0, width(), metrics.height()), Qt::AlignLeft | Qt::AlignVCenter,
                     metrics.elidedText(m_words, Qt::ElideRight, width()));
    const int top = metrics.height(), last = std::max(1, width() - 1);
    for (int x = 0; x <= last; ++x)
        painter.fillRect(x, top, 1, k_bar, HeatMap::colourOf(static_cast<double>(x) / last, palette()));
    for (const HeatMapContent::Tick& tick : m_ticks) {
        const int x = static_cast<int>(std::lround(tick.heat * last));
        painter.drawLine(x, top + k_bar, x, top + k_bar + k_tick);
        const int text = metrics.horizontalAdvance(tick.text);
        painter.drawText(std::clamp(x - text / 2, 0, std::max(0, width() - text)),
                         top + k_bar + k_tick + metrics.ascent(), tick.text);
    }
}

} // namespace widthwise::gui
