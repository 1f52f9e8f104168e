// Which activations share a quantizer, what of it is learned, and what the engine is given in the end.
#include "core/engine/calibration.h"
#include "core/engine/evaluator.h"
#include "core/train/tape.h"
#include "core/train/weight_transform.h"
#include "tests/core/train/toy_problem.h"

#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::train;
using test::ToyDataset;

namespace {

/// Calibrated on toy images.
PrecisionPlan resolved(const Graph& graph, const GraphPtr& shared, PrecisionPlan plan) {
    plan.set_folds_batch_norm(false);
    const auto statistics =
        engine::calibrate(shared, ToyDataset(32, 1), 32, {}, engine::values_read_by_channel(graph, plan));
    return *engine::resolve_plan(graph, plan, *statistics);
}

LayerPrecision precision(std::string_view bits) {
    return *parse_bits(bits);
}

int reader(const Graph& graph, const Quantization& quantization, std::string_view node, size_t input) {
    return quantization.reader(graph.find_node(node), input);
}

} // namespace

class TestQuantization : public QObject {
    Q_OBJECT
private slots:
    void readers_of_one_value_share_a_quantizer();
    void other_formats_are_other_quantizers();
    void an_untouched_plan_comes_back();
    void learned_scales_reach_every_reader();
    void fixed_learns_nothing_pact_decays();
    void powers_of_two_stay_powers_of_two();
    void activations_learn_by_the_same_gradient();
    void float_plans_round_nothing();
    void pact_moves_the_clip_by_its_own_gradient();
    void counts_of_scales_must_fit();
    void what_training_cannot_see_is_refused();
};

void TestQuantization::readers_of_one_value_share_a_quantizer() {
    const GraphPtr graph = test::toy_network();
    ParameterLayout layout(*graph);
    const auto made =
        Quantization::create(*graph, {resolved(*graph, graph, PrecisionPlan(precision("w4a4")))}, layout);
    QVERIFY2(made, made ? "" : made.error().to_line().c_str());
    // The stem's output is read by the block's convolution and by the residual add.
    const int block = reader(*graph, *made, "block/conv", 0);
    QVERIFY(block >= 0);
    QCOMPARE(reader(*graph, *made, "block/add", 1), block);
    QVERIFY(reader(*graph, *made, "block/add", 0) != block);
    // What a fully connected layer reads was only reshaped.
    QVERIFY(reader(*graph, *made, "classifier", 0) >= 0);
    QCOMPARE(reader(*graph, *made, "classifier", 1), -1);
    QCOMPARE(made->weights().size(), size_t{5});
    QCOMPARE(made->biases().size(), size_t{1}); // BatchNormalization stays behind the convolutions
}

void TestQuantization::other_formats_are_other_quantizers() {
    const GraphPtr graph = test::toy_network();
    PrecisionPlan plan(precision("w4a4"));
    plan.set("block/add", precision("w4a8"));
    ParameterLayout layout(*graph);
    const auto made = Quantization::create(*graph, {resolved(*graph, graph, plan)}, layout);
    QVERIFY(made);
    QVERIFY(reader(*graph, *made, "block/conv", 0) != reader(*graph, *made, "block/add", 1));
}

void TestQuantization::an_untouched_plan_comes_back() {
    const GraphPtr graph = test::toy_network();
    for (const char* bits :
         {"w4a4", "w8a8", "wlog4a8", "wternarya2", "w1a1", "e4m3", "bf16", "wdfixed5afixed8"}) {
        const PrecisionPlan plan = resolved(*graph, graph, PrecisionPlan(precision(bits)));
        ParameterLayout layout(*graph);
        const auto made = Quantization::create(*graph, {plan}, layout);
        QVERIFY2(made, bits);
        std::vector<float> trained = layout.read_trained(*graph);
        made->initialize(trained);
        QVERIFY2(made->plan(*graph, trained) == plan, bits);
    }
    PrecisionPlan by_channel(precision("w4a4"));
    LayerPrecision p = precision("w4a16");
    p.activations.granularity = Granularity::channel;
    by_channel.set("block/add", p);
    const PrecisionPlan plan = resolved(*graph, graph, by_channel);
    ParameterLayout layout(*graph);
    const auto made = Quantization::create(*graph, {plan}, layout);
    QVERIFY(made);
    std::vector<float> trained = layout.read_trained(*graph);
    made->initialize(trained);
    QVERIFY(made->plan(*graph, trained) == plan);
}

