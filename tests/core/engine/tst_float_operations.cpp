// Every op that runs in float against what others compute for it.

#include "tests/core/engine/one_float_op.h"

using namespace widthwise;
using namespace widthwise::engine;
using namespace widthwise::test;

namespace {

#define COMPARE(name, net, out)                                                                              \
    do {                                                                                                     \
        const ValueId result = out;                                                                          \
        compare(name, net, result);                                                                          \
        if (QTest::currentTestFailed()) return;                                                              \
    } while (false)

const Shape k_map{1, 3, 4, 2};

} // namespace

class TestFloatOperations : public QObject {
    Q_OBJECT
private slots:
    void functions() {
        const std::vector<std::tuple<const char*, Function, float, float>> plain = {
            {"hard_sigmoid", Function::hard_sigmoid, 0.25F, 0.4F},
            {"hard_swish", Function::hard_swish, 0, 0},
            {"gelu", Function::gelu, 0, 0},
            {"gelu_tanh", Function::gelu_tanh, 0, 0},
            {"erf", Function::erf, 0, 0},
            {"neg", Function::neg, 0, 0},
            {"abs", Function::abs, 0, 0},
            {"reciprocal", Function::reciprocal, 0, 0},
            {"floor", Function::floor, 0, 0},
            {"ceil", Function::ceil, 0, 0},
            {"round", Function::round, 0, 0},
            {"sign", Function::sign, 0, 0},
            {"truncate", Function::truncate, 0, 0},
            {"elu", Function::elu, 1.5F, 0},
            {"selu", Function::selu, 1.6732632F, 1.0507010F},
            {"softplus", Function::softplus, 0, 0},
            {"softsign", Function::softsign, 0, 0},
            {"mish", Function::mish, 0, 0},
            {"silu", Function::silu, 0, 0}};
        for (const auto& [name, f, alpha, beta] : plain) {
            Net net({1, 13});
            COMPARE((std::string("function_") + name).c_str(), net, net.function(f, net.x, alpha, beta));
        }
        for (const auto& [name, f] :
             {std::pair{"function_log", Function::log}, std::pair{"function_sqrt", Function::sqrt}}) {
            Net net({1, 13});
            COMPARE(name, net, net.function(f, net.positive()));
        }
    }

    /// Where naive formulas overflow or lose everything.
    void functions_keep_their_limits() {
        Net net({1, 4});
        const ValueId x = net.add(Op::mul, {}, {net.x, net.constant({1, 4}, {-1000, 1000, -1000, 1000})});
        std::vector<float> result;
        evaluate(net, net.function(Function::softplus, x), result); // x: -2437.5 ... of either sign
        Net plain({1, 4});
        std::vector<float> input;
        evaluate(plain, plain.add(Op::mul, {}, {plain.x, plain.constant({1, 4}, {-1000, 1000, -1000, 1000})}),
                 input);
        for (size_t i = 0; i < 4; ++i) QCOMPARE(result[i], std::max(input[i], 0.0F));
        Net logical({1, 3});
        evaluate(logical,
                 logical.function(Function::logical_not, logical.function(Function::floor, logical.x)),
                 result); // -2.4375, -0.125, 2.1875
        QCOMPARE(result, (std::vector<float>{0, 0, 0}));
    }

