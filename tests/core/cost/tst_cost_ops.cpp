// Every op costs something, or says that no data moves.
#include "tests/core/cost/small_networks.h"

#include <cmath>

using namespace widthwise;
using namespace widthwise::test;

namespace {

/// A network of 8 x 4 x 4 whose last node is `op`.
GraphPtr network_of(Op op) {
    Net net({1, 8, 4, 4});
    const ValueId x = net.last();
    const auto with = [&](Attributes attributes, std::vector<ValueId> more = {}) {
        return net.add(op, "node", std::move(attributes), std::move(more)).build();
    };
    switch (op) {
    case Op::conv:
        return net.conv("node", 8, 3).build();
    case Op::conv_transpose:
        return with(ConvTransposeAttributes{{{2, 2}, {2, 2}, {}, {1, 1}, 1}, {}}, {net.zeros({8, 8, 2, 2})});
    case Op::gemm:
        return with({}, {net.zeros({5, 4})});
    case Op::matmul:
        return with({}, {x});
    case Op::batch_norm:
        return net.batch_norm("node").build();
    case Op::instance_norm:
        return with(NormAttributes{2}, {net.zeros({8}), net.zeros({8})});
    case Op::layer_norm:
        return with(NormAttributes{3}, {net.zeros({4})});
    case Op::lrn:
        return with(LrnAttributes{});
    case Op::leaky_relu:
        return with(LeakyReluAttributes{});
    case Op::prelu:
        return with({}, {net.zeros({8, 1, 1})});
    case Op::clip:
        return with(ClipAttributes{0, 6});
    case Op::relu:
    case Op::sigmoid:
    case Op::tanh:
    case Op::exp:
    case Op::global_average_pool:
    case Op::identity:
    case Op::quantize:
        return with({});
    case Op::function:
        return with(FunctionAttributes{Function::gelu});
    case Op::softmax:
        return with(SoftmaxAttributes{1});
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
    case Op::pow:
    case Op::minimum:
    case Op::maximum:
        return with({}, {x});
    case Op::compare:
        return with(CompareAttributes{}, {x});
    case Op::where:
        return with({}, {x, x});
    case Op::max_pool:
    case Op::average_pool:
        return with(PoolAttributes{{2, 2}, {2, 2}});
    case Op::reduce_mean:
        return with(ReduceAttributes{{2, 3}, true});
    case Op::reduce:
        return with(ReduceAttributes{{1}, true, Reduction::log_sum_exp});
    case Op::arg_max:
        return with(ArgMaxAttributes{});
    case Op::concat:
        return with(ConcatAttributes{1}, {x});
    case Op::slice:
        return with(SliceAttributes{{0, 0, 0, 0}, {1, 4, 4, 4}, {1, 1, 1, 1}});
    case Op::pad:
        return with(PadAttributes{{0, 0, 1, 1}, {0, 0, 1, 1}, 0});
    case Op::reshape:
        return with(ReshapeAttributes{{1, 128}});
    case Op::transpose:
        return with(TransposeAttributes{{0, 2, 3, 1}});
    case Op::gather:
        return with(GatherAttributes{1, {0, 3}});
    case Op::expand:
        return with(ExpandAttributes{{1, 8, 4, 8}, true});
    case Op::depth_to_space:
    case Op::space_to_depth:
        return with(BlockAttributes{2});
    case Op::resize: {
        ResizeAttributes a;
        a.mode = ResizeMode::linear;
        a.size = {8, 8};
        a.scale = {2, 2};
        return with(a);
    }
    case Op::multi_threshold:
        return with(MultiThresholdAttributes{}, {net.zeros({8, 3})});
    case Op::unsupported:
        break;
    }
    return nullptr;
}

bool moves_nothing(Op op, bool quantized) {
    return op == Op::reshape || op == Op::identity || (op == Op::quantize && !quantized);
}

/// DRAM 0, one large buffer, a 4 x 4 array.
HardwareTarget roomy_target() {
    HardwareTarget target = square_target(4, Dataflow::weight_stationary);
    target.name = "roomy";
    target.clock_hz = 1e6;
    target.memory = {{"DRAM", std::nullopt, 1.0, 10.0, 20.0}, {"buffer", 1 << 24, std::nullopt, 0.1, 0.2}};
    return target;
}

} // namespace

