#include "widgets/panels/training_panel.h"

#include "widgets/charts/training_chart.h"
#include "widgets/models/training_runs_model.h"
#include "widgets/number_text.h"
#include "widgets/panels/empty_state.h"
#include "widgets/panels/training_form.h"
#include "widgets/theme.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedLayout>
#include <QTableView>
#include <QVBoxLayout>

namespace widthwise::gui {

TrainingCurves training_curves_of(const Training& training) {
    TrainingCurves curves;
    std::vector<const TrainingRun*> shown;
    for (const TrainingRun& run : training.runs())
        if (run.shown && (!run.loss.empty() || !run.epochs.empty())) shown.push_back(&run);
    // Runs of a few steps have no epochs to count: alone they are drawn by step.
    const auto is_short = [](const TrainingRun* run) {
        return run->last.steps_per_epoch > 0 && run->last.steps < run->last.steps_per_epoch;
    };
    curves.in_steps = !shown.empty() && std::ranges::all_of(shown, is_short);
    for (const TrainingRun* run : shown) {
        TrainingCurve curve;
        curve.id = run->id;
        curve.label = run->label;
        curve.style = static_cast<int>(run->id - 1);
        const double unit =
            curves.in_steps ? 1 : std::max<double>(1, static_cast<double>(run->last.steps_per_epoch));
        for (const DecimatedCurve::Point& point : run->loss.points())
            curve.loss.emplace_back(point.step / unit, point.value);
        curve.smooth = running_mean(curve.loss);
        const int64_t length = run->active() ? run->last.steps : run->last.step;
        curves.length = std::max(curves.length, static_cast<double>(length) / unit);
        for (size_t i = 0; i < run->epochs.size(); ++i) {
            const train::Epoch& epoch = run->epochs[i];
            const double x = curves.in_steps ? static_cast<double>(run->last.step)
                             : is_short(run) ? static_cast<double>(run->last.step) / unit
                                             : static_cast<double>(i + 1);
            // Runs of an earlier session kept their epochs only.
            if (run->loss.empty()) curve.loss.emplace_back(x, epoch.loss);
            curve.training.emplace_back(x, epoch.train_top1);
            if (run->validated) curve.validation.emplace_back(x, epoch.validation_top1);
        }
        if (!run->validated) curve.validation = curve.training;
        curves.runs.push_back(std::move(curve));
    }
    return curves;
}

TrainingPanel::TrainingPanel(Document& document, Training& training, QWidget* parent)
    : QWidget(parent)
    , m_document(document)
    , m_training(training)
    , m_splitter(new QSplitter(this))
    , m_form(new TrainingForm(document, training, this)) {
    setObjectName(QStringLiteral("trainingPanel"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_splitter->setObjectName(QStringLiteral("trainingSplitter"));
    style_splitter(*m_splitter);
    m_splitter->addWidget(buildLeft());
    m_splitter->addWidget(buildCharts());
    m_splitter->addWidget(buildRuns());
    m_splitter->setStretchFactor(1, 1);
    m_splitter->setChildrenCollapsible(false);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(m_splitter);

    connect(m_form, &TrainingForm::edited, this, &TrainingPanel::refreshButtons);
    connect(&m_training, &Training::runsReset, this, &TrainingPanel::refresh);
    connect(&m_training, &Training::runAdded, this, &TrainingPanel::refresh);
    connect(&m_training, &Training::runChanged, this, &TrainingPanel::refresh);
    for (const auto signal : {&Document::opened, &Document::networkChanged, &Document::planChanged})
        connect(&m_document, signal, this, &TrainingPanel::refreshButtons);
    refresh();
}

QWidget* TrainingPanel::buildLeft() {
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
    m_start = button(tr("&Start"), tr("Train the network that is shown, in the background"),
                     QStringLiteral("trainingStart"));
    m_pause = button(tr("Pa&use"), tr("Rest between two steps; the processor is free meanwhile"),
                     QStringLiteral("trainingPause"));
    m_pause->setCheckable(true);
    m_cancel =
        button(tr("Cancel"), tr("Stop this run; its curves are kept"), QStringLiteral("trainingCancel"));
    connect(m_start, &QPushButton::clicked, this, &TrainingPanel::start);
    connect(m_pause, &QPushButton::clicked, this, [this](bool on) { m_training.setPaused(on); });
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        if (const TrainingRun* run = m_training.activeRun()) m_training.cancel(run->id);
    });
    m_why = new QLabel(left);
    m_why->setObjectName(QStringLiteral("trainingWhyNot"));
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
    left->setMinimumWidth(300);
    return left;
}

QWidget* TrainingPanel::buildCharts() {
    auto* page = new QWidget(this);
    m_loss = new TrainingChart(TrainingChart::Quantity::loss, page);
    m_loss->setObjectName(QStringLiteral("lossChart"));
    m_loss->setAccessibleName(tr("Training loss"));
    m_accuracy = new TrainingChart(TrainingChart::Quantity::accuracy, page);
    m_accuracy->setObjectName(QStringLiteral("accuracyChart"));
    m_accuracy->setAccessibleName(tr("Accuracy by epoch"));
    m_accuracy->setToolTip(tr("Marks: validation images. Dotted: training images, as augmented, while the "
                              "weights change"));
    m_progress = new QLabel(page);
    m_progress->setObjectName(QStringLiteral("trainingProgress"));
    m_progress->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_progress->setContentsMargins(16, 8, 16, 0);
    auto* charts = new QHBoxLayout;
    charts->setSpacing(0);
    charts->addWidget(m_loss, 1);
    charts->addWidget(m_accuracy, 1);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_progress);
    column->addLayout(charts, 1);
    auto* holder = new QWidget(this);
    m_stack = new QStackedLayout(holder);
    auto* nothing =
        new EmptyState(tr("Win back what low bits cost"),
                       tr("Train the float network, or fine-tune it with the bits that are set. Loss and "
                          "accuracy appear here "
                          "while it runs; the result becomes a version that you can go back from."),
                       {}, holder);
    nothing->setObjectName(QStringLiteral("noTraining"));
    m_stack->addWidget(nothing);
    m_stack->addWidget(page);
    return holder;
}

