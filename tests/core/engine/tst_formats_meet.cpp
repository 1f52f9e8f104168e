// Where formats meet: concatenation with differing scales, products and interpolation of rounded values,
// moves that need no rounding at all.

#include "core/engine/executor.h"
#include "core/engine/layout.h"
#include "core/engine/program.h"
#include "core/engine/reference_engine.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace widthwise;
using namespace widthwise::engine;

namespace {

const std::vector<float> k_image{0.3F, -1.2F, 0.8F, 2.1F, -0.6F, 1.4F, 0.1F, -2.2F};

NumberFormat resolved(std::vector<float> scale, int32_t zero_point = 128) {
    NumberFormat format = activation_integer(8);
    format.zero_point.assign(scale.size(), zero_point);
    format.scale = std::move(scale);
    return format;
}

float rounded(float x, float scale) {
    return scale * std::clamp(std::nearbyint(x / scale), -128.0F, 127.0F);
}

struct Net {
    GraphBuilder builder{"net"};
    PrecisionPlan plan;
    ValueId x = builder.input("x", {1, 2, 2, 2});
    ValueId add(Op op, const std::string& name, Attributes a, std::vector<ValueId> in) {
        auto v = builder.add(op, name, name, std::move(a), std::move(in));
        if (!v) qFatal("%s", v.error().to_line().c_str());
        return *v;
    }
    ValueId constant(Shape shape, std::vector<float> values) {
        return builder.constant(
            "c", std::make_shared<Tensor>(Tensor::from_f32(std::move(shape), std::move(values))));
    }
    void read(const std::string& name, NumberFormat format) {
        plan.set(name, {float32_format(), std::move(format), {}});
    }
    /// An 8-bit layer that hands its input on: weight 1.
    ValueId pass(const std::string& name, ValueId in, float scale) {
        const int64_t c = builder.value(in).shape[1];
        std::vector<float> weights(static_cast<size_t>(c * c), 0.0F);
        for (int64_t i = 0; i < c; ++i) weights[static_cast<size_t>(i * c + i)] = 1;
        NumberFormat w = weight_integer(8);
        w.granularity = Granularity::tensor;
        w.scale = {1.0F};
        plan.set(name, {w, resolved({scale}), {}});
        return add(Op::conv, name, ConvAttributes{}, {in, constant({c, c, 1, 1}, weights)});
    }
};

template <typename Kind> int64_t count(const Program& program) {
    return std::count_if(program.steps.begin(), program.steps.end(),
                         [](const Step& s) { return std::holds_alternative<Kind>(s.operation); });
}

/// Both engines, which must agree to the bit; row-major.
void evaluate(Net& net, ValueId out, std::vector<float>& result, Program* lowered = nullptr) {
    net.builder.output(out);
    const GraphPtr graph = net.builder.build().value();
    const auto program = lower(*graph, net.plan);
    QVERIFY2(program, program ? "" : program.error().to_line().c_str());
    const auto to = storage_of_logical({1, 2, 2, 2});
    std::vector<float> image(k_image.size());
    for (size_t i = 0; i < image.size(); ++i) image[static_cast<size_t>(to[i])] = k_image[i];
    ReferenceEngine reference(*program);
    reference.run(image);
    const auto from = storage_of_logical(graph->value(graph->outputs()[0]).shape);
    result.clear();
    for (const int32_t i : from) result.push_back(reference.output()[static_cast<size_t>(i)]);

    const auto executor = Executor::create(*program, 2);
    QVERIFY(executor);
    Executor::Context context(*executor);
    std::copy(image.begin(), image.end(), context.input().begin());
    context.run();
    for (size_t i = 0; i < result.size(); ++i) QVERIFY(context.output()[i] == reference.output()[i]);
    if (lowered) *lowered = *program;
}

#define EVALUATE(...)                                                                                        \
    evaluate(__VA_ARGS__);                                                                                   \
    if (QTest::currentTestFailed()) return

} // namespace

