// The oneDNN executor against the plain reference: every buffer of every program, bit for bit. CTest runs
// this binary once per instruction set (ONEDNN_MAX_CPU_ISA).

#include "core/base/rng.h"
#include "core/engine/evaluator.h"
#include "core/engine/executor.h"
#include "core/engine/reference_engine.h"
#include "core/graph/layer_work.h"
#include "core/quant/affine.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>

using namespace widthwise;
using namespace widthwise::engine;

namespace {

TensorPtr random_tensor(Rng& rng, Shape shape, double lo, double hi) {
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (float& v : values) v = static_cast<float>(rng.uniform(lo, hi));
    return std::make_shared<Tensor>(Tensor::from_f32(std::move(shape), std::move(values)));
}

struct ConvCase {
    int64_t in = 8, out = 8, size = 9, kernel = 3, stride = 1, dilation = 1, group = 1;
    std::array<int64_t, 4> pads{1, 1, 1, 1};
    float clip = 0; ///< 0: none, infinity: ReLU, else Clip at this value
};

/// Grows a network with random constants; every method returns the new value.
struct Net {
    Rng& rng;
    GraphBuilder builder{"random"};
    int count = 0;

    std::string name(const char* op) { return std::string(op) + std::to_string(count++); }
    ValueId check(Result<ValueId> value) {
        if (!value) qFatal("%s", value.error().to_line().c_str());
        return *value;
    }
    ValueId conv(ValueId in, const ConvCase& c, double spread = 1) {
        const std::string n = name("conv");
        const double fan_in = static_cast<double>(c.in / c.group * c.kernel * c.kernel);
        const double limit = spread / std::sqrt(fan_in);
        const ValueId w = builder.constant(
            n + ".w", random_tensor(rng, {c.out, c.in / c.group, c.kernel, c.kernel}, -limit, limit));
        const ValueId b = builder.constant(n + ".b", random_tensor(rng, {c.out}, -0.3, 0.3));
        const ConvAttributes a{
            {c.kernel, c.kernel}, {c.stride, c.stride}, c.pads, {c.dilation, c.dilation}, c.group};
        const ValueId y = check(builder.add(Op::conv, "Conv", n, a, {in, w, b}));
        if (c.clip == 0) return y;
        if (std::isinf(c.clip)) return check(builder.add(Op::relu, "Relu", name("relu"), {}, {y}));
        return check(builder.add(Op::clip, "Clip", name("clip"), ClipAttributes{0, c.clip}, {y}));
    }
    ValueId gemm(ValueId in, int64_t from, int64_t to) {
        const std::string n = name("gemm");
        const ValueId w = builder.constant(n + ".w", random_tensor(rng, {to, from}, -0.4, 0.4));
        const ValueId b = builder.constant(n + ".b", random_tensor(rng, {to}, -0.3, 0.3));
        return check(builder.add(Op::gemm, "Gemm", n, {}, {in, w, b}));
    }
    ValueId op(Op op, Attributes a, std::vector<ValueId> in) {
        const std::string n = name("op");
        return check(builder.add(op, n, n, std::move(a), std::move(in)));
    }
    GraphPtr finish(ValueId out) {
        builder.output(out);
        return builder.build().value();
    }
};

/// Deterministic pseudo-images as a Dataset.
class Images : public Dataset {
public:
    Images(std::array<int64_t, 3> chw, int64_t count, uint64_t seed)
        : m_chw(chw), m_count(count), m_seed(seed) {
        m_name = "random images";
        m_class_count = 1;
    }
    int64_t size() const override { return m_count; }
    int64_t label(int64_t) const override { return 0; }
    std::array<int64_t, 3> image_shape() const override { return m_chw; }
    Result<void> read(int64_t index, std::span<float> hwc) const override {
        Rng rng = Rng::stream(m_seed, static_cast<uint64_t>(index));
        for (float& v : hwc) v = static_cast<float>(rng.uniform(-1.5, 2));
        return {};
    }

private:
    std::array<int64_t, 3> m_chw;
    int64_t m_count;
    uint64_t m_seed;
};

PrecisionPlan random_plan(Rng& rng, const Graph& graph) {
    PrecisionPlan plan;
    for (const NodeId id : graph.node_ids()) {
        const auto width = [&] { return static_cast<int>(2 + rng.below(7)); };
        LayerPrecision p{weight_integer(width()), activation_integer(width())};
        p.weights.granularity = rng.below(2) ? Granularity::channel : Granularity::tensor;
        p.weights.narrow = rng.below(2) != 0;
        if (rng.below(4) == 0) {
            p.activations.symmetric = true;
            p.activations.range.type = RangeRuleType::minmax;
        }
        if (rng.below(8) == 0) p.weights = float32_format();
        if (rng.below(8) == 0) p.activations = float32_format();
        plan.set(graph.node(id).name, p);
    }
    return plan;
}

/// Runs both engines over some images and compares every buffer that a step writes.
void compare_engines(const GraphPtr& graph, const PrecisionPlan& plan, uint64_t seed) {
    const Shape& in = graph->value(graph->inputs()[0]).shape;
    const Images images({in[1], in[2], in[3]}, 5, seed);
    const auto statistics = calibrate(graph, images, 5, {});
    QVERIFY2(statistics, statistics ? "" : statistics.error().to_line().c_str());
    const auto resolved = resolve_plan(*graph, plan, *statistics);
    QVERIFY2(resolved, resolved ? "" : resolved.error().to_line().c_str());
    auto program = lower(*graph, *resolved);
    QVERIFY2(program, program ? "" : program.error().to_line().c_str());
    auto created = Executor::create(*program, 3);
    QVERIFY2(created, created ? "" : created.error().to_line().c_str());
    const auto executor = *created;
    use_one_openmp_thread();
    Executor::Context context(executor);
    const auto per_image = static_cast<size_t>(in.elements());
    std::vector<std::vector<float>> inputs(3, std::vector<float>(per_image));
    for (size_t i = 0; i < 3; ++i) {
        QVERIFY(images.read(static_cast<int64_t>(i), inputs[i]));
        std::copy(inputs[i].begin(), inputs[i].end(),
                  context.input().begin() + static_cast<int64_t>(i * per_image));
    }
    std::vector<ReferenceEngine> references;
    for (size_t i = 0; i < 3; ++i) references.emplace_back(executor->program());
    for (size_t i = 0; i < 3; ++i) references[i].run(inputs[i]);

    QString wrong;
    context.run([&](BufferId id) {
        const Buffer& buffer = executor->program().buffers[id.position()];
        const auto& steps = executor->program().steps;
        const auto writer = std::find_if(steps.begin(), steps.end(),
                                         [&](const Step& s) { return writes(s.operation) == id; });
        const auto step = static_cast<size_t>(writer - steps.begin());
        const Step& s = *writer;
        const auto* conv = std::get_if<ConvStep>(&s.operation);
        const bool float_conv = conv && !conv->is_integer();
        const auto n = static_cast<size_t>(buffer.extent.elements());
        for (size_t image = 0; image < 3 && wrong.isEmpty(); ++image)
            for (size_t i = 0; i < n; ++i) {
                double got = 0, expected = 0;
                if (buffer.representation.element == Element::u8) {
                    got = context.u8(id)[image * n + i];
                    expected = references[image].u8(id)[i];
                } else {
                    got = static_cast<double>(context.f32(id)[image * n + i]);
                    expected = static_cast<double>(references[image].f32(id)[i]);
                }
                // Float sums have an order; everything that was ever integer is exact until a float layer
                // follows.
                const double tolerance = float_conv ? 1e-4 * (1 + std::fabs(expected)) : 0;
                if (std::fabs(got - expected) > tolerance) {
                    wrong = QStringLiteral("seed %1 step %2 (%3, %4): element %5 is %6, reference %7")
                                .arg(seed)
                                .arg(step)
                                .arg(QString::fromStdString(s.node),
                                     QString::fromStdString(executor->implementation(step)))
                                .arg(i)
                                .arg(got, 0, 'g', 9)
                                .arg(expected, 0, 'g', 9);
                    break;
                }
            }
    });
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong));
}

} // namespace

