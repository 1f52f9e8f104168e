// Layer diagnostics against cases worked by hand, and the same whatever the thread count.
#include "core/base/rng.h"
#include "core/design/json.h"
#include "core/engine/calibration.h"
#include "core/engine/diagnostics.h"
#include "core/engine/evaluator.h"
#include "core/engine/fidelity.h"
#include "core/engine/grid_counts.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace widthwise;
using namespace widthwise::engine;

namespace {

bool near(double a, double b) {
    return std::abs(a - b) <= 1e-5 * std::max(1.0, std::abs(b));
}

/// Images as they are handed in, channels last.
class Images : public Dataset {
public:
    Images(std::array<int64_t, 3> shape, std::vector<std::vector<float>> images)
        : m_shape(shape), m_images(std::move(images)) {
        m_name = "images";
        m_class_count = 1;
    }
    [[nodiscard]] int64_t size() const override { return static_cast<int64_t>(m_images.size()); }
    [[nodiscard]] int64_t label(int64_t) const override { return 0; }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return m_shape; }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        const auto& image = m_images[static_cast<size_t>(index)];
        std::copy(image.begin(), image.end(), hwc.begin());
        return {};
    }

private:
    std::array<int64_t, 3> m_shape;
    std::vector<std::vector<float>> m_images;
};

TensorPtr tensor(Shape shape, std::vector<float> values) {
    return std::make_shared<Tensor>(Tensor::from_f32(std::move(shape), std::move(values)));
}

ValueId check(Result<ValueId> value) {
    if (!value) qFatal("%s", value.error().to_line().c_str());
    return *value;
}

/// One 1x1 convolution of one channel to two, weights 1 and 0.3, over two pixels.
GraphPtr two_channels() {
    GraphBuilder builder("net");
    const ValueId x = builder.input("x", {1, 1, 1, 2});
    const ValueId w = builder.constant("w", tensor({2, 1, 1, 1}, {1.0F, 0.3F}));
    builder.output(check(builder.add(Op::conv, "Conv", "conv", ConvAttributes{}, {x, w})));
    return builder.build().value();
}

/// Weights on {-1.5, -1, ... 1.5}, activations on {0, 0.25, ... 63.75}.
PrecisionPlan by_hand() {
    LayerPrecision p{weight_integer(3), activation_integer(8)};
    p.weights.granularity = Granularity::tensor;
    p.weights.scale = {0.5F};
    p.activations.scale = {0.25F};
    p.activations.zero_point = {0};
    return PrecisionPlan(p);
}

/// conv - relu - conv - add - pool - fc with random weights.
GraphPtr random_network(uint64_t seed) {
    Rng rng(seed);
    GraphBuilder builder("random");
    const auto random = [&](const std::string& name, Shape shape) {
        std::vector<float> values(static_cast<size_t>(shape.elements()));
        for (float& v : values) v = static_cast<float>(rng.uniform(-0.4, 0.4));
        return builder.constant(name, tensor(std::move(shape), std::move(values)));
    };
    const ConvAttributes conv{{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1};
    const ValueId x = builder.input("x", {1, 3, 8, 8});
    const ValueId a = check(builder.add(Op::conv, "Conv", "conv1", conv, {x, random("w1", {6, 3, 3, 3})}));
    const ValueId b = check(builder.add(Op::relu, "Relu", "relu", {}, {a}));
    const ValueId c = check(builder.add(Op::conv, "Conv", "conv2", conv, {b, random("w2", {6, 6, 3, 3})}));
    const ValueId d = check(builder.add(Op::add, "Add", "add", {}, {c, b}));
    const ValueId e = check(builder.add(Op::global_average_pool, "GlobalAveragePool", "pool", {}, {d}));
    const ValueId f = check(builder.add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 6}}, {e}));
    builder.output(check(builder.add(Op::gemm, "Gemm", "fc", {}, {f, random("wf", {4, 6})})));
    return builder.build().value();
}

