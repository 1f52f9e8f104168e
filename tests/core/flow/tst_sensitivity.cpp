// Sensitivity against evaluations of the same designs, one by one.

#include "core/flow/session.h"
#include "tests/core/flow/small_world.h"

#include <QTest>

#include <cmath>

using namespace widthwise;

namespace {

flow::SensitivityRequest request(const std::string& bits, int64_t images = 300) {
    flow::SensitivityRequest r;
    r.base.model.source = r.base.model.name = r.base.model.hash = "small";
    r.base.model.graph = test::small_network();
    r.base.data = std::make_shared<test::NoiseImages>(1, images);
    r.base.plan = PrecisionPlan(parse_bits(bits).value());
    r.base.calibration_samples = 10;
    r.widths = {2, 4, 8};
    return r;
}

Sensitivity measured(const flow::SensitivityRequest& r, int64_t budget = -1, int threads = 0) {
    flow::Evaluator evaluator;
    if (budget >= 0) evaluator.set_memory_budget(budget);
    WorkControl control;
    control.threads = threads;
    auto s = evaluator.sensitivity(r, control);
    if (!s) qFatal("%s", s.error().to_line().c_str());
    return *s;
}

bool same(const Sensitivity& a, const Sensitivity& b) {
    const auto same_entries = [](const std::vector<SensitivityEntry>& x,
                                 const std::vector<SensitivityEntry>& y) {
        return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const auto& p, const auto& q) {
            return p.bits == q.bits && p.samples == q.samples && p.top1 == q.top1 && p.sqnr_db == q.sqnr_db &&
                   p.kl_nat == q.kl_nat && p.loss_nat == q.loss_nat && p.hessian_nat == q.hessian_nat &&
                   p.delta_ci95.lo == q.delta_ci95.lo && p.delta_ci95.hi == q.delta_ci95.hi;
        });
    };
    return a.baseline_top1 == b.baseline_top1 && a.samples == b.samples &&
           std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(),
                      [&](const LayerSensitivity& x, const LayerSensitivity& y) {
                          return x.layer == y.layer && same_entries(x.weights, y.weights) &&
                                 same_entries(x.activations, y.activations);
                      });
}

} // namespace

class TestSensitivity : public QObject {
    Q_OBJECT
private slots:
    void equalsEvaluationsOneByOne();
    void formatsAreChosen();
    void tracesWeighTheErrorsOfWeights();
    void memoryAndThreadsChangeNothing();
    void earlyStopRunsFewer();
    void badRequests();
};

