// What an evaluation tells while it runs and afterwards: intervals, early decisions, agreement with float.

#include "core/engine/scores.h"
#include "core/flow/sequential_test.h"
#include "core/flow/session.h"
#include "tests/core/flow/small_world.h"

#include <QTest>

#include <cmath>
#include <numeric>

using namespace widthwise;
using flow::EvaluationRequest;
using flow::RunningAccuracy;

namespace {

/// Noise without labels.
class Unlabelled : public test::NoiseImages {
public:
    explicit Unlabelled(uint64_t seed, int64_t images) : NoiseImages(seed, images, test::k_side, 0) {}
    [[nodiscard]] int64_t label(int64_t) const override { return -1; }
};

EvaluationRequest request(std::shared_ptr<const Dataset> data, const std::string& bits) {
    EvaluationRequest request;
    request.model.source = request.model.name = request.model.hash = "small";
    request.model.graph = test::small_network();
    request.data = std::move(data);
    request.plan = PrecisionPlan(parse_bits(bits).value());
    request.calibration_samples = 10;
    return request;
}

flow::EvaluationOutcome evaluated(flow::Evaluator& evaluator, const EvaluationRequest& asked,
                                  const flow::OnProgress& on_progress = {}, int threads = 0) {
    WorkControl control;
    control.threads = threads;
    auto outcome = evaluator.evaluate(asked, control, on_progress);
    if (!outcome) qFatal("%s", outcome.error().to_line().c_str());
    return std::move(*outcome);
}

/// 1x3x8x8 -> two outputs: a convolution's map and its mean over the image.
GraphPtr two_outputs() {
    Rng rng(3);
    GraphBuilder builder("two", 13);
    const ConvAttributes same{.kernel = {3, 3}, .pads = {1, 1, 1, 1}};
    const ValueId x = builder.input("x", Shape{1, 3, test::k_side, test::k_side});
    const ValueId map = builder
                            .add(Op::conv, "Conv", "map", same,
                                 {x, builder.constant("w", test::random_tensor(rng, Shape{5, 3, 3, 3}))})
                            .value();
    const ValueId mean = builder.add(Op::global_average_pool, "GlobalAveragePool", "mean", {}, {map}).value();
    builder.output(map);
    builder.output(mean);
    return builder.build().value();
}

} // namespace

class TestStatistics : public QObject {
    Q_OBJECT
private slots:
    void agreementByHand();
    void divergenceByHand();
    void looksDouble();
    void decisionsAreRarelyWrong();
    void progressNarrows();
    void stopsWhenDecided();
    void predictionsStayInTheDatasOrder();
    void threadsChangeNothing();
    void keptActivationsChangeNothing();
    void unlabelledImagesAgree();
    void severalOutputsAgree();
};

void TestStatistics::agreementByHand() {
    const std::vector<float> a{0, 2}, b{1, 2}, c{4, -4}, d{4, -2};
    const auto rows = [](const std::vector<float>& v) { return std::vector<std::span<const float>>{v}; };
    engine::AgreementCollector collector(3);
    collector.add(2, rows(c), rows(d));
    collector.add(0, rows(a), rows(b));
    const OutputAgreement result = collector.result();
    QCOMPARE(result.samples, 2);
    // signal 0 + 4 + 16 + 16, noise 1 + 4, peak 4 - -4, four values
    QVERIFY(std::abs(result.sqnr_db - 10 * std::log10(36.0 / 5)) < 1e-12);
    QVERIFY(std::abs(result.psnr_db - 10 * std::log10(64 * 4.0 / 5)) < 1e-12);
    QCOMPARE(result.top1_agreement, 1.0);
    engine::AgreementCollector exact(1);
    exact.add(0, rows(a), rows(a));
    QVERIFY(std::isinf(exact.result().sqnr_db) && std::isinf(exact.result().psnr_db));
}