std::shared_ptr<Images> random_images(int count, uint64_t seed) {
    Rng rng(seed);
    std::vector<std::vector<float>> images(static_cast<size_t>(count), std::vector<float>(3 * 8 * 8));
    for (auto& image : images)
        for (float& v : image) v = static_cast<float>(rng.normal());
    return std::make_shared<Images>(std::array<int64_t, 3>{3, 8, 8}, std::move(images));
}

int64_t total(const BinnedCounts& counts) {
    int64_t sum = 0;
    for (const int64_t n : counts.counts) sum += n;
    return sum;
}

int64_t count_at(const BinnedCounts& counts, double value) {
    const auto bin = static_cast<size_t>(std::floor((value - counts.lo) / counts.bin_width));
    return bin < counts.counts.size() ? counts.counts[bin] : 0;
}

} // namespace

class TestLayerReports : public QObject {
    Q_OBJECT

private slots:
    void sumsMeanWhatTheySay() {
        FidelitySums sums;
        sums.add(3, 4);
        sums.add(0, -1);
        // Signal 9, noise 1 + 1; <x, y> = 12 over 3 * sqrt(17).
        const Fidelity f = fidelity(sums, 0.25);
        QVERIFY(near(f.sqnr_db, 10 * std::log10(4.5)));
        QVERIFY(near(f.cosine, 12 / (3 * std::sqrt(17.0))));
        QCOMPARE(f.kl_nat, std::optional<double>(0.25));
        QCOMPARE(fidelity({}, std::nullopt).sqnr_db, std::numeric_limits<double>::infinity());
        QCOMPARE(fidelity({}, std::nullopt).cosine, 1.0);
        FidelitySums gone;
        gone.add(2, 0);
        QCOMPARE(fidelity(gone, std::nullopt).cosine, 0.0);
        QCOMPARE(fidelity(gone, std::nullopt).sqnr_db, 0.0);
    }

    void sumsDoNotDependOnTheOrder() {
        Rng rng(3);
        std::vector<std::vector<FidelitySums>> batches(20, std::vector<FidelitySums>(2));
        for (auto& batch : batches)
            for (FidelitySums& s : batch)
                s.add(static_cast<float>(rng.normal()), static_cast<float>(rng.normal()));
        OrderedSums forward(2), backward(2);
        for (size_t i = 0; i < batches.size(); ++i) {
            forward.add(static_cast<int64_t>(i), batches[i]);
            const size_t j = batches.size() - 1 - i;
            backward.add(static_cast<int64_t>(j), batches[j]);
        }
        for (size_t c = 0; c < 2; ++c) {
            QCOMPARE(forward.total()[c].xy, backward.total()[c].xy);
            QCOMPARE(forward.total()[c].ee, backward.total()[c].ee);
        }
    }

    void divergenceWorkedByHand() {
        // Bins [0, 2) and [2, 4): P 1/2, 1/2; Q 3/4, 1/4.
        GridCounts counts(2, 2);
        counts.add(0, std::vector<float>{0.5F, 0.5F, 2.5F, 3});
        counts.add(1, std::vector<float>{1, 1, 1, 3});
        QVERIFY(near(*counts.kl_nat(), 0.5 * std::log(4.0 / 3)));
        // One level for two bins that are equally likely: nothing is lost but what the level says of both.
        GridCounts one(2, 2);
        one.add(0, std::vector<float>{0.5F, 0.5F, 2.5F, 3});
        one.add(1, std::vector<float>{3, 3, 3, 3});
        QCOMPARE(*one.kl_nat(), 0.0);
        // ... and where they are not: P 3/4, 1/4 against 1/2, 1/2.
        GridCounts uneven(2, 2);
        uneven.add(0, std::vector<float>{0.5F, 0.5F, 0.5F, 3});
        uneven.add(1, std::vector<float>{3});
        QVERIFY(near(*uneven.kl_nat(), 0.75 * std::log(1.5) + 0.25 * std::log(0.5)));
        QVERIFY(!GridCounts(2).kl_nat().has_value());
    }

