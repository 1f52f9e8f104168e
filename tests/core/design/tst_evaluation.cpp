// Intervals against published examples, and the evaluation document.
#include "core/design/evaluation.h"
#include "core/design/json.h"
#include "tests/support/small_graph.h"

#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

using namespace widthwise;

namespace {

Evaluation example(const Graph& graph) {
    Evaluation e;
    e.accuracy = {1000, 0.9123, {0.8931, 0.9284}, 0.99, 0.92, 0.97, -0.0077, {-0.015, -0.0004}};
    e.plan = PrecisionPlan(*parse_bits("w4a8"));
    e.plan.set("fc", *parse_bits("w8a8"));
    e.resolved = e.plan;
    for (const NodeId id : graph.node_ids()) {
        const Node& node = graph.node(id);
        if (node.op != Op::conv && node.op != Op::gemm && node.op != Op::add) continue;
        LayerPrecision p = e.plan.at(node.name);
        if (node.op != Op::add) p.weights.scale.assign(node.op == Op::gemm ? 4 : 3, 0.1F);
        p.activations.scale = {0.3F};
        p.activations.zero_point = {7};
        e.resolved.set(node.name, p);
        LayerDiagnostics layer;
        layer.layer = node.name;
        if (node.op != Op::add) layer.weight_format = p.weights;
        layer.activation_format = p.activations;
        if (node.op != Op::add) layer.weight_sqnr_db = 31.25;
        layer.activation_sqnr_db = 42.0;
        layer.execution = node.op == Op::add    ? Execution::float32
                          : node.op == Op::gemm ? Execution::simulated
                                                : Execution::int8;
        if (node.op != Op::add) layer.accumulator_bits = 19;
        if (node.op == Op::conv) layer.observed_accumulator_bits = 15;
        e.layers.push_back(layer);
    }
    e.provenance = {"net.onnx", "aa",          "demo",
                    "bb",       "scale 1/255", {"demo:train", "cc", 256, true},
                    "0.1.0",    "avx512",      "2026-01-02T03:04:05Z"};
    e.passes = {{Pass::equalize, 2, "1 layer pair, largest scale 12.4", std::nullopt, std::nullopt, 0.25},
                {Pass::adaround, 3, "3 layers", 12.5, 19.75, 60}};
    e.provenance.seed = uint64_t{1} << 63U;
    e.seconds = 1.5;
    e.images_per_second = 666.6;
    return e;
}

void compare(const Evaluation& a, const Evaluation& b) {
    QCOMPARE(a.accuracy.samples, b.accuracy.samples);
    QCOMPARE(a.accuracy.top1, b.accuracy.top1);
    QCOMPARE(a.accuracy.top5, b.accuracy.top5);
    QCOMPARE(a.accuracy.top1_ci95.lo, b.accuracy.top1_ci95.lo);
    QCOMPARE(a.accuracy.delta_ci95.hi, b.accuracy.delta_ci95.hi);
    QCOMPARE(a.plan, b.plan);
    QCOMPARE(a.resolved, b.resolved);
    QCOMPARE(a.layers.size(), b.layers.size());
    for (size_t i = 0; i < a.layers.size(); ++i) {
        QCOMPARE(a.layers[i].layer, b.layers[i].layer);
        QCOMPARE(a.layers[i].weight_format, b.layers[i].weight_format);
        QCOMPARE(a.layers[i].activation_format, b.layers[i].activation_format);
        QCOMPARE(a.layers[i].weight_sqnr_db, b.layers[i].weight_sqnr_db);
        QCOMPARE(a.layers[i].execution, b.layers[i].execution);
        QCOMPARE(a.layers[i].accumulator_bits, b.layers[i].accumulator_bits);
        QCOMPARE(a.layers[i].observed_accumulator_bits, b.layers[i].observed_accumulator_bits);
    }
    QCOMPARE(a.passes.size(), b.passes.size());
    for (size_t i = 0; i < a.passes.size(); ++i) {
        QCOMPARE(a.passes[i].pass, b.passes[i].pass);
        QCOMPARE(a.passes[i].layers, b.passes[i].layers);
        QCOMPARE(a.passes[i].summary, b.passes[i].summary);
        QCOMPARE(a.passes[i].output_sqnr_db_before, b.passes[i].output_sqnr_db_before);
        QCOMPARE(a.passes[i].output_sqnr_db_after, b.passes[i].output_sqnr_db_after);
        QCOMPARE(a.passes[i].seconds, b.passes[i].seconds);
    }
    QCOMPARE(a.agreement.has_value(), b.agreement.has_value());
    QCOMPARE(a.provenance.calibration.data, b.provenance.calibration.data);
    QCOMPARE(a.provenance.calibration.data_hash, b.provenance.calibration.data_hash);
    QCOMPARE(a.provenance.calibration.shared_with_evaluation,
             b.provenance.calibration.shared_with_evaluation);
    QCOMPARE(a.provenance.created_utc, b.provenance.created_utc);
    QCOMPARE(a.provenance.seed, b.provenance.seed);
    QCOMPARE(a.seconds, b.seconds);
}

Sensitivity sensitivityExample() {
    Sensitivity sensitivity;
    sensitivity.baseline_top1 = 0.9;
    sensitivity.baseline_loss_nat = 0.3;
    sensitivity.samples = 1000;
    sensitivity.seconds = 12.5;
    sensitivity.evaluations = 7;
    LayerSensitivity& layer = sensitivity.layers.emplace_back();
    layer.layer = "conv1";
    layer.weight_trace = 11;
    layer.weight_trace_error = 0.25;
    layer.weights = {{2, 300, 0.5, {-0.45, -0.35}, 3.5, 0.75, 1.5, 2.25},
                     {8, 1000, 0.9, {-0.01, 0.01}, std::numeric_limits<double>::infinity(), 0.0, 0.3, 0.001}};
    layer.activations = {
        {4, 1000, 0.85, {-0.07, -0.03}, std::nullopt, std::nullopt, std::nullopt, std::nullopt}};
    sensitivity.layers.emplace_back().layer = "add1";
    return sensitivity;
}

} // namespace

