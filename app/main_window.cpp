#include "app/main_window.h"

#include "app/recent_files.h"
#include "core/graph/layer_work.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/number_text.h"
#include "widgets/panels/activity_bar.h"
#include "widgets/panels/banner.h"
#include "widgets/panels/design_panel.h"
#include "widgets/panels/empty_state.h"
#include "widgets/panels/explore_panel.h"
#include "widgets/panels/figures_strip.h"
#include "widgets/panels/hardware_panel.h"
#include "widgets/panels/inspector.h"
#include "widgets/panels/sensitivity_panel.h"
#include "widgets/panels/target_combo.h"
#include "widgets/panels/training_panel.h"
#include "widgets/precision/equalizer.h"
#include "widgets/precision/layer_panel.h"
#include "widgets/precision/layer_view.h"

#include <QCloseEvent>
#include <QDialog>
#include <QFileInfo>
#include <QMenuBar>
#include <QMimeData>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QVBoxLayout>

namespace widthwise::gui {
namespace {

QFrame* separator(QWidget* parent) {
    auto* line = new QFrame(parent);
    line->setFrameShape(QFrame::HLine);
    line->setFrameShadow(QFrame::Plain);
    line->setForegroundRole(QPalette::Midlight);
    line->setFixedHeight(1);
    return line;
}

} // namespace

MainWindow::MainWindow(const TrainingBackend& training, const ExplorationBackend& exploration,
                       QWidget* parent)
    : QMainWindow(parent)
    , m_training(m_document, m_project, training)
    , m_compression(m_document, m_project, training)
    , m_zeros(m_document, training)
    , m_exploration(m_document, m_project, exploration)
    , m_estimates(m_document, m_project, m_exploration) {
    setObjectName(QStringLiteral("mainWindow"));
    setAcceptDrops(true);
    buildPanels();
    buildMenus();
    connectAll();
    connectTraining();
    connectExploration();
    m_activity->watch(m_measurements.lane());
    m_activity->watch(m_project.loading());
    m_activity->watch(m_project.writing());
    m_activity->watch(m_document.costing(), ActivityBar::Cancel::no);
    m_activity->watch(m_compression.lane());
    m_activity->watch(m_zeros.lane());
    m_activity->watch(m_sensitivity.lane());
    watchTraining();
    watchExploration();
    m_target->choose(QSettings().value(QStringLiteral("target"), QStringLiteral("asic-45nm")).toString());
    restoreLayout();
    refreshTitle();
    refreshRestText();
}

MainWindow::~MainWindow() {
    // Panels and dialogs listen to the document and its helpers, which go first.
    qDeleteAll(findChildren<QDialog*>(Qt::FindDirectChildrenOnly));
    delete takeCentralWidget();
    delete menuBar()->cornerWidget();
}

void MainWindow::buildPanels() {
    m_layers = new LayerTableModel(m_document, m_analysis, m_diagnostics, this);
    m_banner = new Banner(this);
    m_activity = new ActivityBar(this);
    m_layer_panel = new LayerPanel(m_document, *m_layers, this);
    m_designs = new DesignPanel(m_document, m_exploration, this);
    m_hardware = new HardwarePanel(m_document, m_zeros, this);
    m_lower = new QTabWidget(this);
    m_lower->setObjectName(QStringLiteral("lowerTabs"));
    m_lower->setDocumentMode(true);
    m_lower->addTab(m_designs, tr("Design space"));
    m_lower->addTab(m_hardware, tr("Hardware"));
    m_training_panel = new TrainingPanel(m_document, m_training, this);
    m_lower->addTab(m_training_panel, tr("Training"));
    m_explore_panel = new ExplorePanel(m_document, m_exploration, this);
    m_lower->addTab(m_explore_panel, tr("Explore"));
    m_sensitivity_panel = new SensitivityPanel(m_document, m_sensitivity, this);
    m_lower->addTab(m_sensitivity_panel, tr("Sensitivity"));
    connect(m_sensitivity_panel, &SensitivityPanel::heatChanged, &m_layer_panel->equalizer(),
            &Equalizer::setHeat);

    m_columns = new QSplitter(this);
    m_columns->setObjectName(QStringLiteral("columns"));
    m_columns->addWidget(m_layer_panel);
    m_inspector = new Inspector(m_document, m_analysis, m_diagnostics, this);
    m_columns->addWidget(m_inspector);
    m_columns->setStretchFactor(0, 1);
    m_rows = new QSplitter(Qt::Vertical, this);
    m_rows->setObjectName(QStringLiteral("rows"));
    m_rows->addWidget(m_columns);
    m_rows->addWidget(m_lower);
    m_rows->setStretchFactor(0, 3);
    m_rows->setStretchFactor(1, 2);
    for (QSplitter* splitter : {m_columns, m_rows}) style_splitter(*splitter);

    auto* work = new QWidget(this);
    auto* column = new QVBoxLayout(work);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* figures = new FiguresStrip(m_document, m_measurements, work);
    figures->setEstimates(m_estimates);
    column->addWidget(figures);
    column->addWidget(separator(work));
    column->addWidget(m_rows, 1);

    auto* nothing = new EmptyState(
        tr("Open an ONNX network or drop one here"),
        tr("Set bits per layer; see measured accuracy against modelled energy, latency and area."),
        tr("Open network\u2026"), this);
    nothing->setObjectName(QStringLiteral("noNetwork"));
    connect(nothing, &EmptyState::chosen, this, &MainWindow::openDialog);
    m_stack = new QStackedWidget(this);
    m_stack->addWidget(nothing);
    m_stack->addWidget(work);

    auto* central = new QWidget(this);
    auto* all = new QVBoxLayout(central);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(0);
    all->addWidget(m_banner);
    all->addWidget(m_stack, 1);
    all->addWidget(separator(central));
    m_activity->setFixedHeight(fontMetrics().height() + 16);
    all->addWidget(m_activity);
    setCentralWidget(central);
}

void MainWindow::connectAll() {
    connect(&m_document, &Document::opened, this, [this] {
        m_stack->setCurrentIndex(1);
        // Something to look at: the first layer with bits to set.
        for (const NodeId id : m_document.graph().node_ids()) {
            const std::string& name = m_document.graph().node(id).name;
            if (!takes_bits(m_document.graph(), name, LayerOperand::weights)) continue;
            QMetaObject::invokeMethod(
                this,
                [this, name] {
                    if (m_document.selection().isEmpty()) m_document.setSelection({qt(name)});
                },
                Qt::QueuedConnection);
            break;
        }
    });
    for (const auto signal : {&Document::opened, &Document::networkChanged, &Document::dataChanged,
                              &Document::designAdded, &Document::designsReset, &Document::targetChanged})
        connect(&m_document, signal, this, &MainWindow::refreshRestText);
    connect(&m_document, &Document::targetChanged, this, [this] {
        // Only what any session can load again by its name.
        const auto names = cost::preset_names();
        if (std::ranges::find(names, m_document.target().name) != names.end())
            QSettings().setValue(QStringLiteral("target"), qt(m_document.target().name));
    });
    connect(&m_document, &Document::costChanged, this, &MainWindow::refreshCostProblem);
    connect(&m_project, &Project::titleChanged, this, &MainWindow::refreshTitle);
    connect(&m_project, &Project::opened, m_recent, &RecentFiles::add);
    connect(&m_project, &Project::saved, m_recent, &RecentFiles::add);
    connect(&m_project, &Project::failed, m_banner, qOverload<const Problem&>(&Banner::show));
    connect(&m_project, &Project::worked, m_banner, &Banner::dismiss);
    connect(&m_project, &Project::reportWritten, m_banner,
            [this](const QString& path) { m_banner->tell(tr("Report written: %1").arg(path)); });
    connect(&m_measurements, &Measurements::networkExported, m_banner,
            [this](const QString& path) { m_banner->tell(tr("Network written: %1").arg(path)); });
    connect(&m_diagnostics, &Diagnostics::failed, m_banner, qOverload<const Problem&>(&Banner::show));
    connect(&m_layer_panel->view(), &LayerView::formatsRequested, m_inspector, &Inspector::showFormats);
    connect(&m_measurements, &Measurements::failed, m_banner, qOverload<const Problem&>(&Banner::show));
    connect(m_target, &TargetCombo::failed, m_banner, qOverload<const Problem&>(&Banner::show));
    connect(m_target, &TargetCombo::worked, m_banner, &Banner::dismiss);
    connect(m_hardware, &HardwarePanel::compareRequested, this, &MainWindow::compareTargets);
    connect(m_target, &TargetCombo::fileRequested, this, &MainWindow::openTargetDialog);
    connect(m_banner, &Banner::remedyChosen, this, &MainWindow::applyRemedy);
    connect(m_designs, &DesignPanel::dataRequested, this, &MainWindow::openDataDialog);
    connect(m_activity, &ActivityBar::cancelRequested, this, &MainWindow::cancelWork);
    connect(m_recent, &RecentFiles::chosen, &m_project, &Project::openAnything);
}

void MainWindow::open(const QString& source, const QString& images) {
    if (images.isEmpty())
        m_project.openAnything(source);
    else
        m_project.openNetwork(source, images);
}

void MainWindow::cancelWork() {
    m_measurements.cancelAll();
    m_project.loading().cancelAll();
    m_compression.lane().cancelAll();
    m_zeros.lane().cancelAll();
    m_sensitivity.cancel();
}

void MainWindow::applyRemedy(Problem::Remedy remedy) {
    switch (remedy) {
    case Problem::Remedy::open_network:
        openDialog();
        break;
    case Problem::Remedy::open_data:
        openDataDialog();
        break;
    case Problem::Remedy::save_as:
        saveAsDialog();
        break;
    case Problem::Remedy::retry_evaluation:
        m_measurements.evaluateCurrent();
        break;
    case Problem::Remedy::resume_search:
        resumeInterrupted();
        break;
    case Problem::Remedy::none:
        break;
    }
}

void MainWindow::refreshTitle() {
    const QString title = m_project.title();
    setWindowTitle(title.isEmpty() ? tr("Widthwise") : tr("%1[*] \u2013 Widthwise").arg(title));
    setWindowModified(!title.isEmpty() && m_project.isModified());
}

void MainWindow::refreshRestText() {
    if (!m_document.hasNetwork()) {
        m_activity->setRestText({});
        return;
    }
    const GraphTotals totals = graph_totals(m_document.graph());
    const Version& version = m_document.version();
    const QString name = qt(m_document.versions().front().model.name);
    QString text = tr("%1: %2 layers, %3 parameters, %4 MACs")
                       .arg(version.id == 0 ? name : tr("%1, %2").arg(name, version.label))
                       .arg(totals.layers)
                       .arg(count_text(totals.parameters), count_text(totals.macs));
    if (const DatasetPtr& images = m_document.data())
        text += tr("   \u00b7   data: %1, %2 images")
                    .arg(QFileInfo(qt(images->name())).fileName())
                    .arg(images->size());
    else if (const QString why = m_document.whyNotMeasurable(); !why.isEmpty())
        text += tr("   \u00b7   costs only: %1").arg(why);
    else
        text += tr("   \u00b7   no data");
    m_activity->setRestText(text);
}

void MainWindow::refreshCostProblem() {
    const auto& problem = m_document.costProblem();
    const QString text = problem ? to_problem(*problem).text : QString();
    if (text == m_cost_problem) return;
    if (!text.isEmpty())
        m_banner->show(to_problem(*problem));
    else if (m_banner->text() == m_cost_problem)
        m_banner->dismiss();
    m_cost_problem = text;
}

void MainWindow::restoreLayout() {
    const QSettings settings;
    resetLayout();
    restoreGeometry(settings.value(QStringLiteral("geometry")).toByteArray());
    m_columns->restoreState(settings.value(QStringLiteral("columns")).toByteArray());
    m_rows->restoreState(settings.value(QStringLiteral("rows")).toByteArray());
    m_designs->splitter().restoreState(settings.value(QStringLiteral("designs")).toByteArray());
    m_hardware->splitter().restoreState(settings.value(QStringLiteral("hardware")).toByteArray());
    m_training_panel->splitter().restoreState(
        settings.value(QStringLiteral("trainingColumns")).toByteArray());
    m_explore_panel->splitter().restoreState(settings.value(QStringLiteral("exploreColumns")).toByteArray());
}

void MainWindow::resetLayout() {
    resize(1360, 880);
    m_columns->setSizes({950, 410});
    m_rows->setSizes({510, 270});
    m_designs->splitter().setSizes({600, 760});
    m_hardware->splitter().setSizes({850, 510});
    m_training_panel->splitter().setSizes({320, 500, 540});
    m_explore_panel->splitter().setSizes({310, 550, 500});
}

void MainWindow::closeEvent(QCloseEvent* event) {
    QSettings settings;
    settings.setValue(QStringLiteral("geometry"), saveGeometry());
    settings.setValue(QStringLiteral("columns"), m_columns->saveState());
    settings.setValue(QStringLiteral("rows"), m_rows->saveState());
    settings.setValue(QStringLiteral("designs"), m_designs->splitter().saveState());
    settings.setValue(QStringLiteral("hardware"), m_hardware->splitter().saveState());
    settings.setValue(QStringLiteral("trainingColumns"), m_training_panel->splitter().saveState());
    settings.setValue(QStringLiteral("exploreColumns"), m_explore_panel->splitter().saveState());
    // Nothing to ask: edits are kept in the project file, measurements already are.
    m_project.keep();
    cancelWork();
    m_training.cancelAll();
    // A search is not given up: it stops with the window, and goes on when the project is opened again.
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (!event->mimeData()->urls().isEmpty() && event->mimeData()->urls().first().isLocalFile())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    // A network and its data, dropped together, come in this order.
    QStringList networks, cards;
    for (const QUrl& url : event->mimeData()->urls()) {
        const QFileInfo file(url.toLocalFile());
        const bool is_data = file.isDir() || file.suffix().toLower() == QLatin1String("json");
        (is_data ? cards : networks) += file.absoluteFilePath();
    }
    if (!networks.isEmpty())
        open(networks.first(), cards.value(0));
    else if (!cards.isEmpty())
        m_project.openAnything(cards.first());
    event->acceptProposedAction();
}

} // namespace widthwise::gui