void TestSensitivity::equalsEvaluationsOneByOne() {
    for (const char* bits : {"float", "w8a8"}) {
        const flow::SensitivityRequest asked = request(bits);
        const Sensitivity s = measured(asked);
        flow::Evaluator evaluator;
        const auto evaluate = [&](const PrecisionPlan& plan) {
            auto one = asked.base;
            one.plan = plan;
            one.keep_logits = true;
            return evaluator.evaluate(one, {}).value();
        };
        const auto baseline = evaluate(asked.base.plan);
        const auto mean_loss = [&](const engine::Predictions& predictions) {
            double sum = 0;
            for (size_t i = 0; i < 300; ++i) {
                double total = 0;
                for (size_t c = 0; c < 4; ++c)
                    total += std::exp(static_cast<double>(predictions.logits[i * 4 + c]));
                sum += std::log(total) - static_cast<double>(predictions.logits[i * 4 + i % 4]);
            }
            return sum / 300;
        };
        QCOMPARE(s.baseline_top1, baseline.evaluation.accuracy.top1);
        QVERIFY(std::abs(*s.baseline_loss_nat - mean_loss(baseline.predictions)) < 1e-9);
        QCOMPARE(s.layers.size(), size_t{4}); // two convolutions, the pool's input, the classifier
        int64_t evaluations = 0;
        for (const LayerSensitivity& layer : s.layers)
            for (const bool weights : {true, false}) {
                const auto& entries = weights ? layer.weights : layer.activations;
                QVERIFY(entries.size() == 3 || (weights && layer.layer == "pool" && entries.empty()));
                double finer = -100;
                for (const SensitivityEntry& e : entries) {
                    ++evaluations;
                    LayerPrecision p = asked.base.plan.at(layer.layer);
                    (weights ? p.weights : p.activations) =
                        weights ? weight_integer(e.bits) : activation_integer(e.bits);
                    PrecisionPlan plan = asked.base.plan;
                    plan.set(layer.layer, p);
                    const auto outcome = evaluate(plan);
                    QCOMPARE(e.samples, 300);
                    QCOMPARE(e.top1, outcome.evaluation.accuracy.top1);
                    QVERIFY(std::abs(*e.loss_nat - mean_loss(outcome.predictions)) < 1e-9);
                    double signal = 0, noise = 0;
                    for (size_t i = 0; i < outcome.predictions.logits.size(); ++i) {
                        const double x = baseline.predictions.logits[i], y = outcome.predictions.logits[i];
                        signal += x * x;
                        noise += (x - y) * (x - y);
                    }
                    if (noise == 0)
                        QVERIFY(std::isinf(*e.sqnr_db) && *e.kl_nat == 0);
                    else
                        QVERIFY(std::abs(*e.sqnr_db - 10 * std::log10(signal / noise)) < 1e-9);
                    QVERIFY(*e.kl_nat >= 0);
                    QVERIFY(e.delta_ci95.lo <= e.top1 - s.baseline_top1 + 1e-12);
                    QVERIFY(e.delta_ci95.hi >= e.top1 - s.baseline_top1 - 1e-12);
                    QVERIFY(*e.sqnr_db > finer); // more bits, less error
                    finer = *e.sqnr_db == INFINITY ? 99 : *e.sqnr_db;
                }
            }
        QCOMPARE(s.evaluations, evaluations);
    }
}

void TestSensitivity::formatsAreChosen() {
    flow::SensitivityRequest asked = request("float");
    const Sensitivity usual = measured(asked);
    asked.weight_format = [](int bits) {
        NumberFormat format = weight_integer(bits);
        format.range.type = RangeRuleType::mse;
        return format;
    };
    const Sensitivity narrow = measured(asked);
    for (size_t i = 0; i < usual.layers.size(); ++i) {
        for (size_t k = 0; k < usual.layers[i].weights.size(); ++k) {
            const SensitivityEntry& entry = narrow.layers[i].weights[k];
            LayerPrecision precision;
            precision.weights = asked.weight_format(entry.bits);
            asked.base.plan = PrecisionPlan();
            asked.base.plan.set(narrow.layers[i].layer, precision);
            flow::Evaluator evaluator;
            QCOMPARE(entry.top1, evaluator.evaluate(asked.base, {})->evaluation.accuracy.top1);
            if (entry.bits == 2) QVERIFY(*entry.sqnr_db > *usual.layers[i].weights[k].sqnr_db);
        }
        for (size_t k = 0; k < usual.layers[i].activations.size(); ++k)
            QCOMPARE(narrow.layers[i].activations[k].sqnr_db, usual.layers[i].activations[k].sqnr_db);
    }
}