class TestEvaluation : public QObject {
    Q_OBJECT

private slots:
    void wilson_data() {
        QTest::addColumn<int>("successes");
        QTest::addColumn<int>("n");
        QTest::addColumn<double>("lo");
        QTest::addColumn<double>("hi");
        // Newcombe 1998, Statistics in Medicine 17:857, table I, method 3 (4 digits published); further
        // digits from the roots of the score equation by bisection.
        QTest::newRow("81/263") << 81 << 263 << 0.2552885199 << 0.3662095770;
        QTest::newRow("15/148") << 15 << 148 << 0.0623863995 << 0.1604872417;
        QTest::newRow("0/20") << 0 << 20 << 0.0 << 0.1611251581;
        QTest::newRow("1/29") << 1 << 29 << 0.0061132143 << 0.1717552188;
        QTest::newRow("20/20") << 20 << 20 << 1 - 0.1611251581 << 1.0;
        QTest::newRow("none") << 0 << 0 << 0.0 << 1.0;
    }
    void wilson() {
        QFETCH(int, successes);
        QFETCH(int, n);
        QFETCH(double, lo);
        QFETCH(double, hi);
        const Interval interval = wilson_interval(successes, n);
        QVERIFY(std::abs(interval.lo - lo) < 1e-9);
        QVERIFY(std::abs(interval.hi - hi) < 1e-9);
    }

