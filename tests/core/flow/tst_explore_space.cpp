// What may be searched, as options say it.

#include "tests/core/flow/explore_world.h"

#include <QTest>

using namespace widthwise;
using namespace widthwise::test;
using Kind = explore::Variable::Kind;

namespace {

Result<explore::Space> space_of(const flow::SpaceOptions& options, const std::string& target = "bitfusion",
                                const std::string& base = "w8a8") {
    return flow::make_space(*small_network(), PrecisionPlan(need(parse_bits(base))),
                            need(cost::load_target(target)), options);
}

ErrorCode error_of(const flow::SpaceOptions& options, const std::string& target = "bitfusion") {
    const auto space = space_of(options, target);
    return space ? ErrorCode::failed : space.error().code;
}

std::vector<int> bits_of(const std::vector<NumberFormat>& formats) {
    std::vector<int> bits;
    for (const NumberFormat& format : formats) bits.push_back(format.bits);
    return bits;
}

} // namespace

class TestExploreSpace : public QObject {
    Q_OBJECT
private slots:
    void oneVariableForEachLayerAndOperand();
    void otherFormatsStandAmongTheWidths();
    void frozenLayersKeepTheBase();
    void tiedOperandsHaveOneWidth();
    void widthsThatTheTargetCannotTakeAreLeftOut();
    void hardwareComesLast();
    void hardwareValuesStandOnceInOrder();
    void refusals();
};

void TestExploreSpace::oneVariableForEachLayerAndOperand() {
    flow::SpaceOptions options;
    options.weight_widths = {8, 4, 2, 4};
    const explore::Space space = need(space_of(options));
    std::vector<std::string> names;
    for (const explore::Variable& variable : space.variables) names.push_back(variable.name);
    // The pool reads activations too: what it reads at 8 bits has to be written at 8 bits.
    const std::vector<std::string> expected = {
        "first weights",    "first activations",  "second weights",        "second activations",
        "pool activations", "classifier weights", "classifier activations"};
    QCOMPARE(names, expected);
    QCOMPARE(bits_of(space.variables[0].formats), (std::vector<int>{2, 4, 8}));
    QCOMPARE(bits_of(space.variables[1].formats), (std::vector<int>{2, 3, 4, 6, 8}));
    // Few bits take the range of least error, others the defaults: w8a8 is in the space.
    QVERIFY(space.variables[0].formats[1].range.type == RangeRuleType::mse);
    QVERIFY(space.variables[0].formats[2] == weight_integer(8));
    QVERIFY(explore::choices_of(space, PrecisionPlan(need(parse_bits("w8a8")))).has_value());
    options.least_error_for_few_bits = false;
    QVERIFY(need(space_of(options)).variables[0].formats[1] == weight_integer(4));
}

void TestExploreSpace::otherFormatsStandAmongTheWidths() {
    flow::SpaceOptions options;
    options.weight_widths = {1, 4, 8};
    options.weight_formats = {"ternary", "log4", "cb3"};
    options.activation_formats = {"e4m3"};
    const explore::Space space = need(space_of(options, "asic-45nm"));
    std::vector<FormatType> types;
    for (const NumberFormat& format : space.variables[0].formats) types.push_back(format.type);
    const std::vector<FormatType> expected = {FormatType::binary,       FormatType::ternary,
                                              FormatType::codebook,     FormatType::integer,
                                              FormatType::power_of_two, FormatType::integer};
    QVERIFY(types == expected);
}

void TestExploreSpace::frozenLayersKeepTheBase() {
    flow::SpaceOptions options;
    options.frozen = {"first", "c*"};
    const explore::Space space = need(space_of(options, "bitfusion", "w4a6"));
    QCOMPARE(space.variables.size(), size_t{3});
    const PrecisionPlan plan = explore::plan_of(space, explore::Choices{0, 0, 0});
    QVERIFY(plan.at("first") == need(parse_bits("w4a6")));
    QVERIFY(plan.at("classifier") == need(parse_bits("w4a6")));
    QCOMPARE(plan.at("second").weights.bits, 2);
}