    void countsGrowExactly() {
        Rng rng(11);
        std::vector<float> values(3000);
        for (float& v : values) v = static_cast<float>(rng.normal() * std::exp(rng.uniform(-8, 3)));
        values.push_back(std::numeric_limits<float>::quiet_NaN());
        values.push_back(std::numeric_limits<float>::infinity());
        GridCounts at_once(1, 64), one_by_one(1, 64);
        at_once.add(0, values);
        for (size_t i = values.size(); i-- > 0;) one_by_one.add(0, std::span(values).subspan(i, 1));
        const BinnedCounts a = at_once.binned()[0], b = one_by_one.binned()[0];
        QCOMPARE(a.lo, b.lo);
        QCOMPARE(a.bin_width, b.bin_width);
        QCOMPARE(a.counts, b.counts);
        QCOMPARE(total(a), int64_t{3000});
        // Each bin counts what lies in it.
        for (size_t i = 0; i < a.counts.size(); ++i) {
            const double lo = a.lo + static_cast<double>(i) * a.bin_width;
            QCOMPARE(a.counts[i], std::count_if(values.begin(), values.end(),
                                                [&](float v) { return v >= lo && v < lo + a.bin_width; }));
        }
    }

    void countsTakeStridesAndExtremes() {
        GridCounts counts(2, 4);
        counts.add(0, std::vector<float>{1, 100, 2, 100, 3, 100}, 0, 2);
        counts.add(1, std::vector<float>{0, 0});
        const auto binned = counts.binned();
        QCOMPARE(total(binned[0]), int64_t{3});
        QCOMPARE(total(binned[1]), int64_t{2});
        QCOMPARE(count_at(binned[1], 0), int64_t{2});
        GridCounts wide(1, 4);
        wide.add(0,
                 std::vector<float>{std::numeric_limits<float>::denorm_min(), 0,
                                    std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()});
        QCOMPARE(total(wide.binned()[0]), int64_t{4});
        QVERIFY(GridCounts().binned()[0].counts.empty());
    }

    void layerWorkedByHand() {
        const GraphPtr graph = two_channels();
        const Images images({1, 1, 2}, {{0.5F, 1.1F}, {100, 0}});
        const auto reports = layer_reports(graph, graph, by_hand(), images, 2, {});
        QVERIFY2(reports.has_value(), reports ? "" : reports.error().to_line().c_str());
        QCOMPARE(reports->size(), size_t{1});
        const LayerReport& r = reports->front();
        QCOMPARE(r.layer, std::string("conv"));
        // 1 stays, 0.3 becomes 0.5.
        QVERIFY(near(r.weights->sqnr_db, 10 * std::log10(1.09 / 0.04)));
        QVERIFY(near(r.weights->cosine, 1.15 / std::sqrt(1.09 * 1.25)));
        QCOMPARE(r.weight_channels.size(), size_t{2});
        QCOMPARE(r.weight_channels[0].sqnr_db, std::numeric_limits<double>::infinity());
        QVERIFY(near(r.weight_channels[1].sqnr_db, 10 * std::log10(0.09 / 0.04)));
        QCOMPARE(r.weight_levels, (std::vector<float>{-1.5F, -1, -0.5F, 0, 0.5F, 1, 1.5F}));
        QCOMPARE(r.weights_clipped, 0.0);
        QCOMPARE(total(r.weights_before), int64_t{2});
        QCOMPARE(count_at(r.weights_before, 0.3), int64_t{1});
        QCOMPARE(count_at(r.weights_after, 0.5), int64_t{1});
        // 0.5 stays, 1.1 becomes 1, 100 is cut to 63.75.
        QCOMPARE(r.input_clipped, 0.25);
        QCOMPARE(r.input_levels.size(), size_t{256});
        QCOMPARE(r.input_levels.back(), 63.75F);
        QCOMPARE(count_at(r.input_before, 100), int64_t{1});
        QCOMPARE(count_at(r.input_after, 63.75), int64_t{1});
        QCOMPARE(count_at(r.input_error, -36.25), int64_t{1});
        QCOMPARE(total(r.input_error), int64_t{4});
        // Sums of codes: 2 * {2, 4, 255, 0} and 1 * the same.
        QCOMPARE(r.observed_accumulator_bits, std::optional<int>(10));
        // Channel 0: 0.5, 1.1, 100, 0 become 0.5, 1, 63.75, 0.
        QCOMPARE(r.output_channels.size(), size_t{2});
        QVERIFY(near(r.output_channels[0].sqnr_db,
                     10 * std::log10((0.25 + 1.21 + 10000) / (0.01 + 36.25 * 36.25))));
        // Channel 1: 0.15, 0.33, 30, 0 become 0.25, 0.5, 31.875, 0.
        const double noise = 0.01 + 0.17 * 0.17 + 1.875 * 1.875;
        QVERIFY(near(r.output_channels[1].sqnr_db, 10 * std::log10((0.0225 + 0.1089 + 900) / noise)));
        QVERIFY(
            near(r.output.sqnr_db, 10 * std::log10((10001.46 + 900.1314) / (0.01 + 36.25 * 36.25 + noise))));
        QCOMPARE(total(r.output_after), int64_t{8});
    }

