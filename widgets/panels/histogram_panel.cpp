#include "widgets/panels/histogram_panel.h"

#include "widgets/number_text.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QToolButton>
#include <QVBoxLayout>

namespace widthwise::gui {

HistogramPanel::HistogramPanel(WeightAnalysis& analysis, Diagnostics& diagnostics, QWidget* parent)
    : QWidget(parent), m_analysis(analysis), m_diagnostics(diagnostics) {
    setObjectName(QStringLiteral("histogramPanel"));
    m_role = new QComboBox(this);
    m_role->setObjectName(QStringLiteral("histogramRole"));
    m_role->setAccessibleName(tr("Values shown"));
    m_role->addItems({tr("weights"), tr("input"), tr("output")});
    m_error = addToggle(tr("Error"), tr("The error that quantization makes, instead of the values"),
                        QStringLiteral("histogramError"));
    m_linear = addToggle(tr("Linear"), tr("Counts on a linear scale instead of a logarithmic one"),
                         QStringLiteral("histogramLinear"));
    m_linear->setChecked(QSettings().value(QStringLiteral("linearCounts")).toBool());
    m_note = new QLabel(this);
    m_note->setObjectName(QStringLiteral("histogramNote"));
    m_note->setForegroundRole(QPalette::PlaceholderText);
    m_chart = new HistogramChart(this);

    m_empty = new QWidget(this);
    m_hint = new QLabel(m_empty);
    m_hint->setAlignment(Qt::AlignCenter);
    m_hint->setWordWrap(true);
    m_hint->setForegroundRole(QPalette::PlaceholderText);
    m_run = new QPushButton(tr("Run diagnostics"), m_empty);
    m_run->setObjectName(QStringLiteral("runDiagnostics"));
    m_run->setToolTip(tr("Compare every layer with float on %1 images (F6)").arg(Diagnostics::k_images));
    auto* middle = new QVBoxLayout(m_empty);
    middle->setContentsMargins(24, 8, 24, 8);
    middle->setSpacing(8);
    middle->addStretch(1);
    middle->addWidget(m_hint);
    middle->addWidget(m_run, 0, Qt::AlignHCenter);
    middle->addStretch(1);
    m_empty->setMinimumHeight(150);

    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(16, 6, 16, 0);
    bar->setSpacing(8);
    bar->addWidget(m_role);
    bar->addWidget(m_error);
    bar->addWidget(m_linear);
    bar->addStretch(1);
    bar->addWidget(m_note);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(bar);
    column->addWidget(m_chart, 1);
    column->addWidget(m_empty, 1);

    connect(m_run, &QPushButton::clicked, &m_diagnostics, &Diagnostics::run);
    connect(m_role, &QComboBox::currentIndexChanged, this, &HistogramPanel::refresh);
    connect(m_error, &QToolButton::toggled, this, &HistogramPanel::refresh);
    connect(m_linear, &QToolButton::toggled, this, [this](bool linear) {
        QSettings().setValue(QStringLiteral("linearCounts"), linear);
        refresh();
    });
    connect(&m_analysis, &WeightAnalysis::histogramChanged, this, &HistogramPanel::refresh);
    connect(&m_diagnostics, &Diagnostics::changed, this, &HistogramPanel::refresh);
    refresh();
}

QToolButton* HistogramPanel::addToggle(const QString& text, const QString& tip, const QString& object_name) {
    auto* button = new QToolButton(this);
    button->setObjectName(object_name);
    button->setText(text);
    button->setToolTip(tip);
    button->setCheckable(true);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

TensorRole HistogramPanel::role() const {
    return static_cast<TensorRole>(m_role->currentIndex());
}

void HistogramPanel::showLayer(const std::string& layer, bool weighted) {
    m_layer = layer;
    m_weighted = weighted;
    refresh();
}

void HistogramPanel::refresh() {
    const LayerReport* report = m_diagnostics.reportOf(m_layer);
    std::shared_ptr<const ValueHistogram> shown;
    bool stale = false;
    if (role() == TensorRole::weights && m_weighted && (!report || m_diagnostics.stale()))
        shown = m_analysis.histogram();
    else if (report) {
        shown = std::make_shared<const ValueHistogram>(histogram_of(*report, role()));
        stale = m_diagnostics.stale();
    }
    // The weights' histogram is on its way: axes stay, so that nothing jumps.
    const bool coming = role() == TensorRole::weights && m_weighted;
    const bool there = coming || (shown && !shown->empty());
    m_chart->setVisible(there);
    m_empty->setVisible(!there);
    const bool can_run = !report && !(role() == TensorRole::weights && !m_weighted);
    m_run->setVisible(can_run);
    m_run->setEnabled(!m_diagnostics.running());
    m_hint->setText(m_diagnostics.running() && can_run ? tr("The diagnostics are running")
                    : can_run ? tr("The diagnostics record what each layer reads and writes")
                    : role() == TensorRole::weights ? tr("This layer has no weights")
                                                    : tr("Nothing was recorded here"));
    const auto part = m_error->isChecked() ? HistogramChart::Part::error : HistogramChart::Part::values;
    m_chart->show(
        shown, part,
        m_linear->isChecked() ? HistogramChart::Counts::linear : HistogramChart::Counts::logarithmic, stale);
    QStringList notes;
    if (stale) notes += tr("of the design before");
    if (shown && shown->clipped && *shown->clipped > 0)
        notes += *shown->clipped < 1e-5 ? tr("under 0.001 % clipped")
                                        : tr("%1 clipped").arg(percent(*shown->clipped, 3));
    if (there && shown && part == HistogramChart::Part::error && shown->error.counts.empty())
        notes += tr("not quantized: no error");
    m_note->setText(notes.join(QStringLiteral(", ")));
}

} // namespace widthwise::gui