class TestEnginesAgree : public QObject {
    Q_OBJECT
private slots:
    void single_convolutions_data() {
        QTest::addColumn<QList<int>>("shape");
        QTest::addColumn<double>("clip");
        const double relu = std::numeric_limits<double>::infinity();
        // in, out, size, kernel, stride, dilation, group, top, left, bottom, right
        QTest::newRow("stem of 3 channels") << QList<int>{3, 16, 12, 3, 1, 1, 1, 1, 1, 1, 1} << relu;
        QTest::newRow("one channel, 5x5") << QList<int>{1, 8, 12, 5, 1, 1, 1, 2, 2, 2, 2} << relu;
        QTest::newRow("3x3 of 16") << QList<int>{16, 16, 9, 3, 1, 1, 1, 1, 1, 1, 1} << 0.0;
        QTest::newRow("3x3 of 17 to 33") << QList<int>{17, 33, 9, 3, 1, 1, 1, 1, 1, 1, 1} << relu;
        QTest::newRow("stride 2, uneven pads") << QList<int>{16, 32, 10, 3, 2, 1, 1, 0, 0, 1, 1} << relu;
        QTest::newRow("1x1 of 64") << QList<int>{64, 48, 7, 1, 1, 1, 1, 0, 0, 0, 0} << 0.0;
        QTest::newRow("1x1 stride 2, ReLU6") << QList<int>{32, 64, 8, 1, 2, 1, 1, 0, 0, 0, 0} << 0.4;
        QTest::newRow("dilated") << QList<int>{16, 16, 11, 3, 1, 2, 1, 2, 2, 2, 2} << relu;
        QTest::newRow("depthwise of 32") << QList<int>{32, 32, 9, 3, 1, 1, 32, 1, 1, 1, 1} << 0.4;
        QTest::newRow("depthwise of 24 stride 2") << QList<int>{24, 24, 9, 3, 2, 1, 24, 1, 1, 1, 1} << 0.0;
        QTest::newRow("depthwise of 5") << QList<int>{5, 5, 9, 3, 1, 1, 5, 1, 1, 1, 1} << relu;
        QTest::newRow("4 groups of 8") << QList<int>{32, 32, 9, 3, 1, 1, 4, 1, 1, 1, 1} << relu;
        QTest::newRow("2 groups of 48 to 128") << QList<int>{96, 256, 5, 5, 1, 1, 2, 2, 2, 2, 2} << relu;
        QTest::newRow("depth multiplier 2") << QList<int>{16, 32, 7, 3, 1, 1, 16, 1, 1, 1, 1} << relu;
        QTest::newRow("deep: 4608 products") << QList<int>{512, 32, 4, 3, 1, 1, 1, 1, 1, 1, 1} << relu;
        QTest::newRow("7x7 stride 2") << QList<int>{3, 24, 21, 7, 2, 1, 1, 3, 3, 3, 3} << relu;
    }
    void single_convolutions() {
        QFETCH(QList<int>, shape);
        QFETCH(double, clip);
        const ConvCase c{shape[0],
                         shape[1],
                         shape[2],
                         shape[3],
                         shape[4],
                         shape[5],
                         shape[6],
                         {shape[7], shape[8], shape[9], shape[10]},
                         static_cast<float>(clip)};
        for (const auto& [w, a] : {std::pair{8, 8}, {8, 7}, {7, 8}, {4, 4}, {2, 8}, {3, 5}}) {
            Rng rng(static_cast<uint64_t>(w * 100 + a));
            Net net{rng};
            const ValueId x = net.builder.input("x", {1, c.in, c.size, c.size});
            // Two in a row: the second reads what the first requantized.
            ConvCase second{c.out, 8, 1, 1, 1, 1, 1, {0, 0, 0, 0}, 0};
            const GraphPtr graph = net.finish(net.conv(net.conv(x, c), second));
            for (const bool symmetric : {false, true}) {
                LayerPrecision p{weight_integer(w), activation_integer(a)};
                p.weights.narrow = symmetric;
                p.activations.symmetric = symmetric;
                compare_engines(graph, PrecisionPlan(p), static_cast<uint64_t>(w * 10 + a));
                if (QTest::currentTestFailed()) return;
            }
        }
    }