void TestStatistics::divergenceByHand() {
    // softmax(ln 1, ln 3) = (1/4, 3/4), softmax(0, 0) = (1/2, 1/2).
    const std::vector<float> x{0, std::log(3.0F)}, y{5, 5}, p{0.25F, 0.75F}, q{0.5F, 0.5F};
    const double expected = 0.25 * std::log(0.5) + 0.75 * std::log(1.5);
    QVERIFY(std::abs(engine::kl_divergence(x, y, false) - expected) < 1e-7);
    QVERIFY(std::abs(engine::kl_divergence(p, q, true) - expected) < 1e-12);
    QCOMPARE(engine::kl_divergence(x, x, false), 0.0);
    // Of the labels: -ln 1/4 and -ln 3/4; what was rounded to 0 stays finite.
    for (const bool probabilities : {false, true}) {
        const auto& scores = probabilities ? p : x;
        QVERIFY(std::abs(engine::cross_entropy(scores, 0, probabilities) - std::log(4.0)) < 1e-7);
        QVERIFY(std::abs(engine::cross_entropy(scores, 1, probabilities) - std::log(4.0 / 3)) < 1e-7);
    }
    QVERIFY(engine::cross_entropy(std::vector<float>{0, 1}, 0, true) > 50);
    QVERIFY(engine::cross_entropy(std::vector<float>{0, 1000}, 0, false) == 1000);
}

void TestStatistics::looksDouble() {
    QCOMPARE(flow::SequentialTest(300, 0.1).looks(), (std::vector<int64_t>{64, 128, 256, 300}));
    QCOMPARE(flow::SequentialTest(64, 0.1).looks(), (std::vector<int64_t>{64}));
    QCOMPARE(flow::SequentialTest(10, 0.1).looks(), (std::vector<int64_t>{10}));
}

void TestStatistics::decisionsAreRarelyWrong() {
    // The worst case: the network loses exactly what is asked about, and a little less or more. Of 400 sets
    // of 2,000 images the answer given early may differ from the exact one in at most 5 % (and the binomial's
    // spread).
    Rng rng(8);
    int wrong = 0, early = 0;
    for (int set = 0; set < 400; ++set) {
        const flow::SequentialTest test(2000, 0.03);
        const double loss = 0.03 + 0.01 * (set % 5 - 2);
        engine::PairedCounts counts, at_decision;
        std::optional<bool> decision;
        for (int64_t i = 1; i <= 2000; ++i) {
            const double u = rng.uniform(); // only the reference right, only the other, both, none
            const bool only_reference = u < loss + 0.02, only_other = !only_reference && u < loss + 0.04;
            const bool both = !only_reference && !only_other && u < 0.8;
            counts.add(1, both || only_other ? 1 : 0, both || only_reference ? 1 : 0, false);
            if (decision || std::ranges::find(test.looks(), i) == test.looks().end()) continue;
            decision = test.decide(counts, i == 2000);
            early += decision && i < 2000;
        }
        QVERIFY(decision.has_value());
        wrong += *decision != *test.decide(counts, true);
    }
    QVERIFY2(wrong <= 34, qPrintable(QString::number(wrong))); // 20 + 3.3 standard deviations
    QVERIFY2(early >= 40, qPrintable(QString::number(early)));
}

void TestStatistics::progressNarrows() {
    flow::Evaluator evaluator;
    std::vector<RunningAccuracy> told;
    const auto outcome = evaluated(evaluator, request(std::make_shared<test::NoiseImages>(1, 900), "w4a4"),
                                   [&](const RunningAccuracy& r) { told.push_back(r); });
    QVERIFY(!told.empty());
    QCOMPARE(told.back().done, 900);
    for (size_t i = 0; i < told.size(); ++i) {
        QCOMPARE(told[i].total, 900);
        QVERIFY(told[i].so_far.samples == told[i].done);
        if (i > 0) QVERIFY(told[i].done >= told[i - 1].done);
    }
    const Accuracy& a = outcome.evaluation.accuracy;
    QCOMPARE(a.samples, 900);
    QCOMPARE(told.back().so_far.top1, a.top1);
    QVERIFY(a.top1_ci95.lo <= a.top1 && a.top1 <= a.top1_ci95.hi);
    QVERIFY(a.delta_ci95.lo <= a.delta_top1 && a.delta_top1 <= a.delta_ci95.hi);
    QVERIFY(a.delta_ci95.lo < a.delta_ci95.hi);
    QVERIFY(outcome.evaluation.agreement.has_value());
    QCOMPARE(outcome.evaluation.agreement->top1_agreement, a.agreement);
    QVERIFY(!outcome.within);
}