    void floatIsExact() {
        const GraphPtr graph = random_network(5);
        const auto reports = layer_reports(graph, graph, PrecisionPlan(), *random_images(9, 1), 100, {});
        QVERIFY(reports.has_value());
        QCOMPARE(reports->size(), size_t{5}); // conv1, conv2, add, pool, fc
        for (const LayerReport& r : *reports) {
            QCOMPARE(r.output.sqnr_db, std::numeric_limits<double>::infinity());
            QVERIFY(near(r.output.cosine, 1));
            QVERIFY(near(*r.output.kl_nat, 0));
            QVERIFY(!r.weights.has_value() && r.weight_channels.empty());
            QCOMPARE(r.input_clipped, 0.0);
            QVERIFY(r.input_levels.empty() && !r.observed_accumulator_bits);
        }
        QCOMPARE(total((*reports)[2].input_before), int64_t{9 * 2 * 6 * 64}); // both operands of the sum
        QCOMPARE((*reports)[0].output_channels.size(), size_t{6});
    }

    void agreesWithAnotherWay_data() {
        QTest::addColumn<QString>("bits");
        for (const char* bits :
             {"w8a8", "w4a4", "w1a1", "wternary a2", "wlog4 a8", "e4m3", "w12a9", "dfixed6"})
            QTest::newRow(bits) << bits;
    }
    void agreesWithAnotherWay() {
        QFETCH(QString, bits);
        const GraphPtr graph = random_network(7);
        const auto images = random_images(40, 2);
        const PrecisionPlan plan(*parse_bits(bits.toStdString()));
        const auto statistics = calibrate(graph, *images, 40, {});
        QVERIFY(statistics.has_value());
        const auto resolved = resolve_plan(*graph, plan, *statistics);
        QVERIFY2(resolved.has_value(), resolved ? "" : resolved.error().to_line().c_str());
        const auto reports = layer_reports(graph, graph, *resolved, *images, 40, {});
        QVERIFY2(reports.has_value(), reports ? "" : reports.error().to_line().c_str());
        const auto diagnosed = diagnose(*graph, *resolved, &*statistics);
        QVERIFY(diagnosed.has_value());
        QCOMPARE(diagnosed->size(), reports->size());
        for (size_t i = 0; i < reports->size(); ++i) {
            const LayerReport& r = (*reports)[i];
            const LayerDiagnostics& d = (*diagnosed)[i];
            QCOMPARE(r.layer, d.layer);
            QCOMPARE(r.weights.has_value(), d.weight_sqnr_db.has_value());
            if (d.weight_sqnr_db) QVERIFY(near(r.weights->sqnr_db, *d.weight_sqnr_db));
            // No sum that was seen exceeds the bound.
            QCOMPARE(r.observed_accumulator_bits.has_value(), d.accumulator_bits.has_value());
            if (d.accumulator_bits) QVERIFY(*r.observed_accumulator_bits <= *d.accumulator_bits);
        }
        // The last layer's output is the network's: its logits, float and quantized.
        RunOptions keep;
        keep.keep_logits = true;
        const auto real = predict(graph, PrecisionPlan(), *images, keep, {});
        const auto quantized = predict(graph, *resolved, *images, keep, {});
        QVERIFY(real.has_value() && quantized.has_value());
        double signal = 0, noise = 0;
        for (size_t i = 0; i < real->logits.size(); ++i) {
            const double x = real->logits[i], error = x - static_cast<double>(quantized->logits[i]);
            signal += x * x;
            noise += error * error;
        }
        const double expected = 10 * std::log10(signal / noise);
        QVERIFY2(
            std::abs(reports->back().output.sqnr_db - expected) < 0.01,
            qPrintable(QString("%1 dB, logits say %2").arg(reports->back().output.sqnr_db).arg(expected)));
    }

