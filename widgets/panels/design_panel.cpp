#include "widgets/panels/design_panel.h"

#include "widgets/charts/design_space_view.h"
#include "widgets/document/quality.h"
#include "widgets/models/design_table_model.h"
#include "widgets/number_text.h"
#include "widgets/panels/empty_state.h"
#include "widgets/panels/explore_points.h"
#include "widgets/theme.h"

#include <QHeaderView>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QStackedLayout>
#include <QTableView>

namespace widthwise::gui {

DesignSpace design_space_of(const Document& document) {
    DesignSpace space;
    for (const Design& design : document.designs()) {
        const Quality quality = quality_of(design.evaluation);
        space.agreement = quality.agreement;
        const Version* version = document.versionById(design.version);
        const std::string label = design.version == 0 || !version
                                      ? design.label
                                      : design.label + " \u00b7 " + version->label.toStdString();
        space.points.push_back({design.id, label, quality.share, quality.ci95.lo, quality.ci95.hi,
                                design.cost.energy_j, design.cost.latency_s, design.cost.area_mm2,
                                design.cost.model_bytes});
    }
    if (document.hasNetwork()) {
        if (const Design* design = document.currentDesign()) space.current_id = design->id;
        if (const Design* design = document.baselineDesign()) space.baseline_id = design->id;
    }
    return space;
}

DesignPanel::DesignPanel(Document& document, Exploration& exploration, QWidget* parent)
    : QWidget(parent)
    , m_document(document)
    , m_exploration(exploration)
    , m_stack(new QStackedLayout(this))
    , m_splitter(new QSplitter(this))
    , m_chart(new DesignSpaceView(this))
    , m_table(new QTableView(this)) {
    setObjectName(QStringLiteral("designPanel"));
    auto* proxy = new QSortFilterProxyModel(this);
    proxy->setSourceModel(new DesignTableModel(document, this));
    proxy->setSortRole(DesignTableModel::SortRole);
    m_table->setObjectName(QStringLiteral("designTable"));
    m_table->setAccessibleName(tr("Measured designs"));
    m_table->setModel(proxy);
    proxy->sort(DesignTableModel::Number, Qt::AscendingOrder);
    // Rows stand in the order of measuring anyway; the number is in the tooltip.
    m_table->hideColumn(DesignTableModel::Number);
    // Without the arrow, for which every column would have to keep room.
    m_table->horizontalHeader()->setSectionsClickable(true);
    connect(m_table->horizontalHeader(), &QHeaderView::sectionClicked, proxy, [proxy](int column) {
        const bool again = proxy->sortColumn() == column && proxy->sortOrder() == Qt::AscendingOrder;
        proxy->sort(column, again ? Qt::DescendingOrder : Qt::AscendingOrder);
    });
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    style_table(*m_table);

    m_table->horizontalHeader()->setMinimumSectionSize(36);
    // Names of networks are long; the figures have the room.
    m_table->horizontalHeader()->setSectionResizeMode(DesignTableModel::Network, QHeaderView::Interactive);
    m_table->setColumnWidth(DesignTableModel::Network, 18 * fontMetrics().averageCharWidth());
    m_table->setToolTip(tr("Double-click or press Enter to use a design"));
    connect(m_table, &QTableView::activated, this,
            [this](const QModelIndex& index) { apply(index.data(DesignTableModel::IdRole).toLongLong()); });
    connect(m_chart, &DesignSpaceView::designChosen, this, &DesignPanel::apply);
    connect(m_chart, &DesignSpaceView::designShown, this, &DesignPanel::select);
    m_chart->setCandidateText([this](int64_t id) { return candidate_text(m_exploration, id); });

    m_splitter->setObjectName(QStringLiteral("designSplitter"));
    style_splitter(*m_splitter);
    m_splitter->addWidget(m_chart);
    m_splitter->addWidget(m_table);
    m_splitter->setStretchFactor(0, 1);
    m_splitter->setStretchFactor(1, 1);
    auto* no_data = new EmptyState(
        tr("Add data to measure accuracy"),
        tr("A dataset card (JSON) or a folder with one sub-folder of images per class. Costs are "
           "modelled without data."),
        tr("Add data\u2026"), this);
    no_data->setObjectName(QStringLiteral("noData"));
    connect(no_data, &EmptyState::chosen, this, &DesignPanel::dataRequested);
    m_stack->addWidget(m_splitter);
    m_stack->addWidget(no_data);

    for (const auto signal : {&Document::opened, &Document::planChanged, &Document::dataChanged,
                              &Document::designsReset, &Document::designAdded, &Document::versionAdded})
        connect(&m_document, signal, this, &DesignPanel::refresh);
    for (const auto signal : {&Exploration::runsReset, &Exploration::runRemoved})
        connect(&m_exploration, signal, this, &DesignPanel::refreshChart);
    connect(&m_exploration, &Exploration::runChanged, this, &DesignPanel::refreshChart);
    connect(&m_document, &Document::targetChanged, this, &DesignPanel::refreshChart);
    refresh();
}

void DesignPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refreshChart();
}

void DesignPanel::refresh() {
    const bool teach = m_document.hasNetwork() && !m_document.data() && m_document.designs().empty() &&
                       m_document.whyNotMeasurable().isEmpty();
    m_stack->setCurrentIndex(teach ? 1 : 0);
    // Where there is one network only, its name in each row says nothing.
    m_table->setColumnHidden(DesignTableModel::Network, m_document.versions().size() < 2);
    refreshChart();
}

void DesignPanel::refreshChart() {
    // A search brings news often: only for someone who looks. Showing catches up.
    if (!isVisible() && m_exploration.activeRun()) return;
    DesignSpace space = design_space_of(m_document);
    add_candidates(space, m_document, m_exploration);
    m_chart->show(std::move(space));
}

void DesignPanel::select(qint64 id) {
    const QAbstractItemModel& rows = *m_table->model();
    for (int row = 0; row < rows.rowCount(); ++row)
        if (rows.index(row, 0).data(DesignTableModel::IdRole).toLongLong() == id) {
            m_table->selectRow(row);
            m_table->scrollTo(rows.index(row, DesignTableModel::Label));
        }
}

void DesignPanel::apply(qint64 id) {
    if (const explore::Outcome* outcome = outcome_of(m_exploration, id))
        m_exploration.use(candidate_of(id).run, outcome->choices);
    else
        m_document.useDesign(id);
}

} // namespace widthwise::gui
