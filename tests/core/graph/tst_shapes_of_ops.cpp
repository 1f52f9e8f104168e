// Shapes of products, norms, reductions, moves and resizes, worked by hand; and attributes that no sane file
// has.

#include "core/base/rng.h"
#include "core/graph/graph.h"

#include <QTest>

using namespace widthwise;

namespace {

Value activation(Shape shape) {
    return Value{"x", std::move(shape), true, DataType::f32, nullptr};
}

/// Of that shape as far as inference looks: without its memory.
Value constant(Shape shape) {
    static const auto nothing = std::make_shared<const Tensor>(DataType::f32, Shape{1});
    return Value{"w", std::move(shape), true, DataType::f32, nothing};
}

Result<Shape> infer(Op op, const Attributes& attributes, const std::vector<Value>& values) {
    std::vector<const Value*> pointers;
    for (const Value& value : values) pointers.push_back(&value);
    return infer_shape(op, attributes, pointers);
}

ConvTransposeAttributes transposed(int64_t kernel, int64_t stride, int64_t pad, int64_t extra = 0,
                                   int64_t group = 1, int64_t dilation = 1) {
    return {{{kernel, kernel}, {stride, stride}, {pad, pad, pad, pad}, {dilation, dilation}, group},
            {extra, extra}};
}

} // namespace

class TestShapesOfOps : public QObject {
    Q_OBJECT
private slots:
    /// A convolution of the output gives the input's shape back.
    void transposed_convolutions_undo_convolutions() {
        Rng rng(3);
        int checked = 0;
        for (int i = 0; i < 500; ++i) {
            const auto draw = [&](uint64_t n, int64_t least) {
                return static_cast<int64_t>(rng.below(n)) + least;
            };
            const int64_t kernel = draw(4, 1), stride = draw(3, 1), pad = draw(3, 0), dilation = draw(2, 1),
                          group = draw(2, 1), size = draw(6, 1), extra = draw(3, 0);
            const auto a = transposed(kernel, stride, pad, extra, group, dilation);
            const auto out = infer(Op::conv_transpose, a,
                                   {activation({1, 4, size, size}), constant({4, 3, kernel, kernel})});
            if (extra >= std::max(stride, dilation)) {
                QVERIFY(!out);
                continue;
            }
            if (!out) { // all of it cropped
                QVERIFY((size - 1) * stride + (kernel - 1) * dilation + 1 + extra <= 2 * pad);
                continue;
            }
            QCOMPARE((*out)[1], 3 * group);
            if (extra >= stride) continue; // beyond what the convolution reaches
            const auto back = infer(Op::conv, a.conv, {activation(*out), constant({4, 3, kernel, kernel})});
            QVERIFY(back);
            QCOMPARE((*back)[2], size);
            ++checked;
        }
        QVERIFY(checked > 100);
    }

    void transposed_convolutions_check_their_weights() {
        const auto x = activation({1, 4, 5, 5});
        const auto with = [&](const ConvTransposeAttributes& a, Shape weights, Shape bias) {
            return infer(Op::conv_transpose, a, {x, constant(std::move(weights)), constant(std::move(bias))});
        };
        QCOMPARE(*with(transposed(3, 2, 1, 1), {4, 6, 3, 3}, {6}), (Shape{1, 6, 10, 10}));
        QCOMPARE(*with(transposed(2, 2, 0, 0, 2), {4, 3, 2, 2}, {6}), (Shape{1, 6, 10, 10}));
        QVERIFY(!with(transposed(3, 2, 1), {5, 6, 3, 3}, {6}));        // channels
        QVERIFY(!with(transposed(3, 2, 1), {4, 6, 2, 2}, {6}));        // kernel
        QVERIFY(!with(transposed(3, 2, 1), {4, 6, 3, 3}, {4}));        // bias
        QVERIFY(!with(transposed(3, 2, 1, 0, 3), {4, 6, 3, 3}, {18})); // groups
        QVERIFY(!infer(Op::conv_transpose, transposed(1, 1, 0), {x, activation({4, 6, 1, 1})}));
    }