    void sameOnAnyNumberOfThreads() {
        const GraphPtr graph = random_network(9);
        const auto images = random_images(101, 4);
        const auto statistics = calibrate(graph, *images, 32, {});
        const auto resolved = resolve_plan(*graph, PrecisionPlan(*parse_bits("w4a4")), *statistics);
        QVERIFY(resolved.has_value());
        std::string first;
        for (const int threads : {1, 2, 5}) {
            WorkControl control;
            control.threads = threads;
            const auto reports = layer_reports(graph, graph, *resolved, *images, 101, control);
            QVERIFY(reports.has_value());
            const std::string text = layer_reports_to_json(*reports, 101);
            if (first.empty()) first = text;
            QVERIFY(text == first);
        }
    }

    void dynamicRangesAreEachImagesOwn() {
        const GraphPtr graph = two_channels();
        PrecisionPlan plan = by_hand();
        LayerPrecision p = plan.default_precision();
        p.activations = activation_integer(8);
        p.activations.range.type = RangeRuleType::dynamic;
        plan.set_default(p);
        // 255 steps each: of 1 and of 0.01, so every value is exact but for the rounding of the scale.
        const Images images({1, 1, 2}, {{255, 7}, {2.55F, 0.07F}});
        const auto reports = layer_reports(graph, graph, plan, images, 2, {});
        QVERIFY2(reports.has_value(), reports ? "" : reports.error().to_line().c_str());
        const LayerReport& r = reports->front();
        QCOMPARE(r.input_clipped, 0.0);
        QVERIFY(r.input_levels.empty());
        QCOMPARE(count_at(r.input_after, 255), int64_t{1});
        QVERIFY(r.output_channels[0].sqnr_db > 100);
    }

    void weightGroupsAreClippedByTheirOwnScale() {
        NumberFormat format = weight_integer(4);
        format.granularity = Granularity::group;
        format.group_size = 2;
        format.scale = {1, 0.125F, 1, 0.125F}; // two channels of three weights: groups of 2 and 1
        const std::vector<float> weights{7, 9, 2, 3, 4, 0.5F};
        LayerReport report;
        QVERIFY(report_weights(weights, weights, 2, format, report).has_value());
        // 9 is beyond 7 steps of 1, 2 is beyond 7 steps of 0.125.
        QVERIFY(near(report.weights_clipped, 2.0 / 6));
        QVERIFY(report.weight_levels.empty());
        QVERIFY(
            near(report.weight_channels[0].sqnr_db, 10 * std::log10((49 + 81 + 4) / (4 + 1.125 * 1.125))));
    }

    void stopsWhenCancelled() {
        const GraphPtr graph = random_network(5);
        WorkControl control;
        control.cancel.cancel();
        const auto reports = layer_reports(graph, graph, PrecisionPlan(), *random_images(9, 1), 9, control);
        QVERIFY(!reports.has_value());
        QCOMPARE(reports.error().code, ErrorCode::cancelled);
    }

    void badInputIsAnError() {
        const GraphPtr graph = random_network(5);
        const Images other({1, 1, 2}, {{1, 2}});
        QVERIFY(!layer_reports(graph, graph, PrecisionPlan(), other, 1, {}).has_value());
        const Images none({3, 8, 8}, {});
        QVERIFY(!layer_reports(graph, graph, PrecisionPlan(), none, 1, {}).has_value());
    }
};

QTEST_APPLESS_MAIN(TestLayerReports)
#include "tst_layer_reports.moc"