void TestStatistics::stopsWhenDecided() {
    auto asked = request(std::make_shared<test::NoiseImages>(1, 2000), "w8a8");
    asked.decide_within = 0.2; // 8 bits lose next to nothing
    flow::Evaluator evaluator;
    std::optional<bool> told;
    const auto outcome = evaluated(evaluator, asked, [&](const RunningAccuracy& r) { told = r.within; });
    QCOMPARE(outcome.within, std::optional<bool>(true));
    QCOMPARE(told, outcome.within);
    const int64_t run = outcome.evaluation.accuracy.samples;
    QVERIFY(run < 2000);
    QCOMPARE(std::ranges::count_if(outcome.predictions.top1, [](int32_t p) { return p >= 0; }), run);
    QCOMPARE(outcome.evaluation.provenance.seed, uint64_t{1});

    asked.decide_within = -0.9; // 90 points above float: no
    QCOMPARE(evaluated(evaluator, asked).within, std::optional<bool>(false));
    asked.decide_within = 0.2;
    asked.data = std::make_shared<Unlabelled>(1, 50);
    QCOMPARE(evaluator.evaluate(asked, {}).error().code, ErrorCode::usage);
}

void TestStatistics::predictionsStayInTheDatasOrder() {
    const auto data = std::make_shared<test::NoiseImages>(1, 300);
    auto one = request(data, "w3a3"), two = one;
    one.keep_logits = two.keep_logits = true;
    two.seed = 77;
    flow::Evaluator evaluator;
    const auto a = evaluated(evaluator, one), b = evaluated(evaluator, two);
    QCOMPARE(a.predictions.top1, b.predictions.top1);
    QCOMPARE(a.predictions.logits, b.predictions.logits);
    QCOMPARE(a.evaluation.accuracy.top1, b.evaluation.accuracy.top1);
    // The first images, whatever the order in which they were run.
    one.limit = 100;
    const auto first = evaluated(evaluator, one);
    QVERIFY(std::equal(first.predictions.logits.begin(), first.predictions.logits.end(),
                       a.predictions.logits.begin()));
    // Early, another seed is another sample.
    one.limit = 0;
    one.decide_within = two.decide_within = 0.6;
    QVERIFY(evaluated(evaluator, one).predictions.top1 != evaluated(evaluator, two).predictions.top1);
}

void TestStatistics::threadsChangeNothing() {
    auto asked = request(std::make_shared<test::NoiseImages>(4, 500), "w4a4");
    asked.keep_logits = true;
    flow::Evaluator a, b;
    const auto one = evaluated(a, asked, {}, 1), three = evaluated(b, asked, {}, 3);
    QCOMPARE(one.predictions.logits, three.predictions.logits);
    QCOMPARE(one.evaluation.agreement->sqnr_db, three.evaluation.agreement->sqnr_db);
    QCOMPARE(one.evaluation.agreement->psnr_db, three.evaluation.agreement->psnr_db);
    asked.decide_within = 0.05;
    const auto early_one = evaluated(a, asked, {}, 1), early_three = evaluated(b, asked, {}, 3);
    QCOMPARE(early_one.within, early_three.within);
    QCOMPARE(early_one.predictions.top1, early_three.predictions.top1);
}

