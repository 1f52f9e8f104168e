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
        QTest::newRow("w1a1") << "w1a1" << 1 << 1;
        QTest::newRow("w16a9") << "w16a9" << 16 << 9;
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
        for (const char* text : {"",       "w",
                                 "w8",     "a8",
                                 "8a8",    "w8a",
                                 "wa",     "w8a8 ",
                                 " w8a8",  "W8A8",
                                 "w-8a8",  "w8a-8",
                                 "w+8a8",  "w8a8a8",
                                 "w0a8",   "w8a0",
                                 "w17a8",  "w31a8",
                                 "w33a8",  "8",
                                 "log",    "log1",
                                 "log9",   "wlogA8",
                                 "fixed1", "w999999999999a8",
                                 "w8.0a8", "fixed17",
                                 "bf17",   "ternary2",
                                 "w a8",   "float16",
                                 "cb",     "wcba8",
                                 "wcb0a8", "wlog0a8",
                                 "wcb9a8", "cb4",
                                 "w8acb4"})
            QTest::newRow(qPrintable("'" + QString(text) + "'")) << text;
    }
    void refusesBits() {
        QFETCH(QString, text);
        const Result<LayerPrecision> read = parse_bits(text.toStdString());
        QVERIFY(!read.has_value());
        QCOMPARE(exit_code(read.error().code), 2);
        QVERIFY(!read.error().remedy.empty());
    }

    void shortNamesOfTypes_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("label");
        QTest::addColumn<int>("weights");
        QTest::addColumn<int>("activations");
        const auto row = [](const char* text, const char* label, FormatType w, FormatType a) {
            QTest::newRow(text) << text << label << static_cast<int>(w) << static_cast<int>(a);
        };
        row("bf16", "bf16", FormatType::bfloat16, FormatType::bfloat16);
        row("wbf16abf16", "bf16", FormatType::bfloat16, FormatType::bfloat16);
        row("fp16", "fp16", FormatType::float16, FormatType::float16);
        row("we4m3a8", "we4m3 a8", FormatType::float8_e4m3, FormatType::integer);
        row("w8 ae5m2", "w8 ae5m2", FormatType::integer, FormatType::float8_e5m2);
        row("wlog4a8", "wlog4 a8", FormatType::power_of_two, FormatType::integer);
        row("wternarya4", "wternary a4", FormatType::ternary, FormatType::integer);
        row("w32 aternary", "w32 aternary", FormatType::float32, FormatType::ternary);
        row("dfixed6", "dfixed6", FormatType::dynamic_fixed_point, FormatType::dynamic_fixed_point);
        row("wfixed16 adfixed8", "wfixed16 adfixed8", FormatType::fixed_point,
            FormatType::dynamic_fixed_point);
        row("wcb4a8", "wcb4 a8", FormatType::codebook, FormatType::integer);
        row("wcb8abf16", "wcb8 abf16", FormatType::codebook, FormatType::bfloat16);
        row("w1a1", "w1a1", FormatType::binary, FormatType::binary);
        row("w1a32", "w1a32", FormatType::binary, FormatType::float32);
    }
    void shortNamesOfTypes() {
        QFETCH(QString, text);
        QFETCH(QString, label);
        QFETCH(int, weights);
        QFETCH(int, activations);
        const Result<LayerPrecision> read = parse_bits(text.toStdString());
        QVERIFY2(read.has_value(), read ? "" : read.error().to_line().c_str());
        QCOMPARE(static_cast<int>(read->weights.type), weights);
        QCOMPARE(static_cast<int>(read->activations.type), activations);
        QCOMPARE(QString::fromStdString(bits_label(*read)), label);
        QCOMPARE(*parse_bits(bits_label(*read)), *read);
    }

    void codebooksAreForWeights() {
        const auto refused = parse_bits("w8acb4");
        QVERIFY(!refused && refused.error().message.find("activations") != std::string::npos);
        QVERIFY2(parse_bits("cb4").error().remedy.find("wcb4a8") != std::string::npos,
                 parse_bits("cb4").error().remedy.c_str());
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
        plan.set_passes({Pass::equalize});
        QVERIFY(!plan.is_float());
        plan.set_passes({});
        plan.set_values("fc", std::make_shared<const LayerValues>());
        QVERIFY(!plan.is_float());
        plan.set_values("fc", nullptr);
        QVERIFY(plan.is_float());
    }

    void passesStandInTheirOrderOnce() {
        PrecisionPlan plan;
        plan.set_passes({Pass::bias_correction, Pass::equalize, Pass::adaround, Pass::equalize});
        QCOMPARE(plan.passes(), (std::vector<Pass>{Pass::equalize, Pass::adaround, Pass::bias_correction}));
    }

    void equalByContent() {
        const auto values = [](float w) {
            return std::make_shared<const LayerValues>(LayerValues{{w, 2}, {3}, std::nullopt});
        };
        PrecisionPlan a, b;
        a.set_values("fc", values(1));
        b.set_values("fc", values(1));
        QCOMPARE(a, b);
        b.set_values("fc", values(1.5F));
        QVERIFY(!(a == b));
        b.set_values("fc", nullptr);
        QVERIFY(!(a == b));
        b = a;
        b.set_folds_batch_norm(false);
        QVERIFY(!(a == b));
        b = a;
        b.set_requantization({RequantizationMode::power_of_two_shift, Rounding::floor});
        QVERIFY(!(a == b));
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
        plan.set("fc", *parse_bits("wlog4a8"));
        QCOMPARE(plan_label(plan, *graph), std::string("mixed w2-8,log4 a8"));
        for (const char* layer : {"conv1", "conv_9", "fc"}) plan.set(layer, *parse_bits("wlog4a16"));
        QCOMPARE(plan_label(plan, *graph), std::string("wlog4 a16"));
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
            "accumulator": {"bits": 12, "overflow": "saturate"},
            "activations": {"bits": 6, "symmetric": false, "granularity": "tensor", "range": [-1.5, 2],
                            "scale": 0.125, "zero_point": 12}}})"));
        QVERIFY2(plan.has_value(), plan ? "" : plan.error().to_line().c_str());
        const LayerPrecision& p = plan->at("conv_9");
        QCOMPARE(p.weights.bits, 5);
        QVERIFY(p.weights.symmetric && !p.weights.narrow);
        QCOMPARE(p.weights.range.type, RangeRuleType::percentile);
        QCOMPARE(p.weights.range.percentile, 99.5);
        QCOMPARE(p.weights.scale, (std::vector<float>{0.5F, 0.25F, 0.1F}));
        QCOMPARE(p.accumulator, (AccumulatorFormat{12, Overflow::saturate}));
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
        const auto row = [](const char* name, const std::string& text, const char* says) {
            QTest::newRow(name) << QString::fromStdString(text) << says;
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
        row("bits 17", weights(R"({"bits": 17})"), "outside");
        row("float 8", weights(R"({"type": "float32", "bits": 8})"), "weights.bits");
        row("float scale", weights(R"({"bits": 32, "scale": 1})"), "float32 has no scale");
        row("symmetric text", weights(R"({"symmetric": "yes"})"), "weights.symmetric");
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
        row("codebook of integers", weights(R"({"codebook": [1]})"), "integer has no codebook");
        const auto levels = [&](const std::string& list) {
            return weights(R"({"type": "codebook", "bits": 2, "codebook": )" + list + "}");
        };
        row("codebook bits", weights(R"({"type": "codebook", "bits": 9})"), "weights.bits");
        row("codebook too long", levels("[1, 2, 3, 4, 5]"), "5 levels needs more than 2 bits");
        row("codebook order", levels("[1, 0]"), "ascend");
        row("codebook twice", levels("[1, 1]"), "ascend");
        row("codebook empty", levels("[]"), "at least one");
        row("codebook text", levels(R"(["1"])"), "weights.codebook");
        row("codebook huge", levels("[1e39]"), "weights.codebook");
        row("codebook scale", weights(R"({"type": "codebook", "scale": 1})"), "codebook has no scale");
        row("codebook granularity", weights(R"({"type": "codebook", "granularity": "tensor"})"),
            "codebook has no granularity");
        row("codebook of activations", activations(R"({"type": "codebook", "bits": 4})"),
            "activations cannot be a codebook's, d.json: default.activations");
        row("group 0", weights(R"({"granularity": "group:0"})"), "weights.granularity");
        row("group -1", weights(R"({"granularity": "group:-1"})"), "weights.granularity");
        row("group text", weights(R"({"granularity": "group:many"})"), "'group:many'");
        row("group huge", weights(R"({"granularity": "group:99999999999999999999"})"), "no group size");
        row("group count", weights(R"({"granularity": "group:10", "scale": [1, 1, 1, 1, 1]})"),
            "5 scales for 6 groups");
        row("channel count", design(R"("layers": {"conv_9": {"activations": {"granularity": "channel",
            "symmetric": true, "scale": [1, 1]}}})"),
            "2 scales for 3 channels");
        row("float16 bits", weights(R"({"type": "float16", "bits": 8})"), "weights.bits");
        row("float16 scale", weights(R"({"type": "float16", "scale": 1})"), "float16 has no scale");
        row("bfloat16 range", weights(R"({"type": "bfloat16", "range": "mse"})"), "bfloat16 has no range");
        row("log bits", weights(R"({"type": "power_of_two", "bits": 9})"), "weights.bits");
        row("log scale", weights(R"({"type": "power_of_two", "scale": 0.3})"), "power of two");
        row("ternary bits", weights(R"({"type": "ternary", "bits": 3})"), "weights.bits");
        row("binary symmetric", weights(R"({"type": "binary", "symmetric": true})"),
            "binary has no symmetric");
        row("threshold alone", weights(R"({"type": "ternary", "threshold": 1})"), "without a scale");
        row("threshold", weights(R"({"scale": 1, "threshold": 1})"), "integer has no threshold");
        row("threshold negative", weights(R"({"type": "ternary", "scale": 1, "threshold": -1})"),
            "weights.threshold");
        row("fraction", weights(R"({"fraction_bits": 4})"), "integer has no fraction_bits");
        row("fraction real", weights(R"({"type": "fixed_point", "fraction_bits": 1.5})"), "fraction_bits");
        row("fraction huge", weights(R"({"type": "fixed_point", "fraction_bits": 101})"), "raction bits");
        row("dynamic weights",
            weights(R"({"symmetric": false, "granularity": "tensor", "range": "dynamic"})"),
            "weights have no dynamic range");
        row("dynamic bits", activations(R"({"bits": 4, "range": "dynamic"})"), "dynamic");
        row("accumulator", design(R"("default": {"accumulator": 16})"), "default.accumulator");
        row("accumulator 1", design(R"("default": {"accumulator": {"bits": 1}})"), "2 to 32");
        row("accumulator 33", design(R"("default": {"accumulator": {"bits": 33}})"), "2 to 32");
        row("accumulator real", design(R"("default": {"accumulator": {"bits": 8.5}})"), "accumulator.bits");
        row("accumulator 2^70", design(R"("default": {"accumulator": {"bits": 1180591620717411303424}})"),
            "accumulator.bits");
        row("overflow", design(R"("default": {"accumulator": {"overflow": "warp"}})"), "did you mean wrap?");
        row("overflow number", design(R"("default": {"accumulator": {"overflow": 1}})"), "overflow");
        row("accumulator key", design(R"("default": {"accumulator": {"bit": 1}})"), "accumulator.bit");
        row("passes name", design(R"("passes": ["equalise"])"), "did you mean equalize?");
        row("passes number", design(R"("passes": [1])"), "passes");
        row("requantization", design(R"("requantization": {"mode": "shift"})"), "requantization.mode");
        row("rounding", design(R"("requantization": {"mode": "integer_multiplier", "rounding": "up"})"),
            "requantization.rounding");
        row("rounding of float", design(R"("requantization": {"rounding": "floor"})"), "half_even only");
        row("requantization text", design(R"("requantization": "float")"), "requantization");
        row("fold", design(R"("fold_batch_norm": 1)"), "fold_batch_norm");
        const auto values = [](const std::string& object) {
            return design(R"("layers": {"fc": {"values": )" + object + "}}");
        };
        // fc has 12 weights and 4 biases: 48 and 16 bytes.
        const std::string w = std::string(64, 'A'), b = std::string(20, 'A') + "AA==";
        const auto both = [&](const std::string& weights_text, const std::string& bias_text) {
            return values("{\"weights\": \"" + weights_text + "\", \"bias\": \"" + bias_text + "\"}");
        };
        row("values array", values("[]"), "values");
        row("values key", values(R"({"weight": ""})"), "'weight'");
        row("values missing", values(R"({"weights": ""})"), "'bias'");
        row("values number", values(R"({"weights": 1, "bias": ""})"), "values.weights");
        row("values short", both(w.substr(4), b), "45 bytes for 12 numbers");
        row("values long", both(w + w, b), "96 bytes for 12 numbers");
        row("values letters", both("!" + w.substr(1), b), "damaged base64");
        row("values cut", both(w.substr(1), b), "damaged base64");
        row("values padding", both(w, std::string(21, 'A') + "==="), "damaged base64");
        row("values bias", both(w, ""), "0 bytes for 4 numbers");
        row("values nan", both("AADAfwAA" + w.substr(8), b), "not finite");
        row("values clip", values("{\"weights\": \"" + w + "\", \"bias\": \"" + b + "\", \"clip_hi\": \"\"}"),
            "clip_hi");
        row("values nowhere", design(R"("layers": {"add1": {"values": {}}})"), "without weights");
    }
    void errorsNameTheKey() {
        QFETCH(QString, text);
        QFETCH(QString, says);
        const Result<PrecisionPlan> plan = read(text.toStdString());
        QVERIFY(!plan.has_value());
        QCOMPARE(plan.error().code, ErrorCode::invalid_input);
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