QWidget* TrainingPanel::buildRuns() {
    auto* right = new QWidget(this);
    m_table = new QTableView(right);
    m_table->setObjectName(QStringLiteral("trainingRuns"));
    m_table->setAccessibleName(tr("Training runs"));
    m_table->setModel(new TrainingRunsModel(m_training, this));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    style_table(*m_table);
    // Names take what the figures leave; the whole of one is in its tooltip.
    m_table->horizontalHeader()->setSectionResizeMode(TrainingRunsModel::Label, QHeaderView::Stretch);
    m_table->horizontalHeader()->setMinimumSectionSize(40);
    connect(m_table, &QTableView::activated, this,
            [this](const QModelIndex& index) { useRun(index.data(TrainingRunsModel::IdRole).toLongLong()); });
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &TrainingPanel::refreshButtons);
    m_use = new QPushButton(tr("Show its network"), right);
    m_use->setObjectName(QStringLiteral("trainingUse"));
    m_use->setToolTip(tr("Go to the version that the selected run made; undo returns"));
    connect(m_use, &QPushButton::clicked, this, [this] { useRun(selectedRun()); });
    m_best = new QPushButton(tr("Keep the &best"), right);
    m_best->setObjectName(QStringLiteral("trainingBest"));
    m_best->setToolTip(tr("Go to the version of the run with the best accuracy; undo returns"));
    connect(m_best, &QPushButton::clicked, this, [this] {
        if (const TrainingRun* run = m_training.bestRun()) useRun(run->id);
    });
    auto* row = new QHBoxLayout;
    row->setContentsMargins(8, 4, 8, 8);
    row->setSpacing(8);
    for (QPushButton* one : {m_use, m_best}) {
        one->setAutoDefault(false);
        row->addWidget(one);
    }
    row->addStretch(1);
    auto* column = new QVBoxLayout(right);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_table, 1);
    column->addLayout(row);
    return right;
}

void TrainingPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refreshCharts();
}

void TrainingPanel::focusForm() {
    if (QWidget* mode = findChild<QWidget*>(QStringLiteral("trainingMode"))) mode->setFocus();
}

void TrainingPanel::start() {
    if (m_training.start(m_form->setup())) m_form->remember();
}

int64_t TrainingPanel::selectedRun() const {
    const QModelIndexList rows = m_table->selectionModel()->selectedRows();
    return rows.isEmpty() ? 0 : rows.first().data(TrainingRunsModel::IdRole).toLongLong();
}

void TrainingPanel::useRun(int64_t id) {
    const TrainingRun* run = m_training.runById(id);
    if (run && run->version != 0) m_document.useVersion(run->version);
}

void TrainingPanel::refresh() {
    m_stack->setCurrentIndex(m_training.runs().empty() ? 0 : 1);
    refreshButtons();
    refreshCharts();
}

void TrainingPanel::refreshButtons() {
    const TrainingRun* active = m_training.activeRun();
    const QString why = m_form->whyNot();
    m_start->setEnabled(why.isEmpty());
    m_start->setText(active ? tr("&Queue") : tr("&Start"));
    m_why->setText(why);
    m_why->setVisible(!why.isEmpty());
    m_pause->setEnabled(active);
    m_pause->setChecked(m_training.paused());
    m_pause->setText(m_training.paused() ? tr("Res&ume") : tr("Pa&use"));
    m_cancel->setEnabled(active);
    const TrainingRun* selected = m_training.runById(selectedRun());
    const int64_t shown = m_document.hasNetwork() ? m_document.version().id : 0;
    m_use->setEnabled(selected && selected->version != 0 && selected->version != shown);
    const TrainingRun* best = m_training.bestRun();
    m_best->setEnabled(best && best->version != shown);
    if (!active) {
        const QString last = m_training.runs().empty() ? QString() : m_training.runs().back().problem;
        m_progress->setText(last);
        m_progress->setToolTip(last);
        return;
    }
    QStringList parts{active->label};
    const train::StepReport& step = active->last;
    if (step.steps_per_epoch > 0 && step.steps >= step.steps_per_epoch)
        parts +=
            tr("epoch %1 of %2")
                .arg(std::min((step.step - 1) / step.steps_per_epoch + 1, step.steps / step.steps_per_epoch))
                .arg(step.steps / step.steps_per_epoch);
    else if (step.steps > 0)
        parts += tr("step %1 of %2").arg(step.step).arg(step.steps);
    else
        parts += tr("reading the data, calibrating");
    if (active->status == TrainingRun::Status::paused) {
        parts += tr("paused");
    } else {
        if (step.images_per_second > 0)
            parts +=
                tr("%1 images/s").arg(step.images_per_second, 0, 'f', step.images_per_second < 10 ? 1 : 0);
        if (active->remaining_s() >= 0) parts += tr("%1 left").arg(duration(active->remaining_s()));
    }
    m_progress->setText(parts.join(QStringLiteral("  \u00b7  ")));
    m_progress->setToolTip(m_progress->text());
}

void TrainingPanel::refreshCharts() {
    // Only for someone who looks; showing catches up.
    if (!isVisible()) return;
    const TrainingCurves curves = training_curves_of(m_training);
    m_loss->show(curves);
    m_accuracy->show(curves);
}

} // namespace widthwise::gui
