// What the trainer measures is what the integer engine gives: the same logits on the plan that training hands
// over, for every kind of number format and both ways with BatchNormalization; the same accuracy after
// training.

#include "core/engine/evaluator.h"
#include "core/train/model.h"
#include "core/train/tape.h"
#include "core/train/trainer.h"
#include "tests/core/train/toy_problem.h"

#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::train;
using widthwise::test::ToyDataset;

namespace {

constexpr int64_t k_images = 24, k_classes = 5;

/// Every kind of layer that reads activations: convolutions with one and with several groups, a residual, a
/// concatenation, each pool, two fully connected layers. 1x3x8x8 in. Statistics and factors of
/// BatchNormalization are away from 0 and 1.
GraphPtr many_layers() {
    zoo::LayerStack net("many", Shape{1, 3, 8, 8}, 5);
    ValueId x = net.conv_bn("stem", net.input(), {8});
    ValueId main = net.conv_bn("block/a", x, {8});
    main = net.conv_bn("block/b", main, {8}, zoo::Activation::none);
    x = net.activate("block", net.add("block/add", main, x), zoo::Activation::relu);
    const ValueId left = net.conv_bn("left", x, {.channels = 8, .kernel = 1, .group = 2});
    // Of a layer's own, not of x: what selects and joins elements shares one scale. Were that also the scale
    // of what `left` reads, its sums by powers of two would often lie exactly between two levels.
    const ValueId right =
        net.max_pool("max", net.conv_bn("right", x, {8}), {.kernel = 3, .stride = 1, .pad = 1});
    x = net.separable("separable", net.concat("join", {left, right}), 16, 2);
    x = net.average_pool("average", x, {});
    x = net.conv("bias", x, {16}, zoo::Activation::relu6);
    x = net.activate("hidden", net.fully_connected("hidden", net.flatten("flatten", x), 12),
                     zoo::Activation::relu);
    x = net.fully_connected("classifier", x, k_classes);
    const GraphPtr graph = net.finish(x).value();

    const ParameterLayout layout(*graph);
    std::vector<float> trained = layout.read_trained(*graph), running = layout.read_statistics(*graph);
    Rng rng(17);
    for (const Node& node : graph->nodes()) {
        const auto spread = [&](std::span<float> values, double lo, double hi) {
            for (float& v : values) v = static_cast<float>(rng.uniform(lo, hi));
        };
        if (node.op == Op::batch_norm) {
            spread(layout.trained(node.inputs[1]).of(std::span(trained)), 0.6, 1.4);
            spread(layout.trained(node.inputs[2]).of(std::span(trained)), -0.2, 0.4);
            spread(layout.statistics(node.inputs[3]).of(std::span(running)), -0.3, 0.3);
            spread(layout.statistics(node.inputs[4]).of(std::span(running)), 0.5, 1.5);
        } else if (node.inputs.size() > 2 && (node.op == Op::conv || node.op == Op::gemm)) {
            spread(layout.trained(node.inputs[2]).of(std::span(trained)), -0.3, 0.3);
        }
    }
    return layout.rebuild(*graph, trained, running).value();
}

LayerPrecision bits(const char* text) {
    return parse_bits(text).value();
}

LayerPrecision with(const char* text, const std::function<void(LayerPrecision&)>& change) {
    LayerPrecision precision = bits(text);
    change(precision);
    return precision;
}

PrecisionPlan resolved(const GraphPtr& graph, const LayerPrecision& everywhere, bool fold,
                       const Dataset& data) {
    PrecisionPlan plan(everywhere);
    plan.set_folds_batch_norm(fold);
    const auto statistics =
        engine::calibrate(graph, data, k_images, {}, engine::values_read_by_channel(*graph, plan));
    return engine::resolve_plan(*graph, plan, statistics.value()).value();
}

/// As if training had moved the scales, each somewhat: they lie behind the graph's own numbers.
void move_scales(Model& model) {
    Rng rng(23);
    const auto first = static_cast<size_t>(ParameterLayout(*model.graph).trained_size());
    for (float& v : std::span(model.trained).subspan(first)) v *= static_cast<float>(rng.uniform(0.9, 1.15));
    model.update_effective();
}

Result<std::vector<float>> trainers_logits(const Model& model, const Dataset& data) {
    TapeOptions options;
    options.batch = k_images;
    options.mode = TapeMode::evaluation;
    options.quantization = model.rounding();
    auto tape = Tape::create(*model.graph, model.scope, model.layout, options);
    if (!tape) return forward_error(tape);
    const size_t size = (*tape)->input().size() / k_images;
    for (size_t i = 0; i < k_images; ++i)
        if (auto read = data.read(static_cast<int64_t>(i), (*tape)->input().subspan(i * size, size)); !read)
            return forward_error(read);
    if (auto ran = (*tape)->forward(model.effective, model.running, {}); !ran) return forward_error(ran);
    return std::vector<float>((*tape)->logits().begin(), (*tape)->logits().end());
}

/// Of two images' logits, as a share of the largest.
double distance(std::span<const float> a, std::span<const float> b) {
    double worst = 0, largest = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        const double apart = std::abs(static_cast<double>(a[i]) - b[i]);
        if (!(apart <= worst)) worst = apart; // not a number is the worst
        largest = std::max(largest, std::abs(static_cast<double>(a[i])));
    }
    return worst / largest;
}

} // namespace