    void products() {
        QCOMPARE(*infer(Op::gemm, {}, {activation({1, 7, 4}), constant({3, 4})}), (Shape{1, 7, 3}));
        QCOMPARE(*infer(Op::gemm, {}, {activation({1, 2, 7, 4}), constant({3, 4}), constant({3})}),
                 (Shape{1, 2, 7, 3}));
        QVERIFY(!infer(Op::gemm, {}, {activation({1, 4, 7}), constant({3, 4})}));
        QVERIFY(!infer(Op::gemm, {}, {activation({4}), constant({3, 4})}));
        const auto product = [](Shape a, Shape b) {
            return infer(Op::matmul, {}, {activation(std::move(a)), activation(std::move(b))});
        };
        QCOMPARE(*product({1, 5, 3}, {1, 3, 2}), (Shape{1, 5, 2}));
        QCOMPARE(*product({1, 8, 5, 3}, {1, 8, 3, 5}), (Shape{1, 8, 5, 5}));
        QCOMPARE(*product({1, 8, 5, 3}, {1, 1, 3, 5}), (Shape{1, 8, 5, 5}));
        QVERIFY(!product({1, 5, 3}, {1, 2, 3}));
        QVERIFY(!product({1, 2, 5, 3}, {1, 3, 3, 5}));
        QVERIFY(!product({1, 5, 3}, {3}));
        QCOMPARE(*infer(Op::matmul, {}, {activation({1, 2, 5, 3}), constant({3, 4})}), (Shape{1, 2, 5, 4}));
        QCOMPARE(*infer(Op::matmul, {}, {constant({6, 5}), activation({1, 2, 5, 3})}), (Shape{1, 2, 6, 3}));
        // Seven matrices for each image would be a batch of seven.
        QVERIFY(!infer(Op::matmul, {}, {activation({1, 5, 3}), constant({7, 3, 4})}));
    }

    void broadcasting_leaves_the_batch_alone() {
        for (const Op op : {Op::add, Op::pow, Op::minimum, Op::maximum}) {
            QCOMPARE(*infer(op, {}, {activation({1, 8, 4}), constant({8, 1})}), (Shape{1, 8, 4}));
            QVERIFY(!infer(op, {}, {activation({1, 8, 4}), constant({7, 1})}));
            QVERIFY(!infer(op, {}, {activation({1, 8, 4}), constant({2, 8, 4})}));
        }
        QCOMPARE(*infer(Op::where, {}, {activation({1, 1, 4}), constant({}), activation({1, 8, 1})}),
                 (Shape{1, 8, 4}));
        QVERIFY(!infer(Op::where, {}, {activation({1, 8, 4}), activation({1, 8, 4})}));
        QCOMPARE(*infer(Op::compare, CompareAttributes{}, {activation({1, 8}), constant({})}), (Shape{1, 8}));
        QVERIFY(!infer(Op::compare, {}, {activation({1, 8}), constant({})}));
        QCOMPARE(*infer(Op::prelu, {}, {activation({1, 8, 4, 4}), constant({8, 1, 1})}), (Shape{1, 8, 4, 4}));
        QVERIFY(!infer(Op::prelu, {},
                       {activation({1, 1, 4, 4}), constant({8, 1, 1})})); // the slope may not grow x
    }