class TestFormatsMeet : public QObject {
    Q_OBJECT
private slots:
    void concat_of_differing_scales() {
        Net net;
        const ValueId doubled = net.add(Op::add, "doubled", {}, {net.x, net.x});
        net.read("joined", resolved({0.5F, 0.25F}));
        const ValueId joined = net.add(Op::concat, "joined", ConcatAttributes{1}, {net.x, doubled});
        std::vector<float> result;
        EVALUATE(net, joined, result);
        for (size_t i = 0; i < 8; ++i) {
            QCOMPARE(result[i], rounded(k_image[i], 0.5F));
            QCOMPARE(result[8 + i], rounded(2 * k_image[i], 0.25F));
        }
    }

    /// The one reader's format is what both sides are rounded to.
    void concat_rounds_anew_for_its_reader() {
        Net net;
        const ValueId doubled = net.add(Op::add, "doubled", {}, {net.x, net.x});
        net.read("joined", resolved({0.5F, 0.25F}));
        const ValueId joined = net.add(Op::concat, "joined", ConcatAttributes{1}, {net.x, doubled});
        std::vector<float> result;
        Program program;
        EVALUATE(net, net.pass("next", joined, 0.5F), result, &program);
        for (size_t i = 0; i < 8; ++i) {
            QCOMPARE(result[i], rounded(k_image[i], 0.5F));
            QCOMPARE(result[8 + i], rounded(rounded(2 * k_image[i], 0.25F), 0.5F));
        }
        for (const Step& step : program.steps)
            if (const auto* move = std::get_if<MoveStep>(&step.operation))
                QVERIFY(program.buffers[move->out.position()].representation.element == Element::u8);
    }

    void concat_of_one_scale_moves_integers() {
        Net net;
        net.read("joined", resolved({0.5F}));
        const ValueId joined =
            net.add(Op::concat, "joined", ConcatAttributes{1},
                    {net.pass("a", net.x, 0.5F), net.constant({1, 1, 2, 2}, {1, 2, 3, 4})});
        std::vector<float> result;
        Program program;
        EVALUATE(net, net.pass("next", joined, 0.5F), result, &program);
        QCOMPARE(count<DequantizeStep>(program), int64_t{0});
        for (size_t i = 0; i < 8; ++i) QCOMPARE(result[i], rounded(k_image[i], 0.5F));
        QCOMPARE(result[8], 1.0F);
        QCOMPARE(result[11], 4.0F);
    }

    /// Formats of more than 8 bits are simulated: joined in f32 on either grid.
    void concat_of_simulated_formats() {
        Net net;
        NumberFormat wide = resolved({0.001F}, 32768);
        wide.bits = 16;
        net.read("joined", wide);
        std::vector<float> result;
        EVALUATE(net, net.add(Op::concat, "joined", ConcatAttributes{1}, {net.x, net.x}), result);
        for (size_t i = 0; i < 16; ++i) QVERIFY(std::fabs(result[i] - k_image[i % 8]) <= 0.0005F + 1e-6F);
    }

    void products_take_each_operand_in_its_own_format() {
        Net net;
        const ValueId turned = net.add(Op::transpose, "t", TransposeAttributes{{0, 1, 3, 2}}, {net.x});
        net.read("product", resolved({0.5F, 0.25F}));
        std::vector<float> result;
        EVALUATE(net, net.add(Op::matmul, "product", {}, {net.x, turned}), result);
        for (size_t c = 0; c < 2; ++c)
            for (size_t row = 0; row < 2; ++row)
                for (size_t column = 0; column < 2; ++column) {
                    float sum = 0;
                    for (size_t k = 0; k < 2; ++k)
                        sum += rounded(k_image[c * 4 + row * 2 + k], 0.5F) *
                               rounded(k_image[c * 4 + column * 2 + k], 0.25F);
                    QCOMPARE(result[c * 4 + row * 2 + column], sum);
                }
    }

