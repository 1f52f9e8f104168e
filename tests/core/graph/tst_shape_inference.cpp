#include "core/base/rng.h"
#include "core/graph/graph.h"

#include <QTest>

using namespace widthwise;

namespace {

Value activation(Shape shape) {
    return Value{"x", std::move(shape), true, DataType::f32, nullptr};
}

Value constant(Shape shape) {
    auto tensor = std::make_shared<const Tensor>(DataType::f32, shape);
    return Value{"w", std::move(shape), true, DataType::f32, std::move(tensor)};
}

Result<Shape> infer(Op op, const Attributes& attributes, const std::vector<Value>& values) {
    std::vector<const Value*> pointers;
    for (const Value& value : values) pointers.push_back(&value);
    return infer_shape(op, attributes, pointers);
}

/// Windows by brute force: how many starts keep the whole (dilated) window inside the padded image.
int64_t count_windows(int64_t in, int64_t kernel, int64_t stride, int64_t before, int64_t after,
                      int64_t dilation) {
    int64_t count = 0;
    for (int64_t start = -before; start + (kernel - 1) * dilation < in + after; start += stride) ++count;
    return count;
}

} // namespace

class TestShapeInference : public QObject {
    Q_OBJECT
private slots:
    void convolutions_count_windows() {
        Rng rng(7);
        for (int i = 0; i < 500; ++i) {
            const auto draw = [&](uint64_t n, int64_t least) {
                return static_cast<int64_t>(rng.below(n)) + least;
            };
            const int64_t h = draw(20, 1), w = draw(20, 1), kh = draw(5, 1), kw = draw(5, 1);
            ConvAttributes a{{kh, kw},
                             {draw(3, 1), draw(3, 1)},
                             {draw(3, 0), draw(3, 0), draw(3, 0), draw(3, 0)},
                             {draw(2, 1), draw(2, 1)},
                             2};
            const auto shape =
                infer(Op::conv, a, {activation({1, 4, h, w}), constant({6, 2, kh, kw}), constant({6})});
            const int64_t oh = count_windows(h, kh, a.strides[0], a.pads[0], a.pads[2], a.dilations[0]);
            const int64_t ow = count_windows(w, kw, a.strides[1], a.pads[1], a.pads[3], a.dilations[1]);
            if (oh < 1 || ow < 1)
                QVERIFY(!shape);
            else
                QCOMPARE(*shape, (Shape{1, 6, oh, ow}));
        }
    }

    void pools_in_ceil_mode_keep_no_window_in_the_padding_alone() {
        const auto pooled = [](int64_t in, int64_t kernel, int64_t stride, int64_t pad, bool ceil) {
            const PoolAttributes a{{kernel, kernel}, {stride, stride}, {pad, pad, pad, pad}, ceil, false};
            return infer(Op::max_pool, a, {activation({1, 2, in, in})}).value()[2];
        };
        QCOMPARE(pooled(6, 3, 2, 0, false), int64_t(2));
        QCOMPARE(pooled(6, 3, 2, 0, true), int64_t(3));
        QCOMPARE(pooled(7, 3, 2, 0, true), int64_t(3));
        QCOMPARE(pooled(4, 2, 3, 1, true), int64_t(2)); // a third window would begin at 5, behind the image
        // One window that hangs over by less than a stride (PyTorch: MaxPool2d(3, 2, ceil_mode=True)).
        QCOMPARE(pooled(2, 3, 2, 0, true), int64_t(1));
        QCOMPARE(pooled(4, 5, 2, 0, true), int64_t(1));
        for (const bool ceil : {false, true}) {
            const PoolAttributes a{{3, 3}, {2, 2}, {}, ceil, false};
            QVERIFY(!infer(Op::max_pool, a, {activation({1, 2, 1, 1})}));
        }
    }

    void slices_follow_numpy() {
        const auto sliced = [](int64_t start, int64_t end, int64_t step) {
            const auto shape =
                infer(Op::slice, SliceAttributes{{0, start}, {1, end}, {1, step}}, {activation({1, 10})});
            return shape ? (*shape)[1] : -1;
        };
        QCOMPARE(sliced(0, 10, 2), int64_t(5));
        QCOMPARE(sliced(1, 10, 2), int64_t(5));
        QCOMPARE(sliced(2, 10, 3), int64_t(3));
        QCOMPARE(sliced(9, -1, -1), int64_t(10));
        QCOMPARE(sliced(9, -1, -4), int64_t(3));
        QCOMPARE(sliced(5, 5, 1), int64_t(-1)); // empty
        QCOMPARE(sliced(0, 11, 1), int64_t(-1));
        QCOMPARE(sliced(-1, 5, 1), int64_t(-1));
        QCOMPARE(sliced(0, 5, 0), int64_t(-1));
    }

    void broadcasts_like_numpy() {
        QCOMPARE(*infer(Op::add, {}, {activation({1, 8, 4, 4}), constant({8, 1, 1})}), (Shape{1, 8, 4, 4}));
        QCOMPARE(*infer(Op::mul, {}, {activation({1, 8, 4, 4}), activation({1, 8, 1, 1})}),
                 (Shape{1, 8, 4, 4}));
        QCOMPARE(*infer(Op::div, {}, {activation({1, 8}), constant({})}), (Shape{1, 8}));
        QVERIFY(!infer(Op::sub, {}, {activation({1, 8}), constant({7})}));
    }