void TestQuantization::learned_scales_reach_every_reader() {
    const GraphPtr graph = test::toy_network();
    const PrecisionPlan plan = resolved(*graph, graph, PrecisionPlan(precision("w4a4")));
    ParameterLayout layout(*graph);
    const auto made = Quantization::create(*graph, {plan}, layout);
    std::vector<float> trained = layout.read_trained(*graph);
    made->initialize(trained);
    const auto& shared = made->activations()[static_cast<size_t>(reader(*graph, *made, "block/conv", 0))];
    shared.learned.of(std::span<float>(trained))[0] = 1.5F;
    const PrecisionPlan learned = made->plan(*graph, trained);
    QCOMPARE(learned.at("block/conv").activations.scale[0],
             1.5F * plan.at("block/conv").activations.scale[0]);
    const auto& add = learned.at("block/add").activations.scale;
    QCOMPARE(add.size(), size_t{2});
    QCOMPARE(add[1], learned.at("block/conv").activations.scale[0]);
    QCOMPARE(add[0], plan.at("block/add").activations.scale[0]);
    // A ratio that left the positive numbers stays usable.
    shared.learned.of(std::span<float>(trained))[0] = -3;
    QVERIFY(made->plan(*graph, trained).at("block/conv").activations.scale[0] > 0);
}

void TestQuantization::fixed_learns_nothing_pact_decays() {
    const GraphPtr graph = test::toy_network();
    const PrecisionPlan plan = resolved(*graph, graph, PrecisionPlan(precision("w4a4")));
    ParameterLayout bare(*graph), fixed_layout(*graph), pact_layout(*graph);
    const auto fixed =
        Quantization::create(*graph, {plan, ScaleLearning::fixed, ScaleLearning::fixed}, fixed_layout);
    QVERIFY(fixed);
    QCOMPARE(fixed_layout.trained_size(), bare.trained_size());
    const auto pact =
        Quantization::create(*graph, {plan, ScaleLearning::fixed, ScaleLearning::pact}, pact_layout);
    QVERIFY(pact);
    const auto count = static_cast<int64_t>(pact->activations().size());
    QCOMPARE(pact_layout.trained_size(), bare.trained_size() + count);
    QCOMPARE(pact_layout.decayed().size(), bare.decayed().size() + static_cast<size_t>(count));
}

void TestQuantization::powers_of_two_stay_powers_of_two() {
    const GraphPtr graph = test::toy_network();
    LayerPrecision p = precision("w4a4");
    p.activations.scale_type = ScaleType::power_of_two;
    const PrecisionPlan plan = resolved(*graph, graph, PrecisionPlan(p));
    ParameterLayout layout(*graph);
    const auto made = Quantization::create(*graph, {plan}, layout);
    std::vector<float> trained = layout.read_trained(*graph);
    made->initialize(trained);
    const auto& quantizer = made->activations().front();
    float& ratio = quantizer.learned.of(std::span<float>(trained))[0];
    const float start = quantizer.format.scale[0];
    ratio = 1.3F;
    QCOMPARE(quantizer.now(trained).scale[0], start);
    ratio = 1.5F; // above sqrt(2)
    QCOMPARE(quantizer.now(trained).scale[0], 2 * start);
}

/// One value, read by one fully connected layer of weight 1: the gradients of LSQ, worked out by hand.
void TestQuantization::activations_learn_by_the_same_gradient() {
    GraphBuilder builder("line");
    const ValueId input = builder.input("in", Shape{1, 2, 1, 1});
    const ValueId flat = *builder.add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 2}}, {input});
    const ValueId w = builder.constant(
        "w", std::make_shared<const Tensor>(Tensor::from_f32(Shape{2, 2}, {1.0F, 0.0F, 0.0F, 1.0F})));
    builder.output(*builder.add(Op::gemm, "Gemm", "fc", {}, {flat, w}));
    const GraphPtr graph = *builder.build();

    LayerPrecision p{float32_format(), activation_integer(2)};
    p.activations.scale = {0.5F};
    p.activations.zero_point = {0};
    QatOptions options;
    options.plan.set("fc", p);
    ParameterLayout layout(*graph);
    const auto made = Quantization::create(*graph, options, layout);
    QVERIFY(made);
    const auto scope = training_scope(*graph);
    TapeOptions tape_options;
    tape_options.batch = 2;
    tape_options.input_gradient = true;
    tape_options.quantization = &*made;
    const auto tape = Tape::create(*graph, *scope, layout, tape_options);
    QVERIFY2(tape, tape ? "" : tape.error().to_line().c_str());
    std::vector<float> trained = layout.read_trained(*graph), gradients(trained.size());
    made->initialize(trained);
    const std::vector<float> x = {0.6F, 2.0F, -0.3F, 1.4F}, g = {1.0F, 2.0F, 4.0F, 8.0F};
    std::ranges::copy(x, (*tape)->input().begin());
    QVERIFY((*tape)->forward(trained, {}, {}));
    const std::span<const float> y = (*tape)->logits();
    QCOMPARE(std::vector<float>(y.begin(), y.end()), (std::vector<float>{0.5F, 1.5F, 0.0F, 1.5F}));
    QVERIFY((*tape)->backward(trained, g, gradients));
    const std::span<const float> by_x = (*tape)->input_gradient();
    QCOMPARE(std::vector<float>(by_x.begin(), by_x.end()), (std::vector<float>{1.0F, 0.0F, 0.0F, 8.0F}));
    // By the scale: 1 * (0.5 - 0.6) / 0.5 + 2 * 3 + 4 * 0 + 8 * (1.5 - 1.4) / 0.5 = 7.4; two features,
    // q_max 3.
    const auto& quantizer = made->activations().front();
    const float by_ratio = quantizer.learned.of(std::span<float>(gradients))[0];
    QVERIFY(std::abs(by_ratio - 7.4 / std::sqrt(6.0) / 0.5) < 1e-4);
}

