// Gradients of the operations without weights, against finite differences.

#include "tests/core/train/gradient_bench.h"

using namespace widthwise;
using widthwise::test::Bench;
using widthwise::test::gradient_row;

class TestGradientsMaps : public QObject {
    Q_OBJECT
private slots:
    void activity_data();
    void activity() { test::check_gradient_row(); }
    void pool_data();
    void pool() { test::check_gradient_row(); }
    void sum_and_product_data();
    void sum_and_product() { test::check_gradient_row(); }
    void rearrangement_data();
    void rearrangement() { test::check_gradient_row(); }
};

void TestGradientsMaps::activity_data() {
    test::gradient_column();
    gradient_row("relu", [](Bench& b) { b.then(Op::relu); });
    gradient_row("leaky relu", [](Bench& b) { b.then(Op::leaky_relu, LeakyReluAttributes{0.2F}); });
    gradient_row("clip", [](Bench& b) { b.then(Op::clip, ClipAttributes{0, 1.6F}); });
    gradient_row("clip from below", [](Bench& b) { b.then(Op::clip, ClipAttributes{-0.4F}); });
    gradient_row("clip from above", [](Bench& b) { b.then(Op::clip, ClipAttributes{.hi = 0.4F}); });
    gradient_row("sigmoid", [](Bench& b) { b.then(Op::sigmoid); });
    gradient_row("tanh", [](Bench& b) { b.then(Op::tanh); });
    gradient_row("hard sigmoid", [](Bench& b) {
        b.then(Op::function, FunctionAttributes{Function::hard_sigmoid, 0.2F, 0.5F});
    });
    gradient_row("hard sigmoid of 20 channels, read twice", [](Bench& b) {
        b.mix(20);
        const ValueId x = b.then(Op::tanh);
        b.node(Op::mul, {},
               {x, b.then(Op::function, FunctionAttributes{Function::hard_sigmoid, 0.25F, 0.4F})});
    });
    const auto function = [](const char* name, Function which, float alpha = 0) {
        gradient_row(name, [=](Bench& b) { b.then(Op::function, FunctionAttributes{which, alpha}); });
    };
    function("hard swish", Function::hard_swish);
    function("silu", Function::silu);
    function("gelu", Function::gelu);
    function("gelu by tanh", Function::gelu_tanh);
    function("elu", Function::elu, 0.7F);
    // Paddings of a block of channels must not leak: sigmoid(0) is not 0.
    gradient_row("sigmoid of 20 channels", [](Bench& b) {
        b.mix(20);
        b.then(Op::sigmoid);
        b.mix(5);
    });
    gradient_row("relu, read twice", [](Bench& b) {
        b.mix(16);
        const ValueId y = b.then(Op::tanh);
        b.node(Op::add, {}, {b.then(Op::sigmoid), y});
    });
    gradient_row("identity", [](Bench& b) { b.then(Op::identity); });
    gradient_row("identity between layers", [](Bench& b) {
        b.mix(16);
        b.then(Op::identity);
        b.then(Op::tanh);
        b.then(Op::identity);
    });
    gradient_row("local response normalization",
                 [](Bench& b) {
                     b.then(Op::lrn, LrnAttributes{5, 0.5F, 0.75F, 2});
                 },
                 {7, 3, 4});
    gradient_row("local response normalization, 32 channels", [](Bench& b) {
        b.mix(32);
        b.then(Op::lrn, LrnAttributes{3, 0.3F, 0.5F, 1});
    });
}

