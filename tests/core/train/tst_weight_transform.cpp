// From trained numbers to those that kernels see, and gradients back.
#include "core/train/weight_transform.h"
#include "tests/core/train/toy_problem.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace widthwise;
using namespace widthwise::train;

namespace {

/// One fully connected layer, 3 x 4 weights and a bias, behind a mean over 2x2 maps of 4 channels.
GraphPtr one_layer(const std::vector<float>& weights, const std::vector<float>& bias) {
    GraphBuilder builder("one");
    const ValueId input = builder.input("in", Shape{1, 4, 2, 2});
    const ValueId mean = *builder.add(Op::global_average_pool, "GlobalAveragePool", "mean", {}, {input});
    const ValueId flat = *builder.add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 4}}, {mean});
    const ValueId w = builder.constant(
        "w", std::make_shared<const Tensor>(Tensor::from_f32(Shape{3, 4}, std::vector<float>(weights))));
    const ValueId b = builder.constant(
        "b", std::make_shared<const Tensor>(Tensor::from_f32(Shape{3}, std::vector<float>(bias))));
    builder.output(*builder.add(Op::gemm, "Gemm", "fc", {}, {flat, w, b}));
    return *builder.build();
}

const std::vector<float> k_weights = {0.1F,  -0.4F, 0.9F, 0.0F, 0.5F,  0.5F,
                                      -1.0F, 0.2F,  0.0F, 0.3F, -0.3F, 2.0F};
const std::vector<float> k_bias = {0.26F, -0.1F, 0.0F};

/// The layer under one plan, ready to transform.
struct Case {
    explicit Case(const NumberFormat& weights, ScaleLearning learning = ScaleLearning::lsq,
                  const Preserve& preserve = {})
        : graph(one_layer(k_weights, k_bias)), layout(*graph) {
        NumberFormat activations = activation_integer(8);
        activations.scale = {0.5F};
        activations.zero_point = {0};
        QatOptions options;
        options.plan.set("fc", {weights, activations});
        options.weights = learning;
        auto made = Quantization::create(*graph, options, layout);
        if (!made) {
            problem = made.error().to_line();
            return;
        }
        quantization = std::move(*made);
        trained = layout.read_trained(*graph);
        quantization.initialize(trained);
        effective.resize(trained.size());
        transform = WeightTransform(layout, quantization, trained, preserve);
        transform.forward(trained, effective);
    }
    [[nodiscard]] std::vector<float> weights() const {
        const auto part = layout.weights().front().of(std::span<const float>(effective));
        return {part.begin(), part.end()};
    }
    GraphPtr graph;
    ParameterLayout layout;
    Quantization quantization;
    std::vector<float> trained, effective;
    WeightTransform transform;
    std::string problem;
};

NumberFormat with_scales(NumberFormat format, std::vector<float> scales) {
    format.scale = std::move(scales);
    return format;
}

} // namespace

class TestWeightTransform : public QObject {
    Q_OBJECT
private slots:
    void rounds_each_channel_with_its_scale();
    void rounds_biases_to_units_of_the_sums();
    void scales_learn_as_lsq_says();
    void codebooks_move_by_the_sum_over_their_weights();
    void ternary_and_binary_follow_their_means();
    void fixed_scales_stay();
    void preserves_zeros();
    void preserves_sharing();
    void leaves_what_is_not_finite();
    void refuses_open_formats();
};

void TestWeightTransform::rounds_each_channel_with_its_scale() {
    const Case c(with_scales(weight_integer(3), {0.5F, 0.25F, 1.0F}));
    QVERIFY2(c.problem.empty(), c.problem.c_str());
    QCOMPARE(c.weights(), (std::vector<float>{0.0F, -0.5F, 1.0F, 0.0F, 0.5F, 0.5F, -0.75F, 0.25F, 0.0F, 0.0F,
                                              -0.0F, 2.0F}));
}

void TestWeightTransform::rounds_biases_to_units_of_the_sums() {
    const Case c(with_scales(weight_integer(3), {0.5F, 0.25F, 1.0F}));
    const auto bias = std::span<const float>(c.effective).subspan(12, 3);
    // Units 0.25, 0.125, 0.5.
    QCOMPARE(bias[0], 0.25F);
    QCOMPARE(bias[1], -0.125F);
    QCOMPARE(bias[2], 0.0F);
}

void TestWeightTransform::scales_learn_as_lsq_says() {
    Case c(with_scales(weight_integer(3), {0.5F, 0.25F, 1.0F}));
    QCOMPARE(c.quantization.weights().front().learned.size, int64_t{3});
    std::vector<float> gradients(c.trained.size(), 0.0F);
    std::fill_n(gradients.begin(), 12, 1.0F);
    c.transform.backward(c.trained, c.effective, gradients);
    // -1 lies outside the second channel's range of 0.75; all else passes.
    for (size_t i = 0; i < 12; ++i) QCOMPARE(gradients[i], i == 6 ? 0.0F : 1.0F);
    // First channel: (0 - 0.1 + -0.5 + 0.4 + 1 - 0.9 + 0) / 0.5 = -0.2; g = 1 / sqrt(4 * 3); by ratio: / s.
    const auto ratios = c.quantization.weights().front().learned.of(std::span<float>(gradients));
    QVERIFY(std::abs(ratios[0] - -0.2 / std::sqrt(12.0) / 0.5) < 1e-6);
    // Second: (0 + 0 - 0.75 + (0.25 - 0.2)) / 0.25 = -2.8.
    QVERIFY(std::abs(ratios[1] - -2.8 / std::sqrt(12.0) / 0.25) < 1e-5);
    // The engine's plan has the scales that the ratios say.
    c.quantization.weights().front().learned.of(std::span<float>(c.trained))[0] = 2.0F;
    QCOMPARE(c.quantization.plan(*c.graph, c.trained).at("fc").weights.scale,
             (std::vector<float>{1.0F, 0.25F, 1.0F}));
}

