#include "widgets/panels/model_options.h"

#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <array>
#include <cmath>

namespace widthwise::gui {
namespace {

struct OptionText {
    const char* name; ///< OptionGain::option
    const char* object_name;
    QString title, tip;
};

const std::array<OptionText, 3>& option_texts() {
    static const std::array<OptionText, 3> texts{
        {{"keep feature maps on chip", "optionKeep", ModelOptions::tr("&Keep feature maps on the chip"),
          ModelOptions::tr("Maps that fit into the innermost shared memory do not go through external memory "
                           "between two layers")},
         {"depth-first fusion", "optionFuse", ModelOptions::tr("&Fuse layers depth-first"),
          ModelOptions::tr("Runs of layers work through the image in stripes: only a few lines of each map "
                           "are held")},
         {"operator order", "optionReorder", ModelOptions::tr("&Order operators for least memory"),
          ModelOptions::tr("Branches run in the order that keeps the fewest activations alive")}}};
    return texts;
}

/// "\u221212 %" of what it is without; a dash where nothing changes.
QString gain_text(double gain, double with_or_without, bool taken) {
    const double without = taken ? with_or_without - gain : with_or_without;
    if (!(without > 0) || std::abs(gain) < without * 0.0005) return k_dash;
    return signed_number(gain / without * 100, 1) + QStringLiteral("\u00a0%");
}

QLabel* muted(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

} // namespace

ModelOptions::ModelOptions(Document& document, ZeroCounts& zeros, QWidget* parent)
    : QWidget(parent)
    , m_document(document)
    , m_zeros(zeros)
    , m_count_zeros(new QCheckBox(tr("Count &zeros (measured)"), this))
    , m_zeros_note(muted({}, this))
    , m_objective(new QComboBox(this))
    , m_note(muted({}, this)) {
    setObjectName(QStringLiteral("modelOptions"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    auto* grid = new QGridLayout;
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(6);
    int column = 1;
    for (const QString& title : {tr("Energy"), tr("Latency"), tr("Off-chip"), tr("Peak activations")})
        grid->addWidget(muted(title, this), 0, column++, Qt::AlignRight);
    for (int option = 0; option < OptionCount; ++option) {
        const OptionText& text = option_texts()[static_cast<size_t>(option)];
        Row row;
        row.box = new QCheckBox(text.title, this);
        row.box->setObjectName(QLatin1String(text.object_name));
        row.box->setToolTip(text.tip);
        connect(row.box, &QCheckBox::clicked, this,
                [this, option](bool on) { setOption(static_cast<Option>(option), on); });
        grid->addWidget(row.box, option + 1, 0);
        for (int i = 1; i <= 4; ++i) {
            auto* gain = new QLabel(k_dash, this);
            gain->setObjectName(QStringLiteral("%1Gain%2").arg(QLatin1String(text.object_name)).arg(i));
            grid->addWidget(gain, option + 1, i, Qt::AlignRight);
            row.gains.push_back(gain);
        }
        m_rows.push_back(std::move(row));
    }
    m_count_zeros->setObjectName(QStringLiteral("optionZeros"));
    m_count_zeros->setToolTip(tr("Weights that are zero, and activations that are zero on %1 images of the "
                                 "data, cost less where the "
                                 "target skips or gates them")
                                  .arg(ZeroCounts::k_images));
    connect(m_count_zeros, &QCheckBox::clicked, this, [this](bool on) { m_zeros.use(on); });
    m_zeros_note->setObjectName(QStringLiteral("zerosNote"));
    auto* zeros_row = new QHBoxLayout;
    zeros_row->setSpacing(24);
    zeros_row->addWidget(m_count_zeros);
    zeros_row->addWidget(m_zeros_note);
    zeros_row->addStretch(1);
    auto* label = new QLabel(tr("Mappings are chosen for &least"), this);
    label->setBuddy(m_objective);
    m_objective->setObjectName(QStringLiteral("objective"));
    m_objective->addItem(tr("latency"), static_cast<int>(Objective::latency));
    m_objective->addItem(tr("energy"), static_cast<int>(Objective::energy));
    m_objective->addItem(tr("energy \u00d7 latency"), static_cast<int>(Objective::energy_delay));
    connect(m_objective, &QComboBox::activated, this, [this](int index) {
        HardwareTarget target = m_document.target();
        target.objective = static_cast<Objective>(m_objective->itemData(index).toInt());
        m_document.setTarget(target);
    });
    auto* objective = new QHBoxLayout;
    objective->setSpacing(8);
    objective->addWidget(label);
    objective->addWidget(m_objective);
    objective->addStretch(1);
    m_note->setObjectName(QStringLiteral("optionsNote"));
    m_note->setWordWrap(true);

    auto* left = new QHBoxLayout;
    left->addLayout(grid);
    left->addStretch(1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(16, 8, 16, 8);
    all->setSpacing(12);
    all->addLayout(left);
    all->addLayout(zeros_row);
    all->addLayout(objective);
    all->addWidget(m_note);
    all->addStretch(1);
    for (const auto signal : {&Document::opened, &Document::costChanged, &Document::targetChanged})
        connect(&m_document, signal, this, &ModelOptions::refresh);
    connect(&m_zeros, &ZeroCounts::changed, this, &ModelOptions::refreshZeros);
    refresh();
}

void ModelOptions::setOption(Option option, bool on) {
    cost::Options options = m_document.modelOptions();
    switch (option) {
    case Keep:
        options.keep_feature_maps = on;
        break;
    case Fuse:
        options.fuse_layers = on;
        break;
    case Reorder:
        options.reorder = on;
        break;
    case OptionCount:
        break;
    }
    QString title = option_texts()[static_cast<size_t>(option)].title;
    m_document.setModelOptions(options, title.remove(QChar('&')).toLower());
}

void ModelOptions::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

void ModelOptions::refresh() {
    const HardwareTarget& target = m_document.target();
    const cost::Options& options = m_document.modelOptions();
    const bool streams = target.kind == TargetKind::fpga_dataflow;
    const std::array<bool, OptionCount> values{options.keep_feature_maps.value_or(target.keeps_feature_maps),
                                               options.fuse_layers, options.reorder};
    for (size_t i = 0; i < m_rows.size(); ++i) {
        const QSignalBlocker blocker(m_rows[i].box);
        m_rows[i].box->setChecked(values[i]);
        m_rows[i].box->setEnabled(m_document.hasNetwork() && (!streams || i == Reorder));
    }
    refreshZeros();
    m_objective->setCurrentIndex(m_objective->findData(static_cast<int>(target.objective)));
    m_objective->setEnabled(target.kind == TargetKind::spatial);
    refreshGains();
}

void ModelOptions::refreshZeros() {
    const QSignalBlocker blocker(m_count_zeros);
    m_count_zeros->setChecked(m_document.usesMeasuredZeros());
    m_count_zeros->setEnabled(m_document.hasNetwork() && !m_document.model().topology);
    const auto* zeros = m_document.measuredZeros();
    QString note;
    if (m_zeros.busy()) {
        note = tr("counting\u2026");
    } else if (m_document.usesMeasuredZeros() && zeros && !zeros->empty()) {
        double weights = 0, inputs = 0;
        for (const auto& [layer, share] : *zeros) {
            weights += share.weights;
            inputs += share.inputs;
        }
        const auto layers = static_cast<double>(zeros->size());
        note = tr("on average over layers %1 of the weights, %2 of the inputs")
                   .arg(percent(weights / layers), percent(inputs / layers));
    }
    m_zeros_note->setText(note);
}

void ModelOptions::refreshGains() {
    for (const Row& row : m_rows)
        for (QLabel* gain : row.gains) gain->setText(k_dash);
    // Three more estimates: only for someone who looks.
    if (!isVisible() || !m_document.hasNetwork() || !m_document.cost() || m_document.costProblem()) return;
    m_note->setText(tr("Working out what each gives\u2026"));
    cost::Options options = m_document.modelOptions();
    options.report_options = true;
    m_lane.supersede(tr("Model options"),
                     [this, options, graph = m_document.model().graph, plan = m_document.plan(),
                      target = m_document.target()](const WorkControl&) -> JobLane::Deliver {
                         auto cost = cost::estimate(*graph, plan, target, options);
                         if (!cost) return {};
                         return [this, cost = std::move(*cost)] { showGains(cost); };
                     });
}

void ModelOptions::showGains(const CostBreakdown& cost) {
    for (const OptionGain& gain : cost.options)
        for (size_t i = 0; i < m_rows.size(); ++i) {
            if (gain.option != option_texts()[i].name) continue;
            const std::vector<QLabel*>& labels = m_rows[i].gains;
            labels[0]->setText(gain_text(gain.energy_j, cost.energy_j, gain.taken));
            labels[1]->setText(gain_text(gain.latency_s, cost.latency_s, gain.taken));
            labels[2]->setText(gain_text(gain.dram_bytes, cost.dram_bytes, gain.taken));
            labels[3]->setText(gain_text(gain.peak_activation_bytes, cost.peak_activation_bytes, gain.taken));
        }
    m_note->setText(m_document.target().kind == TargetKind::fpga_dataflow
                        ? tr("Layers stream into each other: feature maps stay on the chip anyway.")
                        : tr("What each changes against the same network without it."));
    emit gainsShown();
}

} // namespace widthwise::gui
