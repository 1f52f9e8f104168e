#include "core/engine/evaluator.h"
#include "core/passes/bias_correction.h"
#include "core/passes/channel_means.h"
#include "core/passes/normal_moments.h"
#include "core/passes/prepare.h"
#include "core/quant/quantizer.h"
#include "passes_fixture.h"

#include <numbers>

using namespace widthwise;
using namespace widthwise::passes;
using namespace widthwise::test;

namespace {

/// Simpson's rule over 12 standard deviations, in each part where the integrand is smooth.
Moments integrated(double m, double s, double lo, double hi) {
    std::vector<double> cuts{m - 12 * s};
    for (const double cut : {lo, hi})
        if (cut > cuts.back() && cut < m + 12 * s) cuts.push_back(cut);
    cuts.push_back(m + 12 * s);
    double mean = 0, square = 0;
    for (size_t part = 0; part + 1 < cuts.size(); ++part) {
        constexpr int n = 20000;
        const double h = (cuts[part + 1] - cuts[part]) / n;
        for (int i = 0; i <= n; ++i) {
            const double x = cuts[part] + h * i, z = (x - m) / s;
            const double weight = h / 3 * (i == 0 || i == n ? 1 : i % 2 ? 4 : 2);
            const double p = std::exp(-z * z / 2) / (s * std::sqrt(2 * std::numbers::pi));
            const double y = std::clamp(x, lo, hi);
            mean += weight * p * y;
            square += weight * p * y * y;
        }
    }
    return {mean, square - mean * mean};
}

GraphPtr network(uint64_t seed) {
    Net net(seed);
    ValueId x = net.builder.input("x", {1, 3, 8, 8});
    x = net.relu(net.batch_norm(net.conv(x, 12, 3, 1, "a")));
    const ValueId b = net.batch_norm(net.conv(x, 12, 1, 1, "b"));
    x = net.relu(net.add(Op::add, "Add", {}, {x, b}));
    x = net.clip(net.batch_norm(net.conv(x, 16, 1, 1, "c")), 1.5F);
    return net.finish(net.head(x, 5));
}

PrecisionPlan plan_of(int bits, std::vector<Pass> passes) {
    NumberFormat weights = weight_integer(bits);
    weights.granularity = Granularity::tensor;
    PrecisionPlan plan(LayerPrecision{weights, activation_integer(8), {}});
    plan.set_passes(std::move(passes));
    return plan;
}

/// A layer's output after the ReLU or Clip that alone reads it.
ValueId after_activation(const Graph& graph, const std::string& layer) {
    ValueId value = graph.node(graph.find_node(layer)).output();
    const auto& readers = graph.consumers(value);
    if (readers.size() == 1 &&
        (graph.node(readers[0]).op == Op::relu || graph.node(readers[0]).op == Op::clip))
        value = graph.node(readers[0]).output();
    return value;
}

/// Largest difference of channel means at every layer's output, in units of what the integer bias can say: a
/// step of scale x scale. Rounding of the bias before and after leaves up to one.
double mean_shift(const Graph& reference, const Graph& quantized, const PrecisionPlan& plan,
                  const Images& images) {
    std::vector<ValueId> wanted, got;
    const std::vector<Layer> layers = layers_of(quantized);
    for (const Layer& layer : layers) {
        wanted.push_back(after_activation(reference, layer.name));
        got.push_back(after_activation(quantized, layer.name));
    }
    const auto f = channel_sums(reference, {}, wanted, images, {}).value();
    const auto q = channel_sums(quantized, plan, got, images, {}).value();
    double most = 0;
    for (size_t l = 0; l < f.size(); ++l) {
        const LayerPrecision& p = plan.at(layers[l].name);
        for (size_t c = 0; c < f[l].sum.size(); ++c) {
            const double step = static_cast<double>(p.weights.scale[p.weights.scale.size() > 1 ? c : 0]) *
                                static_cast<double>(p.activations.scale[0]);
            most = std::max(most, std::abs(f[l].mean(c) - q[l].mean(c)) / step);
        }
    }
    return most;
}

} // namespace

