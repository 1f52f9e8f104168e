#include "widgets/panels/explore_panel.h"

#include "widgets/charts/course_chart.h"
#include "widgets/charts/design_space_view.h"
#include "widgets/number_text.h"
#include "widgets/panels/empty_state.h"
#include "widgets/panels/explore_form.h"
#include "widgets/panels/explore_points.h"
#include "widgets/panels/explore_results.h"
#include "widgets/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {

QString counts_text(const ExplorationRun& run) {
    QString text = QObject::tr("%1 measured, %2 screened, %3 rejected")
                       .arg(run.measured)
                       .arg(run.screened)
                       .arg(run.rejected);
    std::vector<std::pair<int, QString>> kinds;
    for (const auto& [kind, count] : run.reasons) kinds.emplace_back(count, kind);
    std::ranges::sort(kinds, [](const auto& a, const auto& b) { return a.first > b.first; });
    QStringList words;
    for (const auto& [count, kind] : kinds) words += QStringLiteral("%1 (%2)").arg(kind).arg(count);
    return words.isEmpty() ? text : text + QStringLiteral(": ") + words.join(QStringLiteral(", "));
}

ExplorePanel::ExplorePanel(Document& document, Exploration& exploration, QWidget* parent)
    : QWidget(parent)
    , m_document(document)
    , m_exploration(exploration)
    , m_splitter(new QSplitter(this))
    , m_form(new ExploreForm(document, exploration, this))
    , m_results(new ExploreResults(document, exploration, this)) {
    setObjectName(QStringLiteral("explorePanel"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_splitter->setObjectName(QStringLiteral("exploreSplitter"));
    style_splitter(*m_splitter);
    m_splitter->addWidget(buildLeft());
    m_splitter->addWidget(buildCharts());
    m_splitter->addWidget(m_results);
    m_splitter->setStretchFactor(1, 1);
    m_splitter->setChildrenCollapsible(false);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(m_splitter);

    connect(m_form, &ExploreForm::edited, this, &ExplorePanel::refreshButtons);
    for (const auto signal : {&Exploration::runsReset, &Exploration::runAdded, &Exploration::runRemoved})
        connect(&m_exploration, signal, this, &ExplorePanel::refresh);
    connect(&m_exploration, &Exploration::runChanged, this, &ExplorePanel::refresh);
    connect(m_results, &ExploreResults::selectionChanged, this, &ExplorePanel::refresh);
    connect(m_results, &ExploreResults::frontChanged, this, &ExplorePanel::refreshCharts);
    connect(m_results, &ExploreResults::pointed, m_space, &DesignSpaceView::setShown);
    for (const auto signal : {&Document::opened, &Document::networkChanged, &Document::targetChanged,
                              &Document::designAdded, &Document::designsReset})
        connect(&m_document, signal, this, &ExplorePanel::refreshCharts);
    for (const auto signal :
         {&Document::opened, &Document::networkChanged, &Document::dataChanged, &Document::costChanged})
        connect(&m_document, signal, this, &ExplorePanel::refreshButtons);
    refresh();
}

QWidget* ExplorePanel::buildLeft() {
    auto* left = new QWidget(this);
    auto* scroll = new QScrollArea(left);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(m_form);
    scroll->viewport()->setBackgroundRole(QPalette::Base);
    const auto button = [&](const QString& text, const QString& tip, const QString& name) {
        auto* made = new QPushButton(text, left);
        made->setObjectName(name);
        made->setToolTip(tip);
        made->setAutoDefault(false);
        return made;
    };
    m_start = button(tr("&Start"), tr("Search the widths of the network that is shown, in the background"),
                     QStringLiteral("exploreStart"));
    m_pause = button(tr("Pa&use"), tr("Rest after the present design; the processor is free meanwhile"),
                     QStringLiteral("explorePause"));
    m_pause->setCheckable(true);
    m_cancel = button(tr("Cancel"), tr("Stop this search; what it found is kept, and it can be resumed"),
                      QStringLiteral("exploreCancel"));
    connect(m_start, &QPushButton::clicked, this, &ExplorePanel::start);
    connect(m_pause, &QPushButton::clicked, this, [this](bool on) { m_exploration.setPaused(on); });
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        if (const ExplorationRun* run = m_exploration.activeRun()) m_exploration.cancel(run->id);
    });
    m_why = new QLabel(left);
    m_why->setObjectName(QStringLiteral("exploreWhyNot"));
    m_why->setWordWrap(true);
    m_why->setForegroundRole(QPalette::PlaceholderText);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    for (QPushButton* one : {m_start, m_pause, m_cancel}) row->addWidget(one);
    auto* foot = new QVBoxLayout;
    foot->setContentsMargins(16, 4, 16, 8);
    foot->setSpacing(4);
    foot->addWidget(m_why);
    foot->addLayout(row);
    auto* column = new QVBoxLayout(left);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(scroll, 1);
    column->addLayout(foot);
    left->setMinimumWidth(280);
    return left;
}

