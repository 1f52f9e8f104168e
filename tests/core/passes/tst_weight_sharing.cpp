#include "core/passes/weight_sharing.h"

#include "core/graph/layer_work.h"
#include "core/passes/prune_weights.h"
#include "core/passes/stored_size.h"
#include "core/quant/kmeans.h"
#include "core/quant/quantizer.h"
#include "passes_fixture.h"

#include <set>

using namespace widthwise;
using namespace widthwise::test;
using passes::Compressed;

namespace {

GraphPtr network() {
    Net net(5);
    ValueId x = net.builder.input("x", {1, 3, 8, 8});
    x = net.relu(net.batch_norm(net.conv(x, 16, 3, 1, "stem")));
    x = net.relu(net.conv(x, 16, 3, 16, "depthwise"));
    x = net.relu(net.conv(x, 24, 3, 2, "groups"));
    return net.finish(net.head(x, 4));
}

std::vector<NodeId> weighted(const Graph& graph) {
    std::vector<NodeId> layers;
    for (const NodeId id : graph.node_ids())
        if (is_weighted(graph, id)) layers.push_back(id);
    return layers;
}

std::vector<float> weights(const Graph& graph, const std::string& layer) {
    return graph.value(graph.node(graph.find_node(layer)).inputs[1]).constant->to_f32();
}

Compressed shared(const GraphPtr& graph, int bits) {
    auto result = passes::share_weights(graph, {bits}, weighted(*graph), {});
    if (!result) qFatal("%s", result.error().to_line().c_str());
    return *result;
}

PrecisionPlan plan_of(const Compressed& compressed) {
    PrecisionPlan plan;
    for (const auto& [layer, format] : compressed.weight_formats)
        plan.set(layer, {format, float32_format(), {}});
    plan.set_folds_batch_norm(false);
    return plan;
}

} // namespace

class TestWeightSharing : public QObject {
    Q_OBJECT
private slots:
    void each_weight_takes_the_nearest_of_few_values() {
        const GraphPtr graph = network();
        for (const int bits : {1, 3, 6}) {
            const Compressed compressed = shared(graph, bits);
            QCOMPARE(compressed.layers.size(), weighted(*graph).size());
            for (const passes::LayerChange& change : compressed.layers) {
                const auto before = weights(*graph, change.layer),
                           after = weights(*compressed.graph, change.layer);
                const std::vector<float>& levels = compressed.weight_formats.at(change.layer).codebook;
                const std::set<float> values(after.begin(), after.end());
                QVERIFY(values.size() <= size_t{1} << bits);
                QVERIFY(std::includes(levels.begin(), levels.end(), values.begin(), values.end()));
                double squares = 0, norm = 0;
                for (size_t i = 0; i < before.size(); ++i) {
                    for (const float level : levels)
                        QVERIFY(std::abs(before[i] - after[i]) <= std::abs(before[i] - level));
                    squares += std::pow(static_cast<double>(before[i]) - static_cast<double>(after[i]), 2);
                    norm += std::pow(static_cast<double>(before[i]), 2);
                }
                QVERIFY(std::abs(change.relative_error - std::sqrt(squares / norm)) < 1e-6);
                QCOMPARE(change.weights_after, change.weights_before);
                QCOMPARE(change.note, std::to_string(levels.size()) + " values");
            }
        }
    }

    /// The formats hold what the network now has: nothing is lost, in the engine and in the sizes.
    void the_codebooks_are_the_weights() {
        const GraphPtr graph = network();
        const Compressed compressed = shared(graph, 4);
        const PrecisionPlan plan = plan_of(compressed);
        PrecisionPlan floats;
        floats.set_folds_batch_norm(false);
        const NoiseImages images(5, {3, 8, 8});
        const auto original = outputs_of(graph, floats, images);
        const auto as_floats = outputs_of(compressed.graph, floats, images);
        QCOMPARE(outputs_of(compressed.graph, plan, images), as_floats);
        QVERIFY(as_floats != original && relative_error(original, as_floats) < 0.3);
        const auto size = passes::stored_size(*compressed.graph, &plan);
        QVERIFY(size);
        for (const passes::LayerSize& layer : size->layers) {
            QVERIFY(layer.codebook);
            QCOMPARE(layer.weight_bits, 4);
        }
        // Once more changes nothing.
        const Compressed again = shared(compressed.graph, 4);
        for (const passes::LayerChange& change : again.layers) {
            QCOMPARE(change.relative_error, 0.0);
            QCOMPARE(weights(*again.graph, change.layer), weights(*compressed.graph, change.layer));
        }
    }

    void pruned_weights_stay_pruned() {
        const GraphPtr graph = network();
        const auto pruned = passes::prune_weights(graph, {0.4, false}, weighted(*graph), {});
        QVERIFY(pruned);
        const Compressed compressed = shared(pruned->graph, 2);
        for (const NodeId id : weighted(*graph)) {
            const std::string& layer = graph->node(id).name;
            const auto before = weights(*pruned->graph, layer), after = weights(*compressed.graph, layer);
            for (size_t i = 0; i < before.size(); ++i)
                if (before[i] == 0) QCOMPARE(after[i], 0.0F);
            QCOMPARE(std::ranges::count(compressed.weight_formats.at(layer).codebook, 0.0F), 1);
        }
    }

    void refuses_what_cannot_be() {
        WorkControl control;
        control.cancel.cancel();
        const GraphPtr graph = network();
        const auto cancelled = passes::share_weights(graph, {4}, weighted(*graph), control);
        QVERIFY(!cancelled && cancelled.error().code == ErrorCode::cancelled);
        Net net(1);
        const ValueId x = net.builder.input("x", {1, 2});
        const GraphPtr broken =
            net.finish(net.add(Op::gemm, "Gemm", {}, {x, net.constant({1, 2}, {1, std::nanf("")})}, "fc"));
        const auto result = passes::share_weights(broken, {4}, weighted(*broken), {});
        QVERIFY(!result && result.error().where == "fc");
    }
};

QTEST_APPLESS_MAIN(TestWeightSharing)
#include "tst_weight_sharing.moc"
