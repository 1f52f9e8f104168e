#include "tests/widgets/tiny_network.h"
#include "widgets/bit_scale.h"
#include "widgets/document/plan_edit.h"

#include <QTest>

using namespace widthwise;
using namespace widthwise::gui;

namespace {

NumberFormat must(Result<NumberFormat> result) {
    if (!result) qFatal("%s", result.error().message.c_str());
    return *result;
}

} // namespace

class TestPlanEdit : public QObject {
    Q_OBJECT
private slots:
    void every_type_can_follow_every_other() {
        for (const FormatType from : k_format_types)
            for (const FormatType to : k_format_types)
                for (const LayerOperand operand : {LayerOperand::weights, LayerOperand::activations}) {
                    const NumberFormat start = operand == LayerOperand::weights
                                                   ? default_weight_format(from)
                                                   : default_activation_format(from);
                    FormatChange change;
                    change.type = to;
                    const auto result = changed(start, change, operand);
                    if (to == FormatType::codebook && operand == LayerOperand::activations) {
                        QVERIFY(!result && result.error().message.find("weights") != std::string::npos);
                        continue;
                    }
                    QVERIFY2(result, qPrintable(type_name(from) + " to " + type_name(to)));
                    QVERIFY(result->type == to);
                    QVERIFY(validate(*result));
                }
    }

    void another_type_keeps_width_scales_and_range_where_it_can() {
        NumberFormat format = weight_integer(6);
        format.granularity = Granularity::group;
        format.group_size = 24;
        format.range.type = RangeRuleType::mse;
        FormatChange change;
        change.type = FormatType::power_of_two;
        const NumberFormat log = must(changed(format, change, LayerOperand::weights));
        QCOMPARE(log.bits, 6);
        QVERIFY(log.granularity == Granularity::group);
        QCOMPARE(log.group_size, 24);
        QVERIFY(log.range.type == RangeRuleType::mse);
        // Sixteen bits are too many for powers of two: the usual width stands in.
        const NumberFormat wide = must(changed(weight_integer(16), change, LayerOperand::weights));
        QVERIFY(wide.bits <= 8);
    }

    void one_field_leaves_the_others_alone() {
        NumberFormat format = activation_integer(7);
        FormatChange change;
        change.symmetric = true;
        NumberFormat expected = format;
        expected.symmetric = true;
        QVERIFY(must(changed(format, change, LayerOperand::activations)) == expected);
        // Scales of the old format go.
        format.scale = {0.5F};
        format.zero_point = {3};
        QVERIFY(must(changed(format, change, LayerOperand::activations)) == expected);
    }

    void what_cannot_be_says_why() {
        FormatChange narrow;
        narrow.narrow = true;
        QVERIFY(why_not({float32_format()}, narrow, LayerOperand::weights).contains("float32"));
        FormatChange dynamic;
        dynamic.rule = RangeRuleType::dynamic;
        QVERIFY(!why_not({weight_integer(8)}, dynamic, LayerOperand::weights).isEmpty());
        QVERIFY(!why_not({activation_integer(4)}, dynamic, LayerOperand::activations).isEmpty());
        QCOMPARE(why_not({activation_integer(8)}, dynamic, LayerOperand::activations), QString());
        FormatChange seventeen;
        seventeen.bits = 17;
        QVERIFY(!why_not({weight_integer(8)}, seventeen, LayerOperand::weights).isEmpty());
        // One that can is enough.
        QCOMPARE(why_not({float32_format(), weight_integer(8)}, narrow, LayerOperand::weights), QString());
        QVERIFY(!why_not({}, narrow, LayerOperand::weights).isEmpty());
    }

    void a_group_gets_a_size_and_loses_it() {
        FormatChange group;
        group.granularity = Granularity::group;
        const NumberFormat grouped = must(changed(weight_integer(4), group, LayerOperand::weights));
        QVERIFY(grouped.group_size > 0);
        FormatChange tensor;
        tensor.granularity = Granularity::tensor;
        QCOMPARE(must(changed(grouped, tensor, LayerOperand::weights)).group_size, 0);
    }

    void widths_move_through_binary_integers_and_float() {
        QVERIFY(with_bits(weight_integer(8), 1, LayerOperand::weights).type == FormatType::binary);
        QVERIFY(with_bits(default_weight_format(FormatType::binary), 3, LayerOperand::weights).type ==
                FormatType::integer);
        QCOMPARE(with_bits(default_weight_format(FormatType::binary), 3, LayerOperand::weights).bits, 3);
        QVERIFY(with_bits(default_weight_format(FormatType::fixed_point, 8), 6, LayerOperand::weights).type ==
                FormatType::fixed_point);
        QVERIFY(
            with_bits(default_weight_format(FormatType::power_of_two, 4), 12, LayerOperand::weights).type ==
            FormatType::integer);
        QVERIFY(with_bits(default_weight_format(FormatType::float8_e4m3), 8, LayerOperand::weights).type ==
                FormatType::integer);
        QVERIFY(with_bits(weight_integer(4), k_float_bits, LayerOperand::weights) == float32_format());
        for (int bits = k_min_bits; bits <= k_max_bits; ++bits)
            for (const FormatType type : k_format_types) {
                const NumberFormat format =
                    with_bits(default_activation_format(type), bits, LayerOperand::activations);
                QCOMPARE(format.storage_bits(), bits);
                QVERIFY(validate(format));
            }
    }

