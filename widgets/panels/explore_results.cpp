#include "widgets/panels/explore_results.h"

#include "widgets/models/exploration_candidates_model.h"
#include "widgets/models/exploration_front_model.h"
#include "widgets/models/exploration_runs_model.h"
#include "widgets/models/moves_model.h"
#include "widgets/number_text.h"
#include "widgets/panels/explore_points.h"
#include "widgets/panels/limits_editor.h"
#include "widgets/theme.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <cmath>

namespace widthwise::gui {
namespace {

QLabel* note(const QString& name, QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setObjectName(name);
    label->setWordWrap(true);
    label->setContentsMargins(8, 4, 8, 4);
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

QVBoxLayout* column_of(QWidget* page) {
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    return column;
}

} // namespace

ExploreResults::ExploreResults(Document& document, Exploration& exploration, QWidget* parent)
    : QWidget(parent), m_document(document), m_exploration(exploration), m_tabs(new QTabWidget(this)) {
    m_tabs->setObjectName(QStringLiteral("exploreTabs"));
    m_tabs->setDocumentMode(true);
    m_tabs->addTab(buildRuns(), tr("Searches"));
    m_tabs->addTab(buildFront(), tr("Front"));
    m_tabs->addTab(buildMoves(), tr("Explanation"));
    m_tabs->addTab(buildCandidates(), tr("Candidates"));
    column_of(this)->addWidget(m_tabs);
    for (const auto signal : {&Exploration::runsReset, &Exploration::runAdded, &Exploration::runRemoved})
        connect(&m_exploration, signal, this, &ExploreResults::refresh);
    connect(&m_exploration, &Exploration::runAdded, this,
            [this] { m_runs->selectRow(static_cast<int>(m_exploration.runs().size()) - 1); });
    connect(&m_exploration, &Exploration::runChanged, this, [this] {
        refreshFront();
        refreshButtons();
    });
    connect(&m_exploration, &Exploration::finished, this, [this] {
        // What one has waited for.
        if (m_tabs->currentIndex() == 0) m_tabs->setCurrentIndex(1);
    });
    connect(&m_exploration, &Exploration::explained, this, [this](const ExplorationMoves& explained) {
        m_moves_model->setMoves(explained.moves);
        m_moves_note->setText(explained.moves.empty()
                                  ? tr("%1 is the baseline").arg(explained.design)
                                  : tr("%1 against %2: what each layer saves, and pays in noise")
                                        .arg(explained.design, explained.baseline));
    });
    refresh();
}

QTableView* ExploreResults::table(const QString& name, const QString& title, QAbstractItemModel* model) {
    auto* view = new QTableView(this);
    view->setObjectName(name);
    view->setAccessibleName(title);
    view->setModel(model);
    view->setSelectionBehavior(QAbstractItemView::SelectRows);
    view->setSelectionMode(QAbstractItemView::SingleSelection);
    view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    style_table(*view);
    view->setTextElideMode(Qt::ElideMiddle);
    view->horizontalHeader()->setMinimumSectionSize(36);
    if (auto* proxy = qobject_cast<QSortFilterProxyModel*>(model)) {
        view->horizontalHeader()->setSectionsClickable(true);
        connect(view->horizontalHeader(), &QHeaderView::sectionClicked, proxy, [proxy](int column) {
            const bool again = proxy->sortColumn() == column && proxy->sortOrder() == Qt::AscendingOrder;
            proxy->sort(column, again ? Qt::DescendingOrder : Qt::AscendingOrder);
        });
    }
    return view;
}

QWidget* ExploreResults::buildRuns() {
    auto* page = new QWidget(this);
    m_runs =
        table(QStringLiteral("exploreRuns"), tr("Searches"), new ExplorationRunsModel(m_exploration, this));
    m_runs->setEditTriggers(QAbstractItemView::EditKeyPressed | QAbstractItemView::DoubleClicked);
    m_runs->horizontalHeader()->setSectionResizeMode(ExplorationRunsModel::Label, QHeaderView::Stretch);
    connect(m_runs->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        const QModelIndexList rows = m_runs->selectionModel()->selectedRows();
        if (rows.isEmpty()) return;
        m_selected = rows.first().data(ExplorationRunsModel::IdRole).toLongLong();
        refresh();
        emit selectionChanged();
    });
    m_resume = new QPushButton(tr("&Resume"), page);
    m_resume->setObjectName(QStringLiteral("exploreResume"));
    m_resume->setToolTip(tr("Go on with the selected search; it ends as if it had never stopped"));
    connect(m_resume, &QPushButton::clicked, this, [this] { m_exploration.resume(m_selected); });
    m_remove = new QPushButton(tr("&Delete"), page);
    m_remove->setObjectName(QStringLiteral("exploreRemove"));
    m_remove->setToolTip(tr("Delete the selected search with its candidates; the designs of its front stay"));
    connect(m_remove, &QPushButton::clicked, this, [this] { m_exploration.remove(m_selected); });
    auto* row = new QHBoxLayout;
    row->setContentsMargins(8, 4, 8, 8);
    row->setSpacing(8);
    for (QPushButton* one : {m_resume, m_remove}) {
        one->setAutoDefault(false);
        row->addWidget(one);
    }
    row->addStretch(1);
    QVBoxLayout* column = column_of(page);
    column->addWidget(m_runs, 1);
    column->addLayout(row);
    return page;
}

QWidget* ExploreResults::buildFront() {
    auto* page = new QWidget(this);
    m_front_model =
        new ExplorationFrontModel([this](const FrontEntry& entry) { return labelOf(entry); }, this);
    m_front = table(QStringLiteral("exploreFront"), tr("Front"), m_front_model);
    connect(m_front, &QTableView::activated, this, &ExploreResults::useFront);
    connect(m_front->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        refreshButtons();
        const FrontEntry* entry = selectedEntry();
        if (!entry) return;
        explain(*entry);
        emit pointed(entry->confirmed ? entry->confirmed->design_id
                                      : candidate_id({entry->run, static_cast<int64_t>(entry->outcome)}));
    });
    m_front_note = note(QStringLiteral("exploreFrontNote"), page);
    m_what_if = new LimitsEditor(QStringLiteral("exploreWhatIf"), page);
    m_what_if->setToolTip(tr("What if: the front of what was measured, under these limits; nothing is run"));
    connect(m_what_if, &LimitsEditor::edited, this, &ExploreResults::refreshFront);
    m_use = new QPushButton(tr("&Use this design"), page);
    m_use->setObjectName(QStringLiteral("exploreUse"));
    m_use->setAutoDefault(false);
    m_use->setToolTip(tr("Take its bits over; undo returns"));
    connect(m_use, &QPushButton::clicked, this, [this] {
        if (const FrontEntry* entry = selectedEntry()) m_exploration.use(entry->run, entry->choices);
    });
    auto* foot = new QHBoxLayout;
    foot->setContentsMargins(8, 4, 8, 8);
    foot->addWidget(m_what_if, 1);
    foot->addWidget(m_use, 0, Qt::AlignTop);
    QVBoxLayout* column = column_of(page);
    column->addWidget(m_front_note);
    column->addWidget(m_front, 1);
    column->addLayout(foot);
    return page;
}

