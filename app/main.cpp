#include "app/main_window.h"
#include "widgets/theme.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QSettings>

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("widthwise"));
    QApplication::setOrganizationName(QStringLiteral("widthwise"));
    QApplication::setApplicationDisplayName(QStringLiteral("Widthwise"));
    QApplication::setApplicationVersion(QString::fromStdString(widthwise::flow::program_version()));

    QCommandLineParser parser;
    parser.setApplicationDescription(
        QApplication::tr("Choose bit widths: measured accuracy against modelled energy, latency and area."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(
        QStringLiteral("file"),
        QApplication::tr("An .onnx network, a .widthwise project, or \"demo\" (the default)."),
        QStringLiteral("[file]"));
    const QCommandLineOption data(
        QStringLiteral("data"), QApplication::tr("The data to measure accuracy on."), QStringLiteral("card"));
    parser.addOption(data);
    parser.process(application);

    using namespace widthwise::gui;
    apply_theme(theme_from_name(QSettings().value(QStringLiteral("theme")).toString()));
    MainWindow window;
    window.show();
    window.open(parser.positionalArguments().value(0, QStringLiteral("demo")), parser.value(data));
    return QApplication::exec();
}
