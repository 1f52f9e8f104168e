// What the main window asks for: files to open and to write, targets to compare, networks to choose from.
#include "app/main_window.h"

#include "widgets/dialogs/target_dialog.h"
#include "widgets/dialogs/zoo_dialog.h"
#include "widgets/number_text.h"
#include "widgets/panels/design_panel.h"
#include "widgets/panels/target_combo.h"
#include "widgets/reporting/chart_svg.h"

#include <QFileDialog>
#include <QSettings>

namespace widthwise::gui {

void MainWindow::openDialog() {
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Open"), QSettings().value(QStringLiteral("folder")).toString(),
                                     tr("Networks and projects (*.onnx *.csv *.widthwise);;ONNX networks "
                                        "(*.onnx);;SCALE-Sim topologies (*.csv);;"
                                        "Projects (*.widthwise);;Dataset cards (*.json)"));
    if (path.isEmpty()) return;
    QSettings().setValue(QStringLiteral("folder"), QFileInfo(path).absolutePath());
    m_project.openAnything(path);
}

void MainWindow::openDataDialog() {
    const QString path = QFileDialog::getOpenFileName(
        this, tr("Add data"), QSettings().value(QStringLiteral("dataFolder")).toString(),
        tr("Dataset cards (*.json)"));
    if (path.isEmpty()) return;
    QSettings().setValue(QStringLiteral("dataFolder"), QFileInfo(path).absolutePath());
    m_project.openData(path);
}

bool MainWindow::saveAsDialog() {
    const QString folder = QSettings().value(QStringLiteral("folder")).toString();
    const QString start = m_project.path().isEmpty()
                              ? QStringLiteral("%1/%2.widthwise").arg(folder, qt(m_document.model().name))
                              : m_project.path();
    QString path =
        QFileDialog::getSaveFileName(this, tr("Save project"), start, tr("Widthwise projects (*.widthwise)"));
    if (path.isEmpty()) return false;
    if (QFileInfo(path).suffix().isEmpty()) path += QStringLiteral(".widthwise");
    m_project.saveAs(path);
    return true;
}

void MainWindow::exportDialog() {
    const QString path = QFileDialog::getSaveFileName(this, tr("Export report"),
                                                      qt(m_document.model().name) + QStringLiteral(".html"),
                                                      tr("Web page (*.html);;Table (*.csv);;JSON (*.json)"));
    if (path.isEmpty()) return;
    DesignSpace space = design_space_of(m_document);
    std::vector<report::Picture> pictures;
    for (const auto& [axis, name] :
         {std::pair(CostAxis::energy, "energy"), std::pair(CostAxis::latency, "latency"),
          std::pair(CostAxis::size, "model size")}) {
        space.axis = axis;
        pictures.push_back(
            {std::string("Accuracy against ") + name,
             "Measured top-1 with its 95 % interval; the line joins the designs that no other one beats.",
             design_space_svg(space)});
    }
    m_project.exportReport(path, std::move(pictures));
}

void MainWindow::exportNetworkDialog(flow::Evaluator::ExportForm form) {
    using Form = flow::Evaluator::ExportForm;
    const QString ending = form == Form::real  ? QStringLiteral("-float")
                           : form == Form::qdq ? QStringLiteral("-qdq")
                                               : QStringLiteral("-qonnx");
    QString path = QFileDialog::getSaveFileName(
        this, tr("Export network"), qt(m_document.model().name) + ending + QStringLiteral(".onnx"),
        tr("ONNX networks (*.onnx)"));
    if (path.isEmpty()) return;
    if (QFileInfo(path).suffix().isEmpty()) path += QStringLiteral(".onnx");
    m_measurements.exportNetwork(path, form);
}

void MainWindow::openTargetDialog() {
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Open target"), {}, tr("Hardware targets (*.json)"));
    if (!path.isEmpty()) m_target->choose(path);
}

void MainWindow::compareTargets() {
    if (!m_document.hasNetwork()) return;
    auto* dialog = findChild<TargetDialog*>();
    if (!dialog) dialog = new TargetDialog(m_document, this);
    dialog->show();
    dialog->raise();
    dialog->activateWindow();
}

void MainWindow::openZoo() {
    auto* dialog = new ZooDialog(this);
    connect(dialog, &ZooDialog::chosen, this,
            [this](const QString& source) { m_project.openNetwork(source); });
    dialog->show();
}

} // namespace widthwise::gui
