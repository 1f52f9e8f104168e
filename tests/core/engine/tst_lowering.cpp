// What fuses, what shares a quantizer, and which conversions a plan costs.

#include "core/engine/evaluator.h"
#include "core/engine/program.h"
#include "core/engine/quantization_groups.h"
#include "core/engine/reference_engine.h"

#include <QTest>

#include <algorithm>

using namespace widthwise;
using namespace widthwise::engine;

namespace {

TensorPtr constant(Shape shape, float value) {
    std::vector<float> values(static_cast<size_t>(shape.elements()), value);
    return std::make_shared<Tensor>(Tensor::from_f32(std::move(shape), std::move(values)));
}

struct Net {
    GraphBuilder builder{"net"};
    ValueId add(Op op, std::string name, Attributes a, std::vector<ValueId> in) {
        auto v = builder.add(op, name, name, std::move(a), std::move(in));
        if (!v) qFatal("%s", v.error().to_line().c_str());
        return *v;
    }
    ValueId conv(const std::string& name, ValueId in, int64_t from, int64_t to, int64_t kernel,
                 float weight = 0.1F) {
        const ValueId w = builder.constant(name + ".w", constant({to, from, kernel, kernel}, weight));
        const int64_t pad = kernel / 2;
        return add(Op::conv, name, ConvAttributes{{kernel, kernel}, {1, 1}, {pad, pad, pad, pad}, {1, 1}, 1},
                   {in, w});
    }
    ValueId batch_norm(const std::string& name, ValueId in, int64_t channels) {
        std::vector<ValueId> inputs{in};
        const float values[] = {2, 0.5F, 1, 4}; // scale, bias, mean, variance
        for (const float v : values)
            inputs.push_back(builder.constant(name + std::to_string(inputs.size()), constant({channels}, v)));
        return add(Op::batch_norm, name, BatchNormAttributes{0}, inputs);
    }
    GraphPtr finish(ValueId out) {
        builder.output(out);
        return builder.build().value();
    }
};

LayerPrecision resolved(int weight_bits, int activation_bits, float scale) {
    LayerPrecision p{weight_integer(weight_bits), activation_integer(activation_bits)};
    p.activations.scale = {scale};
    p.activations.zero_point = {0};
    return p;
}

template <typename Kind> size_t count_steps(const Program& program) {
    return static_cast<size_t>(std::count_if(program.steps.begin(), program.steps.end(), [](const Step& s) {
        return std::holds_alternative<Kind>(s.operation);
    }));
}

} // namespace

class TestLowering : public QObject {
    Q_OBJECT
private slots:
    void batch_norm_folds_as_worked_by_hand() {
        // y = (0.1 x - 1) * 2 / 2 + 0.5 with a 1x1 kernel over one channel.
        Net net;
        const ValueId x = net.builder.input("x", {1, 1, 2, 2});
        const GraphPtr graph =
            net.finish(net.add(Op::relu, "relu", {}, {net.batch_norm("bn", net.conv("c", x, 1, 1, 1), 1)}));
        const auto units = fuse(*graph);
        QCOMPARE(units.size(), size_t{1});
        const FoldedWeights folded = folded_weights(*graph, units[0]);
        QCOMPARE(folded.weights[0], 0.1F);
        QCOMPARE(folded.bias[0], -0.5F);
        QCOMPARE(units[0].clamp.lo, 0.0F);
        const auto program = lower(*graph, PrecisionPlan());
        QVERIFY(program);
        QCOMPARE(program->steps.size(), size_t{1});
        ReferenceEngine engine(*program);
        engine.run(std::vector<float>{0, 10, 20, -5});
        QCOMPARE(engine.output()[0], 0.0F);
        QCOMPARE(engine.output()[2], 1.5F);
    }

    void shared_values_are_not_fused() {
        Net net;
        const ValueId x = net.builder.input("x", {1, 4, 4, 4});
        const ValueId y = net.conv("c", x, 4, 4, 1);
        const ValueId r = net.add(Op::relu, "relu", {}, {y});
        const GraphPtr graph = net.finish(net.add(Op::add, "sum", {}, {y, r}));
        QCOMPARE(fuse(*graph).size(), size_t{3});
    }

