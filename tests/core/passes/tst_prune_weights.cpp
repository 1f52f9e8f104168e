#include "core/graph/layer_work.h"
#include "core/passes/prune_weights.h"
#include "passes_fixture.h"

using namespace widthwise;
using namespace widthwise::test;
using passes::Compressed;
using passes::PruneNofM;
using passes::PruneWeights;

namespace {

GraphPtr network() {
    Net net(5);
    ValueId x = net.builder.input("x", {1, 3, 8, 8});
    x = net.relu(net.batch_norm(net.conv(x, 10, 3, 1, "stem")));
    x = net.relu(net.conv(x, 10, 3, 10, "depthwise"));
    x = net.relu(net.conv(x, 12, 1, 2, "groups"));
    return net.finish(net.head(x, 4));
}

std::vector<NodeId> all_but_last(const Graph& graph) {
    std::vector<NodeId> layers;
    for (const NodeId id : graph.node_ids())
        if (is_weighted(graph, id)) layers.push_back(id);
    layers.pop_back();
    return layers;
}

std::vector<float> weights(const Graph& graph, const std::string& layer) {
    return graph.value(graph.node(graph.find_node(layer)).inputs[1]).constant->to_f32();
}

int64_t zeros(const std::vector<float>& values) {
    return std::count(values.begin(), values.end(), 0.0F);
}

/// What stays is as it was, and no zero is larger than what stays.
void check_magnitudes(const std::vector<float>& before, const std::vector<float>& after) {
    float largest_gone = 0, least_left = std::numeric_limits<float>::infinity();
    for (size_t i = 0; i < before.size(); ++i) {
        if (after[i] == 0) {
            largest_gone = std::max(largest_gone, std::abs(before[i]));
            continue;
        }
        QCOMPARE(after[i], before[i]);
        least_left = std::min(least_left, std::abs(after[i]));
    }
    QVERIFY(largest_gone <= least_left);
}

GraphPtr one_layer(std::vector<float> values, Shape shape) {
    Net net(1);
    const ValueId x = net.builder.input("x", {1, shape[1]});
    return net.finish(net.add(Op::gemm, "Gemm", {}, {x, net.constant(shape, std::move(values))}, "fc"));
}

std::vector<float> pruned(std::vector<float> values, Shape shape, double share) {
    const GraphPtr graph = one_layer(std::move(values), std::move(shape));
    return weights(*passes::prune_weights(graph, {share, true}, {graph->find_node("fc")}, {}).value().graph,
                   "fc");
}

} // namespace

class TestPruneWeights : public QObject {
    Q_OBJECT
private slots:
    void one_threshold_for_all() {
        const GraphPtr graph = network();
        for (const double share : {0.1, 0.5, 0.9, 0.999}) {
            const Compressed result =
                passes::prune_weights(graph, {share, true}, all_but_last(*graph), {}).value();
            std::vector<float> before, after;
            for (const char* layer : {"stem", "depthwise", "groups"})
                for (auto [from, to] : {std::pair{graph, &before}, {result.graph, &after}}) {
                    const auto part = weights(*from, layer);
                    to->insert(to->end(), part.begin(), part.end());
                }
            QCOMPARE(zeros(after), std::llround(share * static_cast<double>(before.size())));
            check_magnitudes(before, after);
            QCOMPARE(weights(*result.graph, graph->nodes().back().name),
                     weights(*graph, graph->nodes().back().name));
        }
    }
    void the_share_of_each_layer() {
        const GraphPtr graph = network();
        const Compressed result =
            passes::prune_weights(graph, {0.3, false}, all_but_last(*graph), {}).value();
        for (const char* layer : {"stem", "depthwise", "groups"}) {
            const auto before = weights(*graph, layer), after = weights(*result.graph, layer);
            QCOMPARE(zeros(after), std::llround(0.3 * static_cast<double>(before.size())));
            check_magnitudes(before, after);
        }
        QCOMPARE(result.layers.size(), size_t{3});
        for (const passes::LayerChange& change : result.layers) {
            QCOMPARE(change.weights_after, change.weights_before);
            QCOMPARE(change.macs_after, change.macs_before);
            QCOMPARE(change.nonzero_after,
                     change.weights_after - std::llround(0.3 * static_cast<double>(change.weights_after)));
        }
    }
    void ties_go_in_order() {
        QCOMPARE(pruned({1, -1, 1, 1, 2, 1}, {2, 3}, 0.5), (std::vector<float>{0, 0, 0, 1, 2, 1}));
        QCOMPARE(pruned({3, -3, 3, 3}, {2, 2}, 0.25), (std::vector<float>{0, -3, 3, 3}));
    }
    void zeros_count_as_pruned() {
        QCOMPARE(pruned({0, 0, 1, 2, 3, -0.0F}, {2, 3}, 0.5), (std::vector<float>{0, 0, 1, 2, 3, 0}));
        QCOMPARE(pruned({0, 0, 0, 0, 3, 4}, {2, 3}, 0.5), (std::vector<float>{0, 0, 0, 0, 3, 4}));
    }
    void extremes_of_magnitude() {
        const float least = std::numeric_limits<float>::denorm_min(),
                    most = std::numeric_limits<float>::max();
        QCOMPARE(pruned({most, least, -1, -least}, {2, 2}, 0.5), (std::vector<float>{most, 0, -1, 0}));
    }
    void the_error_is_of_what_went() {
        const GraphPtr graph = one_layer({3, 4, 12, 0}, {2, 2});
        const Compressed result =
            passes::prune_weights(graph, {0.75, true}, {graph->find_node("fc")}, {}).value();
        QCOMPARE(result.layers[0].relative_error, 5.0 / 13.0);
        QCOMPARE(result.layers[0].nonzero_before, 3);
        QCOMPARE(result.layers[0].nonzero_after, 1);
    }
    void pruning_twice_is_pruning_once() {
        const GraphPtr graph = network();
        const GraphPtr once =
            passes::prune_weights(graph, {0.6, true}, all_but_last(*graph), {}).value().graph;
        const GraphPtr twice =
            passes::prune_weights(once, {0.6, true}, all_but_last(*once), {}).value().graph;
        for (const char* layer : {"stem", "depthwise", "groups"})
            QCOMPARE(weights(*twice, layer), weights(*once, layer));
    }

