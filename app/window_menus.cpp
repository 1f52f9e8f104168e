// The main window's menus.
#include "app/main_window.h"
#include "app/recent_files.h"
#include "widgets/dialogs/help.h"
#include "widgets/panels/inspector.h"
#include "widgets/panels/target_combo.h"
#include "widgets/panels/version_combo.h"
#include "widgets/precision/layer_panel.h"
#include "widgets/precision/layer_view.h"

#include <QActionGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QSettings>
#include <QUndoStack>

namespace widthwise::gui {

void MainWindow::buildMenus() {
    buildFileMenu();

    buildEditMenu();
    buildViewMenu();
    buildNetworkMenu();
    buildEvaluateMenu();
    buildExploreMenu();

    QMenu* help = menuBar()->addMenu(tr("&Help"));
    help->addAction(tr("&Keyboard shortcuts"), QKeySequence(Qt::Key_F1), this,
                    [this] { show_shortcuts(this); });
    help->addAction(tr("&Manual"), this, [this] { show_manual(this); });
    help->addSeparator();
    help->addAction(tr("&About Widthwise"), this, [this] { show_about(this); });

    menuBar()->setCornerWidget(buildCorner());
}

QWidget* MainWindow::buildCorner() {
    auto* corner = new QWidget(this);
    auto* row = new QHBoxLayout(corner);
    row->setContentsMargins(8, 2, 8, 2);
    row->setSpacing(8);
    const auto add = [&](const QString& text, QWidget* field) {
        auto* label = new QLabel(text, corner);
        label->setBuddy(field);
        row->addWidget(label);
        row->addWidget(field);
        return label;
    };
    m_versions = new VersionCombo(m_document, corner);
    QLabel* version = add(tr("Versi&on"), m_versions);
    // A network that nothing was made of has nothing to choose.
    const auto show_versions = [this, version](bool useful) {
        version->setVisible(useful);
        m_versions->setVisible(useful);
    };
    connect(m_versions, &VersionCombo::useful, this, show_versions);
    show_versions(false);
    m_target = new TargetCombo(m_document, corner);
    add(tr("&Target"), m_target);
    return corner;
}

void MainWindow::buildEditMenu() {
    QMenu* edit = menuBar()->addMenu(tr("&Edit"));
    QAction* undo = m_document.undoStack()->createUndoAction(this, tr("&Undo"));
    undo->setShortcut(QKeySequence::Undo);
    undo->setObjectName(QStringLiteral("actionUndo"));
    QAction* redo = m_document.undoStack()->createRedoAction(this, tr("&Redo"));
    redo->setShortcuts({QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z), QKeySequence(Qt::CTRL | Qt::Key_Y)});
    redo->setObjectName(QStringLiteral("actionRedo"));
    edit->addActions({undo, redo});
    edit->addSeparator();
    edit->addAction(tr("&Find layer"), QKeySequence::Find, m_layer_panel, &LayerPanel::focusFilter);
    QAction* formats = edit->addAction(tr("&Number formats of the selection"), QKeySequence(Qt::Key_F4),
                                       m_inspector, &Inspector::showFormats);
    formats->setObjectName(QStringLiteral("actionFormats"));
    QAction* network = edit->addAction(tr("&Passes and requantization"), QKeySequence(Qt::SHIFT | Qt::Key_F4),
                                       m_inspector, &Inspector::showNetwork);
    network->setObjectName(QStringLiteral("actionNetwork"));
    edit->addSeparator();
    QAction* imported = edit->addAction(tr("Back to the &imported or trained design"), this, [this] {
        if (m_document.importedPlan())
            m_document.applyPlan(*m_document.importedPlan(), tr("imported design"));
    });
    imported->setObjectName(QStringLiteral("actionImported"));
    imported->setEnabled(false);
    connect(&m_document, &Document::networkChanged, imported,
            [this, imported] { imported->setEnabled(m_document.importedPlan().has_value()); });
}

void MainWindow::buildExportMenu(QMenu& file) {
    QMenu* menu = file.addMenu(tr("Export &network"));
    using Form = flow::Evaluator::ExportForm;
    const auto add = [&](const QString& text, const QString& tip, const QString& name, Form form) {
        QAction* action = menu->addAction(text, this, [this, form] { exportNetworkDialog(form); });
        action->setToolTip(tip);
        action->setObjectName(name);
    };
    menu->setToolTipsVisible(true);
    add(tr("&Float, passes applied\u2026"), tr("Weights and biases as the passes leave them, not quantized"),
        QStringLiteral("actionExportFloat"), Form::real);
    add(tr("&QDQ for ONNX Runtime\u2026"),
        tr("QuantizeLinear and DequantizeLinear; integers of at most 8 bits"),
        QStringLiteral("actionExportQdq"), Form::qdq);
    add(tr("Q&ONNX, any width\u2026"), tr("Quant and BipolarQuant, as Brevitas and FINN read them"),
        QStringLiteral("actionExportQonnx"), Form::qonnx);
    menu->setEnabled(false);
    connect(&m_document, &Document::opened, menu,
            [this, menu] { menu->setEnabled(m_document.hasNetwork() && !m_document.model().topology); });
}