    void movers_share_one_quantizer() {
        Net net;
        const ValueId x = net.builder.input("x", {1, 4, 4, 4});
        const ValueId a = net.conv("a", x, 4, 4, 1), b = net.conv("b", x, 4, 4, 1);
        const ValueId joined = net.add(Op::concat, "joined", ConcatAttributes{1}, {a, b});
        const ValueId pooled =
            net.add(Op::max_pool, "pool", PoolAttributes{{2, 2}, {2, 2}, {}, false, false}, {joined});
        const ValueId out = net.conv("c", pooled, 8, 4, 1);
        const GraphPtr graph = net.finish(out);
        const QuantizationGroups groups(*graph);
        QCOMPARE(groups.of(a), groups.of(pooled));
        QCOMPARE(groups.of(b), groups.of(a));
        QVERIFY(groups.of(out) != groups.of(a));
        QVERIFY(groups.of(x) != groups.of(a));
    }

    void integers_flow_end_to_end() {
        Net net;
        const ValueId x = net.builder.input("x", {1, 4, 4, 4});
        const ValueId r = net.add(Op::relu, "r", {}, {net.conv("a", x, 4, 4, 3)});
        const ValueId sum = net.add(Op::add, "sum", {}, {net.conv("b", r, 4, 4, 3), r});
        const GraphPtr graph = net.finish(net.conv("c", sum, 4, 2, 1));
        PrecisionPlan plan(resolved(8, 8, 0.1F));
        const auto program = lower(*graph, plan);
        QVERIFY(program);
        // One conversion in; the last layer's output stays float; a, b, c and the sum hand on integers.
        QCOMPARE(count_steps<QuantizeStep>(*program), size_t{1});
        QCOMPARE(count_steps<DequantizeStep>(*program), size_t{0});
        QCOMPARE(program->steps.size(), size_t{5});
    }

    void two_formats_are_quantized_once_each() {
        Net net;
        const ValueId x = net.builder.input("x", {1, 4, 4, 4});
        const ValueId r = net.conv("a", x, 4, 4, 3);
        const ValueId b = net.conv("b", r, 4, 4, 3), c = net.conv("c", r, 4, 4, 3),
                      d = net.conv("d", r, 4, 4, 3);
        const ValueId sum = net.add(Op::add, "sum2", {}, {net.add(Op::add, "sum1", {}, {b, c}), d});
        const GraphPtr graph = net.finish(sum);
        PrecisionPlan plan(resolved(8, 8, 0.1F));
        plan.set("d", resolved(4, 4, 0.5F));
        plan.set("sum1", {});
        plan.set("sum2", {});
        const auto program = lower(*graph, plan);
        QVERIFY(program);
        QCOMPARE(count_steps<QuantizeStep>(*program), size_t{3}); // x, and r twice: for b and c, for d
    }

    void padding_with_a_zero_point_is_written_out() {
        Net net;
        const ValueId x = net.builder.input("x", {1, 1, 1, 1});
        const GraphPtr graph = net.finish(net.conv("c", x, 1, 1, 3, 1.0F));
        LayerPrecision p = resolved(8, 8, 1.0F);
        p.activations.zero_point = {7};
        const auto program = lower(*graph, PrecisionPlan(p));
        QVERIFY(program);
        QCOMPARE(count_steps<MoveStep>(*program), size_t{1});
        ReferenceEngine engine(*program);
        engine.run(std::vector<float>{5});
        QCOMPARE(engine.output()[0], 5.0F); // only the centre tap meets the image; padding is exactly zero
    }

    void signs_are_padded_with_what_adds_nothing() {
        for (const bool integer : {true, false}) {
            Net net;
            const ValueId x = net.builder.input("x", {1, 1, 1, 1});
            const GraphPtr graph = net.finish(net.conv("c", x, 1, 1, 3, 1.0F));
            LayerPrecision p = resolved(8, 8, 1.0F);
            p.activations = activation_integer(1);
            p.activations.scale = {3.0F};
            if (!integer) p.weights = float32_format();
            const auto program = lower(*graph, PrecisionPlan(p));
            QVERIFY(program);
            for (const float pixel : {5.0F, -0.5F}) {
                ReferenceEngine engine(*program);
                engine.run(std::vector<float>{pixel});
                QCOMPARE(engine.output()[0], pixel < 0 ? -3.0F : 3.0F); // the centre tap alone
            }
        }
    }

