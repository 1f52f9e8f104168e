#include "widgets/precision/format_editor.h"

#include "core/cost/legality.h"
#include "widgets/number_text.h"
#include "widgets/precision/choice_box.h"
#include "widgets/precision/format_column.h"
#include "widgets/theme.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace widthwise::gui {

FormatEditor::FormatEditor(Document& document, QWidget* parent) : QWidget(parent), m_document(document) {
    setObjectName(QStringLiteral("formatEditor"));
    m_title = new QLabel(this);
    m_title->setObjectName(QStringLiteral("formatTitle"));
    m_title->setTextFormat(Qt::PlainText);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    QFont bold = m_title->font();
    bold.setBold(true);
    m_title->setFont(bold);
    m_subtitle = new QLabel(this);
    m_subtitle->setForegroundRole(QPalette::PlaceholderText);
    m_subtitle->setWordWrap(true);
    m_target = new QLabel(this);
    m_target->setObjectName(QStringLiteral("formatTarget"));
    m_target->setTextFormat(Qt::PlainText);
    m_target->setWordWrap(true);
    m_target->setForegroundRole(QPalette::WindowText); // on Base it would be Text

    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(6);
    grid->setColumnStretch(1, 1);
    grid->setColumnStretch(2, 1);
    const auto label = [&](int row, const QString& text, const QString& tip) {
        auto* name = new QLabel(text, this);
        name->setForegroundRole(QPalette::PlaceholderText);
        name->setToolTip(tip);
        name->setContentsMargins(0, 4, 0, 0);
        grid->addWidget(name, row, 0, Qt::AlignTop | Qt::AlignLeft);
        return name;
    };
    label(FormatColumn::Type, tr("Type"), tr("How a number is written"));
    label(FormatColumn::Bits, tr("Bits"), tr("Bits of one number"));
    label(FormatColumn::ZeroPoint, tr("Zero point"), tr("Whether the code for 0 is 0 or can move"));
    label(FormatColumn::Codes, tr("Codes"), tr("Whether the lowest code is used"));
    label(FormatColumn::Scales, tr("Scales"), tr("What shares one scale"));
    label(FormatColumn::ScaleKind, tr("Scale"), tr("Which numbers a scale can be"));
    label(FormatColumn::Range, tr("Range"), tr("How the range is taken from weights or calibration images"));
    m_point = label(FormatColumn::Fraction, tr("Point"),
                    tr("Where the binary point of a fixed-point number stands"));
    label(FormatColumn::Facts, tr("Holds"), tr("What the format can hold, in steps of its scale"));
    m_weights = new FormatColumn(document, LayerOperand::weights, *grid, 1, this);
    m_activations = new FormatColumn(document, LayerOperand::activations, *grid, 2, this);

    const int below = FormatColumn::Facts + 1;
    label(below, tr("Sums"), tr("The register that a layer's products are summed in, two's complement"));
    m_bits = new NumberBox(2, 32, this);
    m_bits->setObjectName(QStringLiteral("accumulatorBits"));
    m_bits->setAccessibleName(tr("Accumulator bits"));
    m_bits->setSuffix(tr(" bits"));
    m_overflow = new ChoiceBox(this);
    m_overflow->setObjectName(QStringLiteral("accumulatorOverflow"));
    m_overflow->setAccessibleName(tr("What happens to a sum that does not fit"));
    connect(m_bits, &NumberBox::edited, this, [this](int bits) { setAccumulator(bits, std::nullopt); });
    connect(m_overflow, &ChoiceBox::chosen, this,
            [this](int value) { setAccumulator(std::nullopt, static_cast<Overflow>(value)); });
    grid->addWidget(m_bits, below, 1);
    grid->addWidget(m_overflow, below, 2);

    auto* all = new QPushButton(tr("Select all layers"), this);
    all->setObjectName(QStringLiteral("selectAllLayers"));
    connect(all, &QPushButton::clicked, this, [this] {
        QStringList layers;
        for (const Node& node : m_document.graph().nodes())
            if (takes_bits(m_document.graph(), node.name, LayerOperand::weights) ||
                takes_bits(m_document.graph(), node.name, LayerOperand::activations))
                layers += qt(node.name);
        m_document.setSelection(layers);
    });

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 10, 16, 8);
    column->setSpacing(2);
    column->addWidget(m_title);
    column->addWidget(m_subtitle);
    column->addWidget(m_target);
    column->addSpacing(8);
    column->addLayout(grid);
    column->addSpacing(12);
    column->addWidget(all, 0, Qt::AlignLeft);
    column->addStretch(1);

    connect(&m_document, &Document::selectionChanged, this, [this] {
        m_gesture = 0;
        m_weights->endGesture();
        m_activations->endGesture();
    });
    for (const auto signal :
         {&Document::opened, &Document::planChanged, &Document::selectionChanged, &Document::targetChanged})
        connect(&m_document, signal, this, &FormatEditor::refresh);
    connect(&m_document, &Document::costChanged, this, &FormatEditor::refreshTarget);
    refresh();
}

