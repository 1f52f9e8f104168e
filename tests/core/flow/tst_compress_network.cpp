#include "core/flow/training.h"
#include "core/graph/layer_work.h"
#include "core/passes/prepare.h"
#include "small_world.h"

#include <QTest>

using namespace widthwise;
using namespace widthwise::test;
using flow::CompressionOutcome;
using flow::Model;

namespace {

Model small_model() {
    Model model;
    model.source = model.name = "small";
    model.hash = "small";
    model.graph = small_network();
    return model;
}

CompressionOutcome compressed(const Model& model, const PrecisionPlan& plan, const char* method) {
    auto outcome = flow::compress_network(model, plan, {passes::parse_compression(method).value(), {}}, {});
    if (!outcome) qFatal("%s", outcome.error().to_line().c_str());
    return std::move(*outcome);
}

const passes::LayerSize& size_of(const passes::NetworkSize& size, const std::string& layer) {
    for (const passes::LayerSize& entry : size.layers)
        if (entry.layer == layer) return entry;
    qFatal("no size of %s", layer.c_str());
}

} // namespace

class TestCompressNetwork : public QObject {
    Q_OBJECT
private slots:
    void pruning_saves_bytes_not_operations() {
        const Model model = small_model();
        const CompressionOutcome outcome = compressed(model, {}, "weights:0.75");
        QCOMPARE(outcome.parameters_after, outcome.parameters_before);
        QCOMPARE(outcome.macs_after, outcome.macs_before);
        QVERIFY(outcome.size_after.sparse_bytes < outcome.size_before.sparse_bytes);
        QVERIFY(outcome.size_after.best_bytes < outcome.size_before.best_bytes);
        QCOMPARE(outcome.model.name, model.name);
        QVERIFY(outcome.model.hash != model.hash);
        QVERIFY(!outcome.model.carried_design);
    }
    void channels_save_both() {
        const CompressionOutcome outcome = compressed(small_model(), {}, "channels:0.5");
        QVERIFY(outcome.parameters_after < outcome.parameters_before);
        QVERIFY(outcome.macs_after < outcome.macs_before);
        QVERIFY(outcome.size_after.dense_bytes < outcome.size_before.dense_bytes);
        QCOMPARE(outcome.macs_after, graph_totals(*outcome.model.graph).macs);
        QCOMPARE(outcome.parameters_after, graph_totals(*outcome.model.graph).parameters);
    }
    void codebooks_make_a_design() {
        const CompressionOutcome outcome = compressed(small_model(), {}, "share:2");
        QVERIFY(outcome.model.carried_design);
        QCOMPARE(*outcome.model.carried_design, outcome.plan);
        QCOMPARE(outcome.plan.at("second").weights.type, FormatType::codebook);
        QVERIFY(!outcome.plan.at("second").activations.is_quantized());
        QVERIFY(size_of(outcome.size_after, "second").weight_bits <= 2);
        QVERIFY(outcome.size_after.dense_bytes < outcome.size_before.dense_bytes);
    }
    /// The same request gives the same network under the same hash; another one another.
    void hashes_tell_networks_apart() {
        const Model model = small_model();
        std::set<std::string> hashes;
        for (const char* method : {"weights:0.5", "weights:0.25", "layer-weights:0.5", "2:4", "channels:0.5"})
            hashes.insert(compressed(model, {}, method).model.hash);
        QCOMPARE(hashes.size(), size_t{5});
        QCOMPARE(compressed(model, {}, "2:4").model.hash, compressed(model, {}, "2:4").model.hash);
        const Model once = compressed(model, {}, "2:4").model;
        QVERIFY(compressed(once, {}, "2:4").model.hash != once.hash);
    }
    /// What passes left is what is compressed: the plan does not put it back.
    void values_of_passes_become_the_weights() {
        const Model model = small_model();
        PrecisionPlan plan(parse_bits("w8a8").value());
        plan.set_passes({Pass::equalize});
        const NoiseImages data(3);
        const auto prepared = passes::prepare(model.graph, plan, {&data, 16}, {}).value();
        QVERIFY(!prepared.plan.values().empty());
        const CompressionOutcome outcome = compressed(model, prepared.plan, "weights:0.5");
        QVERIFY(outcome.plan.values().empty());
        for (const passes::LayerChange& change : outcome.compressed.layers) {
            const Graph& graph = *outcome.model.graph;
            const auto now =
                graph.value(graph.node(graph.find_node(change.layer)).inputs[1]).constant->to_f32();
            const auto& values = prepared.plan.values().at(change.layer)->weights;
            for (size_t i = 0; i < now.size(); ++i) QVERIFY(now[i] == 0 || now[i] == values[i]);
        }
    }
    void compressed_networks_run_with_their_designs() {
        const NoiseImages data(5);
        const auto images = std::make_shared<NoiseImages>(5);
        PrecisionPlan plan(parse_bits("w8a8").value());
        for (const char* method :
             {"weights:0.5", "2:4", "channels:0.5", "low-rank:0.6", "share:4", "vectors:4x4"}) {
            const Model model = small_model();
            const auto resolved = passes::prepare(model.graph, plan, {&data, 16}, {}).value().plan;
            const CompressionOutcome outcome = compressed(model, resolved, method);
            flow::EvaluationRequest request;
            request.model = outcome.model;
            request.data = images;
            request.plan = outcome.plan;
            const auto evaluated = flow::Evaluator().evaluate(request, {});
            QVERIFY2(evaluated, method);
            QCOMPARE(evaluated->evaluation.accuracy.samples, 40);
        }
    }
    void zeros_of_pruned_networks() {
        const Model model = compressed(small_model(), {}, "layer-weights:0.5").model;
        const auto data = std::make_shared<NoiseImages>(5);
        for (const char* bits : {"float", "w8a8"}) {
            const PrecisionPlan plan(parse_bits(bits).value());
            const auto zeros = flow::measure_zeros(model, plan, data, 20, {}).value();
            QCOMPARE(zeros.size(), size_t{3});
            QVERIFY(zeros.at("first").weights >= 0.5);
            QVERIFY(zeros.at("first").inputs < 0.2);  // noise
            QVERIFY(zeros.at("second").inputs > 0.2); // behind a ReLU
            QVERIFY(zeros.at("second").inputs < 0.8);
            QCOMPARE(zeros.at("first").outputs, zeros.at("second").inputs);
            // Images are not needed for weights, and change nothing of them.
            const auto weights = flow::measure_zeros(model, plan, nullptr, 20, {}).value();
            for (const auto& [layer, shares] : weights) {
                QCOMPARE(shares.weights, zeros.at(layer).weights);
                QCOMPARE(shares.inputs, 0.0);
            }
        }
    }
    void errors() {
        Model topology = small_model();
        topology.topology = true;
        QCOMPARE(flow::compress_network(topology, {}, {}, {}).error().code, ErrorCode::unsupported);
        QCOMPARE(flow::measure_zeros(topology, {}, nullptr, 1, {}).error().code, ErrorCode::unsupported);
        const auto wrong = std::make_shared<NoiseImages>(5, 40, 16);
        const auto misfit = flow::measure_zeros(small_model(), {}, wrong, 8, {});
        QVERIFY(!misfit);
        QVERIFY(misfit.error().message.find("the network wants") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestCompressNetwork)
#include "tst_compress_network.moc"
