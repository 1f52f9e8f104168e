#include "widgets/theme.h"

#include <QApplication>
#include <QHeaderView>
#include <QPainter>
#include <QProxyStyle>
#include <QSplitter>
#include <QStyle>
#include <QStyleFactory>
#include <QStyleOptionHeader>
#include <QTableView>

namespace widthwise::gui {
namespace {

QColor mix(const QColor& a, const QColor& b, double share_of_a) {
    const auto channel = [&](int x, int y) {
        return static_cast<int>(x * share_of_a + y * (1 - share_of_a));
    };
    return {channel(a.red(), b.red()), channel(a.green(), b.green()), channel(a.blue(), b.blue())};
}

struct Shades {
    QColor window, base, alternate, text, button, mid, highlight, highlighted_text, link;
};

QPalette palette_of(const Shades& s) {
    QPalette p(s.button, s.window);
    p.setColor(QPalette::Window, s.window);
    p.setColor(QPalette::WindowText, s.text);
    p.setColor(QPalette::Base, s.base);
    p.setColor(QPalette::AlternateBase, s.alternate);
    p.setColor(QPalette::Text, s.text);
    p.setColor(QPalette::Button, s.button);
    p.setColor(QPalette::ButtonText, s.text);
    p.setColor(QPalette::BrightText, okabe_ito::vermillion);
    p.setColor(QPalette::Highlight, s.highlight);
    p.setColor(QPalette::HighlightedText, s.highlighted_text);
    p.setColor(QPalette::Link, s.link);
    p.setColor(QPalette::ToolTipBase, s.base);
    p.setColor(QPalette::ToolTipText, s.text);
    p.setColor(QPalette::PlaceholderText, mix(s.text, s.base, 0.6));
    p.setColor(QPalette::Mid, s.mid);
    p.setColor(QPalette::Midlight, mix(s.mid, s.window, 0.5));
    p.setColor(QPalette::Dark, mix(s.mid, s.text, 0.8));
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        p.setColor(QPalette::Disabled, role, mix(s.text, s.window, 0.45));
    p.setColor(QPalette::Disabled, QPalette::Highlight, s.mid);
    return p;
}

QPalette light_palette() {
    return palette_of({QColor(0xf5, 0xf6, 0xf7), Qt::white, QColor(0xf7, 0xf8, 0xfa),
                       QColor(0x1d, 0x21, 0x26), QColor(0xec, 0xee, 0xf0), QColor(0xc4, 0xc9, 0xce),
                       okabe_ito::blue, Qt::white, okabe_ito::blue});
}

QPalette dark_palette() {
    return palette_of({QColor(0x22, 0x25, 0x29), QColor(0x1a, 0x1d, 0x20), QColor(0x20, 0x23, 0x27),
                       QColor(0xe4, 0xe7, 0xea), QColor(0x2f, 0x33, 0x38), QColor(0x4a, 0x50, 0x57),
                       QColor(0x1f, 0x6f, 0xa8), Qt::white, okabe_ito::sky});
}

/// Fusion with more room beside the text of table cells and headers, flat headers, and splitters that are
/// quiet gaps. (A style sheet would keep what it touches from following another palette.)
class RoomyStyle : public QProxyStyle {
public:
    RoomyStyle() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}
    [[nodiscard]] int pixelMetric(PixelMetric metric, const QStyleOption* option,
                                  const QWidget* widget) const override {
        switch (metric) {
        case PM_FocusFrameHMargin:
            return 6; // Qt's name for the padding of item text
        case PM_HeaderMargin:
            return 7;
        case PM_HeaderMarkSize:
            return 9;
        default:
            return QProxyStyle::pixelMetric(metric, option, widget);
        }
    }
    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override {
        const QPalette& colours = option->palette;
        switch (element) {
        case CE_Splitter:
            painter->fillRect(option->rect, colours.color(QPalette::Window));
            break;
        case CE_HeaderSection:
        case CE_HeaderEmptyArea: {
            painter->fillRect(option->rect, colours.color(QPalette::Base));
            const QRect& r = option->rect;
            painter->fillRect(r.left(), r.bottom(), r.width(), 1, colours.color(QPalette::Midlight));
            break;
        }
        case CE_HeaderLabel:
            if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
                QStyleOptionHeader quiet = *header;
                quiet.palette.setColor(QPalette::ButtonText, muted_text(colours));
                QProxyStyle::drawControl(element, &quiet, painter, widget);
            }
            break;
        default:
            QProxyStyle::drawControl(element, option, painter, widget);
        }
    }
};

} // namespace

void apply_theme(Theme theme) {
    // What the desktop gave us before we touched anything.
    static const QPalette system = QApplication::palette();
    static const QString style = QApplication::style()->objectName();
    bool dark = theme == Theme::dark;
    if (theme == Theme::system) {
        dark = is_dark(system);
        // A desktop with a style of its own also has colours of its own; Fusion's default is only a stopgap.
        if (style.compare(QLatin1String("fusion"), Qt::CaseInsensitive) != 0) {
            QApplication::setStyle(QStyleFactory::create(style));
            QApplication::setPalette(system);
            return;
        }
    }
    QApplication::setStyle(new RoomyStyle);
    QApplication::setPalette(dark ? dark_palette() : light_palette());
}

QString theme_name(Theme theme) {
    switch (theme) {
    case Theme::light:
        return QStringLiteral("light");
    case Theme::dark:
        return QStringLiteral("dark");
    case Theme::system:
        break;
    }
    return QStringLiteral("system");
}

Theme theme_from_name(const QString& name) {
    if (name == QLatin1String("light")) return Theme::light;
    return name == QLatin1String("dark") ? Theme::dark : Theme::system;
}

bool is_dark(const QPalette& palette) {
    return palette.color(QPalette::Window).lightness() < palette.color(QPalette::WindowText).lightness();
}

QColor accent(const QPalette& palette) {
    return is_dark(palette) ? okabe_ito::sky : okabe_ito::blue;
}

QColor muted_text(const QPalette& palette) {
    return mix(palette.color(QPalette::Active, QPalette::WindowText), palette.color(QPalette::Window), 0.66);
}

QColor grid_line(const QPalette& palette) {
    return mix(palette.color(QPalette::Active, QPalette::WindowText), palette.color(QPalette::Base), 0.12);
}

void style_table(QTableView& table) {
    table.setShowGrid(false);
    table.setFrameShape(QFrame::NoFrame);
    table.setAlternatingRowColors(true);
    table.setWordWrap(false);
    table.setTextElideMode(Qt::ElideMiddle);
    // Tab goes on to the next widget; the arrow keys move within.
    table.setTabKeyNavigation(false);
    table.setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table.verticalHeader()->hide();
    table.verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    table.verticalHeader()->setDefaultSectionSize(table.fontMetrics().height() + 10);
    table.horizontalHeader()->setHighlightSections(false);
    table.horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
}

void style_splitter(QSplitter& splitter) {
    splitter.setChildrenCollapsible(false);
    splitter.setHandleWidth(5);
}

QColor bad_colour(const QPalette& palette) {
    return is_dark(palette) ? QColor(0xff, 0x8c, 0x4a) : QColor(0xb3, 0x4a, 0x00);
}

QColor good_colour(const QPalette& palette) {
    return is_dark(palette) ? QColor(0x3f, 0xc9, 0x9e) : QColor(0x00, 0x75, 0x55);
}

} // namespace widthwise::gui