void TestGradientsMaps::pool_data() {
    test::gradient_column();
    const auto row = [](const char* name, Op op, PoolAttributes attributes) {
        gradient_row(name, [=](Bench& b) { b.then(op, attributes); });
    };
    row("max", Op::max_pool, {{3, 3}, {2, 2}, {1, 1, 1, 1}});
    row("max, ceil", Op::max_pool, {{3, 3}, {2, 2}, {0, 0, 0, 0}, true, false});
    row("average", Op::average_pool, {{2, 2}, {2, 2}});
    row("average, uneven", Op::average_pool, {{3, 2}, {1, 2}, {1, 0, 0, 0}});
    row("average without pads", Op::average_pool, {{3, 3}, {1, 1}, {1, 1, 1, 1}, false, false});
    row("average with pads", Op::average_pool, {{3, 3}, {1, 1}, {1, 1, 1, 1}, false, true});
    gradient_row("average of 20 channels", [](Bench& b) {
        b.mix(20);
        b.then(Op::average_pool, PoolAttributes{{2, 2}, {2, 2}});
    });
    const auto shrink = [](Bench& b) { b.then(Op::max_pool, PoolAttributes{{3, 3}, {3, 3}}); };
    gradient_row("global average", [=](Bench& b) {
        shrink(b);
        b.then(Op::global_average_pool);
    });
    gradient_row("mean over height and width", [=](Bench& b) {
        shrink(b);
        b.then(Op::reduce_mean, ReduceAttributes{{2, 3}, true});
    });
    gradient_row("mean that drops its axes", [=](Bench& b) {
        shrink(b);
        b.mix(20);
        b.then(Op::reduce_mean, ReduceAttributes{{2, 3}, false});
        b.gemm(3);
    });
}

void TestGradientsMaps::sum_and_product_data() {
    test::gradient_column();
    gradient_row("add", [](Bench& b) {
        const ValueId x = b.last;
        b.node(Op::add, {}, {x, b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}}, 4)});
    });
    gradient_row("add and its clip", [](Bench& b) {
        b.mix(16);
        const ValueId x = b.batch_norm(); // away from the clip's kinks
        b.node(Op::add, {}, {x, b.then(Op::tanh)});
        b.then(Op::clip, ClipAttributes{0, 9});
        b.mix(3);
    });
    gradient_row("add to itself", [](Bench& b) { b.node(Op::add, {}, {b.last, b.last}); });
    gradient_row("add, then both sides again", [](Bench& b) {
        const ValueId x = b.mix(16), y = b.then(Op::tanh);
        const ValueId sum = b.node(Op::add, {}, {x, y});
        b.node(Op::add, {}, {b.node(Op::add, {}, {sum, x}), b.node(Op::mul, {}, {sum, y})});
    });
    gradient_row("product", [](Bench& b) {
        const ValueId x = b.last;
        b.node(Op::mul, {}, {x, b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}}, 4)});
    });
    gradient_row("square", [](Bench& b) { b.node(Op::mul, {}, {b.last, b.last}); });
    gradient_row("squeeze and excitation",
                 [](Bench& b) {
                     const ValueId x = b.mix(16);
                     b.then(Op::global_average_pool);
                     b.mix(8);
                     b.then(Op::tanh);
                     b.mix(16);
                     b.node(Op::mul, {}, {x, b.then(Op::sigmoid)});
                 },
                 {4, 3, 3});
    gradient_row("spatial attention", [](Bench& b) {
        const ValueId x = b.last;
        b.mix(1);
        b.node(Op::mul, {}, {b.then(Op::sigmoid), x});
    });
    gradient_row("rows and columns",
                 [](Bench& b) {
                     const ValueId x = b.last;
                     const ValueId row = b.then(Op::average_pool, PoolAttributes{{3, 1}, {3, 1}});
                     const ValueId column = b.node(Op::average_pool, PoolAttributes{{1, 3}, {1, 3}}, {x});
                     b.node(Op::add, {}, {row, column});
                 },
                 {4, 3, 3});
    gradient_row("difference", [](Bench& b) {
        const ValueId x = b.last;
        b.then(Op::max_pool, PoolAttributes{{6, 6}, {6, 6}});
        b.node(Op::sub, {}, {b.last, x});
    });
    gradient_row("difference from and by constants", [](Bench& b) {
        b.node(Op::sub, {}, {b.random("from", {4, 1, 1}), b.last});
        b.node(Op::sub, {}, {b.last, b.random("offset", {1})});
        b.node(Op::div, {}, {b.last, b.random("divisor", {1, 4, 1, 1}, 1, 2)});
    });
    gradient_row("constants", [](Bench& b) {
        b.node(Op::add, {}, {b.last, b.random("offset", {4, 1, 1})});
        b.node(Op::mul, {}, {b.random("factor", {6, 6}, 1, 2), b.last});
    });
}