    void pairedDifference_data() {
        QTest::addColumn<int>("both");
        QTest::addColumn<int>("only_b");
        QTest::addColumn<int>("only_a");
        QTest::addColumn<int>("neither");
        QTest::addColumn<double>("lo");
        QTest::addColumn<double>("hi");
        // Newcombe 1998, Statistics in Medicine 17:2635, method 10, its example 36, 12, 2, 0: 0.0569 to
        // 0.3404. Fagerland, Lydersen and Laake, Statistical Analysis of Contingency Tables, chapter 8, 1, 1,
        // 7, 12: -0.507 to -0.026. Digits beyond those, and the other rows: an independent program that finds
        // the score limits by bisection.
        QTest::newRow("Newcombe") << 36 << 12 << 2 << 0 << 0.0569295840 << 0.3404276030;
        QTest::newRow("Fagerland") << 1 << 1 << 7 << 12 << -0.5069202267 << -0.0255591242;
        QTest::newRow("phi > 0") << 20 << 12 << 2 << 16 << 0.0561564248 << 0.3292069954;
        QTest::newRow("no only_a") << 14 << 5 << 0 << 22 << 0.0114832414 << 0.2264926844;
        QTest::newRow("small") << 10 << 15 << 5 << 20 << 0.0258384165 << 0.3569365717;
        QTest::newRow("equal") << 53 << 0 << 0 << 1 << -0.0729381455 << 0.0729381455;
        QTest::newRow("all right") << 54 << 0 << 0 << 0 << -0.0664135881 << 0.0664135881;
        QTest::newRow("10,000 images") << 9000 << 40 << 110 << 850 << -0.0094474564 << -0.0045989877;
    }
    void pairedDifference() {
        QFETCH(int, both);
        QFETCH(int, only_b);
        QFETCH(int, only_a);
        QFETCH(int, neither);
        QFETCH(double, lo);
        QFETCH(double, hi);
        const int n = both + only_b + only_a + neither;
        const Interval interval = paired_difference_interval(both, only_a, only_b, n);
        QVERIFY2(std::abs(interval.lo - lo) < 1e-9, qPrintable(QString::number(interval.lo, 'g', 12)));
        QVERIFY2(std::abs(interval.hi - hi) < 1e-9, qPrintable(QString::number(interval.hi, 'g', 12)));
        // Exchanging the two turns the sign.
        const Interval turned = paired_difference_interval(both, only_b, only_a, n);
        QVERIFY(std::abs(turned.lo + hi) < 1e-9 && std::abs(turned.hi + lo) < 1e-9);
    }

    void intervalsHoldTheEstimateAndStayInRange() {
        for (int n = 1; n <= 12; ++n)
            for (int both = 0; both <= n; ++both)
                for (int a = 0; both + a <= n; ++a)
                    for (int b = 0; both + a + b <= n; ++b) {
                        const Interval i = paired_difference_interval(both, a, b, n);
                        const double theta = static_cast<double>(b - a) / n;
                        QVERIFY(i.lo >= -1 && i.hi <= 1 && i.lo <= theta + 1e-12 && i.hi >= theta - 1e-12);
                    }
        const Interval none = paired_difference_interval(0, 0, 0, 0);
        QCOMPARE(none.lo, -1.0);
        QCOMPARE(none.hi, 1.0);
    }

    void documentHasTheContractsKeys() {
        const GraphPtr graph = test::small_graph();
        const auto document = nlohmann::json::parse(evaluation_to_json(example(*graph)));
        for (const char* key : {"samples", "top1", "top1_ci95", "top5", "float_top1", "agreement",
                                "delta_top1", "delta_ci95", "seconds", "images_per_second", "layers",
                                "calibration", "design", "resolved_design", "provenance"})
            QVERIFY2(document.contains(key), key);
        QCOMPARE(document["top1_ci95"].size(), size_t{2});
        QCOMPARE(document["calibration"]["samples"].get<int>(), 256);
        QVERIFY(document["calibration"]["data"] == "demo:train");
        const auto& layer = document["layers"][0];
        QVERIFY(layer["name"] == "conv1");
        QVERIFY(layer["weight_format"] == "int4 per channel");
        QVERIFY(layer["activation_format"] == "uint8");
        QVERIFY(layer["execution"] == "int8");
        QCOMPARE(layer["accumulator_bits"].get<int>(), 19);
        QVERIFY(document["layers"][2]["name"] == "add1");
        QVERIFY(document["layers"][2]["execution"] == "float");
        QVERIFY(document["layers"][2]["weight_format"].is_null());
        QVERIFY(document["layers"][2]["weight_sqnr_db"].is_null());
        QVERIFY(document["layers"][2]["accumulator_bits"].is_null());
    }

    void documentRoundTrips() {
        const GraphPtr graph = test::small_graph();
        const Evaluation evaluation = example(*graph);
        const std::string text = evaluation_to_json(evaluation);
        const Result<Evaluation> again = evaluation_from_json(text, *graph, "row 1");
        QVERIFY2(again.has_value(), again ? "" : again.error().to_line().c_str());
        compare(*again, evaluation);
        QCOMPARE(evaluation_to_json(*again), text);
    }

