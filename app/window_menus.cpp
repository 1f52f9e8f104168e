// The main window's menus.
#include "app/main_window.h"
#include "app/recent_files.h"
#include "widgets/dialogs/help.h"
#include "widgets/panels/target_combo.h"
#include "widgets/precision/layer_panel.h"

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

    buildViewMenu();
    buildEvaluateMenu();

    QMenu* help = menuBar()->addMenu(tr("&Help"));
    help->addAction(tr("&Keyboard shortcuts"), QKeySequence(Qt::Key_F1), this,
                    [this] { show_shortcuts(this); });
    help->addAction(tr("&Manual"), this, [this] { show_manual(this); });
    help->addSeparator();
    help->addAction(tr("&About Widthwise"), this, [this] { show_about(this); });

    auto* corner = new QWidget(this);
    auto* row = new QHBoxLayout(corner);
    row->setContentsMargins(8, 2, 8, 2);
    row->setSpacing(8);
    auto* label = new QLabel(tr("&Target"), corner);
    m_target = new TargetCombo(m_document, corner);
    label->setBuddy(m_target);
    row->addWidget(label);
    row->addWidget(m_target);
    menuBar()->setCornerWidget(corner);
}

void MainWindow::buildFileMenu() {
    QMenu* file = menuBar()->addMenu(tr("&File"));
    file->addAction(tr("&Open network or project\u2026"), QKeySequence::Open, this, &MainWindow::openDialog);
    file->addAction(tr("Open &data\u2026"), QKeySequence(Qt::CTRL | Qt::Key_D), this,
                    &MainWindow::openDataDialog);
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
    view->addAction(tr("&Reset layout"), this, &MainWindow::resetLayout);
}

void MainWindow::setTheme(Theme theme) {
    QSettings().setValue(QStringLiteral("theme"), theme_name(theme));
    apply_theme(theme);
}

void MainWindow::buildEvaluateMenu() {
    QMenu* evaluate = menuBar()->addMenu(tr("E&valuate"));
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
    evaluate->addSeparator();
    QAction* cancel =
        evaluate->addAction(tr("&Cancel"), QKeySequence(Qt::Key_Escape), this, &MainWindow::cancelWork);
    cancel->setObjectName(QStringLiteral("actionCancel"));
}

} // namespace widthwise::gui
