// Designs as values, as command line options, and as files.
#include "core/design/layer_lookup.h"
#include "core/design/precision_plan.h"
#include "tests/support/small_graph.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace widthwise;

namespace {

/// Wraps layers (or other top-level members) in a design.
std::string design(const std::string& members) {
    return R"({"format": "widthwise-design/1")" + (members.empty() ? "" : ", " + members) + "}";
}

Result<PrecisionPlan> read(const std::string& text) {
    return plan_from_json(text, *test::small_graph(), "d.json");
}

} // namespace

class TestPrecisionPlan : public QObject {
    Q_OBJECT

private slots:
    void parsesBits_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("weights");
        QTest::addColumn<int>("activations");
        QTest::newRow("w8a8") << "w8a8" << 8 << 8;
        QTest::newRow("w2a7") << "w2a7" << 2 << 7;
        QTest::newRow("w4a32") << "w4a32" << 4 << 32;
        QTest::newRow("w32a32") << "w32a32" << 32 << 32;
        QTest::newRow("float") << "float" << 32 << 32;
    }
    void parsesBits() {
        QFETCH(QString, text);
        QFETCH(int, weights);
        QFETCH(int, activations);
        const Result<LayerPrecision> read = parse_bits(text.toStdString());
        QVERIFY(read.has_value());
        QCOMPARE(read->weights, weights == 32 ? float32_format() : weight_integer(weights));
        QCOMPARE(read->activations, activations == 32 ? float32_format() : activation_integer(activations));
        QCOMPARE(bits_label(*read), text == "w32a32" ? std::string("float") : text.toStdString());
    }

    void refusesBits_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("exit");
        for (const char* text : {"",      "w",     "w8",    "a8",     "8a8",
                                 "w8a",   "wa",    "w8a8 ", " w8a8",  "W8A8",
                                 "w-8a8", "w8a-8", "w+8a8", "w8a8a8", "w0a8",
                                 "w8a0",  "w17a8", "w31a8", "w33a8",  "w999999999999a8",
                                 "w8.0a8"})
            QTest::newRow(qPrintable("'" + QString(text) + "'")) << text << 2;
        for (const char* text : {"w1a8", "w8a1", "w16a8", "w9a9"}) QTest::newRow(text) << text << 3;
    }
    void refusesBits() {
        QFETCH(QString, text);
        QFETCH(int, exit);
        const Result<LayerPrecision> read = parse_bits(text.toStdString());
        QVERIFY(!read.has_value());
        QCOMPARE(exit_code(read.error().code), exit);
        QVERIFY(!read.error().remedy.empty());
    }

    void namedLayerOverridesDefault() {
        PrecisionPlan plan(*parse_bits("w8a8"));
        QVERIFY(!plan.is_float());
        plan.set("fc", *parse_bits("w4a6"));
        QCOMPARE(plan.at("fc").weights.bits, 4);
        QCOMPARE(plan.at("conv1").weights.bits, 8);
        plan.set_default({});
        QVERIFY(!plan.is_float());
        plan.set("fc", *parse_bits("float"));
        QVERIFY(plan.is_float());
        QVERIFY(PrecisionPlan().is_float());
    }

    void labelsPlans() {
        const GraphPtr graph = test::small_graph();
        PrecisionPlan plan(*parse_bits("w8a8"));
        QCOMPARE(plan_label(plan, *graph), std::string("w8a8"));
        plan.set("add1", *parse_bits("w2a2")); // no weights: not part of the label
        QCOMPARE(plan_label(plan, *graph), std::string("w8a8"));
        plan.set("conv_9", *parse_bits("w2a4"));
        QCOMPARE(plan_label(plan, *graph), std::string("mixed w2-8 a4-8"));
        plan.set("conv_9", *parse_bits("w2a8"));
        QCOMPARE(plan_label(plan, *graph), std::string("mixed w2-8 a8"));
        for (const char* layer : {"conv1", "conv_9", "fc"}) plan.set(layer, *parse_bits("float"));
        QCOMPARE(plan_label(plan, *graph), std::string("float"));
    }

    void layerOptionTakesNamesAndGlobs() {
        const GraphPtr graph = test::small_graph();
        PrecisionPlan plan;
        QVERIFY(apply_layer_option(plan, *graph, "conv*=w4a6").has_value());
        QCOMPARE(plan.layers().size(), size_t{2});
        QCOMPARE(bits_label(plan.at("conv1")), std::string("w4a6"));
        QVERIFY(apply_layer_option(plan, *graph, "conv1=float").has_value());
        QCOMPARE(bits_label(plan.at("conv1")), std::string("float"));
        QVERIFY(apply_layer_option(plan, *graph, "*=w3a3").has_value());
        // relu1 and flatten only pass numbers on.
        QCOMPARE(plan.layers().size(), size_t{5});
        QVERIFY(!plan.layers().contains("relu1"));
        QVERIFY(plan.layers().contains("add1"));
    }

    void layerOptionPrefersTheExactName() {
        const GraphPtr graph = test::small_graph("a*=1", "abc=1");
        PrecisionPlan plan;
        QVERIFY(apply_layer_option(plan, *graph, "a*=1=w4a4").has_value());
        QCOMPARE(plan.layers().size(), size_t{1});
        QVERIFY(plan.layers().contains("a*=1"));
    }

    void layerOptionNamesNearLayers() {
        const GraphPtr graph = test::small_graph();
        PrecisionPlan plan;
        const Result<void> missing = apply_layer_option(plan, *graph, "conv9=w4a4");
        QVERIFY(!missing.has_value());
        QCOMPARE(missing.error().code, ErrorCode::invalid_input);
        QVERIFY(missing.error().message.find("'conv9'") != std::string::npos);
        QVERIFY(missing.error().remedy.find("conv_9") != std::string::npos);
        for (const char* form : {"conv1", "=w4a4", "conv1=w4", "conv1=", ""}) {
            const Result<void> malformed = apply_layer_option(plan, *graph, form);
            QVERIFY2(!malformed.has_value(), form);
            QCOMPARE(malformed.error().code, ErrorCode::usage);
        }
        QCOMPARE(plan, PrecisionPlan()); // a refused option changes nothing
    }

    void fileDefaultsAreTheDocumentedOnes() {
        const Result<PrecisionPlan> plan = read(design(
            R"("default": {"weights": {"bits": 8}, "activations": {"type": "integer"}},
               "layers": {"conv1": {"weights": {"bits": 4}}, "fc": {"activations": {"bits": 32}}, "add1": {}})"));
        QVERIFY2(plan.has_value(), plan ? "" : plan.error().to_line().c_str());
        QCOMPARE(plan->default_precision(), (LayerPrecision{weight_integer(8), activation_integer(8)}));
        QCOMPARE(plan->at("conv1"), (LayerPrecision{weight_integer(4), activation_integer(8)}));
        QCOMPARE(plan->at("fc"), (LayerPrecision{weight_integer(8), float32_format()}));
        QCOMPARE(plan->layers().size(), size_t{3});
        QCOMPARE(*read(design("")), PrecisionPlan());
        QCOMPARE(*read(design(R"("passes": [])")), PrecisionPlan());
    }

    void fileTakesEveryMemberThatRuns() {
        const Result<PrecisionPlan> plan = read(design(R"("layers": {"conv_9": {
            "weights": {"type": "integer", "bits": 5, "symmetric": true, "narrow": false, "granularity": "channel",
                        "range": "percentile:99.5", "scale_type": "float", "scale": [0.5, 0.25, 0.1]},
            "activations": {"bits": 6, "symmetric": false, "granularity": "tensor", "range": [-1.5, 2],
                            "scale": 0.125, "zero_point": 12}}})"));
        QVERIFY2(plan.has_value(), plan ? "" : plan.error().to_line().c_str());
        const LayerPrecision& p = plan->at("conv_9");
        QCOMPARE(p.weights.bits, 5);
        QVERIFY(p.weights.symmetric && !p.weights.narrow);
        QCOMPARE(p.weights.range.type, RangeRuleType::percentile);
        QCOMPARE(p.weights.range.percentile, 99.5);
        QCOMPARE(p.weights.scale, (std::vector<float>{0.5F, 0.25F, 0.1F}));
        QCOMPARE(p.activations.range.lo, -1.5);
        QCOMPARE(p.activations.range.hi, 2.0);
        QCOMPARE(p.activations.scale, std::vector<float>{0.125F});
        QCOMPARE(p.activations.zero_point, std::vector<int32_t>{12});
        // An affine scale without a zero point has one of 0.
        const auto no_zero =
            read(design(R"("layers": {"add1": {"activations": {"bits": 8, "scale": [1, 2]}}})"));
        QCOMPARE(no_zero->at("add1").activations.zero_point, (std::vector<int32_t>{0, 0}));
    }

    void roundTripIsExact() {
        PrecisionPlan plan(*parse_bits("w8a8"));
        LayerPrecision odd = *parse_bits("w3a5");
        // Floats that differ in their last bit, the smallest and the largest.
        odd.weights.scale = {std::nextafter(0.1F, 1.0F), std::numeric_limits<float>::denorm_min(),
                             std::numeric_limits<float>::max()};
        odd.activations.scale = {1.0F / 3.0F};
        odd.activations.zero_point = {31};
        odd.activations.range = {RangeRuleType::given, 99.99, -0.1, 1.0 / 3.0};
        plan.set("conv_9", odd);
        plan.set("fc", {});
        LayerPrecision sum = *parse_bits("w4a4");
        sum.activations.symmetric = true;
        sum.activations.range.percentile = 99.12345678901234;
        sum.activations.scale = {0.1F, 0.2F};
        plan.set("add1", sum);
        const std::string text = plan_to_json(plan);
        const Result<PrecisionPlan> again = read(text);
        QVERIFY2(again.has_value(), again ? "" : again.error().to_line().c_str());
        QCOMPARE(*again, plan);
        QCOMPARE(plan_to_json(*again), text);
        QVERIFY(text.find("0.1\n") != std::string::npos ||
                text.find("0.1,") != std::string::npos); // short where it can be
    }

    void randomScalesRoundTrip() {
        // Every 65537th bit pattern of the positive finite floats.
        PrecisionPlan plan;
        LayerPrecision p = *parse_bits("w8a8");
        for (uint32_t bits = 1; bits < 0x7f800000U; bits += 65537U) {
            float value = 0;
            std::memcpy(&value, &bits, sizeof value);
            p.weights.scale.push_back(value);
        }
        plan.set_default(p);
        const Result<PrecisionPlan> again = read(plan_to_json(plan));
        QVERIFY(again.has_value());
        QCOMPARE(*again, plan);
    }

    void hostileLayerNamesRoundTrip() {
        const std::string name = "a\"b\\c\n<script>.d,e";
        const GraphPtr graph = test::small_graph(name);
        PrecisionPlan plan;
        plan.set(name, *parse_bits("w4a4"));
        const Result<PrecisionPlan> again = plan_from_json(plan_to_json(plan), *graph, "d.json");
        QVERIFY(again.has_value());
        QCOMPARE(*again, plan);
    }

    void errorsNameTheKey_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        QTest::addColumn<bool>("unsupported");
        const auto row = [](const char* name, const std::string& text, const char* says,
                            bool unsupported = false) {
            QTest::newRow(name) << QString::fromStdString(text) << says << unsupported;
        };
        const auto weights = [](const std::string& format) {
            return design(R"("layers": {"conv1": {"weights": )" + format + "}}");
        };
        const auto activations = [](const std::string& format) {
            return design(R"("default": {"activations": )" + format + "}");
        };
        row("empty", "", "not valid JSON near line 1");
        row("cut off", "{\n\"format\": \"widthwise-design/1\",\n", "not valid JSON near line");
        row("no object", "[]", "a JSON object");
        row("null", "null", "a JSON object");
        row("no format", "{}", "no design");
        row("other format", R"({"format": "widthwise-target/1"})", "widthwise-target/1");
        row("format number", R"({"format": 1})", "no design");
        row("unknown key", design(R"("layer": {})"), "unknown key 'layer', d.json: layer");
        row("twice", design(R"("layers": {"fc": {}, "fc": {}})"), "'fc' stands twice");
        row("layers array", design(R"("layers": [])"), "layers");
        row("layer number", design(R"("layers": {"fc": 8})"), "layers.\"fc\"");
        row("unknown layer", design(R"("layers": {"conv9": {}})"),
            "no layer 'conv9', d.json, did you mean conv1, conv_9?");
        row("no precision", design(R"("layers": {"relu1": {}})"), "takes no precision");
        row("bitz", weights(R"({"bitz": 4})"), "d.json: layers.\"conv1\".weights.bitz");
        row("formats key", design(R"("default": {"weight": {}})"), "default.weight");
        row("bits text", weights(R"({"bits": "4"})"), "layers.\"conv1\".weights.bits");
        row("bits real", weights(R"({"bits": 4.5})"), "whole number");
        row("bits 0", weights(R"({"bits": 0})"), "outside");
        row("bits -4", weights(R"({"bits": -4})"), "outside");
        row("bits 33", weights(R"({"bits": 33})"), "outside");
        row("bits 2^64-1", weights(R"({"bits": 18446744073709551615})"), "outside");
        row("type", weights(R"({"type": "int"})"), "'int'");
        row("type number", weights(R"({"type": 8})"), "type");
        row("int 32", weights(R"({"type": "integer", "bits": 32})"), "32 bits");
        row("float 8", weights(R"({"type": "float32", "bits": 8})"), "8 bits");
        row("float scale", weights(R"({"bits": 32, "scale": 1})"), "weights.scale");
        row("symmetric text", weights(R"({"symmetric": "yes"})"), "weights.symmetric");
        row("narrow affine", activations(R"({"bits": 8, "narrow": true})"), "narrow");
        row("range name", weights(R"({"range": "max"})"), "'max'");
        row("range one", weights(R"({"range": [1]})"), "two numbers");
        row("range reversed", weights(R"({"range": [2, 1]})"), "lower one first");
        row("percentile text", weights(R"({"range": "percentile:abc"})"), "percentile");
        row("percentile nan", weights(R"({"range": "percentile:nan"})"), "percentile");
        row("percentile 101", weights(R"({"range": "percentile:101"})"), "percentile");
        row("scale 0", weights(R"({"scale": 0})"), "scale");
        row("scale negative", weights(R"({"scale": -1})"), "scale");
        row("scale huge", weights(R"({"scale": 1e300})"), "scale");
        row("scale tiny", weights(R"({"scale": 1e-300})"), "scale");
        row("scale text", weights(R"({"scale": "1"})"), "scale");
        row("scale empty", weights(R"({"scale": []})"), "at least one");
        row("scale nested", weights(R"({"scale": [[1]]})"), "scale");
        row("scale count", weights(R"({"scale": [1, 1]})"), "2 scales for 3 channels");
        row("scale inputs", design(R"("layers": {"fc": {"activations": {"bits": 8, "scale": [1, 1]}}})"),
            "2 scales for 1 inputs");
        row("scale tensor", weights(R"({"granularity": "tensor", "scale": [1, 1, 1]})"), "several scales");
        row("zero alone", activations(R"({"zero_point": 1})"), "without a scale");
        row("zero outside", activations(R"({"bits": 4, "scale": 1, "zero_point": 16})"), "zero point 16");
        row("zero real", activations(R"({"bits": 4, "scale": 1, "zero_point": 1.5})"), "zero_point");
        row("zero symmetric", weights(R"({"scale": 1, "zero_point": 1})"), "zero point 1");
        row("zero count", activations(R"({"scale": [1, 1, 1], "zero_point": [1, 1]})"), "same number");
        row("scale type", weights(R"({"scale_type": "double"})"), "double");
        row("granularity", weights(R"({"granularity": "row"})"), "'row'");
        row("passes text", design(R"("passes": "equalize")"), "passes");
        for (const char* type : {"float16", "bfloat16", "float8_e4m3", "float8_e5m2", "fixed_point",
                                 "dynamic_fixed_point", "power_of_two", "ternary", "binary"})
            row(type, weights(std::string(R"({"type": ")") + type + "\"}"), type, true);
        for (const char* rule : {"moving_average", "mse", "entropy"})
            row(rule, activations(std::string(R"({"range": ")") + rule + "\"}"), rule, true);
        row("group", weights(R"({"granularity": "group:16"})"), "group:16", true);
        row("activation channel", activations(R"({"granularity": "channel"})"), "per channel", true);
        row("affine weights", weights(R"({"symmetric": false})"), "asymmetric weights", true);
        row("bits 1", weights(R"({"bits": 1})"), "1-bit", true);
        row("bits 16", weights(R"({"bits": 16})"), "16-bit", true);
        row("codebook", weights(R"({"codebook": [1]})"), "codebook", true);
        row("fraction", weights(R"({"fraction_bits": 4})"), "fraction_bits", true);
        row("power of two", weights(R"({"scale_type": "power_of_two"})"), "power-of-two", true);
        row("accumulator", design(R"("default": {"accumulator": {"bits": 16}})"), "accumulator", true);
        row("pass", design(R"("passes": ["equalize"])"), "'equalize'", true);
    }
    void errorsNameTheKey() {
        QFETCH(QString, text);
        QFETCH(QString, says);
        QFETCH(bool, unsupported);
        const Result<PrecisionPlan> plan = read(text.toStdString());
        QVERIFY(!plan.has_value());
        QCOMPARE(plan.error().code, unsupported ? ErrorCode::unsupported : ErrorCode::invalid_input);
        const std::string line = plan.error().to_line();
        QVERIFY2(line.find(says.toStdString()) != std::string::npos, line.c_str());
        QVERIFY2(line.find("d.json") != std::string::npos, line.c_str());
    }

    void anyByteMayBeMissingOrWrong() {
        // No mutation may crash; one that is accepted must still be a valid plan.
        PrecisionPlan plan(*parse_bits("w8a8"));
        LayerPrecision p = *parse_bits("w3a5");
        p.activations.scale = {0.5F};
        p.activations.zero_point = {3};
        plan.set("conv1", p);
        const std::string text = plan_to_json(plan);
        const GraphPtr graph = test::small_graph();
        for (size_t i = 0; i < text.size(); ++i) {
            for (const char c : {'\0', '"', '9', '-', '{', ']', '\xff'}) {
                std::string changed = text;
                changed[i] = c;
                if (const auto read = plan_from_json(changed, *graph, "d.json"))
                    QVERIFY(plan_from_json(plan_to_json(*read), *graph, "d.json").has_value());
            }
            QVERIFY(!plan_from_json(text.substr(0, i), *graph, "d.json").has_value() || i + 1 == text.size());
        }
        // Deep nesting must not exhaust the stack.
        const std::string deep(100000, '[');
        QVERIFY(!plan_from_json(deep, *graph, "d.json").has_value());
        QVERIFY(!plan_from_json(deep + std::string(100000, ']'), *graph, "d.json").has_value());
    }
};

QTEST_APPLESS_MAIN(TestPrecisionPlan)
#include "tst_precision_plan.moc"