void TestSensitivity::tracesWeighTheErrorsOfWeights() {
    flow::SensitivityRequest asked = request("float");
    asked.traces = train::HessianOptions{.samples = 64, .probes = 16, .tolerance = 0};
    const Sensitivity s = measured(asked);
    const auto curvature = train::hessian_traces(asked.base.model.graph, *asked.base.data, *asked.traces, {});
    const Graph& graph = *asked.base.model.graph;
    QCOMPARE(curvature->layers.size(), size_t{3});
    for (const LayerSensitivity& layer : s.layers) {
        for (const SensitivityEntry& e : layer.activations) QVERIFY(!e.hessian_nat);
        if (layer.weights.empty()) {
            QVERIFY(!layer.weight_trace);
            continue;
        }
        const train::LayerCurvature& trace = curvature->layers.at(layer.layer);
        QCOMPARE(layer.weight_trace, std::optional<double>(trace.trace));
        QCOMPARE(layer.weight_trace_error, std::optional<double>(trace.trace_error));
        const std::vector<float> weights =
            graph.value(graph.node(graph.find_node(layer.layer)).inputs[1]).constant->to_f32();
        const auto channels = static_cast<size_t>(layer.layer == "classifier" ? 4 : 8);
        for (const SensitivityEntry& e : layer.weights) {
            // Symmetric, narrow, per channel, by hand.
            double squares = 0;
            for (size_t c = 0; c < channels; ++c) {
                const auto row =
                    std::span(weights).subspan(c * weights.size() / channels, weights.size() / channels);
                float most = 0;
                for (const float w : row) most = std::max(most, std::abs(w));
                const float scale = most / static_cast<float>((1 << (e.bits - 1)) - 1);
                for (const float w : row) {
                    const double error = static_cast<double>(std::nearbyint(w / scale) * scale - w);
                    squares += error * error;
                }
            }
            const double expected = trace.trace / static_cast<double>(weights.size()) * squares / 2;
            QVERIFY(std::abs(*e.hessian_nat - expected) < 1e-4 * expected);
        }
    }
    const Sensitivity without = measured(request("float"));
    QVERIFY(!without.layers.front().weight_trace && !without.layers.front().weights.front().hessian_nat);
    QCOMPARE(without.layers.front().weights.front().loss_nat, s.layers.front().weights.front().loss_nat);
    asked.traces->probes = 0;
    QCOMPARE(flow::Evaluator().sensitivity(asked, {}).error().code, ErrorCode::usage);
}

void TestSensitivity::memoryAndThreadsChangeNothing() {
    flow::SensitivityRequest asked = request("float", 1100);
    asked.traces = train::HessianOptions{.samples = 32, .probes = 8};
    const Sensitivity all = measured(asked);
    QVERIFY(same(measured(asked, 0), all));
    QVERIFY(same(measured(asked, int64_t{1} << 20), all)); // several windows, few cuts
    QVERIFY(same(measured(asked, -1, 1), all));
}

void TestSensitivity::earlyStopRunsFewer() {
    flow::SensitivityRequest asked = request("float", 2000);
    asked.decide_within = 0.1;
    const Sensitivity s = measured(asked);
    int64_t run = 0, entries = 0;
    for (const LayerSensitivity& layer : s.layers)
        for (const auto* list : {&layer.weights, &layer.activations})
            for (const SensitivityEntry& e : *list) {
                run += e.samples;
                ++entries;
                if (e.samples == 2000) continue;
                QVERIFY(e.delta_ci95.lo > -0.1 || e.delta_ci95.hi < -0.1);
            }
    QVERIFY(run < entries * 2000 / 2);
    QVERIFY(same(measured(asked, int64_t{1} << 20, 1), s));
}

void TestSensitivity::badRequests() {
    flow::Evaluator evaluator;
    auto asked = request("float");
    asked.widths = {};
    QCOMPARE(evaluator.sensitivity(asked, {}).error().code, ErrorCode::usage);
    asked.widths = {17};
    QCOMPARE(evaluator.sensitivity(asked, {}).error().code, ErrorCode::usage);
    asked = request("float");
    asked.base.limit = -1;
    QCOMPARE(evaluator.sensitivity(asked, {}).error().code, ErrorCode::usage);
    WorkControl control;
    control.cancel.cancel();
    QCOMPARE(evaluator.sensitivity(request("float"), control).error().code, ErrorCode::cancelled);
}

QTEST_APPLESS_MAIN(TestSensitivity)
#include "tst_sensitivity.moc"