/// r = alpha / alpha_0: d loss / d r is what makes alpha - lr d loss / d alpha, whatever the width.
void TestQuantization::pact_moves_the_clip_by_its_own_gradient() {
    const GraphPtr graph = test::toy_network();
    for (const char* bits : {"w8a2", "w8a8"}) {
        const PrecisionPlan plan = resolved(*graph, graph, PrecisionPlan(precision(bits)));
        ParameterLayout layout(*graph);
        const auto made =
            Quantization::create(*graph, {plan, ScaleLearning::fixed, ScaleLearning::pact}, layout);
        QVERIFY(made);
        const auto& quantizer =
            made->activations()[static_cast<size_t>(reader(*graph, *made, "block/conv", 0))];
        const double s = quantizer.format.scale[0], q_max = quantizer.format.q_max();
        const double clip = s * q_max, by_clip = 3; // one value above the clip with this derivative
        // What the operation adds: s times d loss / d s, over s, times the factor.
        const double by_ratio = clip * by_clip / s * static_cast<double>(quantizer.gradient_factor[0]);
        QVERIFY(std::abs(by_ratio - by_clip / clip) < 1e-5 * by_clip / clip);
    }
}

void TestQuantization::counts_of_scales_must_fit() {
    const GraphPtr graph = test::toy_network();
    const PrecisionPlan plan = resolved(*graph, graph, PrecisionPlan(precision("w4a4")));
    const auto refused = [&](const LayerPrecision& wrong) {
        PrecisionPlan changed = plan;
        changed.set("block/conv", wrong);
        ParameterLayout layout(*graph);
        const auto made = Quantization::create(*graph, {changed}, layout);
        return !made && made.error().where == "block/conv";
    };
    LayerPrecision weights = plan.at("block/conv");
    weights.weights.scale.resize(3);
    QVERIFY(refused(weights));
    LayerPrecision activations = plan.at("block/conv");
    activations.activations.granularity = Granularity::channel;
    activations.activations.scale = {0.1F, 0.1F, 0.1F};
    activations.activations.zero_point = {0, 0, 0};
    QVERIFY(refused(activations));
    activations.activations.zero_point = {0};
    QVERIFY(refused(activations));
}

void TestQuantization::what_training_cannot_see_is_refused() {
    Options options;
    options.qat = QatOptions{PrecisionPlan(precision("w4a4"))};
    QVERIFY(validate(options));
    options.qat->plan.set_requantization({RequantizationMode::power_of_two_shift, Rounding::half_even});
    QVERIFY(!validate(options));
    options.qat->plan.set_requantization({});
    LayerPrecision narrow = precision("w4a4");
    narrow.accumulator.bits = 9;
    options.qat->plan.set("block/conv", narrow);
    QVERIFY(!validate(options));
}

void TestQuantization::float_plans_round_nothing() {
    const GraphPtr graph = test::toy_network();
    ParameterLayout layout(*graph);
    const auto made = Quantization::create(*graph, {}, layout);
    QVERIFY(made);
    QVERIFY(made->empty());
    QCOMPARE(reader(*graph, *made, "block/conv", 0), -1);
}

QTEST_GUILESS_MAIN(TestQuantization)
#include "tst_quantization.moc"