class CostOps : public QObject {
    Q_OBJECT
private slots:
    void every_op_costs_something() {
        int costed = 0;
        for (int i = 0; i <= static_cast<int>(Op::unsupported); ++i) {
            const auto op = static_cast<Op>(i);
            const GraphPtr graph = network_of(op);
            if (op == Op::unsupported) {
                QVERIFY(!graph);
                continue;
            }
            for (const bool quantized : {false, true}) {
                const PrecisionPlan plan(quantized ? precision(8, 8) : precision(32, 32));
                const LayerCost layer = cost_of(graph, plan, roomy_target(), 2).layers.back();
                const double joules = layer.energy.total_j();
                QVERIFY2(std::isfinite(joules) && layer.latency_s >= 0, qPrintable(QString::number(i)));
                if (moves_nothing(op, quantized)) {
                    QCOMPARE(layer.mapping, std::string("no data moves"));
                    QCOMPARE(joules, 0.0);
                } else {
                    QVERIFY2(joules > 0 && layer.dram_bytes > 0 && layer.cycles > 0,
                             qPrintable(QString::number(i)));
                    QVERIFY2(!layer.mapping.empty(), qPrintable(QString::number(i)));
                }
                ++costed;
            }
        }
        QCOMPARE(costed, 2 * static_cast<int>(Op::unsupported));
    }

    /// Each image brings its own right operand; a constant one is read once.
    void products_of_activations_share_nothing_between_images() {
        Net own({1, 1, 4, 4});
        const ValueId x = own.last();
        const GraphPtr two_activations = own.add(Op::matmul, "node", {}, {x}).build();
        Net constant({1, 1, 4, 4});
        const GraphPtr one = constant.add(Op::matmul, "node", {}, {constant.zeros({4, 4})}).build();
        const PrecisionPlan plan(precision(8, 8));
        const auto bytes = [&](const GraphPtr& graph, int64_t batch) {
            const LayerCost layer = cost_of(graph, plan, roomy_target(), batch).layers.back();
            if (layer.macs != 64 * batch) qFatal("%lld macs", static_cast<long long>(layer.macs));
            return layer.dram_bytes;
        };
        QCOMPARE(bytes(two_activations, 1), 48.0); // 4 x 4 three times, 8 bits each
        QCOMPARE(bytes(two_activations, 3), 3 * 48.0);
        QCOMPARE(bytes(one, 3), 3 * 32.0 + 16);
    }

    /// 4 x 4 positions of 8 channels through 2 x 2 taps to 8 channels of 8 x 8.
    void transposed_convolutions_write_their_whole_output() {
        const LayerCost layer =
            cost_of(network_of(Op::conv_transpose), PrecisionPlan(precision(8, 8)), roomy_target())
                .layers.back();
        QCOMPARE(layer.macs, int64_t(4 * 4 * 8 * 8 * 4));
        QCOMPARE(layer.dram_bytes, double(128 + 8 * 8 * 4 + 8 * 8 * 8));
    }

    /// Wider storage than a format's own would overstate small floats and understate nothing.
    void formats_are_stored_at_their_width() {
        const GraphPtr graph = network_of(Op::conv);
        const auto bytes = [&](FormatType type) {
            return cost_of(graph,
                           PrecisionPlan(LayerPrecision{
                               default_weight_format(type), default_activation_format(type), {}}),
                           roomy_target())
                .weight_bytes;
        };
        const double weights = 8 * 8 * 9;
        QCOMPARE(bytes(FormatType::bfloat16), weights * 2);
        QCOMPARE(bytes(FormatType::float8_e4m3), weights);
        QCOMPARE(bytes(FormatType::ternary), weights / 4);
        QCOMPARE(bytes(FormatType::binary), weights / 8);
    }

    /// Indices at their width, and a table of floats: given, or of as many levels as the width has.
    void codebooks_are_stored_with_their_levels() {
        const GraphPtr graph = network_of(Op::conv);
        NumberFormat format = default_weight_format(FormatType::codebook, 3);
        const auto cost = [&] {
            return cost_of(graph, PrecisionPlan(LayerPrecision{format, float32_format(), {}}),
                           roomy_target());
        };
        const CostBreakdown open = cost();
        QCOMPARE(open.weight_bytes, 8 * 8 * 9 * 3 / 8.0);
        format.codebook = {-1, 0, 1};
        QCOMPARE(cost().weight_bytes, open.weight_bytes);
        QCOMPARE(open.model_bytes - cost().model_bytes, double((8 - 3) * 4));
    }
};

QTEST_APPLESS_MAIN(CostOps)
#include "tst_cost_ops.moc"