void TestGradientsMaps::rearrangement_data() {
    test::gradient_column();
    const auto row = [](const char* name, Op op, Attributes attributes) {
        gradient_row(name, [=](Bench& b) { b.then(op, attributes); });
        // The same in blocks of channels, between layers.
        gradient_row((std::string(name) + ", 20 channels").c_str(), [=](Bench& b) {
            if (op == Op::reshape) return;
            b.mix(20);
            b.then(op, attributes);
            b.mix(3);
        });
    };
    row("slice", Op::slice, SliceAttributes{{0, 1, 0, 5}, {1, 4, 6, -1}, {1, 2, 2, -1}});
    row("pad", Op::pad, PadAttributes{{0, 3, 1, 0}, {0, 2, 0, 2}});
    row("pad with a constant", Op::pad, PadAttributes{{0, 0, 1, 1}, {0, 0, 1, 1}, 0.5F});
    row("transpose", Op::transpose, TransposeAttributes{{0, 2, 3, 1}});
    row("transpose of the image", Op::transpose, TransposeAttributes{{0, 1, 3, 2}});
    row("depth to space", Op::depth_to_space, BlockAttributes{2, false});
    row("depth to space, column first", Op::depth_to_space, BlockAttributes{2, true});
    row("space to depth", Op::space_to_depth, BlockAttributes{3});
    gradient_row("reshape", [](Bench& b) {
        b.then(Op::reshape, ReshapeAttributes{{1, 8, 3, 6}});
        b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}}, 4);
    });
    gradient_row("shortcut by subsampling and padding", [](Bench& b) {
        const ValueId x = b.mix(16);
        b.then(Op::slice, SliceAttributes{{0, 0, 0, 0}, {1, 16, 6, 6}, {1, 1, 2, 2}});
        const ValueId shortcut = b.then(Op::pad, PadAttributes{{0, 8, 0, 0}, {0, 8, 0, 0}});
        b.last = x;
        b.conv({{3, 3}, {2, 2}, {1, 1, 1, 1}}, 32, false, 0.3);
        b.batch_norm();
        b.node(Op::add, {}, {b.last, shortcut});
        b.then(Op::relu);
    });
    gradient_row("channel shuffle", [](Bench& b) {
        b.mix(24);
        b.then(Op::reshape, ReshapeAttributes{{1, 3, 8, 6, 6}});
        b.then(Op::transpose, TransposeAttributes{{0, 2, 1, 3, 4}});
        b.then(Op::reshape, ReshapeAttributes{{1, 24, 6, 6}});
        b.conv({{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 3}, 6);
    });
    gradient_row("concat of channels", [](Bench& b) {
        const ValueId x = b.last;
        b.node(Op::concat, ConcatAttributes{1}, {b.mix(5), x, x});
    });
    gradient_row("concat of blocks of channels", [](Bench& b) {
        const ValueId x = b.mix(16), y = b.mix(20);
        b.node(Op::concat, ConcatAttributes{1}, {x, y, b.mix(32)});
        b.mix(3);
    });
    gradient_row("concat of columns", [](Bench& b) {
        b.node(Op::concat, ConcatAttributes{3}, {b.last, b.last});
    });
}

QTEST_APPLESS_MAIN(TestGradientsMaps)
#include "tst_gradients_maps.moc"