    void common_values_are_blank_where_formats_differ() {
        const auto bits = [](const NumberFormat& f) { return f.bits; };
        const auto same = common({weight_integer(4), weight_integer(4)}, FormatField::bits, bits);
        QVERIFY(same.value == 4 && !same.mixed);
        const auto mixed = common({weight_integer(4), weight_integer(5)}, FormatField::bits, bits);
        QVERIFY(!mixed.value && mixed.mixed);
        // A format without the field has no say.
        const auto one = common({weight_integer(4), float32_format()}, FormatField::bits, bits);
        QVERIFY(one.value == 4 && !one.mixed);
        const auto none = common({float32_format()}, FormatField::bits, bits);
        QVERIFY(!none.value && !none.mixed);
    }

    void a_change_reaches_the_layers_that_can_take_it() {
        const flow::Model model = test::tiny_model();
        PrecisionPlan plan = uniform_plan(8, 8);
        plan = with_bits(plan, *model.graph, {"fc"}, LayerOperand::weights, k_float_bits);
        FormatChange change;
        change.granularity = Granularity::tensor;
        const PrecisionPlan edited = with_format(plan, *model.graph, {"conv1", "relu1", "fc", "nobody"},
                                                 LayerOperand::weights, change);
        QVERIFY(edited.at("conv1").weights.granularity == Granularity::tensor);
        QVERIFY(edited.at("conv2").weights.granularity == Granularity::channel);
        QVERIFY(edited.at("fc").weights == float32_format());
        QVERIFY(edited.at("conv1").activations == plan.at("conv1").activations);
    }

    void accumulators_are_for_layers_with_sums() {
        const flow::Model model = test::tiny_model();
        const PrecisionPlan plan =
            with_accumulator(uniform_plan(8, 8), *model.graph, {"conv1", "pool"}, 18, Overflow::saturate);
        QVERIFY((plan.at("conv1").accumulator == AccumulatorFormat{18, Overflow::saturate}));
        QVERIFY(plan.at("pool").accumulator == AccumulatorFormat{});
        const PrecisionPlan wider = with_accumulator(plan, *model.graph, {"conv1"}, 20, std::nullopt);
        QVERIFY((wider.at("conv1").accumulator == AccumulatorFormat{20, Overflow::saturate}));
    }

    void the_canonical_plan_keeps_what_holds_for_the_whole_network() {
        const flow::Model model = test::tiny_model();
        PrecisionPlan plan = uniform_plan(4, 8);
        plan = with_pass(with_pass(plan, Pass::adaround, true), Pass::equalize, true);
        plan.set_folds_batch_norm(false);
        plan.set_requantization({RequantizationMode::integer_multiplier, Rounding::half_away});
        auto values = std::make_shared<LayerValues>();
        values->weights = {1, 2, 3};
        plan.set_values("conv1", values);
        const PrecisionPlan canonical = canonical_plan(plan, *model.graph);
        QVERIFY((canonical.passes() == std::vector<Pass>{Pass::equalize, Pass::adaround}));
        QVERIFY(!canonical.folds_batch_norm());
        QVERIFY(canonical.requantization() == plan.requantization());
        QVERIFY(canonical.values().contains("conv1"));
        QVERIFY(canonical == canonical_plan(canonical, *model.graph));
        QVERIFY(with_pass(canonical, Pass::equalize, false).passes() == std::vector<Pass>{Pass::adaround});
        QCOMPARE(label_with_passes(canonical, *model.graph), QString("w4a8 + CLE + AdaRound"));
    }

    void a_plan_without_parameters_keeps_formats_alone() {
        PrecisionPlan plan = uniform_plan(4, 6);
        LayerPrecision resolved = plan.default_precision();
        resolved.weights.scale = {0.5F};
        resolved.activations.scale = {0.25F};
        resolved.activations.zero_point = {3};
        plan.set("conv1", resolved);
        plan.set_folds_batch_norm(false);
        plan.set_passes({Pass::equalize});
        plan.set_values("conv1", std::make_shared<LayerValues>());
        const PrecisionPlan open = without_parameters(plan);
        QVERIFY(open.at("conv1") == uniform_plan(4, 6).default_precision());
        QVERIFY(open.values().empty());
        QVERIFY(!open.folds_batch_norm());
        QCOMPARE(open.passes().size(), size_t(1));
    }

    void bars_and_widths_are_inverse() {
        double last = 0;
        for (int bits = k_min_bits; bits <= k_max_bits; ++bits) {
            QCOMPARE(bits_at_height(bar_height(bits)), bits);
            QVERIFY(bar_height(bits) > last);
            last = bar_height(bits);
        }
        QCOMPARE(bar_height(k_float_bits), 1.0);
        QCOMPARE(bits_at_height(1.0), k_float_bits);
        QCOMPARE(bits_at_height(-0.2), k_min_bits);
    }

    void facts_name_levels_and_steps() {
        const QString text = facts_text(weight_integer(4));
        QVERIFY2(text.contains("15 levels"), qPrintable(text));
        QVERIFY(facts_text(float32_format()).isEmpty());
        for (const FormatType type : k_format_types)
            if (type != FormatType::float32)
                QVERIFY(facts_text(default_weight_format(type)).contains("levels"));
    }
};

QTEST_GUILESS_MAIN(TestPlanEdit)
#include "tst_plan_edit.moc"