void TestWeightTransform::codebooks_move_by_the_sum_over_their_weights() {
    NumberFormat book = default_weight_format(FormatType::codebook, 2);
    book.codebook = {-0.5F, 0.0F, 0.6F};
    Case c(book);
    QVERIFY2(c.problem.empty(), c.problem.c_str());
    std::vector<float> gradients(c.trained.size(), 0.0F);
    for (size_t i = 0; i < 12; ++i) gradients[i] = static_cast<float>(i + 1);
    const auto& quantizer = c.quantization.weights().front();
    c.transform.backward(c.trained, c.effective, gradients);
    const auto ratios = quantizer.learned.of(std::span<float>(gradients));
    // Nearest levels by hand: 0 -.5 .6 0 | .6 .6 -.5 0 | 0 0(.3: the lower of equals) -.5 .6
    // The level at 0 stays.
    const double levels[] = {2.0 + 7 + 11, 0.0, 3.0 + 5 + 6 + 12};
    for (size_t i = 0; i < 3; ++i)
        QVERIFY(std::abs(ratios[i] / quantizer.gradient_factor[i] - levels[i]) < 1e-4);
    // Levels that have passed each other are written in order.
    const auto trained = quantizer.learned.of(std::span<float>(c.trained));
    trained[0] = 0.7F;
    const auto plan = c.quantization.plan(*c.graph, c.trained);
    QCOMPARE(plan.at("fc").weights.codebook, (std::vector<float>{0.0F, 0.6F, 0.7F}));
}

void TestWeightTransform::ternary_and_binary_follow_their_means() {
    for (const FormatType type : {FormatType::binary, FormatType::ternary}) {
        NumberFormat format = default_weight_format(type);
        format.scale = {9.0F, 9.0F, 9.0F}; // of weights long gone
        if (type == FormatType::ternary) format.threshold = {1.0F, 1.0F, 1.0F};
        Case c(format);
        QCOMPARE(c.quantization.weights().front().learned.size, int64_t{0});
        const double all = (0.1 + 0.4 + 0.9 + 0.0) / 4, large = (0.4 + 0.9) / 2; // threshold 0.7 * 0.35
        QVERIFY(std::abs(std::abs(c.weights()[1]) - (type == FormatType::binary ? all : large)) < 1e-6);
        std::vector<float> gradients(c.trained.size(), 1.0F);
        c.transform.backward(c.trained, c.effective, gradients);
        QCOMPARE(gradients, std::vector<float>(c.trained.size(), 1.0F));
        const auto plan = c.quantization.plan(*c.graph, c.trained);
        QVERIFY(std::abs(plan.at("fc").weights.scale.front() - (type == FormatType::binary ? all : large)) <
                1e-6);
    }
}

void TestWeightTransform::fixed_scales_stay() {
    Case c(with_scales(default_weight_format(FormatType::binary), {9.0F, 9.0F, 9.0F}), ScaleLearning::fixed);
    QCOMPARE(c.weights()[0], 9.0F);
    const Case integer(with_scales(weight_integer(3), {0.5F, 0.25F, 1.0F}), ScaleLearning::fixed);
    QCOMPARE(integer.quantization.weights().front().learned.size, int64_t{0});
}

void TestWeightTransform::preserves_zeros() {
    Case c(float32_format(), ScaleLearning::fixed, {.zeros = true});
    std::vector<float> gradients(c.trained.size(), 1.0F);
    c.transform.backward(c.trained, c.effective, gradients);
    for (size_t i = 0; i < 12; ++i) QCOMPARE(gradients[i], k_weights[i] == 0 ? 0.0F : 1.0F);
    for (size_t i = 12; i < gradients.size(); ++i) QCOMPARE(gradients[i], 1.0F); // a bias may be 0
}

void TestWeightTransform::preserves_sharing() {
    Case c(float32_format(), ScaleLearning::fixed, {.sharing = true});
    std::vector<float> gradients(c.trained.size(), 0.0F);
    for (size_t i = 0; i < 12; ++i) gradients[i] = static_cast<float>(i);
    c.transform.backward(c.trained, c.effective, gradients);
    QCOMPARE(gradients[4], 9.0F); // two weights of 0.5, gradients 4 and 5
    QCOMPARE(gradients[5], 9.0F);
    QCOMPARE(gradients[0], 0.0F);
    QCOMPARE(gradients[3], 0.0F); // zeros stay
    QCOMPARE(gradients[8], 0.0F);
    QCOMPARE(gradients[11], 11.0F);
}

void TestWeightTransform::leaves_what_is_not_finite() {
    Case c(with_scales(weight_integer(3), {0.5F, 0.25F, 1.0F}));
    c.trained[2] = std::numeric_limits<float>::quiet_NaN();
    c.transform.forward(c.trained, c.effective);
    QVERIFY(std::isnan(c.effective[2]));
}

void TestWeightTransform::refuses_open_formats() {
    const Case c(weight_integer(3));
    QVERIFY(c.problem.find("fc") != std::string::npos);
    QVERIFY(c.problem.find("calibrate") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestWeightTransform)
#include "tst_weight_transform.moc"