void TestExploreSpace::tiedOperandsHaveOneWidth() {
    flow::SpaceOptions options;
    options.weight_widths = {2, 4, 8};
    options.activation_widths = {4, 6, 8};
    options.tie_operands = true;
    const explore::Space space = need(space_of(options));
    QCOMPARE(space.variables.size(), size_t{4});
    QVERIFY(space.variables[0].kind == Kind::both);
    QVERIFY(space.variables[2].kind == Kind::activations); // the pool's
    QCOMPARE(bits_of(space.variables[0].formats), (std::vector<int>{4, 8}));
    QCOMPARE(bits_of(space.variables[0].activation_formats), (std::vector<int>{4, 8}));
}

void TestExploreSpace::widthsThatTheTargetCannotTakeAreLeftOut() {
    flow::SpaceOptions options;
    options.weight_widths = options.activation_widths = {4, 8, 16};
    const explore::Space space = need(space_of(options)); // bitfusion multiplies up to 8 bits
    for (const explore::Variable& variable : space.variables)
        QCOMPARE(bits_of(variable.formats), (std::vector<int>{4, 8}));
    options.weight_widths = options.activation_widths = {12, 16};
    QCOMPARE(error_of(options), ErrorCode::invalid_input);
}

void TestExploreSpace::hardwareComesLast() {
    flow::SpaceOptions options;
    options.hardware = {{"array.rows", {"16", "4", "8", "4"}}, {"node_nm", {}}};
    const explore::Space space = need(space_of(options));
    const explore::Variable& rows = space.variables[space.variables.size() - 2];
    QVERIFY(rows.kind == Kind::hardware);
    QCOMPARE(rows.values, (std::vector<std::string>{"4", "8", "16"}));
    QVERIFY(space.variables.back().values.size() > 1);
}

void TestExploreSpace::hardwareValuesStandOnceInOrder() {
    flow::SpaceOptions options;
    const auto values = [&](std::vector<std::string> asked, const std::string& key = "array.rows") {
        options.hardware = {{key, std::move(asked)}};
        return need(space_of(options)).variables.back().values;
    };
    QCOMPARE(values({"16", "8", "8.0", "16", "4", "8"}), (std::vector<std::string>{"4", "8", "16"}));
    // Names have no order of their own; numbers come first.
    const std::string serial = "\"bit_serial\"", composable = "\"bit_composable\"";
    QCOMPARE(values({serial, composable, serial}, "mac.style"),
             (std::vector<std::string>{serial, composable}));
    QCOMPARE(values({"null", "0.5", "0.2", "null", "0.3"}, "static_power_w"),
             (std::vector<std::string>{"0.2", "0.3", "0.5", "null"}));
}

void TestExploreSpace::refusals() {
    flow::SpaceOptions options;
    options.weight_widths = {17};
    QCOMPARE(error_of(options), ErrorCode::usage);
    options = {};
    options.weight_formats = {"int7"};
    QCOMPARE(error_of(options), ErrorCode::usage);
    options = {};
    options.activation_formats = {"cb4"};
    QCOMPARE(error_of(options), ErrorCode::usage);
    options = {};
    options.frozen = {"nowhere*"};
    QCOMPARE(error_of(options), ErrorCode::usage);
    options = {};
    options.frozen = {"*"};
    QCOMPARE(error_of(options), ErrorCode::invalid_input);
    options = {};
    options.weight_widths = options.activation_widths = {8};
    QCOMPARE(error_of(options), ErrorCode::invalid_input);
    options = {};
    options.hardware = {{"array.rosw", {"4"}}};
    QCOMPARE(error_of(options), ErrorCode::usage);
    options.hardware = {{"array.rows", {"-4"}}};
    QCOMPARE(error_of(options), ErrorCode::usage);
    options.hardware = {{"array.rows", {"4"}}, {"array.rows", {"8"}}};
    QCOMPARE(error_of(options), ErrorCode::usage);
}

QTEST_APPLESS_MAIN(TestExploreSpace)
#include "tst_explore_space.moc"
