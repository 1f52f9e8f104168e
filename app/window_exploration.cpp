// What the main window has to do with searches of the design space.
#include "app/main_window.h"

#include "widgets/document/exploration_front.h"
#include "widgets/number_text.h"
#include "widgets/panels/activity_bar.h"
#include "widgets/panels/banner.h"
#include "widgets/panels/explore_form.h"
#include "widgets/panels/explore_panel.h"
#include "widgets/panels/sensitivity_panel.h"

#include <QMenu>
#include <QMenuBar>
#include <QTabWidget>

namespace widthwise::gui {

void MainWindow::buildExploreMenu() {
    QMenu* explore = menuBar()->addMenu(tr("E&xplore"));
    explore->setToolTipsVisible(true);
    QAction* start = explore->addAction(tr("&Start search\u2026"), QKeySequence(Qt::Key_F7), this,
                                        &MainWindow::showExploration);
    start->setToolTip(tr("Let the tool set the bits: what to search for stands in the Explore tab"));
    start->setObjectName(QStringLiteral("actionExplore"));
    QAction* pause = explore->addAction(tr("&Pause search"), this,
                                        [this] { m_exploration.setPaused(!m_exploration.paused()); });
    pause->setObjectName(QStringLiteral("actionExplorePause"));
    QAction* cancel = explore->addAction(tr("&Cancel search"), this, [this] {
        if (const ExplorationRun* run = m_exploration.activeRun()) m_exploration.cancel(run->id);
    });
    cancel->setToolTip(tr("What it found is kept, and it can be resumed"));
    cancel->setObjectName(QStringLiteral("actionExploreCancel"));
    QAction* resume = explore->addAction(tr("&Resume what was broken off"), this, [this] {
        showExploration();
        resumeInterrupted();
    });
    resume->setToolTip(tr("Searches that were cancelled, or that the end of the program broke off"));
    resume->setObjectName(QStringLiteral("actionExploreResume"));
    explore->addSeparator();
    QAction* sensitivity =
        explore->addAction(tr("&Measure sensitivity"), QKeySequence(Qt::Key_F8), this, [this] {
            m_lower->setCurrentWidget(m_sensitivity_panel);
            m_sensitivity.measure();
        });
    sensitivity->setToolTip(tr("What each layer alone loses at each width"));
    sensitivity->setObjectName(QStringLiteral("actionSensitivity"));
    const auto enable = [=, this] {
        const ExplorationRun* active = m_exploration.activeRun();
        start->setEnabled(m_document.hasNetwork());
        sensitivity->setEnabled(m_sensitivity.whyNot().isEmpty());
        pause->setEnabled(active && active->status != ExplorationRun::Status::waiting);
        pause->setText(m_exploration.paused() ? tr("&Go on with search") : tr("&Pause search"));
        cancel->setEnabled(active);
        resume->setEnabled(std::ranges::any_of(m_exploration.runs(), &ExplorationRun::resumable));
    };
    for (const auto signal : {&Document::opened, &Document::networkChanged, &Document::dataChanged})
        connect(&m_document, signal, this, enable);
    connect(&m_sensitivity, &SensitivityStudy::changed, this, enable);
    for (const auto signal : {&Exploration::runsReset, &Exploration::runAdded, &Exploration::runRemoved})
        connect(&m_exploration, signal, this, enable);
    connect(&m_exploration, &Exploration::runChanged, this, enable);
    enable();
}

void MainWindow::connectExploration() {
    connect(&m_exploration, &Exploration::failed, m_banner, qOverload<const Problem&>(&Banner::show));
    connect(&m_sensitivity, &SensitivityStudy::changed, &m_estimates, &AccuracyEstimates::refitSoon);
    connect(&m_sensitivity, &SensitivityStudy::failed, m_banner, qOverload<const Problem&>(&Banner::show));
    connect(&m_exploration, &Exploration::finished, this, &MainWindow::tellExplored);
    connect(&m_exploration, &Exploration::interruptedFound, this, [this](int64_t id, int count) {
        const ExplorationRun* run = m_exploration.runById(id);
        if (!run) return;
        // Behind what opening has to say.
        const QString text =
            count == 1 ? tr("The search \"%1\" was broken off; what it found is kept").arg(run->label)
                       : tr("%1 searches were broken off; what they found is kept").arg(count);
        QMetaObject::invokeMethod(
            m_banner,
            [this, text] {
                m_banner->show({text, Problem::Remedy::resume_search});
            },
            Qt::QueuedConnection);
    });
}

void MainWindow::watchExploration() {
    // Not by the key that stops everything else: its panel cancels it.
    m_activity->watch(m_exploration.lane(), ActivityBar::Cancel::no, [this]() -> ActivityBar::Words {
        const ExplorationRun* run = m_exploration.activeRun();
        if (!run) return {};
        // Before the first design, images are counted.
        ActivityBar::Words words{run->outcomes.empty() ? tr("images") : tr("designs"), {}};
        if (m_exploration.paused())
            words.left = tr("paused");
        else if (run->remaining_s() >= 0)
            words.left = tr("%1 left").arg(duration(run->remaining_s()));
        return words;
    });
    connect(&m_exploration, &Exploration::runChanged, m_activity, &ActivityBar::refresh);
}

void MainWindow::tellExplored(int64_t id) {
    const ExplorationRun* run = m_exploration.runById(id);
    if (!run || !run->work || run->front.empty()) return;
    const std::vector<FrontEntry> front = front_entries({run}, run->work->setup.goals);
    QString text = tr("%1: %2 designs on the front").arg(run->label).arg(front.size());
    const auto cheapest = std::ranges::find(front, true, &FrontEntry::cheapest);
    const Graph* graph = m_exploration.graphOf(*run);
    if (cheapest != front.end() && graph && run->space)
        text += tr("; the cheapest within 1 point of float is %1, %2")
                    .arg(design_label(*run->space, cheapest->choices, *graph),
                         metric_text(run->work->setup.goals.objectives[1],
                                     cheapest->figures[run->work->setup.goals.objectives[1]]));
    m_banner->tell(text);
}

void MainWindow::resumeInterrupted() {
    // By id: resuming changes the runs.
    std::vector<int64_t> ids;
    const auto collect = [&](ExplorationRun::Status status) {
        for (const ExplorationRun& run : m_exploration.runs())
            if (run.status == status && run.resumable()) ids.push_back(run.id);
    };
    collect(ExplorationRun::Status::interrupted);
    if (ids.empty()) collect(ExplorationRun::Status::cancelled);
    m_banner->dismiss();
    for (const int64_t id : ids) m_exploration.resume(id);
}

void MainWindow::showExploration() {
    m_lower->setCurrentWidget(m_explore_panel);
    m_explore_panel->focusForm();
}

} // namespace widthwise::gui