    void moves_of_moves_become_one_step() {
        Net net;
        const ValueId x = net.builder.input("x", {1, 2, 4, 4});
        const ValueId cut =
            net.add(Op::slice, "s", SliceAttributes{{0, 0, 0, 0}, {1, 2, 4, 4}, {1, 1, 2, 2}}, {x});
        const ValueId wide = net.add(Op::pad, "p", PadAttributes{{0, 1, 0, 0}, {0, 1, 0, 0}, 0}, {cut});
        const GraphPtr graph =
            net.finish(net.add(Op::transpose, "t", TransposeAttributes{{0, 2, 3, 1}}, {wide}));
        const auto program = lower(*graph, PrecisionPlan());
        QVERIFY(program);
        QCOMPARE(program->steps.size(), size_t{1});
        ReferenceEngine engine(*program);
        std::vector<float> hwc(32);
        for (size_t i = 0; i < hwc.size(); ++i) hwc[i] = static_cast<float>(i); // pixel p, channel c: 2p + c
        engine.run(hwc);
        // Logical output [1, H=2, W=2, C=4] has rank 4 too: stored with its axis 1 (H) innermost.
        const auto out = engine.output();
        const auto at = [&](size_t h, size_t w, size_t c) { return out[(w * 4 + c) * 2 + h]; };
        QCOMPARE(at(0, 0, 0), 0.0F);
        QCOMPARE(at(0, 0, 1), 0.0F);
        QCOMPARE(at(0, 1, 1), 4.0F);  // pixel (0, 2), channel 0
        QCOMPARE(at(1, 1, 2), 21.0F); // pixel (2, 2) = 10, channel 1
        QCOMPARE(at(1, 1, 3), 0.0F);
    }

    void unsupported_ops_are_named() {
        Net net;
        const ValueId x = net.builder.input("x", {1, 4, 4, 4});
        Value y;
        y.name = "y";
        y.shape = {1, 4, 4, 4};
        net.builder.output(net.builder.add_unsupported("Mystery", "node7", "no such op", {x}, {y})[0]);
        const auto program = lower(*net.builder.build().value(), PrecisionPlan());
        QVERIFY(!program);
        QCOMPARE(program.error().code, ErrorCode::unsupported);
        QVERIFY(program.error().to_line().find("node7") != std::string::npos);
        QVERIFY(program.error().to_line().find("Mystery") != std::string::npos);
    }

    /// A small output does not mean a small map on the way.
    void maps_that_no_memory_holds_are_refused() {
        constexpr int64_t far = int64_t{1} << 30;
        {
            Net net;
            const ValueId x = net.builder.input("x", {1, 1, 4, 4});
            const ValueId w = net.builder.constant("w", constant({1, 1, 1, 1}, 1));
            const GraphPtr graph = net.finish(
                net.add(Op::conv, "wide", ConvAttributes{{1, 1}, {far, far}, {far, far, far, far}, {1, 1}, 1},
                        {x, w}));
            const auto program = lower(*graph, PrecisionPlan(resolved(8, 8, 0.1F)));
            QVERIFY(!program);
            QVERIFY(program.error().to_line().find("wide") != std::string::npos);
        }
        {
            Net net;
            const ValueId x = net.builder.input("x", {1, 1, 1, 1});
            const ValueId w = net.builder.constant("w", constant({1, 1, 2, 2}, 1));
            const int64_t pad = far / 2;
            const ConvTransposeAttributes a{{{2, 2}, {1, 1}, {pad, pad, pad, pad}, {far, far}, 1}, {0, 0}};
            const GraphPtr graph = net.finish(net.add(Op::conv_transpose, "spread", a, {x, w}));
            QVERIFY(!lower(*graph, PrecisionPlan()));
        }
    }

    void scales_must_be_as_many_as_inputs() {
        Net net;
        const ValueId x = net.builder.input("x", {1, 4, 4, 4});
        const GraphPtr graph = net.finish(net.add(Op::concat, "joined", ConcatAttributes{1}, {x, x, x}));
        LayerPrecision p = resolved(8, 8, 0.1F);
        for (const size_t scales : {size_t{0}, size_t{1}, size_t{2}, size_t{3}}) {
            p.activations.scale.assign(scales, 0.1F);
            p.activations.zero_point.assign(scales, 0);
            QCOMPARE(lower(*graph, PrecisionPlan(p)).has_value(), scales == 1 || scales == 3);
        }
    }
};

QTEST_APPLESS_MAIN(TestLowering)
#include "tst_lowering.moc"