Q_DECLARE_METATYPE(LayerPrecision)

class TestQatParity : public QObject {
    Q_OBJECT
private slots:
    void logits_are_the_engines_data();
    void logits_are_the_engines();
    void accuracy_is_the_engines_data();
    void accuracy_is_the_engines();
};

void TestQatParity::logits_are_the_engines_data() {
    QTest::addColumn<LayerPrecision>("precision");
    QTest::addColumn<bool>("fold");
    const auto add = [](const std::string& name, const LayerPrecision& precision) {
        for (const bool fold : {true, false})
            QTest::newRow((name + (fold ? ", folded" : ", kept")).c_str()) << precision << fold;
    };
    for (const char* text : {"w8a8",
                             "w7a7",
                             "w6a6",
                             "w5a5",
                             "w4a4",
                             "w3a3",
                             "w2a2",
                             "w4a8",
                             "w1a8",
                             "w1a1",
                             "w8a32",
                             "w32a4",
                             "w12a10",
                             "wlog4a8",
                             "wlog4alog4",
                             "wternary a4",
                             "wternary aternary",
                             "e4m3",
                             "e5m2",
                             "fp16",
                             "bf16",
                             "we4m3a8",
                             "fixed8",
                             "dfixed8",
                             "wdfixed4adfixed6"})
        add(text, bits(text));
    add("weights per tensor",
        with("w4a6", [](LayerPrecision& p) { p.weights.granularity = Granularity::tensor; }));
    add("weights per group", with("w4a6", [](LayerPrecision& p) {
            p.weights.granularity = Granularity::group;
            p.weights.group_size = 9;
        }));
    add("affine weights", with("w3a4", [](LayerPrecision& p) { p.weights.symmetric = false; }));
    add("affine one bit", with("w4a4", [](LayerPrecision& p) {
            p.weights.symmetric = p.weights.narrow = false;
            p.weights.bits = 1;
        }));
    add("wide symmetric weights", with("w4a4", [](LayerPrecision& p) { p.weights.narrow = false; }));
    add("power-of-two scales", with("w4a4", [](LayerPrecision& p) {
            p.weights.scale_type = p.activations.scale_type = ScaleType::power_of_two;
        }));
    add("symmetric activations", with("w4a4", [](LayerPrecision& p) { p.activations.symmetric = true; }));
    add("activations per channel",
        with("w4a4", [](LayerPrecision& p) { p.activations.granularity = Granularity::channel; }));
    add("ternary per tensor", with("w4a4", [](LayerPrecision& p) {
            p.weights = default_weight_format(FormatType::ternary);
            p.weights.granularity = Granularity::tensor;
        }));
    add("codebook",
        with("w4a6", [](LayerPrecision& p) { p.weights = default_weight_format(FormatType::codebook, 4); }));
}