    void softmax_and_norms() {
        {
            Net net(k_map);
            COMPARE("softmax_channels", net, net.add(Op::softmax, SoftmaxAttributes{1}, {net.x}));
        }
        {
            Net net(k_map);
            COMPARE("softmax_rows", net, net.add(Op::softmax, SoftmaxAttributes{2}, {net.x}));
        }
        {
            Net net(k_map);
            COMPARE("softmax_flat", net, net.add(Op::softmax, SoftmaxAttributes{2, true}, {net.x}));
        }
        {
            Net net({1, 3, 5});
            COMPARE("log_softmax", net, net.add(Op::softmax, SoftmaxAttributes{2, false, true}, {net.x}));
        }
        {
            Net net({1, 5, 2, 2});
            COMPARE("lrn_3", net, net.add(Op::lrn, LrnAttributes{3, 0.5F, 0.75F, 2}, {net.x}));
        }
        {
            Net net({1, 5, 2, 2});
            COMPARE("lrn_4", net, net.add(Op::lrn, LrnAttributes{4, 0.5F, 0.6F, 1}, {net.x}));
        }
        for (const auto& [name, shape] :
             {std::pair{"instance_norm", k_map}, std::pair{"instance_norm_rank3", Shape{1, 3, 6}}}) {
            Net net(shape);
            COMPARE(name, net,
                    net.add(Op::instance_norm, NormAttributes{2, 1e-3F},
                            {net.x, net.constant({3}, 1), net.constant({3}, 2)}));
        }
        {
            Net net(k_map);
            COMPARE("layer_norm_last", net,
                    net.add(Op::layer_norm, NormAttributes{3, 1e-3F},
                            {net.x, net.constant({2}, 1), net.constant({2}, 2)}));
        }
        {
            Net net(k_map);
            COMPARE("layer_norm_all", net,
                    net.add(Op::layer_norm, NormAttributes{1, 1e-3F}, {net.x, net.constant({3, 4, 2}, 1)}));
        }
        {
            Net net({1, 3, 6});
            COMPARE("layer_norm_rank3", net,
                    net.add(Op::layer_norm, NormAttributes{2, 1e-3F},
                            {net.x, net.constant({6}, 1), net.constant({6}, 2)}));
        }
        {
            Net net({1, 3, 4});
            std::vector<float> variance = pattern(3, 4);
            for (float& v : variance) v = std::fabs(v);
            COMPARE("batch_norm_rank3", net,
                    net.add(Op::batch_norm, BatchNormAttributes{1e-3F},
                            {net.x, net.constant({3}, 1), net.constant({3}, 2), net.constant({3}, 3),
                             net.constant({3}, variance)}));
        }
    }

    void reductions() {
        const std::vector<std::pair<const char*, Reduction>> all = {
            {"reduce_mean", Reduction::mean},
            {"reduce_sum", Reduction::sum},
            {"reduce_max", Reduction::max},
            {"reduce_min", Reduction::min},
            {"reduce_prod", Reduction::prod},
            {"reduce_l1", Reduction::l1},
            {"reduce_l2", Reduction::l2},
            {"reduce_sum_square", Reduction::sum_square},
            {"reduce_log_sum_exp", Reduction::log_sum_exp}};
        for (const auto& [name, reduction] : all) {
            Net net(k_map);
            const Op op = reduction == Reduction::mean ? Op::reduce_mean : Op::reduce;
            COMPARE(name, net, net.add(op, ReduceAttributes{{1, 3}, true, reduction}, {net.x}));
        }
        {
            Net net(k_map);
            COMPARE("reduce_log_sum", net,
                    net.add(Op::reduce, ReduceAttributes{{2}, false, Reduction::log_sum}, {net.positive()}));
        }
        {
            Net net(k_map);
            COMPARE("reduce_sum_dropped", net,
                    net.add(Op::reduce, ReduceAttributes{{2}, false, Reduction::sum}, {net.x}));
        }
    }

    void extremes() {
        Net net(k_map), first(k_map), last(k_map), least(k_map);
        COMPARE("arg_max", net, net.add(Op::arg_max, ArgMaxAttributes{2, true}, {net.x}));
        COMPARE("arg_max_first", first, first.add(Op::arg_max, ArgMaxAttributes{1, false}, {first.sign()}));
        COMPARE("arg_max_last", last, last.add(Op::arg_max, ArgMaxAttributes{1, false, true}, {last.sign()}));
        COMPARE("arg_min", least, least.add(Op::arg_max, ArgMaxAttributes{3, false, false, true}, {least.x}));
    }

    void products() {
        {
            Net net({1, 4, 3});
            const ValueId turned = net.add(Op::transpose, TransposeAttributes{{0, 2, 1}}, {net.x});
            COMPARE("matmul_rank3", net, net.add(Op::matmul, {}, {net.x, turned}));
        }
        const Shape heads{1, 2, 5, 3};
        {
            Net net(heads);
            const ValueId turned = net.add(Op::transpose, TransposeAttributes{{0, 1, 3, 2}}, {net.x});
            COMPARE("matmul_heads", net, net.add(Op::matmul, {}, {net.x, turned}));
        }
        {
            Net net(heads);
            COMPARE("matmul_constant_right", net,
                    net.add(Op::matmul, {}, {net.x, net.constant({2, 3, 4}, 1)}));
        }
        {
            Net net(heads);
            COMPARE("matmul_constant_left", net, net.add(Op::matmul, {}, {net.constant({6, 5}, 1), net.x}));
        }
        {
            Net net(heads);
            const ValueId turned = net.add(Op::transpose, TransposeAttributes{{0, 1, 3, 2}}, {net.x});
            const ValueId one = net.add(Op::gather, GatherAttributes{1, {0}, false}, {turned});
            COMPARE("matmul_broadcast", net, net.add(Op::matmul, {}, {net.x, one}));
        }
        for (const auto& [name, shape] :
             {std::pair{"gemm_rank3", Shape{1, 4, 3}}, std::pair{"gemm_rank4", Shape{1, 2, 4, 3}}}) {
            Net net(shape);
            const auto w = pattern(15, 1); // the sample's is I x O
            std::vector<float> turned;
            for (size_t o = 0; o < 5; ++o)
                for (size_t i = 0; i < 3; ++i) turned.push_back(w[i * 5 + o]);
            COMPARE(name, net, net.add(Op::gemm, {}, {net.x, net.constant({5, 3}, turned)}));
        }
    }

