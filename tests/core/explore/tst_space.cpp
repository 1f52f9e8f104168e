// Spaces: designs from choices and back, in text too.

#include "core/design/target_parameter.h"
#include "core/explore/space.h"

#include <QTest>

using namespace widthwise;
using namespace widthwise::explore;

namespace {

Variable widths(const std::string& layer, Variable::Kind kind, std::vector<int> bits) {
    Variable variable;
    variable.kind = kind;
    variable.layers = {layer};
    variable.name = layer + (kind == Variable::Kind::activations ? " activations" : " weights");
    for (const int b : bits) {
        variable.formats.push_back(kind == Variable::Kind::activations ? activation_integer(b)
                                                                       : weight_integer(b));
        if (kind == Variable::Kind::both) variable.activation_formats.push_back(activation_integer(b));
    }
    return variable;
}

Variable hardware(const std::string& key, std::vector<std::string> values) {
    Variable variable;
    variable.kind = Variable::Kind::hardware;
    variable.name = variable.parameter = key;
    variable.values = std::move(values);
    return variable;
}

PrecisionPlan w8a8() {
    return PrecisionPlan({weight_integer(8), activation_integer(8)});
}

/// Two layers apart, one tied, and the rows of the array, now 16.
Space small_space() {
    Space space;
    space.base = w8a8();
    space.variables = {
        widths("a", Variable::Kind::weights, {2, 4, 8}), widths("a", Variable::Kind::activations, {4, 8}),
        widths("b", Variable::Kind::both, {3, 6}), hardware("array.rows", {"8", "16.0", "32"})};
    return space;
}

} // namespace

class TestSpace : public QObject {
    Q_OBJECT
private slots:
    void designs_are_counted_until_they_are_too_many() {
        QCOMPARE(small_space().designs(), std::optional<int64_t>(3 * 2 * 2 * 3));
        Space space;
        for (int i = 0; i < 31; ++i)
            space.variables.push_back(widths("a", Variable::Kind::weights, {1, 2, 4, 8}));
        QCOMPARE(space.designs(), std::optional<int64_t>(int64_t{1} << 62));
        space.variables.push_back(widths("b", Variable::Kind::weights, {1, 2}));
        QCOMPARE(space.designs(), std::nullopt);
    }

    void choices_become_a_plan_and_a_target() {
        const Space space = small_space();
        const Choices choices = {1, 0, 0, 2};
        const PrecisionPlan plan = plan_of(space, choices);
        QVERIFY(plan.at("a").weights == weight_integer(4));
        QVERIFY(plan.at("a").activations == activation_integer(4));
        QVERIFY(plan.at("b").weights == weight_integer(3));
        QVERIFY(plan.at("b").activations == activation_integer(3));
        QVERIFY(plan.at("other").weights == weight_integer(8));
        const Result<HardwareTarget> target = target_of(space, choices);
        QVERIFY(target.has_value());
        QCOMPARE(target->rows, int64_t{32});
        QCOMPARE(target->cols, space.target.cols);
    }

    void values_that_the_target_refuses_are_errors() {
        Space space = small_space();
        space.variables.back().values = {"-1"};
        QVERIFY(!target_of(space, Choices{0, 0, 0, 0}));
    }

    void plans_are_found_again_in_the_space() {
        const Space space = small_space();
        const Choices choices = {2, 0, 1, 1}; // 16 rows, as the target has
        const std::optional<Choices> found = choices_of(space, plan_of(space, choices));
        QVERIFY(found.has_value());
        QCOMPARE(*found, choices);
        PrecisionPlan spelled = plan_of(space, choices);
        spelled.set("other", {weight_integer(8), activation_integer(8)}); // the default, said aloud
        QCOMPARE(choices_of(space, spelled).value_or(Choices{}), choices);
    }

    void plans_outside_the_space_are_not_found() {
        const Space space = small_space();
        PrecisionPlan plan = plan_of(space, Choices{2, 0, 1, 1});
        PrecisionPlan other_layer = plan, other_width = plan, other_pass = plan, untied = plan;
        other_layer.set("other", {weight_integer(4), activation_integer(8)});
        other_width.set("a", {weight_integer(5), activation_integer(4)});
        other_pass.set_passes({Pass::equalize});
        untied.set("b", {weight_integer(6), activation_integer(3)});
        for (const PrecisionPlan& p : {other_layer, other_width, other_pass, untied})
            QVERIFY(!choices_of(space, p));
        Space elsewhere = space;
        elsewhere.variables.back().values = {"8", "32"}; // not the base target's
        QVERIFY(!choices_of(elsewhere, plan));
    }