void TestQatParity::logits_are_the_engines() {
    QFETCH(LayerPrecision, precision);
    QFETCH(bool, fold);
    const ToyDataset data(k_images, 3, k_classes);
    const GraphPtr graph = many_layers();
    Options options;
    options.qat = QatOptions{.plan = resolved(graph, precision, fold, data)};
    auto made = Model::create(graph, options);
    QVERIFY2(made, made ? "" : made.error().to_line().c_str());
    Model& model = **made;
    move_scales(model);
    const auto ours = trainers_logits(model, data);
    QVERIFY2(ours, ours ? "" : ours.error().to_line().c_str());

    const auto rebuilt = model.layout.rebuild(*model.graph, model.trained, model.running);
    QVERIFY(rebuilt);
    const PrecisionPlan plan = model.quantization.plan(*model.graph, model.trained);
    QVERIFY(engine::is_resolved(**rebuilt, plan));
    const auto engines = engine::predict(*rebuilt, plan, data, {.keep_logits = true, .on_batch = {}}, {});
    QVERIFY2(engines, engines ? "" : engines.error().to_line().c_str());
    const auto unrounded =
        engine::predict(*rebuilt, PrecisionPlan(), data, {.keep_logits = true, .on_batch = {}}, {});
    QVERIFY(unrounded);

    // Sums of some hundred f32 products are good to about 1e-5. Where one of an image's thousand or so
    // activations lies within that of the middle between two levels, it becomes the other level, and nothing
    // can be said about the image: some 1e-5 times the levels of each activation, a few percent of the images
    // at eight bits.
    constexpr double same = 5e-5;
    int equal = 0, rounded = 0;
    for (size_t i = 0; i < k_images; ++i) {
        const auto row = [&](const std::vector<float>& logits) {
            return std::span(logits).subspan(i * k_classes, k_classes);
        };
        equal += distance(row(engines->logits), row(*ours)) <= same;
        rounded += distance(row(engines->logits), row(unrounded->logits)) > same;
    }
    QVERIFY2(equal >= k_images - 4, qPrintable(QStringLiteral("%1 of %2").arg(equal).arg(k_images)));
    QCOMPARE(rounded, static_cast<int>(k_images)); // it did quantize
}

void TestQatParity::accuracy_is_the_engines_data() {
    QTest::addColumn<LayerPrecision>("precision");
    QTest::addColumn<bool>("fold");
    for (const char* text : {"w8a8", "w4a4", "w2a3", "w1a8", "w1a1", "wternary a4", "wlog4a8", "e4m3"})
        for (const bool fold : {true, false})
            QTest::newRow((text + std::string(fold ? ", folded" : ", kept")).c_str()) << bits(text) << fold;
}

void TestQatParity::accuracy_is_the_engines() {
    QFETCH(LayerPrecision, precision);
    QFETCH(bool, fold);
    const ToyDataset training(128, 7), validation(96, 9);
    Options options;
    options.epochs = 3;
    options.batch_size = 32;
    options.learning_rate = 0.02;
    options.schedule = Schedule::cosine;
    options.augmentation.crop = false;
    // A float start that has learned something.
    const auto start = train::train(test::toy_network(), training, nullptr, options, {});
    QVERIFY(start);
    options.qat = QatOptions{.plan = resolved(start->graph, precision, fold, training)};
    const auto outcome = train::train(start->graph, training, &validation, options, {});
    QVERIFY2(outcome, outcome ? "" : outcome.error().to_line().c_str());
    QVERIFY(engine::is_resolved(*outcome->graph, outcome->plan));

    const auto engines = engine::predict(outcome->graph, outcome->plan, validation, {}, {});
    QVERIFY2(engines, engines ? "" : engines.error().to_line().c_str());
    int64_t right = 0;
    for (int64_t i = 0; i < validation.size(); ++i)
        right += engines->top1[static_cast<size_t>(i)] == validation.label(i);
    QVERIFY(outcome->best_epoch >= 0);
    const double seen = outcome->epochs[static_cast<size_t>(outcome->best_epoch)].validation_top1;
    // One image may lie on an edge (see above).
    QVERIFY2(std::abs(seen * 96 - static_cast<double>(right)) <= 1,
             qPrintable(QStringLiteral("trainer %1, engine %2").arg(seen * 96).arg(right)));
}

QTEST_APPLESS_MAIN(TestQatParity)
#include "tst_qat_parity.moc"