QWidget* ExploreResults::buildMoves() {
    auto* page = new QWidget(this);
    m_moves_note = note(QStringLiteral("exploreMovesNote"), page);
    m_moves_note->setText(tr("Select a design of the front to see which layers moved, and what each saved"));
    m_moves_model = new MovesModel(this);
    auto* proxy = new QSortFilterProxyModel(this);
    proxy->setSourceModel(m_moves_model);
    proxy->setSortRole(MovesModel::SortRole);
    m_moves = table(QStringLiteral("exploreMoves"), tr("Explanation"), proxy);
    m_moves->horizontalHeader()->setSectionResizeMode(MovesModel::Layer, QHeaderView::Stretch);
    QVBoxLayout* column = column_of(page);
    column->addWidget(m_moves_note);
    column->addWidget(m_moves, 1);
    return page;
}

QWidget* ExploreResults::buildCandidates() {
    auto* page = new QWidget(this);
    m_candidates_model = new ExplorationCandidatesModel(m_exploration, this);
    auto* proxy = new QSortFilterProxyModel(this);
    proxy->setSourceModel(m_candidates_model);
    proxy->setSortRole(ExplorationCandidatesModel::SortRole);
    m_candidates = table(QStringLiteral("exploreCandidates"), tr("Candidates"), proxy);
    // Measuring thousands of rows for their widths would take longer than the search.
    QHeaderView* header = m_candidates->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Interactive);
    header->setStretchLastSection(true);
    const int letter = fontMetrics().averageCharWidth();
    const auto width = [&](int column, int letters) {
        m_candidates->setColumnWidth(column, letters * letter);
    };
    width(ExplorationCandidatesModel::Number, 7);
    width(ExplorationCandidatesModel::Design, 22);
    for (int column = ExplorationCandidatesModel::Verdict; column < ExplorationCandidatesModel::Reason;
         ++column)
        width(column, 13);
    connect(m_candidates, &QTableView::activated, this, [this](const QModelIndex& index) {
        const ExplorationRun* run = m_exploration.runById(m_candidates_model->run());
        const auto number = index.data(ExplorationCandidatesModel::NumberRole).toULongLong();
        if (run && number < run->outcomes.size()) m_exploration.use(run->id, run->outcomes[number].choices);
    });
    connect(m_candidates->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& index) {
                if (index.isValid())
                    emit pointed(
                        candidate_id({m_candidates_model->run(),
                                      index.data(ExplorationCandidatesModel::NumberRole).toLongLong()}));
            });
    column_of(page)->addWidget(m_candidates, 1);
    return page;
}