    void norms() {
        const auto x = activation({1, 6, 4, 5});
        QCOMPARE(*infer(Op::instance_norm, NormAttributes{2}, {x, constant({6}), constant({6})}), x.shape);
        QVERIFY(!infer(Op::instance_norm, NormAttributes{1}, {x, constant({6}), constant({6})}));
        QVERIFY(!infer(Op::instance_norm, NormAttributes{2}, {x, constant({6}), constant({5})}));
        QVERIFY(
            !infer(Op::instance_norm, NormAttributes{2}, {activation({1, 6}), constant({6}), constant({6})}));
        QCOMPARE(*infer(Op::layer_norm, NormAttributes{2}, {x, constant({4, 5})}), x.shape);
        QCOMPARE(*infer(Op::layer_norm, NormAttributes{3}, {x, constant({5}), constant({1})}), x.shape);
        QVERIFY(!infer(Op::layer_norm, NormAttributes{3}, {x, constant({4, 5})}));
        QVERIFY(!infer(Op::layer_norm, NormAttributes{0}, {x, constant({5})}));
        QVERIFY(!infer(Op::layer_norm, NormAttributes{4}, {x, constant({5})}));
        QVERIFY(!infer(Op::layer_norm, NormAttributes{3, -1}, {x, constant({5})}));
        const float nan = std::numeric_limits<float>::quiet_NaN();
        QVERIFY(!infer(Op::layer_norm, NormAttributes{3, nan}, {x, constant({5})}));
        QCOMPARE(*infer(Op::lrn, LrnAttributes{5}, {x}), x.shape);
        QVERIFY(!infer(Op::lrn, LrnAttributes{0}, {x}));
        QCOMPARE(*infer(Op::multi_threshold, MultiThresholdAttributes{}, {x, constant({6, 3})}), x.shape);
        QCOMPARE(*infer(Op::multi_threshold, MultiThresholdAttributes{}, {x, constant({1, 3})}), x.shape);
        QVERIFY(!infer(Op::multi_threshold, MultiThresholdAttributes{}, {x, constant({5, 3})}));
        QVERIFY(!infer(Op::multi_threshold, MultiThresholdAttributes{}, {x, activation({6, 3})}));
        QVERIFY(!infer(Op::function, FunctionAttributes{Function::elu, nan}, {x}));
    }

    void reductions() {
        const auto x = activation({1, 6, 4, 5});
        const auto reduced = [&](std::vector<int64_t> axes, bool keep) {
            return infer(Op::reduce, ReduceAttributes{std::move(axes), keep, Reduction::l2}, {x});
        };
        QCOMPARE(*reduced({1, 3}, true), (Shape{1, 1, 4, 1}));
        QCOMPARE(*reduced({1, 3}, false), (Shape{1, 4}));
        QVERIFY(!reduced({0}, true));
        QVERIFY(!reduced({4}, true));
        QVERIFY(!infer(Op::reduce_mean, ReduceAttributes{{1}, true, Reduction::sum}, {x}));
        QCOMPARE(*infer(Op::arg_max, ArgMaxAttributes{1, false}, {x}), (Shape{1, 4, 5}));
        QCOMPARE(*infer(Op::arg_max, ArgMaxAttributes{3, true}, {x}), (Shape{1, 6, 4, 1}));
        QVERIFY(!infer(Op::arg_max, ArgMaxAttributes{0, true}, {x}));
    }

    void moves() {
        const auto x = activation({1, 8, 4, 6});
        QCOMPARE(*infer(Op::gather, GatherAttributes{2, {3, 0, 0}, false}, {x}), (Shape{1, 8, 3, 6}));
        QCOMPARE(*infer(Op::gather, GatherAttributes{1, {7}, true}, {x}), (Shape{1, 4, 6}));
        QVERIFY(!infer(Op::gather, GatherAttributes{1, {8}, true}, {x}));
        QVERIFY(!infer(Op::gather, GatherAttributes{1, {-1}, false}, {x}));
        QVERIFY(!infer(Op::gather, GatherAttributes{1, {1, 2}, true}, {x}));
        QVERIFY(!infer(Op::gather, GatherAttributes{1, {}, false}, {x}));
        QVERIFY(!infer(Op::gather, GatherAttributes{0, {0}, false}, {x}));
        const auto column = activation({1, 8, 1});
        QCOMPARE(*infer(Op::expand, ExpandAttributes{{1, 8, 5}, false}, {column}), (Shape{1, 8, 5}));
        QCOMPARE(*infer(Op::expand, ExpandAttributes{{1, 3, 8, 5}, false}, {column}), (Shape{1, 3, 8, 5}));
        QVERIFY(!infer(Op::expand, ExpandAttributes{{2, 8, 5}, false}, {column}));
        QVERIFY(!infer(Op::expand, ExpandAttributes{{1, 16, 5}, false}, {column}));
        QCOMPARE(*infer(Op::expand, ExpandAttributes{{1, 16, 5}, true}, {column}), (Shape{1, 16, 5}));
        QVERIFY(!infer(Op::expand, ExpandAttributes{{2, 16, 5}, true}, {column}));
        QVERIFY(!infer(Op::expand, ExpandAttributes{{1, 17, 5}, true}, {column}));
        QCOMPARE(*infer(Op::depth_to_space, BlockAttributes{2}, {x}), (Shape{1, 2, 8, 12}));
        QVERIFY(!infer(Op::depth_to_space, BlockAttributes{3}, {x}));
        QCOMPARE(*infer(Op::space_to_depth, BlockAttributes{2}, {x}), (Shape{1, 32, 2, 3}));
        QVERIFY(!infer(Op::space_to_depth, BlockAttributes{4}, {x}));
    }