QWidget* ExplorePanel::buildCharts() {
    auto* page = new QWidget(this);
    m_space = new DesignSpaceView(page);
    m_space->setObjectName(QStringLiteral("exploreSpace"));
    m_space->setCompact();
    m_space->setCandidateText([this](int64_t id) { return candidate_text(m_exploration, id); });
    connect(m_space, &DesignSpaceView::designChosen, this, &ExplorePanel::use);
    connect(m_space, &DesignSpaceView::designShown, this, [this](qint64 id) {
        if (id < 0)
            m_results->showCandidate(id);
        else
            m_results->showDesign(id);
    });
    m_course = new CourseChart(page);
    m_course->setObjectName(QStringLiteral("courseChart"));
    m_course->setAccessibleName(tr("Hypervolume over designs run"));
    const auto line = [page](const QString& name) {
        auto* label = new QLabel(page);
        label->setObjectName(name);
        label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
        label->setContentsMargins(16, 8, 16, 0);
        return label;
    };
    m_progress = line(QStringLiteral("exploreProgress"));
    m_counts = line(QStringLiteral("exploreCounts"));
    m_counts->setContentsMargins(16, 2, 16, 0);
    m_counts->setForegroundRole(QPalette::PlaceholderText);
    auto* charts = new QHBoxLayout;
    charts->setSpacing(0);
    charts->addWidget(m_space, 3);
    charts->addWidget(m_course, 2);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_progress);
    column->addWidget(m_counts);
    column->addLayout(charts, 1);
    auto* holder = new QWidget(this);
    m_stack = new QStackedLayout(holder);
    auto* nothing = new EmptyState(
        tr("Let the tool look for better designs"),
        tr("A search sets the bits of every layer, runs what may be worth it and keeps what nothing beats. "
           "Its front grows here while it runs, and is measured again on images that the search never saw."),
        {}, holder);
    nothing->setObjectName(QStringLiteral("noExploration"));
    m_stack->addWidget(nothing);
    m_stack->addWidget(page);
    return holder;
}

void ExplorePanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refreshCharts();
}

void ExplorePanel::focusForm() {
    if (QWidget* first = findChild<QWidget*>(QStringLiteral("exploreAlgorithm"))) first->setFocus();
}

void ExplorePanel::start() {
    if (m_form->whyNot().isEmpty() && m_exploration.start(m_form->setup())) m_form->remember();
}

void ExplorePanel::use(qint64 id) {
    if (id > 0) {
        for (const FrontEntry& entry : m_results->front())
            if (entry.confirmed && entry.confirmed->design_id == id) {
                m_exploration.use(entry.run, entry.choices);
                return;
            }
    } else if (const explore::Outcome* outcome = outcome_of(m_exploration, id)) {
        m_exploration.use(candidate_of(id).run, outcome->choices);
    }
}

void ExplorePanel::refresh() {
    m_stack->setCurrentIndex(m_exploration.runs().empty() ? 0 : 1);
    refreshButtons();
    refreshProgress();
    refreshCharts();
}

void ExplorePanel::refreshButtons() {
    const ExplorationRun* active = m_exploration.activeRun();
    const QString why = m_document.hasNetwork() ? m_form->whyNot() : tr("no network is open");
    m_start->setEnabled(why.isEmpty());
    m_start->setText(active ? tr("&Queue") : tr("&Start"));
    m_why->setText(why);
    m_why->setVisible(!why.isEmpty());
    m_pause->setEnabled(active && active->status != ExplorationRun::Status::waiting);
    m_pause->setChecked(m_exploration.paused());
    m_pause->setText(m_exploration.paused() ? tr("Res&ume") : tr("Pa&use"));
    m_cancel->setEnabled(active);
}

void ExplorePanel::refreshProgress() {
    const ExplorationRun* active = m_exploration.activeRun();
    const ExplorationRun* run = active ? active : m_results->selectedRun();
    if (!run) return;
    QStringList parts{run->label};
    if (!run->problem.isEmpty()) {
        parts += run->problem;
    } else if (run->work) {
        if (active && run->outcomes.empty())
            parts += run->status == ExplorationRun::Status::waiting ? tr("waiting")
                                                                    : tr("measuring sensitivities");
        else
            parts += tr("%1 of %2 designs run").arg(run->evaluations()).arg(run->budget());
        if (run->status == ExplorationRun::Status::paused) {
            parts += tr("paused");
        } else if (active && run->evaluations() >= run->budget()) {
            parts +=
                run->report.empty()
                    ? tr("completing the front")
                    : tr("front on report images: %1 of %2").arg(run->report.size()).arg(run->front.size());
        } else if (active) {
            if (run->per_second() > 0)
                parts += tr("%1 designs/s").arg(run->per_second(), 0, 'f', run->per_second() < 10 ? 1 : 0);
            if (run->remaining_s() >= 0) parts += tr("%1 left").arg(duration(run->remaining_s()));
        } else {
            parts += status_text(*run);
        }
        if (std::isfinite(run->hypervolume()))
            parts += tr("hypervolume %1").arg(run->hypervolume(), 0, 'f', 4);
    }
    m_progress->setText(parts.join(QStringLiteral("  \u00b7  ")));
    m_progress->setToolTip(m_progress->text());
    m_counts->setText(counts_text(*run));
    m_counts->setToolTip(m_counts->text());
}

void ExplorePanel::refreshCharts() {
    // Only for someone who looks; showing catches up.
    if (!isVisible()) return;
    m_space->show(search_space_of(m_document, m_exploration, m_results->front()));
    m_course->show(courses_of(m_exploration));
}

} // namespace widthwise::gui