    void uniform_choices_take_the_next_wider_width() {
        const Space space = small_space();
        QCOMPARE(uniform_choices(space, 8, 8), (Choices{2, 1, 1, 1}));
        QCOMPARE(uniform_choices(space, 3, 2), (Choices{1, 0, 0, 1}));
        QCOMPARE(uniform_choices(space, 3, 4), (Choices{1, 0, 1, 1})); // tied: wide enough for both
        Space with_types = space;
        with_types.variables[0].formats = {default_weight_format(FormatType::ternary), weight_integer(2),
                                           weight_integer(8)};
        QCOMPARE(uniform_choices(with_types, 2, 8)[0], uint8_t{1}); // integers before other types
        Space elsewhere = space;
        elsewhere.variables.back().values = {"8", "32"};
        QCOMPARE(uniform_choices(elsewhere, 8, 8)[3], uint8_t{1}); // the largest
    }

    // A search is refused, or not, by its widest design: that is the finest one, not the last in the list.
    void the_widest_choice_is_the_finest() {
        Space space = small_space();
        const auto choice = [&](std::vector<NumberFormat> weights, int bits) {
            space.variables[0].formats = std::move(weights);
            return int{uniform_choices(space, bits, 8)[0]};
        };
        const auto format = [](FormatType type) { return default_weight_format(type); };
        const NumberFormat log8 = [] {
            NumberFormat f = default_weight_format(FormatType::power_of_two);
            f.bits = 8;
            return f;
        }();
        const NumberFormat e5m2 = format(FormatType::float8_e5m2), e4m3 = format(FormatType::float8_e4m3);
        QCOMPARE(choice({weight_integer(4), weight_integer(8), log8}, 32), 1);
        QCOMPARE(choice({weight_integer(4), weight_integer(8), e5m2}, 32), 1);
        QCOMPARE(choice({e5m2, weight_integer(8), log8}, 32), 1);
        QCOMPARE(choice({weight_integer(4), e4m3, e5m2}, 32), 1);
        QCOMPARE(choice({weight_integer(4), weight_integer(8), format(FormatType::float16)}, 32), 2);
        QCOMPARE(choice({weight_integer(8), weight_integer(16), format(FormatType::float16)}, 32), 1);
        // At a width: integers, then the finer one; powers of two are no finer for more bits.
        QCOMPARE(choice({weight_integer(4), log8, weight_integer(8)}, 8), 2);
        QCOMPARE(choice({weight_integer(4), e5m2, e4m3}, 8), 2);
        QCOMPARE(choice({weight_integer(6), log8}, 8), 0);
    }

    void text_is_read_back() {
        const Space space = small_space();
        QCOMPARE(to_text(Choices{2, 0, 1, 2}), std::string("2,0,1,2"));
        const Result<Choices> read = choices_from_text("2,0,1,2", space);
        QVERIFY(read.has_value());
        QCOMPARE(*read, (Choices{2, 0, 1, 2}));
        QVERIFY(choices_from_text("", Space{}).has_value());
    }

    void hostile_text_is_refused_data() {
        QTest::addColumn<QString>("text");
        for (const char* text : {"", "2,0,1", "2,0,1,2,0", "3,0,1,2", "-1,0,1,2", "2,0,1,x", "2,0,1,", ",,,",
                                 "2,0,1,2 ", "2,0,1,99999999999999999999", "2,0,1,258", "2;0;1;2"})
            QTest::newRow(text) << QString(text);
        QTest::newRow("long") << QString(1 << 16, ',');
        QTest::newRow("long number") << "0,0,0," + QString(1 << 16, '1');
    }
    void hostile_text_is_refused() {
        QFETCH(QString, text);
        const Result<Choices> read = choices_from_text(text.toStdString(), small_space());
        QVERIFY(!read);
        QVERIFY(read.error().code == ErrorCode::invalid_input);
        QVERIFY(read.error().to_line().size() < 300);
    }
};

QTEST_APPLESS_MAIN(TestSpace)
#include "tst_space.moc"
