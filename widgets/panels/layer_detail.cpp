#include "widgets/panels/layer_detail.h"

#include "core/graph/layer_work.h"
#include "widgets/cost_text.h"
#include "widgets/number_text.h"
#include "widgets/panels/empty_state.h"
#include "widgets/panels/energy_bar.h"
#include "widgets/panels/histogram_panel.h"
#include "widgets/theme.h"

#include <QEvent>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QStackedLayout>
#include <QToolButton>
#include <QVBoxLayout>

#include <cmath>

namespace widthwise::gui {
namespace {

/// "Conv 3 × 3, 16 → 32, stride 2".
QString describe_layer(const Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    QString text = qt(node.op_type);
    const auto nest = loop_nest(graph, id);
    if (!nest) return text;
    if (node.op == Op::conv)
        text += QStringLiteral(" %1\u2009\u00d7\u2009%2").arg(nest->kernel_height).arg(nest->kernel_width);
    text += QStringLiteral(", %1 \u2192 %2").arg(nest->in_channels).arg(nest->out_channels);
    if (nest->groups > 1)
        text += nest->groups == nest->in_channels ? QObject::tr(", depthwise")
                                                  : QObject::tr(", %1 groups").arg(nest->groups);
    if (nest->stride_height > 1) text += QObject::tr(", stride %1").arg(nest->stride_height);
    return text;
}

QString decibel(double value) {
    if (std::isinf(value)) return QObject::tr("exact");
    return QString::number(value, 'f', 1).replace('-', QChar(0x2212)) + QStringLiteral("\u00a0dB");
}

} // namespace

LayerDetail::LayerDetail(Document& document, WeightAnalysis& analysis, Diagnostics& diagnostics,
                         QWidget* parent)
    : QWidget(parent)
    , m_document(document)
    , m_analysis(analysis)
    , m_diagnostics(diagnostics)
    , m_stack(new QStackedLayout(this)) {
    setObjectName(QStringLiteral("layerDetail"));
    auto* content = new QWidget(this);
    m_title = new QLabel(content);
    m_title->setObjectName(QStringLiteral("layerTitle"));
    m_title->setTextFormat(Qt::PlainText);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    QFont bold = m_title->font();
    bold.setBold(true);
    m_title->setFont(bold);
    m_subtitle = new QLabel(content);
    m_subtitle->setTextFormat(Qt::PlainText);
    m_subtitle->setForegroundRole(QPalette::PlaceholderText);
    m_chart = new HistogramPanel(analysis, diagnostics, content);
    auto* form = new QFormLayout;
    m_form = form;
    form->setContentsMargins(16, 4, 16, 8);
    form->setHorizontalSpacing(16);
    form->setVerticalSpacing(4);
    form->setLabelAlignment(Qt::AlignLeft);
    m_weights = addFact(*form, tr("Weights"), QStringLiteral("factWeights"));
    m_activations = addFact(*form, tr("Activations"), QStringLiteral("factActivations"));
    m_range = addFact(*form, tr("Range"), QStringLiteral("factRange"));
    m_sqnr = addFact(*form, tr("SQNR"), QStringLiteral("factSqnr"));
    m_output = addFact(*form, tr("Output"), QStringLiteral("factOutput"));
    m_sums = addFact(*form, tr("Sums"), QStringLiteral("factSums"));
    m_execution = addFact(*form, tr("Runs as"), QStringLiteral("factExecution"));
    m_fallback = addFact(*form, tr("On target"), QStringLiteral("factFallback"));
    m_fallback->setForegroundRole(QPalette::WindowText); // on Base it would be Text
    m_latency = addFact(*form, tr("Latency"), QStringLiteral("factLatency"));
    m_mapping = addFact(*form, tr("Mapping"), QStringLiteral("factMapping"));
    m_energy = addFact(*form, tr("Energy"), QStringLiteral("factEnergy"));
    m_energy_bar = new EnergyBar(content);
    form->addRow(m_energy_bar);

    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* heading = new QVBoxLayout;
    heading->setContentsMargins(16, 0, 8, 0);
    heading->setSpacing(2);
    heading->addWidget(m_title);
    heading->addWidget(m_subtitle);
    auto* formats = new QToolButton(content);
    formats->setObjectName(QStringLiteral("editFormats"));
    formats->setText(tr("Formats\u2026"));
    formats->setToolTip(tr("Set the number formats of the selected layers (F4)"));
    formats->setFocusPolicy(Qt::StrongFocus);
    connect(formats, &QToolButton::clicked, this, &LayerDetail::formatsRequested);
    auto* top = new QHBoxLayout;
    top->setContentsMargins(0, 10, 16, 0);
    top->addLayout(heading, 1);
    top->addWidget(formats, 0, Qt::AlignTop);
    column->addLayout(top);
    column->addWidget(m_chart, 1);
    column->addLayout(form);

    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(content);
    scroll->viewport()->setBackgroundRole(QPalette::Base);
    content->setBackgroundRole(QPalette::Base);
    content->setAutoFillBackground(true);
    m_stack->addWidget(new EmptyState(
        tr("No layer is selected"),
        tr("Select a layer to see its weights, formats and where its energy goes."), {}, this));
    m_stack->addWidget(scroll);

    for (const auto signal : {&Document::opened, &Document::planChanged, &Document::costChanged,
                              &Document::selectionChanged, &Document::designAdded, &Document::designsReset})
        connect(&m_document, signal, this, &LayerDetail::refresh);
    connect(&m_analysis, &WeightAnalysis::sqnrChanged, this, &LayerDetail::refresh);
    connect(&m_diagnostics, &Diagnostics::changed, this, &LayerDetail::refresh);
    refresh();
}

void LayerDetail::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();
}

