#include "core/passes/compression_layers.h"
#include "core/passes/compression_plan.h"
#include "core/passes/low_rank.h"
#include "core/passes/prepare.h"
#include "core/passes/prune_channels.h"
#include "core/passes/prune_weights.h"
#include "core/passes/weight_sharing.h"
#include "passes_fixture.h"

using namespace widthwise;
using namespace widthwise::test;
using namespace widthwise::passes;

namespace {

GraphPtr network() {
    Net net(5);
    ValueId x = net.builder.input("x", {1, 3, 8, 8});
    x = net.relu(net.batch_norm(net.conv(x, 10, 3, 1, "stem")));
    x = net.relu(net.batch_norm(net.conv(x, 12, 3, 1, "inner")));
    return net.finish(net.head(x, 4));
}

std::vector<NodeId> layers_named(const Graph& graph, const std::vector<std::string>& names) {
    return chosen_layers(graph, names, false).value();
}

/// w8a8 with every scale.
PrecisionPlan resolved_plan(const GraphPtr& graph) {
    const NoiseImages data(16, {3, 8, 8});
    return prepare(graph, PrecisionPlan(parse_bits("w8a8").value()), {&data, 16}, {}).value().plan;
}

/// What the plan leaves open can be chosen, and the network runs with it.
void expect_runs(const Compressed& compressed, const PrecisionPlan& plan) {
    const NoiseImages data(16, {3, 8, 8});
    const auto prepared = prepare(compressed.graph, plan, {&data, 16}, {});
    if (!prepared) qFatal("%s", prepared.error().to_line().c_str());
    QVERIFY(!outputs_of(prepared->graph, prepared->plan, data).empty());
}

} // namespace

class TestCompressionPlan : public QObject {
    Q_OBJECT
private slots:
    void scales_are_cut_with_their_channels() {
        const GraphPtr graph = network();
        const PrecisionPlan plan = resolved_plan(graph);
        const Compressed compressed =
            prune_channels(graph, {0.3}, chosen_layers(*graph, {}, true).value(), {}).value();
        const PrecisionPlan fitted = fitted_plan(*graph, plan, compressed);
        for (const char* layer : {"stem", "inner"}) {
            const auto& before = plan.at(layer).weights.scale;
            const auto& after = fitted.at(layer).weights.scale;
            for (const LayerChange& change : compressed.layers) {
                if (change.layer != layer) continue;
                QCOMPARE(after.size(), change.kept_channels.size());
                for (size_t i = 0; i < after.size(); ++i)
                    QCOMPARE(after[i], before[static_cast<size_t>(change.kept_channels[i])]);
            }
            QCOMPARE(fitted.at(layer).activations, plan.at(layer).activations);
        }
        expect_runs(compressed, fitted);
    }
    void scales_by_input_channel_are_open_again() {
        const GraphPtr graph = network();
        PrecisionPlan open(parse_bits("w8a8").value());
        LayerPrecision by_channel = open.default_precision();
        by_channel.activations.granularity = Granularity::channel;
        by_channel.weights.granularity = Granularity::group;
        by_channel.weights.group_size = 9;
        open.set("inner", by_channel);
        const NoiseImages data(16, {3, 8, 8});
        const PrecisionPlan plan = prepare(graph, open, {&data, 16}, {}).value().plan;
        QCOMPARE(plan.at("inner").activations.scale.size(), size_t{10});
        const Compressed compressed =
            prune_channels(graph, {0.3}, chosen_layers(*graph, {}, true).value(), {}).value();
        const PrecisionPlan fitted = fitted_plan(*graph, plan, compressed);
        QVERIFY(fitted.at("inner").activations.scale.empty());
        QVERIFY(fitted.at("inner").weights.scale.empty());
        QVERIFY(!fitted.at("stem").activations.scale.empty());
        expect_runs(compressed, fitted);
    }
    void factors_copy_the_precision() {
        const GraphPtr graph = network();
        const PrecisionPlan plan = resolved_plan(graph);
        const Compressed compressed = low_rank(graph, {0.5}, layers_named(*graph, {"inner"}), {}).value();
        const PrecisionPlan fitted = fitted_plan(*graph, plan, compressed);
        const LayerPrecision &first = fitted.at("inner/low_rank"), &second = fitted.at("inner");
        QCOMPARE(first.activations, plan.at("inner").activations); // it reads what the layer read
        QVERIFY(first.weights.scale.empty());
        QVERIFY(second.weights.scale.empty() && second.activations.scale.empty());
        QCOMPARE(second.weights.bits, 8);
        expect_runs(compressed, fitted);
    }
    void pruned_weights_keep_their_scales() {
        const GraphPtr graph = network();
        const PrecisionPlan plan = resolved_plan(graph);
        const Compressed compressed = prune_weights(graph, {0.5, true}, layers_named(*graph, {}), {}).value();
        QCOMPARE(fitted_plan(*graph, plan, compressed), plan);
    }
    void codebooks_are_set_and_opened_again() {
        const GraphPtr graph = network();
        const PrecisionPlan plan = resolved_plan(graph);
        const auto layers = layers_named(*graph, {"inner"});
        const Compressed shared = share_weights(graph, {4}, layers, {}).value();
        const PrecisionPlan fitted = fitted_plan(*graph, plan, shared);
        QCOMPARE(fitted.at("inner").weights.type, FormatType::codebook);
        QVERIFY(!fitted.at("inner").weights.codebook.empty());
        QVERIFY(!fitted.folds_batch_norm());              // the codebook is of the weights as they are
        QVERIFY(fitted.at("stem").weights.scale.empty()); // that of folded weights
        expect_runs(shared, fitted);
        // A codebook without 0 has no place for pruned weights.
        const Compressed pruned = prune_weights(shared.graph, {0.5, true}, layers, {}).value();
        const PrecisionPlan again = fitted_plan(*shared.graph, fitted, pruned);
        QCOMPARE(again.at("inner").weights.type, FormatType::codebook);
        QVERIFY(again.at("inner").weights.codebook.empty());
        expect_runs(pruned, again);
    }
    void a_float_plan_stays_one() {
        const GraphPtr graph = network();
        for (const Compressed& compressed :
             {prune_channels(graph, {0.3}, chosen_layers(*graph, {}, true).value(), {}).value(),
              low_rank(graph, {0.5}, layers_named(*graph, {}), {}).value()}) {
            const PrecisionPlan fitted = fitted_plan(*graph, {}, compressed);
            QVERIFY(fitted.is_float());
            QVERIFY(fitted.layers().empty());
        }
    }
};

QTEST_GUILESS_MAIN(TestCompressionPlan)
#include "tst_compression_plan.moc"