void MainWindow::buildFileMenu() {
    QMenu* file = menuBar()->addMenu(tr("&File"));
    file->addAction(tr("&Open network or project\u2026"), QKeySequence::Open, this, &MainWindow::openDialog);
    file->addAction(tr("Open &data\u2026"), QKeySequence(Qt::CTRL | Qt::Key_D), this,
                    &MainWindow::openDataDialog);
    QAction* zoo = file->addAction(tr("&Built-in network\u2026"), this, &MainWindow::openZoo);
    zoo->setObjectName(QStringLiteral("actionZoo"));
    file->addAction(tr("Open de&mo"), this, [this] { m_project.openNetwork(QStringLiteral("demo")); });
    m_recent = new RecentFiles(*file->addMenu(tr("&Recent")), this);
    file->addSeparator();
    QAction* save = file->addAction(tr("&Save"), QKeySequence::Save, this, [this] {
        if (!m_project.save()) saveAsDialog();
    });
    QAction* save_as = file->addAction(tr("Save &As\u2026"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S),
                                       this, [this] { saveAsDialog(); });
    file->addSeparator();
    QAction* report = file->addAction(tr("&Export report\u2026"), QKeySequence(Qt::CTRL | Qt::Key_E), this,
                                      &MainWindow::exportDialog);
    buildExportMenu(*file);
    file->addSeparator();
    file->addAction(tr("&Quit"), QKeySequence::Quit, this, &QWidget::close);
    const auto enable = [this, save, save_as, report] {
        save->setEnabled(m_document.hasNetwork());
        save_as->setEnabled(m_document.hasNetwork());
        report->setEnabled(!m_document.designs().empty());
    };
    connect(file, &QMenu::aboutToShow, this, enable);
    // Shortcuts do not open the menu.
    for (const auto signal : {&Document::opened, &Document::designAdded, &Document::designsReset})
        connect(&m_document, signal, this, enable);
    enable();
}

void MainWindow::buildViewMenu() {
    QMenu* view = menuBar()->addMenu(tr("&View"));
    auto* themes = new QActionGroup(this);
    const Theme present = theme_from_name(QSettings().value(QStringLiteral("theme")).toString());
    for (const auto& [theme, text] :
         {std::pair(Theme::system, tr("&System colours")), std::pair(Theme::light, tr("&Light")),
          std::pair(Theme::dark, tr("&Dark"))}) {
        QAction* action = view->addAction(text, this, [this, chosen = theme] { setTheme(chosen); });
        action->setObjectName(QStringLiteral("theme_") + theme_name(theme));
        action->setCheckable(true);
        action->setChecked(theme == present);
        themes->addAction(action);
    }
    view->addSeparator();
    QMenu* columns = view->addMenu(tr("Layer &columns"));
    columns->setToolTipsVisible(true);
    columns->addActions(m_layer_panel->view().columnActions());
    view->addAction(tr("&Reset layout"), this, &MainWindow::resetLayout);
}

void MainWindow::setTheme(Theme theme) {
    QSettings().setValue(QStringLiteral("theme"), theme_name(theme));
    apply_theme(theme);
}

void MainWindow::buildEvaluateMenu() {
    QMenu* evaluate = menuBar()->addMenu(tr("Ev&aluate"));
    QAction* current = evaluate->addAction(tr("Measure &accuracy"), QKeySequence(Qt::Key_F5), &m_measurements,
                                           &Measurements::evaluateCurrent);
    current->setObjectName(QStringLiteral("actionEvaluate"));
    QAction* set = evaluate->addAction(tr("Measure &uniform designs (float, 8, 6, 4, 3, 2 bits)"),
                                       QKeySequence(Qt::SHIFT | Qt::Key_F5), &m_measurements,
                                       &Measurements::evaluateUniformSet);
    set->setObjectName(QStringLiteral("actionEvaluateSet"));
    QAction* automatic = evaluate->addAction(tr("Measure after each &edit"));
    automatic->setCheckable(true);
    automatic->setChecked(QSettings().value(QStringLiteral("automatic"), true).toBool());
    automatic->setObjectName(QStringLiteral("actionAutomatic"));
    connect(automatic, &QAction::toggled, this, [this](bool on) {
        QSettings().setValue(QStringLiteral("automatic"), on);
        m_measurements.setAutomatic(on);
    });
    m_measurements.setAutomatic(automatic->isChecked());
    QAction* early = evaluate->addAction(tr("&Stop once decided whether within 1 point of float"));
    early->setToolTip(tr("Images run in random order until the paired difference says so at 95 %"));
    early->setCheckable(true);
    early->setObjectName(QStringLiteral("actionDecide"));
    connect(early, &QAction::toggled, this, [this](bool on) {
        QSettings().setValue(QStringLiteral("stopOnceDecided"), on);
        m_measurements.setDecideWithin(on ? std::optional(0.01) : std::nullopt);
    });
    early->setChecked(QSettings().value(QStringLiteral("stopOnceDecided"), false).toBool());
    evaluate->addSeparator();
    QAction* compare = evaluate->addAction(tr("Compare &targets\u2026"), this, &MainWindow::compareTargets);
    compare->setToolTip(tr("This design on several targets, in one table"));
    compare->setObjectName(QStringLiteral("actionCompareTargets"));
    evaluate->addSeparator();
    QAction* diagnose = evaluate->addAction(tr("&Diagnose layers"), QKeySequence(Qt::Key_F6), &m_diagnostics,
                                            &Diagnostics::run);
    diagnose->setToolTip(tr("Fidelity and histograms of every layer against float"));
    diagnose->setObjectName(QStringLiteral("actionDiagnose"));
    evaluate->addSeparator();
    QAction* cancel =
        evaluate->addAction(tr("&Cancel"), QKeySequence(Qt::Key_Escape), this, &MainWindow::cancelWork);
    cancel->setObjectName(QStringLiteral("actionCancel"));
}

} // namespace widthwise::gui