    void other_ops() {
        QCOMPARE(*infer(Op::concat, ConcatAttributes{1}, {activation({1, 2, 3}), activation({1, 5, 3})}),
                 (Shape{1, 7, 3}));
        QVERIFY(!infer(Op::concat, ConcatAttributes{1}, {activation({1, 2, 3}), activation({1, 5, 4})}));
        QVERIFY(!infer(Op::concat, ConcatAttributes{0}, {activation({1, 2}), activation({1, 2})}));
        QCOMPARE(*infer(Op::transpose, TransposeAttributes{{0, 2, 1}}, {activation({1, 2, 3})}),
                 (Shape{1, 3, 2}));
        QVERIFY(!infer(Op::transpose, TransposeAttributes{{1, 0, 2}}, {activation({1, 2, 3})}));
        QVERIFY(!infer(Op::transpose, TransposeAttributes{{0, 1, 1}}, {activation({1, 2, 3})}));
        QCOMPARE(*infer(Op::reduce_mean, ReduceAttributes{{2, 3}, false}, {activation({1, 2, 3, 4})}),
                 (Shape{1, 2}));
        QCOMPARE(*infer(Op::reduce_mean, ReduceAttributes{{2, 3}, true}, {activation({1, 2, 3, 4})}),
                 (Shape{1, 2, 1, 1}));
        QCOMPARE(*infer(Op::reshape, ReshapeAttributes{{1, 6}}, {activation({1, 2, 3})}), (Shape{1, 6}));
        QVERIFY(!infer(Op::reshape, ReshapeAttributes{{1, 7}}, {activation({1, 2, 3})}));
        QCOMPARE(*infer(Op::pad, PadAttributes{{0, 1}, {0, 2}, 0}, {activation({1, 2})}), (Shape{1, 5}));
        QCOMPARE(*infer(Op::gemm, {}, {activation({1, 4}), constant({3, 4}), constant({3})}), (Shape{1, 3}));
        QVERIFY(!infer(Op::gemm, {}, {activation({1, 4}), activation({3, 4})}));
        QVERIFY(!infer(Op::relu, ConvAttributes{}, {activation({1, 4}), activation({1, 4})}));
        QVERIFY(
            !infer(Op::conv, {}, {activation({1, 4, 2, 2}), constant({1, 4, 1, 1})})); // whose attributes?
        QVERIFY(!infer(Op::clip, ClipAttributes{1, 0}, {activation({1, 4})}));
    }

    /// Whatever integers a file holds: an Error, never an overflow (UBSan) or a division by zero.
    void hostile_attributes_are_errors() {
        constexpr int64_t big = std::numeric_limits<int64_t>::max(),
                          small = std::numeric_limits<int64_t>::min();
        const std::vector<int64_t> nasty{small, small + 1, -(1LL << 40), -1,        0,  1,
                                         2,     1LL << 31, 1LL << 40,    1LL << 62, big};
        Rng rng(11);
        const auto pick = [&] { return nasty[rng.below(nasty.size())]; };
        const auto image = activation({1, 4, 1LL << 18, 1LL << 18});
        int accepted = 0;
        for (int i = 0; i < 20000; ++i) {
            const ConvAttributes conv{
                {1, 1}, {pick(), pick()}, {pick(), pick(), pick(), pick()}, {pick(), pick()}, pick()};
            const PoolAttributes pool{
                {pick(), pick()}, {pick(), pick()}, {pick(), pick(), pick(), pick()}, true, false};
            accepted += infer(Op::conv, conv, {image, constant({4, 4, 1, 1})}).has_value();
            accepted += infer(Op::max_pool, pool, {image}).has_value();
            accepted +=
                infer(Op::slice, SliceAttributes{{0, pick()}, {1, pick()}, {1, pick()}}, {activation({1, 9})})
                    .has_value();
            accepted +=
                infer(Op::pad, PadAttributes{{0, pick()}, {0, pick()}, 0}, {activation({1, 9})}).has_value();
            accepted += infer(Op::reshape, ReshapeAttributes{{pick(), pick(), pick()}}, {activation({1, 4})})
                            .has_value();
            accepted += infer(Op::concat, ConcatAttributes{pick()}, {activation({1, 4}), activation({1, 4})})
                            .has_value();
            accepted +=
                infer(Op::softmax, SoftmaxAttributes{pick(), false}, {activation({1, 4})}).has_value();
            accepted +=
                infer(Op::transpose, TransposeAttributes{{pick(), pick()}}, {activation({1, 4})}).has_value();
            accepted +=
                infer(Op::reduce_mean, ReduceAttributes{{pick()}, true}, {activation({1, 4})}).has_value();
            accepted += infer(Op::relu, {}, {activation({pick(), pick()})}).has_value();
        }
        QVERIFY(accepted > 0); // sane draws must get through, or this tests nothing
    }
};

QTEST_APPLESS_MAIN(TestShapeInference)
#include "tst_shape_inference.moc"