void FormatEditor::focusFirst() {
    QWidget* first = m_weights->firstField();
    (first->isEnabled() ? first : m_activations->firstField())->setFocus(Qt::ShortcutFocusReason);
}

void FormatEditor::setAccumulator(std::optional<int> bits, std::optional<Overflow> overflow) {
    if (m_gesture == 0 || overflow) m_gesture = Document::newGesture();
    m_document.applyPlan(
        with_accumulator(m_document.plan(), m_document.graph(), m_document.selection(), bits, overflow),
        tr("accumulator"), m_gesture);
}

void FormatEditor::refresh() {
    const QStringList& layers = m_document.selection();
    m_title->setText(layers.isEmpty()     ? tr("No layer is selected")
                     : layers.size() == 1 ? layers.first()
                                          : tr("%1 layers").arg(layers.size()));
    m_subtitle->setText(layers.isEmpty()     ? tr("Select the layers whose formats you want to set")
                        : layers.size() == 1 ? tr("Number formats")
                                             : tr("What they share; only what you touch changes"));
    m_weights->refresh();
    m_activations->refresh();
    m_point->setVisible(m_weights->hasPoint() || m_activations->hasPoint());
    refreshAccumulator();
    refreshTarget();
}

void FormatEditor::refreshTarget() {
    const QStringList& layers = m_document.selection();
    const QString target = qt(m_document.target().name);
    int falling = 0;
    QString first;
    if (m_document.cost() && !m_document.costProblem())
        for (const LayerCost& layer : m_document.cost()->layers) {
            if (layer.fallback.empty() || !layers.contains(qt(layer.layer))) continue;
            if (falling++ == 0) first = qt(layer.fallback);
        }
    const QString which = layers.size() == 1 ? target
                          : falling == 1     ? tr("%1, one of these layers").arg(target)
                                             : tr("%1, %2 of these layers").arg(target).arg(falling);
    m_target->setText(
        falling > 0
            ? QStringLiteral("%1: %2").arg(which, first)
            : tr("%1 runs %2").arg(target, qt(cost::to_text(cost::legal_formats(m_document.target())))));
    m_target->setToolTip(tr("Greyed choices do not run as they are on this target"));
    QPalette colours = palette();
    colours.setColor(QPalette::WindowText, falling > 0 ? bad_colour(palette()) : muted_text(palette()));
    m_target->setPalette(colours);
}

void FormatEditor::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refreshTarget();
}

void FormatEditor::refreshAccumulator() {
    std::vector<AccumulatorFormat> registers;
    if (m_document.hasNetwork())
        for (const QString& layer : m_document.selection())
            if (takes_bits(m_document.graph(), layer.toStdString(), LayerOperand::weights))
                registers.push_back(m_document.plan().at(layer.toStdString()).accumulator);
    m_bits->setEnabled(!registers.empty());
    const QString none = tr("No selected layer sums products");
    m_bits->setToolTip(registers.empty() ? none
                                         : tr("32 bits hold every sum; narrower registers are simulated"));
    if (registers.empty()) {
        m_bits->show(32, {});
        m_overflow->showDisabled(k_dash, none);
        return;
    }
    const auto same = [&](auto member) {
        return std::ranges::all_of(
            registers, [&](const AccumulatorFormat& a) { return a.*member == registers.front().*member; });
    };
    m_bits->show(same(&AccumulatorFormat::bits) ? std::optional(registers.front().bits) : std::nullopt,
                 tr("mixed"));
    m_overflow->show({{tr("wrap around"),
                       static_cast<int>(Overflow::wrap),
                       {},
                       tr("A sum that does not fit loses its upper bits")},
                      {tr("saturate"),
                       static_cast<int>(Overflow::saturate),
                       {},
                       tr("A sum that does not fit is cut after each addition")}},
                     same(&AccumulatorFormat::overflow)
                         ? std::optional(static_cast<int>(registers.front().overflow))
                         : std::nullopt,
                     tr("mixed"));
}

} // namespace widthwise::gui