    void sums_beyond_24_bits() {
        // Constant weights and inputs at their extremes: 4608 * 255 * 127 needs 28 bits.
        Rng rng(7);
        Net net{rng};
        const ValueId x = net.builder.input("x", {1, 512, 4, 4});
        const ValueId y = net.conv(x, {512, 32, 4, 3, 1, 1, 1, {1, 1, 1, 1}, 0});
        const GraphPtr graph = net.finish(y);
        std::vector<float> ones(32 * 512 * 9);
        for (size_t i = 0; i < ones.size(); ++i) ones[i] = i % 97 == 0 ? -0.98F : 1.0F;
        Net same{rng};
        const ValueId x2 = same.builder.input("x", {1, 512, 4, 4});
        const ValueId w =
            same.builder.constant("w", std::make_shared<Tensor>(Tensor::from_f32({32, 512, 3, 3}, ones)));
        const ConvAttributes a{{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1};
        const GraphPtr extreme = same.finish(same.op(Op::conv, a, {x2, w}));
        LayerPrecision p{weight_integer(8), activation_integer(8)};
        p.activations.scale = {0.01F}; // most inputs saturate at 0 or 255
        p.activations.zero_point = {0};
        compare_engines(extreme, PrecisionPlan(p), 3);
        compare_engines(graph, PrecisionPlan(p), 4);
    }

    void fully_connected() {
        for (const int64_t width : {10, 64, 1000, 9216}) {
            Rng rng(static_cast<uint64_t>(width));
            Net net{rng};
            const ValueId x = net.builder.input("x", {1, width, 1, 1});
            const ValueId flat = net.op(Op::reshape, ReshapeAttributes{{1, width}}, {x});
            const ValueId hidden = net.op(Op::relu, {}, {net.gemm(flat, width, 40)});
            const GraphPtr graph = net.finish(net.gemm(hidden, 40, 10));
            for (const auto& [w, a] : {std::pair{8, 8}, {4, 8}, {3, 2}})
                compare_engines(graph, PrecisionPlan({weight_integer(w), activation_integer(a)}), 5);
            if (QTest::currentTestFailed()) return;
        }
    }

    void whole_networks_data() {
        QTest::addColumn<int>("seed");
        for (int seed = 0; seed < 40; ++seed) QTest::addRow("seed %d", seed) << seed;
    }
    void whole_networks() {
        QFETCH(int, seed);
        Rng rng(static_cast<uint64_t>(seed));
        Net net{rng};
        const float inf = std::numeric_limits<float>::infinity();
        const ValueId x = net.builder.input("x", {1, 3, 16, 16});
        const ValueId stem = net.conv(x, {3, 16, 16, 3, 1, 1, 1, {1, 1, 1, 1}, inf});
        // Residual block with the stride-2 Slice and channel Pad shortcut of small ResNets.
        const ValueId a1 = net.conv(stem, {16, 32, 16, 3, 2, 1, 1, {1, 1, 1, 1}, inf});
        const ValueId a2 = net.conv(a1, {32, 32, 8, 3, 1, 1, 1, {1, 1, 1, 1}, 0});
        const ValueId sliced =
            net.op(Op::slice, SliceAttributes{{0, 0, 0, 0}, {1, 16, 16, 16}, {1, 1, 2, 2}}, {stem});
        const ValueId padded = net.op(Op::pad, PadAttributes{{0, 8, 0, 0}, {0, 8, 0, 0}, 0}, {sliced});
        const ValueId sum = net.op(Op::relu, {}, {net.op(Op::add, {}, {a2, padded})});
        // Depthwise separable with a linear bottleneck, then a residual without activation.
        const ValueId d1 = net.conv(sum, {32, 32, 8, 3, 1, 1, 32, {1, 1, 1, 1}, 6});
        const ValueId d2 = net.conv(d1, {32, 32, 8, 1, 1, 1, 1, {0, 0, 0, 0}, 0});
        const ValueId linear = net.op(Op::add, {}, {d2, sum});
        // Branches.
        const ValueId pooled =
            net.op(Op::max_pool, PoolAttributes{{3, 3}, {1, 1}, {1, 1, 1, 1}, false, false}, {linear});
        const ValueId b1 = net.conv(pooled, {32, 8, 8, 1, 1, 1, 1, {0, 0, 0, 0}, inf});
        const ValueId b2 = net.conv(linear, {32, 24, 8, 3, 1, 1, 1, {1, 1, 1, 1}, 0});
        const ValueId both = net.op(Op::concat, ConcatAttributes{1}, {b1, b2, pooled});
        const ValueId half =
            net.op(Op::average_pool, PoolAttributes{{2, 2}, {2, 2}, {0, 0, 0, 0}, false, false}, {both});
        const ValueId last = net.conv(half, {64, 20, 4, 3, 1, 1, 1, {1, 1, 1, 1}, inf});
        const ValueId flat = net.op(Op::reshape, ReshapeAttributes{{1, 320}}, {last});
        const ValueId mean = net.op(Op::global_average_pool, {}, {last});
        const ValueId flat_mean = net.op(Op::reshape, ReshapeAttributes{{1, 20}}, {mean});
        const ValueId joined = net.op(Op::concat, ConcatAttributes{1}, {flat, flat_mean});
        const GraphPtr graph =
            net.finish(net.op(Op::softmax, SoftmaxAttributes{}, {net.gemm(joined, 340, 10)}));
        PrecisionPlan plan = random_plan(rng, *graph);
        if (seed % 2 == 0) // uniform, as users begin: residual adds are then fused
            plan = PrecisionPlan({weight_integer(2 + seed / 2 % 7), activation_integer(8 - seed / 2 % 7)});
        // Float layers in the middle would make integers behind them depend on float summation order.
        for (const NodeId id : graph->node_ids())
            if (is_weighted(*graph, id)) {
                LayerPrecision p = plan.at(graph->node(id).name);
                if (!p.weights.is_integer()) p.weights = weight_integer(5);
                if (!p.activations.is_integer()) p.activations = activation_integer(6);
                plan.set(graph->node(id).name, p);
            }
        compare_engines(graph, plan, static_cast<uint64_t>(seed));
    }
};

QTEST_APPLESS_MAIN(TestEnginesAgree)
#include "tst_engines_agree.moc"
