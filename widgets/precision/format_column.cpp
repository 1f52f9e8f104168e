#include "widgets/precision/format_column.h"

#include "widgets/cost_text.h"
#include "widgets/number_text.h"
#include "widgets/precision/format_choices.h"

#include <QGridLayout>
#include <QLabel>

namespace widthwise::gui {
FormatColumn::FormatColumn(Document& document, LayerOperand operand, QGridLayout& grid, int column,
                           QWidget* parent)
    : QObject(parent), m_document(document), m_operand(operand), m_column(column) {
    const bool weights = operand == LayerOperand::weights;
    const QString heading = weights ? tr("Weights") : tr("Activations");
    const QString prefix = weights ? QStringLiteral("weight") : QStringLiteral("activation");
    auto* title = new QLabel(heading, parent);
    title->setForegroundRole(QPalette::PlaceholderText);
    grid.addWidget(title, Heading, column);
    const auto box = [&](int row, const char* name, const QString& what,
                         std::function<FormatChange(int)> change) {
        return addBox(row, prefix + QLatin1String(name), heading + QStringLiteral(", ") + what,
                      std::move(change));
    };
    m_type = box(Type, "Type", tr("type"), type_change);
    m_bits = box(Bits, "Bits", tr("bits"), bits_change);
    m_zero_point = box(ZeroPoint, "ZeroPoint", tr("zero point"), symmetric_change);
    m_codes = box(Codes, "Codes", tr("codes"), narrow_change);
    m_scales = box(Scales, "Scales", tr("scales"), granularity_change);
    m_scale_kind = box(ScaleKind, "ScaleKind", tr("kind of scale"), scale_change);
    m_range = box(Range, "Range", tr("range"), rule_change);
    m_fraction = box(Fraction, "Fraction", tr("binary point"), fraction_change);

    m_group = new NumberBox(1, 65536, parent);
    m_group->setObjectName(prefix + QStringLiteral("Group"));
    m_group->setPrefix(tr("groups of "));
    connect(m_group, &NumberBox::edited, this, [this](int size) {
        FormatChange change;
        change.group_size = size;
        apply(Scales + 100, change);
    });
    m_percentile = new RealBox(50.01, 100, 3, 0.01, parent);
    m_percentile->setObjectName(prefix + QStringLiteral("Percentile"));
    m_percentile->setSuffix(tr(" % kept"));
    connect(m_percentile, &RealBox::edited, this, [this](double kept) {
        FormatChange change;
        change.percentile = kept;
        apply(Range + 100, change);
    });
    m_lo = new RealBox(-1e6, 1e6, 4, 0.1, parent);
    m_lo->setObjectName(prefix + QStringLiteral("Lo"));
    m_lo->setPrefix(tr("from "));
    connect(m_lo, &RealBox::edited, this, [this](double value) {
        FormatChange change;
        change.lo = value;
        apply(Range + 200, change);
    });
    m_hi = new RealBox(-1e6, 1e6, 4, 0.1, parent);
    m_hi->setObjectName(prefix + QStringLiteral("Hi"));
    m_hi->setPrefix(tr("to "));
    connect(m_hi, &RealBox::edited, this, [this](double value) {
        FormatChange change;
        change.hi = value;
        apply(Range + 300, change);
    });
    m_fraction_bits = new NumberBox(-32, 64, parent);
    m_fraction_bits->setObjectName(prefix + QStringLiteral("FractionBits"));
    m_fraction_bits->setSuffix(tr(" fraction bits"));
    connect(m_fraction_bits, &NumberBox::edited, this, [this](int bits) {
        FormatChange change;
        change.fraction_bits = std::optional<int>(bits);
        apply(Fraction + 100, change);
    });
    addCell(grid, Type, {m_type});
    addCell(grid, Bits, {m_bits});
    addCell(grid, ZeroPoint, {m_zero_point});
    addCell(grid, Codes, {m_codes});
    addCell(grid, Scales, {m_scales, m_group});
    addCell(grid, ScaleKind, {m_scale_kind});
    addCell(grid, Range, {m_range, m_percentile, m_lo, m_hi});
    addCell(grid, Fraction, {m_fraction, m_fraction_bits});

    m_facts = new QLabel(parent);
    m_facts->setObjectName(prefix + QStringLiteral("Facts"));
    m_facts->setForegroundRole(QPalette::PlaceholderText);
    m_facts->setWordWrap(true);
    m_facts->setContentsMargins(0, 4, 0, 0);
    m_facts->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_facts->setToolTip(tr("What the format can hold, in steps of its scale"));
    grid.addWidget(m_facts, Facts, column);
}

ChoiceBox* FormatColumn::addBox(int row, const QString& name, const QString& accessible,
                                std::function<FormatChange(int)> change) {
    auto* box = new ChoiceBox(qobject_cast<QWidget*>(parent()));
    box->setObjectName(name);
    box->setAccessibleName(accessible);
    connect(box, &ChoiceBox::chosen, this,
            [this, row, change = std::move(change)](int value) { apply(row, change(value)); });
    return box;
}

void FormatColumn::addCell(QGridLayout& grid, int row, std::initializer_list<QWidget*> widgets) {
    auto* cell = new QWidget(qobject_cast<QWidget*>(parent()));
    auto* stack = new QVBoxLayout(cell);
    stack->setContentsMargins(0, 0, 0, 0);
    stack->setSpacing(4);
    for (QWidget* widget : widgets) stack->addWidget(widget);
    grid.addWidget(cell, row, m_column, Qt::AlignTop);
}

void FormatColumn::apply(int field, const FormatChange& change) {
    if (m_gesture_field != field) m_gesture = Document::newGesture();
    m_gesture_field = field;
    const QStringList& layers = m_document.selection();
    const QString where = layers.size() == 1 ? layers.first() : tr("%1 layers").arg(layers.size());
    m_document.applyPlan(with_format(m_document.plan(), m_document.graph(), layers, m_operand, change),
                         tr("format of %1").arg(where), m_gesture);
    // What could not be applied leaves the field as it was.
    refresh();
}

void FormatColumn::refreshBox(ChoiceBox& box, const std::vector<NumberFormat>& formats, FormatField field,
                              std::vector<ChoiceBox::Choice> choices,
                              const std::function<int(const NumberFormat&)>& get,
                              const std::function<FormatChange(int)>& change) {
    if (formats.empty()) {
        box.showDisabled({}, m_operand == LayerOperand::weights ? tr("No selected layer has weights")
                                                                : tr("No selected layer reads activations"));
        return;
    }
    const auto value = common(formats, field, get);
    if (!value.value && !value.mixed) {
        box.showDisabled(k_dash, tr("%1 leaves nothing to choose here").arg(type_name(formats.front().type)));
        return;
    }
    for (ChoiceBox::Choice& choice : choices)
        choice.why_not = why_not(formats, change(choice.value), m_operand);
    if (field == FormatField::type || field == FormatField::bits || field == FormatField::symmetric ||
        field == FormatField::granularity)
        markFallbacks(choices, formats, change);
    box.show(choices, value.value, tr("mixed"));
}

void FormatColumn::markFallbacks(std::vector<ChoiceBox::Choice>& choices,
                                 const std::vector<NumberFormat>& formats,
                                 const std::function<FormatChange(int)>& change) const {
    const bool weights = m_operand == LayerOperand::weights;
    const std::vector<NumberFormat> others =
        formats_of(m_document.plan(), m_document.graph(), m_document.selection(),
                   weights ? LayerOperand::activations : LayerOperand::weights);
    if (others.empty()) return;
    const QString target = qt(m_document.target().name);
    for (ChoiceBox::Choice& choice : choices) {
        const auto format = changed(formats.front(), change(choice.value), m_operand);
        if (!format) continue;
        const QString why = fallback_of(m_document.target(), weights ? *format : others.front(),
                                        weights ? others.front() : *format);
        if (why.isEmpty()) continue;
        choice.faint = true;
        if (!choice.tip.isEmpty()) choice.tip += '\n';
        choice.tip += QStringLiteral("%1: %2").arg(target, why);
    }
}

void FormatColumn::refresh() {
    const std::vector<NumberFormat> formats =
        m_document.hasNetwork()
            ? formats_of(m_document.plan(), m_document.graph(), m_document.selection(), m_operand)
            : std::vector<NumberFormat>();
    std::vector<ChoiceBox::Choice> types = type_choices();
    for (ChoiceBox::Choice& choice : types)
        if (!formats.empty())
            if (const auto format = changed(formats.front(), type_change(choice.value), m_operand))
                choice.tip = facts_text(*format);
    refreshBox(
        *m_type, formats, FormatField::type, types,
        [](const NumberFormat& f) { return static_cast<int>(f.type); }, type_change);

    std::vector<ChoiceBox::Choice> widths;
    for (int bits = k_min_bits; bits <= k_float_bits; ++bits)
        if (is_integer_width(bits) && why_not(formats, bits_change(bits), m_operand).isEmpty())
            widths.push_back({bits == 1 ? tr("1 (binary)") : QString::number(bits), bits, {}, {}});
    refreshBox(
        *m_bits, formats, FormatField::bits, widths, [](const NumberFormat& f) { return f.bits; },
        bits_change);
    refreshBox(
        *m_zero_point, formats, FormatField::symmetric,
        {{tr("symmetric"), 1, {}, tr("No zero point: codes below and above 0")},
         {tr("affine"), 0, {}, tr("With a zero point: codes from 0 up")}},
        [](const NumberFormat& f) { return f.symmetric ? 1 : 0; }, symmetric_change);
    refreshBox(
        *m_codes, formats, FormatField::narrow,
        {{tr("all"), 0, {}, tr("Every code of the width")},
         {tr("narrow"), 1, {}, tr("One code less, so that both signs reach equally far")}},
        [](const NumberFormat& f) { return f.narrow ? 1 : 0; }, narrow_change);
    const bool weights = m_operand == LayerOperand::weights;
    refreshBox(
        *m_scales, formats, FormatField::granularity,
        {{tr("one"), static_cast<int>(Granularity::tensor), {}, tr("One scale for the tensor")},
         {tr("per channel"),
          static_cast<int>(Granularity::channel),
          {},
          weights ? tr("One scale for each output channel") : tr("One scale for each input channel")},
         {tr("per group"),
          static_cast<int>(Granularity::group),
          {},
          weights ? tr("One scale for each run of weights within an output channel")
                  : tr("One scale for each run of channels")}},
        [](const NumberFormat& f) { return static_cast<int>(f.granularity); }, granularity_change);
    refreshBox(
        *m_scale_kind, formats, FormatField::scale_type,
        {{tr("real"), static_cast<int>(ScaleType::real), {}, tr("Any positive number")},
         {tr("power of two"),
          static_cast<int>(ScaleType::power_of_two),
          {},
          tr("Rounded up to a power of two: rescaling is a shift")}},
        [](const NumberFormat& f) { return static_cast<int>(f.scale_type); }, scale_change);
    refreshBox(
        *m_range, formats, FormatField::range, rule_choices(),
        [](const NumberFormat& f) { return static_cast<int>(f.range.type); }, rule_change);
    refreshBox(
        *m_fraction, formats, FormatField::fraction_bits,
        {{tr("chosen"), 0, {}, tr("From the range, or in the middle")}, {tr("given"), 1, {}, {}}},
        [](const NumberFormat& f) { return f.fraction_bits ? 1 : 0; }, fraction_change);
    m_fraction->setVisible(m_fraction->isEnabled());
    refreshParameters(formats);

    const bool same =
        std::ranges::all_of(formats, [&](const NumberFormat& f) { return f == formats.front(); });
    const QString numbers = formats.empty() ? k_dash : same ? facts_text(formats.front()) : tr("mixed");
    m_facts->setText(numbers.isEmpty() ? tr("32-bit floating point") : numbers);
}

void FormatColumn::refreshParameters(const std::vector<NumberFormat>& formats) {
    const auto show = [&](auto* box, FormatField field, auto applies, auto get) {
        std::vector<NumberFormat> some;
        for (const NumberFormat& format : formats)
            if (has_field(format.type, field) && applies(format)) some.push_back(format);
        const bool all = !some.empty() && some.size() == formats.size();
        box->setVisible(all);
        if (all) box->show(common(some, field, get).value, tr("mixed"));
    };
    const auto ruled = [](RangeRuleType rule) {
        return [rule](const NumberFormat& f) { return f.range.type == rule && f.scale.empty(); };
    };
    show(
        m_group, FormatField::granularity,
        [](const NumberFormat& f) { return f.granularity == Granularity::group; },
        [](const NumberFormat& f) { return f.group_size; });
    show(m_percentile, FormatField::range, ruled(RangeRuleType::percentile),
         [](const NumberFormat& f) { return f.range.percentile; });
    show(m_lo, FormatField::range, ruled(RangeRuleType::given),
         [](const NumberFormat& f) { return f.range.lo; });
    show(m_hi, FormatField::range, ruled(RangeRuleType::given),
         [](const NumberFormat& f) { return f.range.hi; });
    show(
        m_fraction_bits, FormatField::fraction_bits,
        [](const NumberFormat& f) { return f.fraction_bits.has_value(); },
        [](const NumberFormat& f) { return f.fraction_bits.value_or(0); });
    // Scales that came with the network stand above any rule, until one is chosen.
    const bool imported =
        std::ranges::any_of(formats, [](const NumberFormat& f) { return !f.scale.empty(); });
    if (imported && m_range->isEnabled()) {
        const QSignalBlocker blocker(m_range);
        m_range->setPlaceholderText(tr("as given"));
        m_range->setCurrentIndex(-1);
        m_range->setToolTip(tr("The scales that the network brought; choose a rule to calibrate instead"));
    }
}

} // namespace widthwise::gui
