#include "widgets/panels/sensitivity_panel.h"

#include "widgets/charts/heat_legend.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

namespace widthwise::gui {
namespace {

constexpr std::array k_metrics{SensitivityMetric::accuracy, SensitivityMetric::loss, SensitivityMetric::kl,
                               SensitivityMetric::sqnr, SensitivityMetric::hessian};

QLabel* muted_label(QWidget* parent, const QString& name) {
    auto* label = new QLabel(parent);
    label->setObjectName(name);
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

} // namespace

SensitivityPanel::SensitivityPanel(Document& document, SensitivityStudy& study, QWidget* parent)
    : QWidget(parent), m_document(document), m_study(study), m_stack(new QStackedLayout(this)) {
    setObjectName(QStringLiteral("sensitivityPanel"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_stack->addWidget(buildEmpty());
    m_stack->addWidget(buildMap());
    connect(&m_study, &SensitivityStudy::changed, this, &SensitivityPanel::refresh);
    connect(&m_document, &Document::planChanged, this, &SensitivityPanel::refreshContent);
    connect(&m_document, &Document::selectionChanged, this,
            [this] { m_map->setSelected(m_document.selection()); });
    for (const auto signal : {&Document::opened, &Document::networkChanged, &Document::dataChanged})
        connect(&m_document, signal, this, &SensitivityPanel::refresh);
    refresh();
}

QWidget* SensitivityPanel::buildEmpty() {
    auto* page = new QWidget(this);
    auto* title = new QLabel(tr("Which layers can do with fewer bits?"), page);
    QFont font = title->font();
    font.setPointSizeF(font.pointSizeF() * 1.2);
    title->setFont(font);
    m_hint = muted_label(page, QStringLiteral("sensitivityHint"));
    m_hint->setWordWrap(true);
    m_hint->setAlignment(Qt::AlignCenter);
    m_hint->setMinimumWidth(420);
    m_measure = new QPushButton(tr("Measure &sensitivity"), page);
    m_measure->setObjectName(QStringLiteral("sensitivityMeasure"));
    connect(m_measure, &QPushButton::clicked, this,
            [this] { m_study.running() ? m_study.cancel() : m_study.measure(); });
    auto* column = new QVBoxLayout(page);
    column->addStretch();
    for (QWidget* part : std::initializer_list<QWidget*>{title, m_hint, m_measure})
        column->addWidget(part, 0, Qt::AlignHCenter);
    column->addStretch();
    return page;
}

QWidget* SensitivityPanel::buildMap() {
    auto* page = new QWidget(this);
    m_metric = new QComboBox(page);
    m_metric->setObjectName(QStringLiteral("sensitivityMetric"));
    m_metric->setAccessibleName(tr("What the map shows"));
    connect(m_metric, &QComboBox::currentIndexChanged, this, &SensitivityPanel::refreshContent);
    m_again = new QPushButton(tr("Measure &again"), page);
    m_again->setObjectName(QStringLiteral("sensitivityAgain"));
    m_again->setAutoDefault(false);
    connect(m_again, &QPushButton::clicked, &m_study, &SensitivityStudy::measure);
    m_cancel = new QPushButton(tr("Cancel"), page);
    m_cancel->setObjectName(QStringLiteral("sensitivityCancel"));
    m_cancel->setAutoDefault(false);
    connect(m_cancel, &QPushButton::clicked, &m_study, &SensitivityStudy::cancel);
    m_facts = muted_label(page, QStringLiteral("sensitivityFacts"));
    m_cell = muted_label(page, QStringLiteral("sensitivityCell"));
    m_legend = new HeatLegend(page);
    m_map = new HeatMap(page);
    connect(m_map, &HeatMap::chosen, this, &SensitivityPanel::choose);
    connect(m_map, &HeatMap::applied, this, &SensitivityPanel::apply);
    auto* row = new QHBoxLayout;
    row->setSpacing(16);
    row->addWidget(m_metric);
    row->addWidget(m_legend);
    row->addWidget(m_facts);
    row->addStretch(1);
    row->addWidget(m_cancel);
    row->addWidget(m_again);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(8, 4, 8, 4);
    column->setSpacing(4);
    column->addLayout(row);
    column->addWidget(m_map, 1);
    column->addWidget(m_cell);
    return page;
}

SensitivityMetric SensitivityPanel::metric() const {
    const int index = m_metric->currentData().toInt();
    return k_metrics[static_cast<size_t>(std::clamp<int>(index, 0, std::ssize(k_metrics) - 1))];
}

void SensitivityPanel::refresh() {
    const Sensitivity* sensitivity = m_study.shown();
    if (sensitivity) {
        const SensitivityMetric before = metric();
        const bool first = m_metric->count() == 0;
        const QSignalBlocker blocker(m_metric);
        m_metric->clear();
        for (size_t i = 0; i < k_metrics.size(); ++i)
            if (has_metric(*sensitivity, k_metrics[i]))
                m_metric->addItem(metric_name(k_metrics[i]), static_cast<int>(i));
        const int at = m_metric->findData(static_cast<int>(before));
        if (!first && at >= 0) m_metric->setCurrentIndex(at);
    }
    refreshButtons();
    refreshContent();
    m_stack->setCurrentIndex(sensitivity ? 1 : 0);
}

void SensitivityPanel::refreshButtons() {
    const QString why = m_study.whyNot();
    const bool running = m_study.running();
    m_hint->setText(running ? tr("Each layer is quantized alone, at each width, on up to %L1 images \u2026")
                                  .arg(SensitivityStudy::k_images)
                    : why.isEmpty()
                        ? tr("Each layer is quantized alone, at each width, and run on up to %L1 images.")
                              .arg(SensitivityStudy::k_images)
                        : tr("It cannot be measured yet: %1.").arg(why));
    m_measure->setText(running ? tr("Cancel") : tr("Measure &sensitivity"));
    m_measure->setEnabled(running || why.isEmpty());
    m_again->setEnabled(!running && why.isEmpty());
    m_again->setToolTip(why);
    m_cancel->setVisible(running);
}

void SensitivityPanel::refreshContent() {
    const Sensitivity* sensitivity = m_study.shown();
    if (!sensitivity || !m_document.hasNetwork()) {
        emit heatChanged({});
        return;
    }
    SensitivityMap map = sensitivity_map(*sensitivity, metric(), m_document.graph(), m_document.plan());
    map.content.stale = m_study.stale();
    emit heatChanged(m_study.stale() ? LayerHeat{} : layer_heat(map));
    m_columns = std::move(map.columns);
    m_legend->setContent(map.content.legend, map.content.ticks);
    m_map->setContent(std::move(map.content));
    m_map->setSelected(m_document.selection());
    m_facts->setText(
        m_study.stale()
            ? tr("Of other data or another version of the network: measure again")
            : tr("%L1 images, %L2 evaluations").arg(sensitivity->samples).arg(sensitivity->evaluations));
    refreshCell();
}

void SensitivityPanel::refreshCell() {
    const QPoint at = m_map->cursor();
    m_cell->setText(
        at.x() < 0 ? tr("Click a cell to select its layer; double-click or Enter gives it that width")
                   : m_map->content().cells[static_cast<size_t>(at.y())][static_cast<size_t>(at.x())].tip);
}

void SensitivityPanel::choose(int row) {
    m_document.setSelection({m_map->content().rows[row]});
    refreshCell();
}

void SensitivityPanel::apply(int row, int column) {
    const SensitivityColumn& to = m_columns[static_cast<size_t>(column)];
    m_document.setBits({m_map->content().rows[row]}, to.operand, to.bits);
}

} // namespace widthwise::gui