    /// The scale counts activations: the constant has none.
    void a_constant_on_the_left_takes_no_scale() {
        Net net;
        const ValueId doubled = net.add(Op::add, "doubled", {}, {net.x, net.x});
        net.read("least", resolved({0.5F}));
        net.read("joined", resolved({0.5F, 0.25F}));
        const ValueId joined = net.add(Op::concat, "joined", ConcatAttributes{1},
                                       {net.constant({1, 1, 2, 2}, {0.3F, 0, 0, 0}), net.x, doubled});
        const ValueId least = net.add(Op::minimum, "least", {}, {net.constant({}, {0.75F}), joined});
        std::vector<float> result;
        EVALUATE(net, least, result);
        QCOMPARE(result[0], 0.5F); // as the reader rounds it
        QCOMPARE(result[4], 0.5F); // 0.3
        QCOMPARE(result[7], 0.75F);
    }

    void nearest_pixels_and_blocks_move_as_integers() {
        Net net;
        ResizeAttributes twice;
        twice.coordinates = ResizeCoordinates::asymmetric;
        twice.rounding = ResizeRounding::floor;
        twice.size = {4, 4};
        twice.scale = {2, 2};
        const ValueId a = net.pass("a", net.x, 0.5F);
        const ValueId large = net.add(Op::resize, "large", twice, {a});
        const ValueId deep = net.add(Op::space_to_depth, "deep", BlockAttributes{2}, {large});
        const ValueId some = net.add(Op::gather, "some", GatherAttributes{1, {5, 0}}, {deep});
        std::vector<float> result;
        Program program;
        EVALUATE(net, net.pass("next", some, 0.5F), result, &program);
        QCOMPARE(count<MoveStep>(program), int64_t{1}); // three moves, one step
        QCOMPARE(count<DequantizeStep>(program), int64_t{0});
        for (size_t i = 0; i < 4; ++i) { // each block holds four copies of one pixel
            QCOMPARE(result[i], rounded(k_image[4 + i], 0.5F));
            QCOMPARE(result[4 + i], rounded(k_image[i], 0.5F));
        }
    }

    void interpolation_reads_its_format() {
        Net net;
        ResizeAttributes half;
        half.mode = ResizeMode::linear;
        half.size = {1, 1};
        half.scale = {0.5, 0.5};
        net.read("half", resolved({0.5F}));
        std::vector<float> result;
        EVALUATE(net, net.add(Op::resize, "half", half, {net.x}), result);
        for (size_t c = 0; c < 2; ++c) {
            float sum = 0;
            for (size_t i = 0; i < 4; ++i) sum += rounded(k_image[c * 4 + i], 0.5F);
            QCOMPARE(result[c], sum / 4);
        }
    }

    void quantize_rounds_and_float_passes_on() {
        Net net;
        net.read("q", resolved({0.5F}));
        std::vector<float> result;
        EVALUATE(net, net.add(Op::quantize, "free", {}, {net.add(Op::quantize, "q", {}, {net.x})}), result);
        for (size_t i = 0; i < 8; ++i) QCOMPARE(result[i], rounded(k_image[i], 0.5F));
    }

    /// A fully connected layer over the last axis of maps, with 8-bit integers.
    void gemm_of_maps_runs_on_integers() {
        Net net;
        NumberFormat w = weight_integer(8);
        w.granularity = Granularity::tensor;
        w.scale = {1.0F};
        net.plan.set("fc", {w, resolved({0.5F}), {}});
        std::vector<float> result;
        Program program;
        EVALUATE(net, net.add(Op::gemm, "fc", {}, {net.x, net.constant({3, 2}, {1, 0, 0, 1, 1, 2})}), result,
                 &program);
        for (size_t row = 0; row < 4; ++row) {
            const float a = rounded(k_image[2 * row], 0.5F), b = rounded(k_image[2 * row + 1], 0.5F);
            QCOMPARE(result[3 * row], a);
            QCOMPARE(result[3 * row + 1], b);
            QCOMPARE(result[3 * row + 2], a + 2 * b);
        }
        for (const Step& step : program.steps)
            if (const auto* conv = std::get_if<ConvStep>(&step.operation)) QVERIFY(conv->is_integer());
    }
};

QTEST_APPLESS_MAIN(TestFormatsMeet)
#include "tst_formats_meet.moc"