    void whatIsNoNumberBecomesNull() {
        const GraphPtr graph = test::small_graph();
        Evaluation evaluation = example(*graph);
        evaluation.accuracy.top5.reset();
        evaluation.accuracy.float_top1 = std::numeric_limits<double>::quiet_NaN();
        evaluation.layers[0].weight_sqnr_db = std::numeric_limits<double>::infinity();
        evaluation.provenance.calibration = {};
        const std::string text = evaluation_to_json(evaluation);
        const auto document = nlohmann::json::parse(text);
        QVERIFY(document["top5"].is_null());
        QVERIFY(document["float_top1"].is_null());
        QVERIFY(document["layers"][0]["weight_sqnr_db"].is_null());
        QVERIFY(document["calibration"]["data"].is_null());
        const Result<Evaluation> again = evaluation_from_json(text, *graph, "row 1");
        QVERIFY(again.has_value());
        QVERIFY(std::isnan(again->accuracy.float_top1));
        QVERIFY(!again->accuracy.top5.has_value());
        QVERIFY(again->provenance.calibration.data.empty());
    }

    void withoutLabelsAccuracyIsNull() {
        const GraphPtr graph = test::small_graph();
        Evaluation evaluation = example(*graph);
        evaluation.accuracy = {};
        evaluation.agreement = {200, 31.5, std::numeric_limits<double>::infinity(), 0.98, {0.95, 0.99}};
        const std::string text = evaluation_to_json(evaluation);
        const auto document = nlohmann::json::parse(text);
        for (const char* key : {"top1", "top1_ci95", "top5", "float_top1", "delta_top1", "delta_ci95"})
            QVERIFY2(document.at(key).is_null(), key);
        QCOMPARE(document["samples"].get<int>(), 200);
        QCOMPARE(document["agreement"].get<double>(), 0.98);
        QCOMPARE(document["output_agreement"]["sqnr_db"].get<double>(), 31.5);
        QVERIFY(document["output_agreement"]["psnr_db"].is_null());
        QCOMPARE(document["output_agreement"]["top1_agreement_ci95"][1].get<double>(), 0.99);
        const Result<Evaluation> again = evaluation_from_json(text, *graph, "row 1");
        QVERIFY2(again.has_value(), again ? "" : again.error().to_line().c_str());
        QCOMPARE(again->accuracy.samples, int64_t{0});
        QCOMPARE(again->agreement->samples, int64_t{200});
        QCOMPARE(again->agreement->psnr_db, std::numeric_limits<double>::infinity());
        QCOMPARE(evaluation_to_json(*again), text);
    }

    void documentsOfEarlierVersionsAreRead() {
        const GraphPtr graph = test::small_graph();
        const Evaluation evaluation = example(*graph);
        auto document = nlohmann::json::parse(evaluation_to_json(evaluation));
        document.erase("passes");
        document["provenance"].erase("seed");
        document.erase("output_agreement");
        for (auto& layer : document["layers"]) layer.erase("observed_accumulator_bits");
        const Result<Evaluation> again = evaluation_from_json(document.dump(), *graph, "row 1");
        QVERIFY2(again.has_value(), again ? "" : again.error().to_line().c_str());
        Evaluation expected = evaluation;
        expected.passes.clear();
        expected.provenance.seed = 1;
        for (LayerDiagnostics& layer : expected.layers) layer.observed_accumulator_bits.reset();
        compare(*again, expected);
    }