    void resizes() {
        const auto x = activation({1, 8, 4, 6});
        ResizeAttributes a;
        a.size = {7, 3};
        QCOMPARE(*infer(Op::resize, a, {x}), (Shape{1, 8, 7, 3}));
        QVERIFY(!infer(Op::resize, a, {activation({1, 4, 6})}));
        for (const double scale :
             {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
            ResizeAttributes bad = a;
            bad.scale[1] = scale;
            QVERIFY(!infer(Op::resize, bad, {x}));
        }
    }

    /// Whatever integers a file holds: an Error, never an overflow (UBSan) or a division by zero.
    void hostile_attributes_are_errors() {
        constexpr int64_t big = std::numeric_limits<int64_t>::max(),
                          small = std::numeric_limits<int64_t>::min();
        const std::vector<int64_t> nasty{small, small + 1, -(1LL << 40), -1,        0,         1,  2,
                                         3,     1LL << 20, 1LL << 31,    1LL << 40, 1LL << 62, big};
        Rng rng(12);
        const auto pick = [&] { return nasty[rng.below(nasty.size())]; };
        const auto image = activation({1, 4, 1LL << 18, 1LL << 18});
        const auto flat = activation({1, 4});
        int accepted = 0;
        const auto count = [&](Op op, const Attributes& a, const std::vector<Value>& inputs) {
            accepted += infer(op, a, inputs).has_value();
        };
        for (int i = 0; i < 20000; ++i) {
            const ConvTransposeAttributes t{
                {{1, 1}, {pick(), pick()}, {pick(), pick(), pick(), pick()}, {pick(), pick()}, pick()},
                {pick(), pick()}};
            count(Op::conv_transpose, t, {image, constant({4, 4, 1, 1})});
            const int64_t kernel = 1LL << 19;
            const ConvTransposeAttributes large{{{kernel, kernel}, {pick(), 1}, {}, {pick(), pick()}, 1}, {}};
            count(Op::conv_transpose, large, {activation({1, 1, 1, 1}), constant({1, 1, kernel, kernel})});
            ResizeAttributes r;
            r.size = {pick(), pick()};
            r.scale = {static_cast<double>(pick()), static_cast<double>(pick())};
            count(Op::resize, r, {image});
            count(Op::depth_to_space, BlockAttributes{pick()}, {image});
            count(Op::space_to_depth, BlockAttributes{pick()}, {image});
            count(Op::gather, GatherAttributes{pick(), {pick(), pick()}, false}, {image});
            count(Op::expand, ExpandAttributes{{pick(), pick()}, rng.below(2) == 1}, {flat});
            count(Op::arg_max, ArgMaxAttributes{pick()}, {flat});
            count(Op::reduce, ReduceAttributes{{pick()}, true, Reduction::sum}, {flat});
            count(Op::lrn, LrnAttributes{pick()}, {flat});
            count(Op::layer_norm, NormAttributes{pick()}, {flat, constant({4})});
            count(Op::instance_norm, NormAttributes{pick()}, {image, constant({4}), constant({4})});
            count(Op::matmul, {}, {activation({1, pick(), pick()}), activation({pick(), pick(), pick()})});
            count(Op::where, {}, {activation({pick()}), activation({pick(), 1}), flat});
        }
        QVERIFY(accepted > 0); // sane draws must get through, or this tests nothing
    }
};

QTEST_APPLESS_MAIN(TestShapesOfOps)
#include "tst_shapes_of_ops.moc"