QLabel* LayerDetail::addFact(QFormLayout& form, const QString& title, const QString& object_name) {
    auto* name = new QLabel(title, this);
    name->setForegroundRole(QPalette::PlaceholderText);
    auto* value = new QLabel(this);
    value->setObjectName(object_name);
    value->setTextFormat(Qt::PlainText);
    value->setWordWrap(true);
    value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    form.addRow(name, value);
    return value;
}

const LayerDiagnostics* LayerDetail::diagnosticsOf(const std::string& layer) const {
    const Design* design = m_document.currentDesign();
    if (!design) return nullptr;
    const auto found = std::ranges::find(design->evaluation.layers, layer, &LayerDiagnostics::layer);
    return found == design->evaluation.layers.end() ? nullptr : &*found;
}

void LayerDetail::refresh() {
    const NodeId id = m_document.hasNetwork() && !m_document.selection().isEmpty()
                          ? m_document.graph().find_node(m_document.selection().first().toStdString())
                          : NodeId();
    m_stack->setCurrentIndex(id.valid() ? 1 : 0);
    if (!id.valid()) return;
    const Graph& graph = m_document.graph();
    const std::string& layer = graph.node(id).name;
    const bool weighted = is_weighted(graph, id), reads = reads_activations(graph, id);
    m_title->setText(qt(layer));
    m_title->setToolTip(qt(layer));
    m_subtitle->setText(describe_layer(graph, id));
    m_chart->setVisible(!m_document.model().topology);
    m_chart->showLayer(layer, weighted);
    refreshFormats(layer, weighted, reads);
    refreshQuality(layer, weighted);
    refreshCost(id);
}

void LayerDetail::refreshFormats(const std::string& layer, bool weighted, bool reads) {
    const LayerPrecision& precision = m_document.plan().at(layer);
    m_weights->setText(weighted ? qt(precision.weights.to_string()) : k_dash);
    m_activations->setText(reads ? qt(precision.activations.to_string()) : k_dash);
    m_weights->setToolTip(weighted ? facts_text(precision.weights) : QString());
    m_activations->setToolTip(reads ? facts_text(precision.activations) : QString());
    QStringList ranges;
    if (weighted && precision.weights.is_quantized())
        ranges += tr("weights %1").arg(range_text(precision.weights));
    if (reads && precision.activations.is_quantized())
        ranges += tr("activations %1").arg(range_text(precision.activations));
    m_range->setText(ranges.isEmpty() ? k_dash : ranges.join(QStringLiteral("\n")));
}

void LayerDetail::refreshQuality(const std::string& layer, bool weighted) {
    const LayerDiagnostics* run = diagnosticsOf(layer);
    QStringList noise;
    if (const auto sqnr = m_analysis.sqnr_db(layer); weighted && sqnr)
        noise += tr("weights %1").arg(decibel(*sqnr));
    if (run && run->activation_sqnr_db) noise += tr("activations %1").arg(decibel(*run->activation_sqnr_db));
    m_sqnr->setText(noise.isEmpty() ? k_dash : noise.join(QStringLiteral(", ")));

    const LayerReport* report = m_diagnostics.stale() ? nullptr : m_diagnostics.reportOf(layer);
    QString output = report ? tr("SQNR %1, cosine %2")
                                  .arg(decibel(report->output.sqnr_db))
                                  .arg(report->output.cosine, 0, 'f', 4)
                            : tr("not diagnosed yet");
    if (report && report->output.kl_nat) output += tr(", KL %1").arg(*report->output.kl_nat, 0, 'f', 4);
    m_output->setText(output);

    const AccumulatorFormat& sums = m_document.plan().at(layer).accumulator;
    QStringList bits;
    if (weighted) {
        bits += sums.bits == 32
                    ? tr("32 bits")
                    : tr("%1 bits, %2")
                          .arg(sums.bits)
                          .arg(sums.overflow == Overflow::wrap ? tr("wrapping") : tr("saturating"));
        if (run && run->accumulator_bits) bits += tr("any sum fits %1").arg(*run->accumulator_bits);
        const std::optional<int> seen = run && run->observed_accumulator_bits ? run->observed_accumulator_bits
                                        : report ? report->observed_accumulator_bits
                                                 : std::nullopt;
        if (seen) bits += tr("seen %1").arg(*seen);
    }
    m_sums->setText(bits.isEmpty() ? k_dash : bits.join(QStringLiteral(", ")));
    m_execution->setText(run ? qt(to_string(run->execution)) : tr("not measured yet"));
}

void LayerDetail::refreshCost(NodeId id) {
    const auto at = id.position();
    const LayerCost* cost =
        m_document.cost() && !m_document.costProblem() && at < m_document.cost()->layers.size()
            ? &m_document.cost()->layers[at]
            : nullptr;
    const bool works = cost && cost->energy.total_j() > 0;
    m_latency->setText(!works ? k_dash
                              : tr("%1, %2, %3 utilized")
                                    .arg(engineering(cost->latency_s, QStringLiteral("s")), bound_text(*cost),
                                         percent(cost->utilization, 0)));
    const bool falls_back = cost && !cost->fallback.empty();
    m_fallback->setText(falls_back ? qt(cost->fallback) : QString());
    QPalette colours = palette();
    colours.setColor(QPalette::WindowText, bad_colour(palette()));
    m_fallback->setPalette(colours);
    m_form->setRowVisible(m_fallback, falls_back);
    m_mapping->setText(works && !cost->mapping.empty() ? qt(cost->mapping) : k_dash);
    m_energy->setText(works ? engineering(cost->energy.total_j(), QStringLiteral("J")) : k_dash);
    m_energy_bar->show(works ? std::optional(cost->energy) : std::nullopt);
}

} // namespace widthwise::gui