    void sensitivityDocumentHasTheContractsKeys() {
        const auto document = nlohmann::json::parse(sensitivity_to_json(sensitivityExample()));
        QCOMPARE(document["baseline_top1"].get<double>(), 0.9);
        QCOMPARE(document["baseline_loss"].get<double>(), 0.3);
        QCOMPARE(document["evaluations"].get<int>(), 7);
        QCOMPARE(document["seconds"].get<double>(), 12.5);
        const auto& layer = document["layers"][0];
        QVERIFY(layer["name"] == "conv1");
        QCOMPARE(layer["hessian_trace"].get<double>(), 11.0);
        QCOMPARE(layer["hessian_trace_error"].get<double>(), 0.25);
        QCOMPARE(layer["weights"][0]["bits"].get<int>(), 2);
        QCOMPARE(layer["weights"][0]["samples"].get<int>(), 300);
        QCOMPARE(layer["weights"][0]["top1"].get<double>(), 0.5);
        QCOMPARE(layer["weights"][0]["sqnr_db"].get<double>(), 3.5);
        QCOMPARE(layer["weights"][0]["kl"].get<double>(), 0.75);
        QCOMPARE(layer["weights"][0]["loss"].get<double>(), 1.5);
        QCOMPARE(layer["weights"][0]["hessian"].get<double>(), 2.25);
        QVERIFY(layer["weights"][1]["sqnr_db"].is_null());
        QVERIFY(layer["activations"][0]["kl"].is_null());
        QVERIFY(document["layers"][1]["hessian_trace"].is_null());
        QVERIFY(document["layers"][1]["weights"].empty());
    }

    void sensitivityReadsBack() {
        const Sensitivity expected = sensitivityExample();
        const auto again = sensitivity_from_json(sensitivity_to_json(expected), "p.widthwise");
        QVERIFY(again);
        QCOMPARE(sensitivity_to_json(*again), sensitivity_to_json(expected));
        QCOMPARE(again->baseline_top1, 0.9);
        QCOMPARE(again->layers[0].weights[0].delta_ci95.lo, -0.45);
        QVERIFY(std::isinf(*again->layers[0].weights[1].sqnr_db));
        QVERIFY(!again->layers[0].activations[0].kl_nat);
        QCOMPARE(again->layers[1].layer, std::string("add1"));

        // As it was before there were losses and traces.
        auto old = nlohmann::json::parse(sensitivity_to_json(expected));
        old.erase("baseline_loss");
        for (auto& layer : old["layers"]) {
            layer.erase("hessian_trace");
            layer.erase("hessian_trace_error");
            for (const char* operand : {"weights", "activations"})
                for (auto& entry : layer[operand]) {
                    entry.erase("loss");
                    entry.erase("hessian");
                }
        }
        const auto older = sensitivity_from_json(old.dump(), "p.widthwise");
        QVERIFY(older && !older->layers[0].weights[0].loss_nat && !older->layers[0].weight_trace);
        QCOMPARE(older->layers[0].weights[0].kl_nat, std::optional<double>(0.75));
    }

    void brokenSensitivitiesAreRefused() {
        const std::string text = sensitivity_to_json(sensitivityExample());
        for (size_t cut = 0; cut + 2 < text.size(); ++cut) {
            const auto read = sensitivity_from_json(std::string_view(text).substr(0, cut), "p.widthwise");
            QVERIFY(!read && read.error().code == ErrorCode::invalid_input);
            QVERIFY(read.error().where.find("p.widthwise") != std::string::npos);
        }
        const auto with = [&](const char* pointer, const nlohmann::json& value) {
            auto document = nlohmann::json::parse(text);
            document[nlohmann::json::json_pointer(pointer)] = value;
            return sensitivity_from_json(document.dump(), "p.widthwise");
        };
        QVERIFY(with("/samples", 5));
        for (const char* whole :
             {"/samples", "/evaluations", "/layers/0/weights/0/bits", "/layers/0/weights/0/samples"})
            for (const nlohmann::json& value :
                 {nlohmann::json(-1), nlohmann::json(1e300), nlohmann::json(0.5), nlohmann::json(UINT64_MAX),
                  nlohmann::json("8"), nlohmann::json(nullptr), nlohmann::json::array()})
                QVERIFY2(!with(whole, value), whole);
        for (const char* any : {"", "/layers", "/layers/0", "/layers/0/name", "/layers/0/weights",
                                "/layers/0/weights/0", "/layers/0/weights/0/delta_ci95"})
            for (const nlohmann::json& value :
                 {nlohmann::json(7), nlohmann::json(nullptr), nlohmann::json::object({{"a", 1}})})
                QVERIFY2(!with(any, value), any);
        QVERIFY(!with("/layers/0/weights/0/bits", 17));
        QVERIFY(!with("/layers/0/weights/0/bits", 8)); // twice
        QVERIFY(!with("/layers/1/name", "conv1"));
        QVERIFY(!sensitivity_from_json(std::string(100000, '['), "p.widthwise"));
    }

