// What the main window has to do with training, compression and versions.
#include "app/main_window.h"

#include "widgets/dialogs/compress_dialog.h"
#include "widgets/number_text.h"
#include "widgets/panels/activity_bar.h"
#include "widgets/panels/banner.h"
#include "widgets/panels/training_form.h"
#include "widgets/panels/training_panel.h"
#include "widgets/panels/version_combo.h"

#include <QMenu>
#include <QMenuBar>
#include <QTabWidget>

namespace widthwise::gui {

void MainWindow::buildNetworkMenu() {
    QMenu* network = menuBar()->addMenu(tr("&Network"));
    network->setToolTipsVisible(true);
    QAction* train = network->addAction(tr("&Train\u2026"), QKeySequence(Qt::CTRL | Qt::Key_T), this,
                                        &MainWindow::showTraining);
    train->setToolTip(tr("Float training, or fine-tuning with the bits that are set"));
    train->setObjectName(QStringLiteral("actionTrain"));
    QAction* compress = network->addAction(tr("&Compress\u2026"), QKeySequence(Qt::CTRL | Qt::Key_K), this,
                                           &MainWindow::openCompression);
    compress->setToolTip(tr("Pruning, low rank, shared weights: previewed, undoable"));
    compress->setObjectName(QStringLiteral("actionCompress"));
    network->addSeparator();
    QAction* versions =
        network->addAction(tr("&Version\u2026"), QKeySequence(Qt::CTRL | Qt::Key_G), this, [this] {
            m_versions->setFocus();
            m_versions->showPopup();
        });
    versions->setToolTip(tr("The network as opened, and what training and compression made of it"));
    versions->setObjectName(QStringLiteral("actionVersions"));
    QAction* own =
        network->addAction(tr("Back to the network as &opened"), this, [this] { m_document.useVersion(0); });
    own->setObjectName(QStringLiteral("actionOwnNetwork"));
    const auto enable = [=, this] {
        const bool open = m_document.hasNetwork();
        train->setEnabled(open);
        compress->setEnabled(open && !m_document.model().topology);
        versions->setEnabled(open && m_document.versions().size() > 1);
        own->setEnabled(open && m_document.version().id != 0);
    };
    for (const auto signal : {&Document::opened, &Document::networkChanged, &Document::versionAdded})
        connect(&m_document, signal, this, enable);
    enable();
}

void MainWindow::connectTraining() {
    const auto show = [this](const Problem& problem) {
        m_banner->show(problem);
        m_training_news = problem.text;
    };
    connect(&m_training, &Training::failed, m_banner, show);
    connect(&m_compression, &Compression::failed, m_banner, show);
    connect(&m_zeros, &ZeroCounts::failed, m_banner, show);
    connect(&m_training, &Training::finished, this, &MainWindow::tellTrained);
    connect(&m_compression, &Compression::applied, this,
            [this] { tellNews(tr("Compressed: %1. Undo returns").arg(m_document.version().label)); });
    // What was said of another run, or of a version that is shown no more.
    const auto forget = [this] {
        if (!m_training_news.isEmpty() && m_banner->text() == m_training_news) m_banner->dismiss();
        m_training_news.clear();
    };
    connect(&m_training, &Training::runAdded, this, forget);
    connect(&m_document, &Document::networkChanged, this, forget);
}

void MainWindow::watchTraining() {
    // Not by the key that stops everything else: a run can have taken hours. Its panel cancels it.
    m_activity->watch(m_training.lane(), ActivityBar::Cancel::no, [this]() -> ActivityBar::Words {
        const TrainingRun* run = m_training.activeRun();
        if (!run) return {};
        ActivityBar::Words words{run->kind == kind_of(TrainingMode::meta) ? tr("tasks") : tr("images"), {}};
        // The time that the panel tells, too.
        if (m_training.paused())
            words.left = tr("paused");
        else if (run->last.steps > 0)
            words.left = run->remaining_s() < 0 ? QString() : tr("%1 left").arg(duration(run->remaining_s()));
        return words;
    });
    connect(&m_training, &Training::runChanged, m_activity, &ActivityBar::refresh);
}

void MainWindow::tellNews(const QString& text) {
    m_banner->tell(text);
    m_training_news = text;
}

void MainWindow::tellTrained(int64_t id, bool shown) {
    const TrainingRun* run = m_training.runById(id);
    if (!run) return;
    if (run->worse()) {
        const double points = (*run->before - *run->after) * 100;
        m_training_news =
            tr("%1 ended worse than before by %2 points: %3 instead of %4. The network stays as it was; the "
               "result is a version to choose above")
                .arg(run->label)
                .arg(points, 0, 'f', 2)
                .arg(percent(*run->after, 2), percent(*run->before, 2));
        m_banner->show({m_training_news, Problem::Remedy::none});
        return;
    }
    const QString what =
        run->before && run->after
            ? tr("%1, %2 instead of %3").arg(run->label, percent(*run->after, 2), percent(*run->before, 2))
            : tr("%1; nothing was measured").arg(run->label);
    tellNews(shown ? tr("Trained: %1. The window shows the result; undo returns").arg(what)
                   : tr("Trained: %1. The result is a version to choose above").arg(what));
}

void MainWindow::showTraining() {
    m_lower->setCurrentWidget(m_training_panel);
    m_training_panel->focusForm();
}

void MainWindow::openCompression() {
    if (!m_document.hasNetwork()) return;
    auto* dialog = findChild<CompressDialog*>();
    if (!dialog) {
        dialog = new CompressDialog(m_document, m_compression, this);
        connect(dialog, &CompressDialog::trainingRequested, this, [this] {
            m_training_panel->form().setMode(m_document.version().carried ? TrainingMode::quantized
                                                                          : TrainingMode::plain);
            showTraining();
        });
    }
    dialog->show();
    dialog->raise();
    dialog->activateWindow();
}

} // namespace widthwise::gui