    void n_of_m_holds_everywhere() {
        const GraphPtr graph = network();
        for (const PruneNofM method : {PruneNofM{2, 4}, {1, 4}, {1, 2}, {3, 8}}) {
            const Compressed result = passes::prune_n_of_m(graph, method, all_but_last(*graph), {}).value();
            for (const char* layer : {"stem", "depthwise", "groups"}) {
                const NodeId id = graph->find_node(layer);
                const Shape shape = graph->value(graph->node(id).inputs[1]).shape;
                const auto before = weights(*graph, layer), after = weights(*result.graph, layer);
                const int64_t taps = shape[2] * shape[3];
                for (int64_t o = 0; o < shape[0]; ++o)
                    for (int64_t tap = 0; tap < taps; ++tap)
                        for (int64_t begin = 0; begin < shape[1]; begin += method.of) {
                            const int64_t end = std::min<int64_t>(shape[1], begin + method.of);
                            std::vector<float> was, is;
                            for (int64_t i = begin; i < end; ++i) {
                                const auto at = static_cast<size_t>((o * shape[1] + i) * taps + tap);
                                was.push_back(before[at]);
                                is.push_back(after[at]);
                            }
                            const int64_t kept = ((end - begin) * method.keep + method.of - 1) / method.of;
                            QCOMPARE(zeros(is), end - begin - kept);
                            check_magnitudes(was, is);
                        }
            }
        }
    }
    void n_of_m_of_equal_weights_keeps_the_first() {
        const GraphPtr graph = one_layer({1, -1, 1, 1, 1, 2, 1, 2}, {2, 4});
        const Compressed result = passes::prune_n_of_m(graph, {2, 4}, {graph->find_node("fc")}, {}).value();
        QCOMPARE(weights(*result.graph, "fc"), (std::vector<float>{1, -1, 0, 0, 0, 2, 0, 2}));
    }
    /// I x O/group x KH x KW: the input channels lie outermost within a group.
    void transposed_convolutions_along_their_inputs() {
        Net net(2);
        const ValueId x = net.builder.input("x", {1, 8, 4, 4});
        const ConvTransposeAttributes a{{{2, 2}, {2, 2}, {}, {1, 1}, 2}, {}};
        const GraphPtr graph =
            net.finish(net.add(Op::conv_transpose, "ConvTranspose", a, {x, net.weights({8, 3, 2, 2})}, "up"));
        const auto after =
            weights(*passes::prune_n_of_m(graph, {1, 4}, {graph->find_node("up")}, {}).value().graph, "up");
        for (size_t group = 0; group < 2; ++group)
            for (size_t rest = 0; rest < 12; ++rest) {
                int64_t left = 0;
                for (size_t i = 0; i < 4; ++i) left += after[(group * 4 + i) * 12 + rest] != 0;
                QCOMPARE(left, 1);
            }
    }
    void layers_that_share_weights_are_pruned_once() {
        Net net(3);
        ValueId x = net.builder.input("x", {1, 4});
        const ValueId shared = net.constant({4, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
        x = net.add(Op::gemm, "Gemm", {}, {x, shared}, "a");
        const GraphPtr graph = net.finish(net.add(Op::gemm, "Gemm", {}, {x, shared}, "b"));
        const GraphPtr result =
            passes::prune_weights(graph, {0.5, true}, {graph->find_node("a"), graph->find_node("b")}, {})
                .value()
                .graph;
        QCOMPARE(zeros(weights(*result, "a")), 8);
        QCOMPARE(result->node(result->find_node("a")).inputs[1],
                 result->node(result->find_node("b")).inputs[1]);
    }
};

QTEST_GUILESS_MAIN(TestPruneWeights)
#include "tst_prune_weights.moc"