const ExplorationRun* ExploreResults::selectedRun() const {
    if (const ExplorationRun* run = m_exploration.runById(m_selected)) return run;
    return m_exploration.runs().empty() ? nullptr : &m_exploration.runs().back();
}

const std::vector<FrontEntry>& ExploreResults::front() const {
    return m_front_model->entries();
}

const FrontEntry* ExploreResults::selectedEntry() const {
    const QModelIndexList rows = m_front->selectionModel()->selectedRows();
    if (rows.isEmpty()) return nullptr;
    const auto position = static_cast<size_t>(rows.first().data(ExplorationFrontModel::PositionRole).toInt());
    return position < front().size() ? &front()[position] : nullptr;
}

QString ExploreResults::labelOf(const FrontEntry& entry) const {
    return candidate_text(m_exploration, candidate_id({entry.run, static_cast<int64_t>(entry.outcome)}));
}

void ExploreResults::useFront(const QModelIndex& index) {
    const auto position = static_cast<size_t>(index.data(ExplorationFrontModel::PositionRole).toInt());
    if (position < front().size()) m_exploration.use(front()[position].run, front()[position].choices);
}

void ExploreResults::explain(const FrontEntry& entry) {
    m_exploration.explain(entry.run, entry.choices);
}

void ExploreResults::showCandidate(int64_t id) {
    const CandidateKey key = candidate_of(id);
    const ExplorationRun* run = m_exploration.runById(key.run);
    if (!run) return;
    for (size_t row = 0; row < m_exploration.runs().size(); ++row)
        if (m_exploration.runs()[row].id == key.run) m_runs->selectRow(static_cast<int>(row));
    const auto number = static_cast<size_t>(key.number);
    if (number < run->outcomes.size()) m_exploration.explain(run->id, run->outcomes[number].choices);
    auto* proxy = qobject_cast<QSortFilterProxyModel*>(m_candidates->model());
    const QModelIndex row = proxy->mapFromSource(m_candidates_model->index(static_cast<int>(key.number), 0));
    if (!row.isValid()) return;
    m_tabs->setCurrentIndex(3);
    m_candidates->selectRow(row.row());
    m_candidates->scrollTo(row);
}

void ExploreResults::showDesign(int64_t id) {
    for (size_t row = 0; row < front().size(); ++row)
        if (front()[row].confirmed && front()[row].confirmed->design_id == id) {
            m_tabs->setCurrentIndex(1);
            m_front->selectRow(static_cast<int>(row));
            m_front->scrollTo(m_front_model->index(static_cast<int>(row), 0));
        }
}

explore::Goals ExploreResults::goals(const ExplorationRun& run) const {
    explore::Goals goals = run.work ? run.work->setup.goals : explore::Goals();
    goals.constraints = m_what_if->constraints();
    return goals;
}

void ExploreResults::refresh() {
    const ExplorationRun* run = selectedRun();
    m_candidates_model->setRun(run ? run->id : 0);
    refreshFront();
    refreshButtons();
}

void ExploreResults::refreshFront() {
    const ExplorationRun* run = selectedRun();
    if (!run) {
        m_limits_of = 0;
        m_front_model->setEntries({});
        m_front_note->setText(tr("No search yet"));
        emit frontChanged();
        return;
    }
    if (m_limits_of != run->id && run->work) {
        m_limits_of = run->id;
        std::vector<explore::Metric> metrics;
        for (const explore::Metric metric : explore::k_metrics)
            if (metric == explore::Metric::drop || run->outcomes.empty() ||
                std::isfinite(run->outcomes.front().figures[metric]))
                metrics.push_back(metric);
        m_what_if->setMetrics(metrics);
        m_what_if->setConstraints(run->work->setup.goals.constraints);
    }
    std::vector<const ExplorationRun*> together;
    for (const ExplorationRun& one : m_exploration.runs())
        if (one.shown && one.work) together.push_back(&one);
    QString text;
    const bool has_it = std::ranges::find(together, run) != together.end();
    if (const QString why = why_not_one_front(together); !has_it || !why.isEmpty()) {
        if (!why.isEmpty() && together.size() > 1)
            text = tr("Of %1 alone; with the other searches shown it has no common front: %2")
                       .arg(run->label, why);
        together = {run};
    }
    m_front_model->setEntries(front_entries(together, goals(*run)));
    if (front().empty())
        text =
            run->outcomes.empty() ? tr("Nothing measured yet") : tr("No measured design keeps these limits");
    else if (text.isEmpty())
        text =
            together.size() > 1
                ? tr("%1 designs, the best of %2 searches together").arg(front().size()).arg(together.size())
                : tr("%1 designs of %2").arg(front().size()).arg(run->label);
    m_front_note->setText(text);
    emit frontChanged();
}

void ExploreResults::refreshButtons() {
    const ExplorationRun* run = m_exploration.runById(m_selected);
    m_resume->setEnabled(run && run->resumable());
    m_remove->setEnabled(run && !run->active());
    m_use->setEnabled(selectedEntry() != nullptr);
}

} // namespace widthwise::gui