void TestStatistics::keptActivationsChangeNothing() {
    const auto data = std::make_shared<test::NoiseImages>(5, 400);
    flow::Evaluator keeps, forgets;
    forgets.set_memory_budget(0);
    QCOMPARE(forgets.memory_used(), 0);
    auto asked = request(data, "w8a8");
    asked.keep_logits = true;
    int edit = 0;
    for (const char* layer : {"", "classifier", "second", "classifier", "first", "classifier", "second"}) {
        if (*layer) asked.plan.set(layer, parse_bits(edit % 2 ? "w3a5" : "w4a8").value());
        ++edit;
        const auto a = evaluated(keeps, asked), b = evaluated(forgets, asked);
        QCOMPARE(a.predictions.logits, b.predictions.logits);
        QCOMPARE(a.evaluation.accuracy.top1, b.evaluation.accuracy.top1);
        QCOMPARE(a.evaluation.resolved, b.evaluation.resolved);
        QCOMPARE(a.evaluation.layers.size(), b.evaluation.layers.size());
        for (size_t l = 0; l < a.evaluation.layers.size(); ++l) {
            QCOMPARE(a.evaluation.layers[l].weight_sqnr_db, b.evaluation.layers[l].weight_sqnr_db);
            QCOMPARE(a.evaluation.layers[l].accumulator_bits, b.evaluation.layers[l].accumulator_bits);
        }
    }
    QVERIFY(keeps.memory_used() > 0);
    QCOMPARE(forgets.memory_used(), 0);
}

void TestStatistics::unlabelledImagesAgree() {
    flow::Evaluator evaluator;
    const auto data = std::make_shared<Unlabelled>(1, 300);
    const auto eight = evaluated(evaluator, request(data, "w8a8")),
               two = evaluated(evaluator, request(data, "w2a2")),
               exact = evaluated(evaluator, request(data, "float"));
    QCOMPARE(eight.evaluation.accuracy.samples, 0);
    QVERIFY(eight.evaluation.agreement && two.evaluation.agreement && exact.evaluation.agreement);
    QCOMPARE(eight.evaluation.agreement->samples, 300);
    QVERIFY(eight.evaluation.agreement->sqnr_db > two.evaluation.agreement->sqnr_db + 10);
    QVERIFY(eight.evaluation.agreement->psnr_db > two.evaluation.agreement->psnr_db);
    QVERIFY(std::isinf(exact.evaluation.agreement->sqnr_db));
    QCOMPARE(exact.evaluation.agreement->top1_agreement, 1.0);
}

void TestStatistics::severalOutputsAgree() {
    auto asked = request(std::make_shared<test::NoiseImages>(1, 200), "w8a8");
    asked.model.graph = two_outputs();
    asked.model.hash = "two outputs";
    flow::Evaluator evaluator;
    const auto outcome = evaluated(evaluator, asked);
    QCOMPARE(outcome.evaluation.accuracy.samples, 0);
    QVERIFY(outcome.evaluation.agreement.has_value());
    // The second way: both networks run by themselves, outputs compared here.
    const auto prepared = outcome.evaluation.resolved;
    const auto quantized =
        engine::predict(asked.model.graph, prepared, *asked.data, {.keep_logits = true, .on_batch = {}}, {});
    const auto real = engine::predict(asked.model.graph, PrecisionPlan(), *asked.data,
                                      {.keep_logits = true, .on_batch = {}}, {});
    QVERIFY(quantized && real);
    const size_t map = 5 * 8 * 8;
    QCOMPARE(real->logits.size(), 200 * map);
    double signal = 0, noise = 0;
    for (size_t image = 0; image < 200; ++image)
        for (size_t c = 0; c < 5; ++c) {
            double mean_a = 0, mean_b = 0;
            for (size_t i = 0; i < 64; ++i) { // storage order is channels last
                const double a = real->logits[image * map + i * 5 + c],
                             b = quantized->logits[image * map + i * 5 + c];
                signal += a * a;
                noise += (a - b) * (a - b);
                mean_a += a / 64;
                mean_b += b / 64;
            }
            signal += mean_a * mean_a;
            noise += (mean_a - mean_b) * (mean_a - mean_b);
        }
    const double db = 10 * std::log10(signal / noise);
    QVERIFY2(std::abs(outcome.evaluation.agreement->sqnr_db - db) < 0.3,
             qPrintable(QStringLiteral("%1 %2").arg(outcome.evaluation.agreement->sqnr_db).arg(db)));
}

QTEST_APPLESS_MAIN(TestStatistics)
#include "tst_statistics.moc"
