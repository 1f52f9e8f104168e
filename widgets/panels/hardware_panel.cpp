#include "widgets/panels/hardware_panel.h"

#include "widgets/hardware_values.h"
#include "widgets/number_text.h"
#include "widgets/panels/area_bars.h"
#include "widgets/panels/mapping_panel.h"
#include "widgets/panels/model_options.h"
#include "widgets/theme.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

namespace widthwise::gui {

HardwarePanel::HardwarePanel(Document& document, ZeroCounts& zeros, QWidget* parent)
    : QWidget(parent)
    , m_document(document)
    , m_splitter(new QSplitter(this))
    , m_choice(new QComboBox(this))
    , m_views(new QStackedWidget(this))
    , m_energy(new StackedBarsView(this))
    , m_latency(new StackedBarsView(this))
    , m_roofline(new RooflineView(this))
    , m_area(new AreaBars(this))
    , m_options(new ModelOptions(document, zeros, this))
    , m_note(new QLabel(this))
    , m_problem(new QLabel(this)) {
    setObjectName(QStringLiteral("hardwarePanel"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_choice->setObjectName(QStringLiteral("hardwareView"));
    m_choice->setAccessibleName(tr("What of the hardware to show"));
    m_choice->addItems({tr("Energy per layer"), tr("Latency per layer"), tr("Roofline"), tr("Area breakdown"),
                        tr("Model options")});
    connect(m_choice, &QComboBox::currentIndexChanged, this, &HardwarePanel::refresh);
    m_note->setObjectName(QStringLiteral("hardwareNote"));
    m_note->setForegroundRole(QPalette::PlaceholderText);
    m_note->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto* compare = new QToolButton(this);
    compare->setObjectName(QStringLiteral("compareTargets"));
    compare->setText(tr("Compare targets\u2026"));
    compare->setToolTip(tr("This design on several targets, in one table"));
    compare->setFocusPolicy(Qt::StrongFocus);
    connect(compare, &QToolButton::clicked, this, &HardwarePanel::compareRequested);
    m_energy->setObjectName(QStringLiteral("energyPerLayer"));
    m_energy->setAccessibleName(tr("Energy per layer by component"));
    m_latency->setObjectName(QStringLiteral("latencyPerLayer"));
    m_latency->setAccessibleName(tr("Latency per layer"));
    m_problem->setObjectName(QStringLiteral("hardwareProblem"));
    m_problem->setAlignment(Qt::AlignCenter);
    m_problem->setWordWrap(true);
    m_problem->setContentsMargins(24, 0, 24, 0);
    m_problem->setForegroundRole(QPalette::PlaceholderText);
    auto* area = new QScrollArea(this);
    area->setFrameShape(QFrame::NoFrame);
    area->setWidgetResizable(true);
    area->setWidget(m_area);
    for (QWidget* page :
         std::initializer_list<QWidget*>{m_energy, m_latency, m_roofline, area, m_options, m_problem})
        m_views->addWidget(page);
    for (StackedBarsView* view : {m_energy, m_latency})
        connect(view, &StackedBarsView::chosen, this,
                [this](const QString& layer) { m_document.setSelection({layer}); });
    connect(m_roofline, &RooflineView::chosen, this,
            [this](const QString& layer) { m_document.setSelection({layer}); });

    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 8, 8, 4);
    bar->setSpacing(8);
    bar->addWidget(m_choice);
    bar->addWidget(m_note, 1);
    bar->addWidget(compare);
    auto* left = new QWidget(this);
    auto* column = new QVBoxLayout(left);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(bar);
    column->addWidget(m_views, 1);
    m_splitter->setObjectName(QStringLiteral("hardwareSplitter"));
    style_splitter(*m_splitter);
    m_splitter->addWidget(left);
    m_splitter->addWidget(new MappingPanel(document, this));
    m_splitter->setStretchFactor(0, 2);
    m_splitter->setStretchFactor(1, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(m_splitter);

    for (const auto signal : {&Document::opened, &Document::costChanged, &Document::targetChanged})
        connect(&m_document, signal, this, &HardwarePanel::refresh);
    connect(&m_document, &Document::selectionChanged, this, &HardwarePanel::refreshSelection);
    refresh();
}

void HardwarePanel::showView(View view) {
    m_choice->setCurrentIndex(view);
}

void HardwarePanel::refresh() {
    const auto& cost = m_document.cost();
    const auto& problem = m_document.costProblem();
    const bool stale = m_document.costStale() || problem;
    if (!cost) {
        m_problem->setText(problem ? qt(problem->to_line())
                           : stale ? tr("The model is at work\u2026")
                                   : tr("Open a network to see what it costs."));
        m_views->setCurrentWidget(m_problem);
        m_note->clear();
        return;
    }
    // Only what is looked at: an edit refreshes one chart.
    const auto view = static_cast<View>(m_choice->currentIndex());
    QString note;
    switch (view) {
    case Energy: {
        StackedBars bars = energy_bars(*cost);
        bars.stale = stale;
        m_energy->show(std::move(bars));
        break;
    }
    case Latency: {
        StackedBars bars = latency_bars(*cost, m_document.target());
        bars.stale = stale;
        m_latency->show(std::move(bars));
        if (m_document.target().kind == TargetKind::fpga_dataflow) note = tr("all layers run at once");
        break;
    }
    case RooflineChart: {
        Roofline roofline = roofline_of(*cost, m_document.target());
        roofline.stale = stale;
        m_roofline->show(std::move(roofline));
        break;
    }
    case Area:
        m_area->show(cost);
        break;
    case Options: // follows the document by itself
        break;
    }
    m_note->setText(problem ? tr("of the design before: %1").arg(qt(problem->to_line()))
                    : stale ? tr("being modelled again")
                            : note);
    m_note->setToolTip(problem ? m_note->text() : QString());
    m_views->setCurrentIndex(view);
    refreshSelection();
}

void HardwarePanel::refreshSelection() {
    m_energy->setSelected(m_document.selection());
    m_latency->setSelected(m_document.selection());
    m_roofline->setSelected(m_document.selection());
}

} // namespace widthwise::gui