    void transposed_convolutions() {
        {
            Net net({1, 3, 3, 4});
            const ConvTransposeAttributes a{{{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 1}, {1, 0}};
            COMPARE(
                "conv_transpose_stride", net,
                net.add(Op::conv_transpose, a, {net.x, net.constant({3, 2, 3, 3}, 1), net.constant({2}, 2)}));
        }
        {
            Net net({1, 4, 3, 3});
            const ConvTransposeAttributes a{{{2, 3}, {3, 1}, {0, 0, 0, 0}, {1, 2}, 2}, {0, 0}};
            COMPARE("conv_transpose_group", net,
                    net.add(Op::conv_transpose, a, {net.x, net.constant({4, 1, 2, 3}, 1)}));
        }
        {
            Net net({1, 2, 2, 2});
            const ConvTransposeAttributes a{{{2, 2}, {1, 1}, {0, 0, 0, 0}, {1, 1}, 1}, {0, 0}};
            COMPARE(
                "conv_transpose_plain", net,
                net.add(Op::conv_transpose, a, {net.x, net.constant({2, 3, 2, 2}, 1), net.constant({3}, 2)}));
        }
    }

    void two_operands() {
        {
            Net net(k_map);
            COMPARE("pow", net, net.add(Op::pow, {}, {net.function(Function::abs, net.x), net.scalar(2.5F)}));
        }
        for (const auto& [name, op] :
             {std::pair{"minimum", Op::minimum}, std::pair{"maximum", Op::maximum}}) {
            Net net(k_map);
            COMPARE(name, net, net.add(op, {}, {net.x, net.constant({4, 2}, 3)}));
        }
        {
            Net net(k_map);
            COMPARE("prelu", net, net.add(Op::prelu, {}, {net.x, net.constant({3, 1, 1}, 1)}));
        }
        for (const auto& [name, c] :
             {std::pair{"compare_equal", Comparison::equal}, std::pair{"compare_less", Comparison::less},
              std::pair{"compare_less_or_equal", Comparison::less_or_equal},
              std::pair{"compare_greater", Comparison::greater},
              std::pair{"compare_greater_or_equal", Comparison::greater_or_equal}}) {
            Net net(k_map);
            const ValueId b = net.function(Function::sign, net.constant({4, 2}, 3));
            COMPARE(name, net, net.add(Op::compare, CompareAttributes{c}, {net.sign(), b}));
        }
        {
            Net net(k_map);
            const ValueId above =
                net.add(Op::compare, CompareAttributes{Comparison::greater}, {net.x, net.scalar(0)});
            const ValueId twice = net.add(Op::mul, {}, {net.x, net.scalar(2)});
            COMPARE("where", net, net.add(Op::where, {}, {above, net.constant({4, 2}, 3), twice}));
        }
    }

    void moves() {
        {
            Net net(k_map);
            COMPARE("gather", net, net.add(Op::gather, GatherAttributes{2, {3, 0, 3}, false}, {net.x}));
        }
        {
            Net net(k_map);
            COMPARE("gather_scalar", net, net.add(Op::gather, GatherAttributes{1, {1}, true}, {net.x}));
        }
        {
            Net net({1, 3, 1, 2});
            COMPARE("expand", net, net.add(Op::expand, ExpandAttributes{{1, 3, 4, 2}, false}, {net.x}));
        }
        {
            Net net({1, 3, 2, 2});
            COMPARE("tile", net, net.add(Op::expand, ExpandAttributes{{1, 6, 6, 2}, true}, {net.x}));
        }
        for (const bool crd : {false, true}) {
            Net net({1, 8, 2, 3});
            COMPARE(crd ? "depth_to_space_crd" : "depth_to_space_dcr", net,
                    net.add(Op::depth_to_space, BlockAttributes{2, crd}, {net.x}));
        }
        {
            Net net({1, 2, 4, 6});
            COMPARE("space_to_depth", net, net.add(Op::space_to_depth, BlockAttributes{2}, {net.x}));
        }
        {
            Net net(k_map);
            COMPARE("concat_constant", net,
                    net.add(Op::concat, ConcatAttributes{1}, {net.x, net.constant({1, 2, 4, 2}, 1)}));
        }
    }

    void resizes() {
        const auto check = [](const std::string& name, Shape in, ResizeAttributes a,
                              std::array<double, 2> scale = {0, 0}) {
            for (size_t i = 0; i < 2; ++i) {
                const double extent = static_cast<double>(in[2 + i]);
                a.scale[i] = scale[i] > 0 ? static_cast<double>(static_cast<float>(scale[i]))
                                          : static_cast<double>(a.size[i]) / extent;
                if (scale[i] > 0) a.size[i] = static_cast<int64_t>(std::floor(extent * a.scale[i]));
            }
            Net net(std::move(in));
            compare(name.c_str(), net, net.add(Op::resize, a, {net.x}));
        };
        using Mode = ResizeMode;
        using At = ResizeCoordinates;
        using Round = ResizeRounding;
        for (const auto& [at, at_name] :
             {std::pair{At::half_pixel, "half_pixel"},
              std::pair{At::pytorch_half_pixel, "pytorch_half_pixel"},
              std::pair{At::asymmetric, "asymmetric"}, std::pair{At::align_corners, "align_corners"}})
            for (const auto& [mode, mode_name] :
                 {std::pair{Mode::nearest, "nearest"}, std::pair{Mode::linear, "linear"},
                  std::pair{Mode::cubic, "cubic"}}) {
                const std::string name = std::string("resize_") + mode_name + "_" + at_name;
                check(name + "_up", {1, 2, 3, 4}, {mode, at, Round::prefer_floor, {5, 7}});
                const std::array<int64_t, 2> small{at == At::pytorch_half_pixel ? 1 : 2, 3};
                check(name + "_down", {1, 2, 5, 6}, {mode, at, Round::prefer_floor, small});
                if (QTest::currentTestFailed()) return;
            }
        for (const auto& [round, name] : {std::pair{Round::prefer_floor, "round_prefer_floor"},
                                          std::pair{Round::prefer_ceil, "round_prefer_ceil"},
                                          std::pair{Round::floor, "floor"}, std::pair{Round::ceil, "ceil"}}) {
            check(std::string("resize_nearest_") + name, {1, 2, 3, 4}, {Mode::nearest, At::asymmetric, round},
                  {2.0, 1.5});
            check(std::string("resize_nearest_half_") + name, {1, 2, 4, 4},
                  {Mode::nearest, At::half_pixel, round}, {0.5, 1.5});
            if (QTest::currentTestFailed()) return;
        }
        check("resize_linear_scales", {1, 2, 3, 4}, {Mode::linear, At::half_pixel}, {1.4, 1.6});
        ResizeAttributes keys{Mode::cubic, At::half_pixel};
        keys.cubic_coefficient = -0.5F;
        check("resize_cubic_half", {1, 2, 4, 5}, keys, {1.5, 0.7});
    }

    /// Channel 0: thresholds -2, 0, 2; channel 1: 0, 1, nothing (not a number).
    void thresholds_by_hand() {
        Net net({1, 2, 1, 3}); // -2.4375, -0.125, 2.1875; -1.8125, 0.5, 2.8125
        const float nothing = std::numeric_limits<float>::quiet_NaN();
        const ValueId t = net.constant({2, 3}, std::vector<float>{2, -2, 0, nothing, 0, 1});
        std::vector<float> result;
        evaluate(net, net.add(Op::multi_threshold, MultiThresholdAttributes{2, -3}, {net.x, t}), result);
        QCOMPARE(result, (std::vector<float>{-3, -1, 3, -3, -1, 1}));

        Net shared({1, 2, 1, 3});
        const ValueId one = shared.constant({1, 1}, std::vector<float>{-0.125F});
        evaluate(shared, shared.add(Op::multi_threshold, MultiThresholdAttributes{}, {shared.x, one}),
                 result);
        QCOMPARE(result, (std::vector<float>{0, 1, 1, 0, 1, 1})); // what equals a threshold reaches it
    }
};

QTEST_APPLESS_MAIN(TestFloatOperations)
#include "tst_float_operations.moc"
