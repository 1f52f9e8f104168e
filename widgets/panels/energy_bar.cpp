#include "widgets/panels/energy_bar.h"

#include "widgets/energy_parts.h"
#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QPainter>

namespace widthwise::gui {
namespace {

constexpr int k_bar_height = 10;

} // namespace

EnergyBar::EnergyBar(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("energyBar"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QSize EnergyBar::sizeHint() const {
    return {160, k_bar_height + 2 * (fontMetrics().height() + 2) + 4};
}

void EnergyBar::show(const std::optional<EnergyBreakdown>& energy) {
    m_energy = energy && energy->total_j() > 0 ? energy : std::nullopt;
    QStringList lines;
    if (m_energy)
        for (const EnergyPart& part : energy_parts())
            if (const double value = (*m_energy).*part.value; value > 0)
                lines += QStringLiteral("%1: %2").arg(part.name, engineering(value, QStringLiteral("J")));
    setToolTip(lines.join('\n'));
    setAccessibleName(lines.join(QStringLiteral(", ")));
    update();
}

void EnergyBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (!m_energy) return;
    const double total = m_energy->total_j();
    double left = 0;
    for (const EnergyPart& part : energy_parts()) {
        const double share = (*m_energy).*part.value / total * width();
        if (share <= 0) continue;
        painter.fillRect(QRectF(left, 0, std::max(1.0, share - 1), k_bar_height), part.colour);
        left += share;
    }
    // A legend in two lines at most, shares as they are.
    const QFontMetrics metrics = fontMetrics();
    int x = 0, y = k_bar_height + 4;
    for (const EnergyPart& part : energy_parts()) {
        const double share = (*m_energy).*part.value / total;
        if (share < 0.005) continue;
        const QString text = QStringLiteral("%1 %2").arg(part.name, percent(share, 0));
        const int need = 12 + metrics.horizontalAdvance(text) + 10;
        if (x > 0 && x + need > width()) {
            x = 0;
            y += metrics.height() + 2;
        }
        painter.setPen(Qt::NoPen);
        painter.setBrush(part.colour);
        painter.drawRect(QRectF(x, y + metrics.height() / 2.0 - 4, 8, 8));
        painter.setPen(muted_text(palette()));
        painter.drawText(x + 12, y + metrics.ascent(), text);
        x += need;
    }
}

} // namespace widthwise::gui
