#include "widgets/panels/area_bars.h"

#include "core/report/cost_metrics.h"
#include "widgets/cost_text.h"
#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

constexpr int k_margin = 16;
constexpr int k_widest_bar = 560;

} // namespace

AreaBars::AreaBars(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("areaBars"));
    setAccessibleName(tr("Area by component"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
}

void AreaBars::show(const std::optional<CostBreakdown>& cost) {
    m_lines.clear();
    m_title.clear();
    m_nothing.clear();
    if (cost && !cost->area.empty()) {
        std::vector<report::AreaPart> parts = report::area_parts(*cost);
        double total = 0;
        for (const report::AreaPart& part : parts) total += part.mm2;
        m_title = tr("%1 of chip").arg(area_text(total));
        // The largest first, what is not modelled last.
        std::ranges::stable_sort(parts, [](const report::AreaPart& a, const report::AreaPart& b) {
            return a.modelled != b.modelled ? a.modelled : a.mm2 > b.mm2;
        });
        for (const auto& [name, area, modelled] : parts) {
            const double share = total > 0 ? area / total : 0;
            m_lines.push_back({name == "mac" ? tr("MAC units") : qt(name),
                               QStringLiteral("%1  (%2)").arg(area_text(area), percent(share, 0)), share,
                               false});
        }
    } else if (cost && cost->resources) {
        m_title = tr("Share of the device that may be filled");
        for (const DeviceUse& use : device_use(*cost))
            m_lines.push_back({use.name,
                               tr("%1 of %2  (%3)")
                                   .arg(use.taken, 0, 'f', 0)
                                   .arg(use.available, 0, 'f', 0)
                                   .arg(percent(use.share(), 0)),
                               use.share(), use.taken > use.available});
    } else if (cost) {
        m_nothing =
            std::isfinite(cost->area_mm2)
                ? tr("The chip has %1; how it is divided is not modelled.").arg(area_text(cost->area_mm2))
                : tr("The model knows no area of this target.");
    }
    QStringList spoken;
    for (const Line& line : m_lines) spoken += line.name + QStringLiteral(": ") + line.value;
    setAccessibleDescription(spoken.join(QStringLiteral(", ")));
    updateGeometry();
    update();
}

int AreaBars::lineHeight() const {
    return fontMetrics().height() + 8;
}

QSize AreaBars::sizeHint() const {
    return {360, k_margin + (static_cast<int>(m_lines.size()) + 1) * lineHeight() + 8};
}

void AreaBars::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QFontMetrics metrics = fontMetrics();
    if (m_lines.empty()) {
        painter.setPen(muted_text(palette()));
        painter.drawText(rect().adjusted(k_margin, 0, -k_margin, 0), Qt::AlignCenter | Qt::TextWordWrap,
                         m_nothing);
        return;
    }
    int names = 0, values = 0;
    for (const Line& line : m_lines) {
        names = std::max(names, metrics.horizontalAdvance(line.name));
        values = std::max(values, metrics.horizontalAdvance(line.value));
    }
    names = std::min(names, width() / 3);
    const int left = k_margin + names + 12;
    const int room = std::clamp(width() - left - values - 12 - k_margin, 24, k_widest_bar);
    int y = 8;
    painter.setPen(muted_text(palette()));
    painter.drawText(k_margin, y + metrics.ascent(), m_title);
    y += lineHeight();
    for (const Line& line : m_lines) {
        const int base = y + metrics.ascent();
        painter.setPen(palette().color(QPalette::WindowText));
        painter.drawText(k_margin, base, metrics.elidedText(line.name, Qt::ElideMiddle, names));
        const QRectF track(left, y + 2, room, metrics.height() - 4);
        QColor empty = muted_text(palette());
        empty.setAlphaF(0.14F);
        painter.fillRect(track, empty);
        QRectF filled = track;
        filled.setWidth(std::max(1.0, track.width() * std::clamp(line.share, 0.0, 1.0)));
        painter.fillRect(filled, line.too_much ? bad_colour(palette()) : accent(palette()));
        painter.setPen(line.too_much ? bad_colour(palette()) : palette().color(QPalette::WindowText));
        painter.drawText(left + room + 12, base, line.value);
        y += lineHeight();
    }
}

} // namespace widthwise::gui