    void reportsDocumentHoldsHistograms() {
        LayerReport report;
        report.layer = "conv1";
        report.weights = Fidelity{30, 0.999, 0.01};
        report.weight_channels = {{29, 0.998, std::nullopt}, {31, 0.9995, 0.02}};
        report.output = {std::numeric_limits<double>::infinity(), 1, 0.0};
        report.weights_before = {-1, 0.5, {1, 2, 3, 4}};
        report.weight_levels = {-0.1F, 0, 0.1F};
        report.weights_clipped = 0.125;
        report.observed_accumulator_bits = 13;
        const auto document = nlohmann::json::parse(layer_reports_to_json({report}, 64));
        QCOMPARE(document["samples"].get<int>(), 64);
        const auto& layer = document["layers"][0];
        QCOMPARE(layer["weights"]["sqnr_db"].get<double>(), 30.0);
        QCOMPARE(layer["weight_channels"].size(), size_t{2});
        QVERIFY(layer["weight_channels"][0]["kl"].is_null());
        QVERIFY(layer["output"]["sqnr_db"].is_null());
        QCOMPARE(layer["weight_levels"][0].get<double>(), -0.1);
        QCOMPARE(layer["weights_clipped"].get<double>(), 0.125);
        QCOMPARE(layer["observed_accumulator_bits"].get<int>(), 13);
        QCOMPARE(layer["histograms"]["weights"]["before"]["counts"].size(), size_t{4});
        QCOMPARE(layer["histograms"]["weights"]["before"]["bin_width"].get<double>(), 0.5);
        QVERIFY(layer["histograms"]["weights"]["after"].is_null());
    }

    void formatsDocumentNamesEachFact() {
        const auto document =
            nlohmann::json::parse(formats_to_json({weight_integer(4), float32_format()}))["formats"];
        QCOMPARE(document.size(), size_t{2});
        QVERIFY(document[0]["name"] == "int4 per channel");
        // 2^4 - 1 levels from -7 to 7.
        QCOMPARE(document[0]["levels"].get<int>(), 15);
        QCOMPARE(document[0]["highest"].get<double>(), 7.0);
        QCOMPARE(document[0]["lowest"].get<double>(), -7.0);
        QCOMPARE(document[0]["smallest_step"].get<double>(), 1.0);
        QCOMPARE(document[0]["max_absolute_error"].get<double>(), 0.5);
        for (const char* key :
             {"type", "bits", "storage_bits", "largest_step", "dynamic_range_db", "max_relative_error"})
            QVERIFY2(document[1].contains(key), key);
    }

    void damagedDocumentsAreErrors() {
        const GraphPtr graph = test::small_graph();
        const std::string text = evaluation_to_json(example(*graph));
        for (size_t i = 0; i + 2 < text.size(); i += 7) { // only the line break may go
            const auto cut = evaluation_from_json(text.substr(0, i), *graph, "row 1");
            QVERIFY(!cut.has_value());
            QCOMPARE(cut.error().code, ErrorCode::invalid_input);
            QCOMPARE(cut.error().where, std::string("row 1"));
        }
        for (const char* key :
             {"samples", "top1_ci95", "layers", "calibration", "design", "resolved_design", "provenance"}) {
            auto document = nlohmann::json::parse(text);
            document.erase(key);
            const auto missing = evaluation_from_json(document.dump(), *graph, "row 1");
            QVERIFY2(!missing.has_value(), key);
            QVERIFY2(missing.error().message.find(key) != std::string::npos, missing.error().message.c_str());
            document[key] = "text";
            QVERIFY2(!evaluation_from_json(document.dump(), *graph, "row 1").has_value(), key);
        }
        auto document = nlohmann::json::parse(text);
        document["layers"][0]["weight_format"] = "int999 per channel";
        QVERIFY(!evaluation_from_json(document.dump(), *graph, "row 1").has_value());
        document["layers"][0]["weight_format"] = "x";
        QVERIFY(!evaluation_from_json(document.dump(), *graph, "row 1").has_value());
        // Another network's evaluation.
        QVERIFY(!evaluation_from_json(text, *test::small_graph("other"), "row 1").has_value());
    }
};

QTEST_APPLESS_MAIN(TestEvaluation)
#include "tst_evaluation.moc"
