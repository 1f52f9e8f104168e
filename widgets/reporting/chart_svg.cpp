#include "widgets/reporting/chart_svg.h"

#include "widgets/charts/render.h"

#include <QApplication>
#include <QBuffer>
#include <QPainter>
#include <QPalette>
#include <QSvgGenerator>

namespace widthwise::gui {
namespace {

/// Text metrics need an application; a command line has none. It lives until the program ends.
void need_application() {
    if (QCoreApplication::instance()) return;
    qputenv("QT_QPA_PLATFORM", "offscreen");
    static int argc = 1;
    static char name[] = "widthwise";
    static char* argv[] = {name, nullptr};
    static const QApplication application(argc, argv);
}

QPalette paper() {
    QPalette palette(Qt::white);
    palette.setColor(QPalette::Base, Qt::white);
    palette.setColor(QPalette::Window, Qt::white);
    palette.setColor(QPalette::WindowText, QColor(0x1d, 0x21, 0x26));
    palette.setColor(QPalette::Text, QColor(0x1d, 0x21, 0x26));
    return palette;
}

} // namespace

std::string design_space_svg(const DesignSpace& space, int width, int height) {
    need_application();
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(QSize(width, height));
    generator.setViewBox(QRect(0, 0, width, height));
    // One user unit is one CSS pixel.
    generator.setResolution(96);
    generator.setTitle(QStringLiteral("Design space"));
    QPainter painter(&generator);
    render_design_space(painter, QSizeF(width, height), space, paper());
    painter.end();
    return bytes.toStdString();
}

} // namespace widthwise::gui
