#include "core/engine/calibration.h"
#include "core/engine/evaluator.h"
#include "core/engine/zero_shares.h"

#include <QTest>

using namespace widthwise;
using engine::LayerZeros;

namespace {

/// Images of one pixel: its value is 0 for even ones, 1 for odd ones.
class Blinking : public Dataset {
public:
    Blinking() {
        m_name = "blinking";
        m_class_count = 1;
    }
    [[nodiscard]] int64_t size() const override { return 8; }
    [[nodiscard]] int64_t label(int64_t) const override { return 0; }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return {1, 2, 2}; }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        std::fill(hwc.begin(), hwc.end(), static_cast<float>(index % 2));
        return {};
    }
};

TensorPtr tensor(Shape shape, std::vector<float> values) {
    return std::make_shared<const Tensor>(Tensor::from_f32(std::move(shape), std::move(values)));
}

/// first: channels x, 1 - 2 x, 0, -x behind a ReLU: zeros where x is 0: 1, 0, 1, 1; where it is 1: 0, 1,
/// 1, 1.
GraphPtr blinking_network() {
    GraphBuilder builder("net");
    ValueId x = builder.input("x", {1, 1, 2, 2});
    const ValueId w = builder.constant("w", tensor({4, 1, 1, 1}, {1, -2, 0, -1}));
    const ValueId b = builder.constant("b", tensor({4}, {0, 1, 0, 0}));
    x = builder.add(Op::conv, "Conv", "first", ConvAttributes{}, {x, w, b}).value();
    x = builder.add(Op::relu, "Relu", "relu", {}, {x}).value();
    const ValueId v = builder.constant("v", tensor({1, 4, 1, 1}, {0.5, 0, 0, 1}));
    x = builder.add(Op::conv, "Conv", "second", ConvAttributes{}, {x, v}).value();
    builder.output(x);
    return builder.build().value();
}

std::vector<LayerZeros> shares(const GraphPtr& graph, const PrecisionPlan& plan, const Dataset* data,
                               int threads) {
    WorkControl control;
    control.threads = threads;
    engine::Statistics statistics;
    if (data) statistics = engine::calibrate(graph, *data, data->size(), control).value();
    const auto resolved = engine::resolve_plan(*graph, plan, statistics).value();
    auto zeros = engine::zero_shares(graph, resolved, data, 1000, control);
    if (!zeros) qFatal("%s", zeros.error().to_line().c_str());
    return *zeros;
}

} // namespace

class TestZeroShares : public QObject {
    Q_OBJECT
private slots:
    void by_hand_data() {
        QTest::addColumn<QString>("bits");
        for (const char* bits : {"float", "w8a8", "w4a4", "w8a32", "bf16", "wternarya8"})
            QTest::newRow(bits) << bits;
    }
    void by_hand() {
        QFETCH(QString, bits);
        const GraphPtr graph = blinking_network();
        const Blinking data;
        const PrecisionPlan plan(parse_bits(bits.toStdString()).value());
        for (const int threads : {1, 3}) {
            const auto zeros = shares(graph, plan, &data, threads);
            QCOMPARE(zeros.size(), size_t{2});
            QCOMPARE(zeros[0].layer, std::string("first"));
            QCOMPARE(zeros[0].inputs, 0.5);
            QCOMPARE(zeros[0].weights, 0.25);
            QCOMPARE(zeros[0].outputs, 0.75);
            QCOMPARE(zeros[1].inputs, 0.75);
            QCOMPARE(zeros[1].weights, 0.5);
        }
    }
    void weights_need_no_images() {
        const GraphPtr graph = blinking_network();
        PrecisionPlan plan(parse_bits("w8a32").value());
        const auto zeros = shares(graph, plan, nullptr, 1);
        QCOMPARE(zeros[0].weights, 0.25);
        QCOMPARE(zeros[0].inputs, 0.0);
    }
    /// What a coarse format rounds to zero is zero.
    void coarse_formats_make_zeros() {
        GraphBuilder builder("net");
        ValueId x = builder.input("x", {1, 1, 2, 2});
        const ValueId w = builder.constant("w", tensor({1, 1, 2, 2}, {1, 0.01F, -0.01F, 0.9F}));
        x = builder.add(Op::conv, "Conv", "conv", ConvAttributes{{2, 2}, {1, 1}, {}, {1, 1}, 1}, {x, w})
                .value();
        builder.output(x);
        const GraphPtr graph = builder.build().value();
        QCOMPARE(shares(graph, PrecisionPlan(parse_bits("w2a32").value()), nullptr, 1)[0].weights, 0.5);
        QCOMPARE(shares(graph, PrecisionPlan(parse_bits("w8a32").value()), nullptr, 1)[0].weights, 0.0);
        QCOMPARE(shares(graph, PrecisionPlan(parse_bits("w1a32").value()), nullptr, 1)[0].weights, 0.0);
    }
    /// Of a residual block: the second convolution's own sums, though the engine adds within it.
    void what_is_added_later_is_seen_before() {
        GraphBuilder builder("net");
        const ValueId x = builder.input("x", {1, 1, 2, 2});
        const ValueId w = builder.constant("w", tensor({1, 1, 1, 1}, {0}));
        const ValueId y = builder.add(Op::conv, "Conv", "zero", ConvAttributes{}, {x, w}).value();
        const ValueId sum = builder.add(Op::add, "Add", "add", {}, {x, y}).value();
        const ValueId v = builder.constant("v", tensor({1, 1, 1, 1}, {1}));
        builder.output(builder.add(Op::conv, "Conv", "last", ConvAttributes{}, {sum, v}).value());
        const GraphPtr graph = builder.build().value();
        const Blinking data;
        const auto zeros = shares(graph, PrecisionPlan(parse_bits("w8a8").value()), &data, 1);
        QCOMPARE(zeros[0].outputs, 1.0);
        QCOMPARE(zeros[1].inputs, 0.5);
    }
    void no_images_are_an_error() {
        const GraphPtr graph = blinking_network();
        const Blinking data;
        const auto zeros = engine::zero_shares(graph, {}, &data, 0, {});
        QVERIFY(!zeros);
        QCOMPARE(zeros.error().code, ErrorCode::invalid_input);
    }
};

QTEST_GUILESS_MAIN(TestZeroShares)
#include "tst_zero_shares.moc"