class TestBiasCorrection : public QObject {
    Q_OBJECT
private slots:
    void moments_of_clipped_normals() {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        for (const double mean : {-3.0, -0.4, 0.0, 0.7, 5.0})
            for (const double deviation : {0.1, 1.0, 2.5})
                for (const auto& [lo, hi] : {std::pair{0.0, infinity},
                                             {0.0, 6.0},
                                             {-infinity, 1.0},
                                             {-infinity, infinity},
                                             {-1.0, 0.5}}) {
                    const Moments got = clipped_normal({mean, deviation * deviation},
                                                       {static_cast<float>(lo), static_cast<float>(hi)});
                    const Moments wanted = integrated(mean, deviation, lo, hi);
                    QVERIFY(std::abs(got.mean - wanted.mean) < 1e-8);
                    QVERIFY(std::abs(got.variance - wanted.variance) < 1e-7);
                }
        QCOMPARE(clipped_normal({-2, 0}, {0, 6}).mean, 0.0);
        QCOMPARE(clipped_normal({-2, 0}, {0, 6}).variance, 0.0);
    }
    void channel_moments_follow_the_network() {
        const GraphPtr graph = network(1);
        const std::vector<Layer> layers = layers_of(*graph);
        const GraphPtr folded = with_values(graph, with_layers({}, layers)).value();
        const auto known = channel_moments(*folded, layers);
        const auto input_of = [&](const char* layer) {
            return folded->node(folded->find_node(layer)).inputs[0];
        };
        QVERIFY(!known.contains(folded->inputs()[0]));
        const Layer &a = layers[0], &b = layers[1];
        const Moments relu = clipped_normal({a.normal->mean[2], a.normal->variance[2]},
                                            {0, std::numeric_limits<float>::infinity()});
        QCOMPARE(known.at(input_of("b")).mean[2], relu.mean);
        const Moments sum =
            clipped_normal({relu.mean + b.normal->mean[2], relu.variance + b.normal->variance[2]},
                           {0, std::numeric_limits<float>::infinity()});
        QCOMPARE(known.at(input_of("c")).mean[2], sum.mean);
        const Moments clip =
            clipped_normal({layers[2].normal->mean[7], layers[2].normal->variance[7]}, {0, 1.5F});
        QCOMPARE(known
                     .at(layers[3].input.valid() ? folded->node(folded->find_node(layers[3].name)).inputs[0]
                                                 : ValueId{})
                     .mean[7],
                 clip.mean);
    }
    void shift_by_hand() {
        // After a ReLU: wanted mean 1; quantized 0, 0, 1 -> 0.667 with a shift of 2/3.
        const std::vector<float> wanted{-5, 1, 2}, got{-1, 0, 1};
        QCOMPARE(bias_shift(wanted, got, {}), -2.0 / 3);
        QVERIFY(std::abs(bias_shift(wanted, got, {0, std::numeric_limits<float>::infinity()}) - 1) < 1e-6);
        QVERIFY(std::abs(bias_shift(std::vector<float>{-5, 1, 1}, got, {0, 1.2F}) - 0.8) < 1e-6);
        // Never through the ReLU, whatever the shift: stays.
        QCOMPARE(bias_shift(std::vector<float>{-3, -2}, std::vector<float>{-9, -1},
                            {0, std::numeric_limits<float>::infinity()}),
                 0.0);
    }
    void a_planted_bias_is_removed() {
        const GraphPtr graph = network(2);
        std::vector<Layer> layers = layers_of(*graph);
        const GraphPtr reference = with_values(graph, with_layers({}, layers)).value();
        const NoiseImages data(48, {3, 8, 8});
        const Images images{&data, 48};
        const auto prepared = prepare(graph, plan_of(8, {}), {&data, 48, 1}, {});
        QVERIFY(prepared.has_value());
        PrecisionPlan resolved = prepared->plan;
        const std::vector<float> wanted = layers[1].bias;
        for (float& v : layers[1].bias) v += 0.8F;
        Resolved at{with_values(graph, with_layers({}, layers)).value(), resolved};
        QVERIFY(mean_shift(*reference, *at.graph, resolved, images) > 100);
        const auto result = correct_bias(*reference, at, layers, images, {});
        QVERIFY(result.has_value());
        QCOMPARE(result->layers, 4);
        for (size_t c = 0; c < wanted.size(); ++c) QVERIFY(std::abs(layers[1].bias[c] - wanted[c]) < 0.05F);
        const GraphPtr corrected = with_values(graph, with_layers({}, layers)).value();
        const double left = mean_shift(*reference, *corrected, resolved, images);
        QVERIFY2(left < 1.05, qPrintable(QString::number(left)));
    }
    void empirical_correction_leaves_no_shift_at_low_bits() {
        const GraphPtr graph = network(3);
        const NoiseImages data(64, {3, 8, 8});
        const Images images{&data, 64};
        const auto plain = prepare(graph, plan_of(3, {}), {&data, 64, 1}, {}).value();
        const auto corrected =
            prepare(graph, plan_of(3, {Pass::bias_correction}), {&data, 64, 1}, {}).value();
        std::vector<Layer> layers = layers_of(*graph);
        const GraphPtr reference = with_values(graph, with_layers({}, layers)).value();
        const double before = mean_shift(*reference, *plain.graph, plain.plan, images);
        const double after = mean_shift(*reference, *corrected.graph, corrected.plan, images);
        QVERIFY2(after < 1.05 && before > 5, qPrintable(QStringLiteral("%1 %2").arg(before).arg(after)));
        QVERIFY(*corrected.reports[0].output_sqnr_db_after > *corrected.reports[0].output_sqnr_db_before);
    }
    void analytic_correction_by_hand() {
        // Inputs ReLU(N(1, 4)); 2-bit weights +-1, 0 at scale 1: 0.6 -> 1, -0.3 -> 0.
        Net net(4);
        ValueId x = net.builder.input("x", {1, 1, 4, 4});
        x = net.add(Op::conv, "Conv", ConvAttributes{}, {x, net.constant({2, 1, 1, 1}, {1, 1})}, "first");
        x = net.add(Op::batch_norm, "BatchNormalization", BatchNormAttributes{0},
                    {x, net.constant({2}, {2, -2}), net.constant({2}, {1, 1}), net.constant({2}, {0, 0}),
                     net.constant({2}, {1, 1})});
        x = net.relu(x);
        const GraphPtr graph = net.finish(net.add(Op::conv, "Conv", ConvAttributes{},
                                                  {x, net.constant({1, 2, 1, 1}, {0.6F, -0.3F})}, "second"));
        PrecisionPlan plan;
        NumberFormat weights = weight_integer(2);
        weights.scale = {1.0F};
        plan.set("second", {weights, float32_format(), {}});
        std::vector<Layer> layers = layers_of(*graph);
        const Resolved at{with_values(graph, with_layers({}, layers)).value(), plan};
        const auto result = correct_bias_analytic(at, layers);
        QVERIFY(result.has_value());
        QCOMPARE(result->layers, 1);
        const double mean = integrated(1, 2, 0, std::numeric_limits<double>::infinity()).mean;
        const double wanted = -(0.4 * mean + 0.3 * mean);
        QVERIFY(std::abs(layers[1].bias[0] - wanted) < 1e-5);
    }
    void unknown_inputs_are_left_alone() {
        Net net(5);
        const GraphPtr graph = net.finish(net.conv(net.builder.input("x", {1, 3, 6, 6}), 4, 3));
        const NoiseImages data(8, {3, 6, 6});
        const auto prepared =
            prepare(graph, plan_of(3, {Pass::bias_correction_analytic}), {&data, 8, 1}, {}).value();
        QCOMPARE(prepared.reports[0].layers, 0);
        QVERIFY(prepared.reports[0].summary.find("left alone") != std::string::npos);
    }
    void batch_norm_is_measured_again() {
        const GraphPtr graph = network(6);
        const NoiseImages data(64, {3, 8, 8});
        PrecisionPlan plan = plan_of(2, {Pass::reestimate_batch_norm});
        LayerPrecision per_channel = plan.default_precision();
        per_channel.weights.granularity = Granularity::channel;
        plan.set_default(per_channel);
        const auto prepared = prepare(graph, plan, {&data, 64, 1}, {}).value();
        QCOMPARE(prepared.reports[0].layers, 3);
        QVERIFY(prepared.reports[0].summary.find("deviations set in 3") != std::string::npos);
        const std::vector<Layer> layers = layers_of(*graph);
        const GraphPtr reference = with_values(graph, with_layers({}, layers)).value();
        for (const char* name : {"a", "b", "c"}) {
            const ValueId f = reference->node(reference->find_node(name)).output();
            const ValueId q = prepared.graph->node(prepared.graph->find_node(name)).output();
            const auto wanted = channel_sums(*reference, {}, {&f, 1}, {&data, 64}, {}).value();
            const auto got = channel_sums(*prepared.graph, prepared.plan, {&q, 1}, {&data, 64}, {}).value();
            const LayerPrecision& p = prepared.plan.at(name);
            for (size_t c = 0; c < wanted[0].sum.size(); ++c) {
                const double deviation = std::sqrt(wanted[0].variance(c));
                const double step =
                    static_cast<double>(p.weights.scale[c]) * static_cast<double>(p.activations.scale[0]);
                QVERIFY(std::abs(got[0].mean(c) - wanted[0].mean(c)) < 1.05 * step);
                QVERIFY(std::abs(std::sqrt(got[0].variance(c)) / deviation - 1) < 0.05);
            }
        }
        // Integers stay what nearest rounding made of the folded weights.
        const auto plain = prepare(graph,
                                   [&] {
                                       PrecisionPlan p2 = plan;
                                       p2.set_passes({});
                                       return p2;
                                   }(),
                                   {&data, 64, 1}, {})
                               .value();
        for (const Layer& layer : layers) {
            const auto& format = plain.plan.at(layer.name).weights;
            const auto before =
                quantize_weights(layer.weights, static_cast<int64_t>(layer.out), format).value();
            const auto after =
                quantize_weights(prepared.plan.values().at(layer.name)->weights,
                                 static_cast<int64_t>(layer.out), prepared.plan.at(layer.name).weights)
                    .value();
            QCOMPARE(after.q, before.q);
        }
    }
};

QTEST_GUILESS_MAIN(TestBiasCorrection)
#include "tst_bias_correction.moc"
