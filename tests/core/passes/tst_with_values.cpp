#include "core/graph/folding.h"
#include "core/passes/layers.h"
#include "core/passes/prepare.h"
#include "passes_fixture.h"

using namespace widthwise;
using namespace widthwise::test;
using passes::with_values;

namespace {

GraphPtr network() {
    Net net(3);
    ValueId x = net.builder.input("x", {1, 3, 8, 8});
    x = net.clip(net.batch_norm(net.conv(x, 8, 3, 1, "stem")), 6);
    x = net.relu(net.batch_norm(net.conv(x, 8, 3, 8, "depthwise")));
    return net.finish(net.head(x, 4));
}

std::shared_ptr<const LayerValues> values_of(const GraphPtr& graph, const std::string& name) {
    return passes::with_layers({}, passes::layers_of(*graph)).values().at(name);
}

void expect_error(const GraphPtr& graph, const std::string& layer, LayerValues values, const char* part) {
    PrecisionPlan plan;
    plan.set_values(layer, std::make_shared<const LayerValues>(std::move(values)));
    const auto result = with_values(graph, plan);
    QVERIFY(!result);
    QCOMPARE(result.error().code, ErrorCode::invalid_input);
    const std::string line = result.error().to_line();
    QVERIFY2(line.find(part) != std::string::npos && line.find(layer) != std::string::npos, line.c_str());
}

} // namespace

class TestWithValues : public QObject {
    Q_OBJECT
private slots:
    void a_plan_without_values_shares_the_graph() {
        const GraphPtr graph = network();
        QCOMPARE(with_values(graph, {}).value().get(), graph.get());
    }
    void folded_values_keep_the_function_and_drop_the_batch_norm() {
        const GraphPtr graph = network();
        PrecisionPlan plan;
        plan.set_values("stem", values_of(graph, "stem"));
        const GraphPtr changed = with_values(graph, plan).value();
        QCOMPARE(changed->nodes().size(), graph->nodes().size() - 1);
        for (const Node& node : changed->nodes()) QVERIFY(graph->find_node(node.name).valid());
        QVERIFY(changed->find_node("depthwise").valid());
        const NoiseImages data(8, {3, 8, 8});
        QVERIFY(relative_error(outputs_of(graph, {}, data), outputs_of(changed, {}, data)) < 1e-6);
    }
    void values_reach_the_network() {
        const GraphPtr graph = network();
        auto values = std::make_shared<LayerValues>(*values_of(graph, "stem"));
        for (float& b : values->bias) b += 1;
        PrecisionPlan plan;
        plan.set_values("stem", values);
        const GraphPtr changed = with_values(graph, plan).value();
        const Node& stem = changed->node(changed->find_node("stem"));
        QCOMPARE(changed->value(stem.inputs[1]).constant->to_f32(), values->weights);
        QCOMPARE(changed->value(stem.inputs[2]).constant->to_f32(), values->bias);
        const NoiseImages data(8, {3, 8, 8});
        QVERIFY(relative_error(outputs_of(graph, {}, data), outputs_of(changed, {}, data)) > 1e-3);
    }
    void the_clip_can_be_moved() {
        const GraphPtr graph = network();
        auto values = std::make_shared<LayerValues>(*values_of(graph, "stem"));
        values->clip_hi = 9.5F;
        PrecisionPlan plan;
        plan.set_values("stem", values);
        const GraphPtr changed = with_values(graph, plan).value();
        int clips = 0;
        for (const Node& node : changed->nodes())
            if (node.op == Op::clip) {
                QCOMPARE(std::get<ClipAttributes>(node.attributes).hi, 9.5F);
                ++clips;
            }
        QCOMPARE(clips, 1);
    }
    void what_does_not_fit_is_refused() {
        const GraphPtr graph = network();
        const LayerValues good = *values_of(graph, "stem");
        LayerValues bad = good;
        bad.weights.pop_back();
        expect_error(graph, "stem", bad, "215 weights where the layer has 216");
        bad = good;
        bad.bias.push_back(0);
        expect_error(graph, "stem", bad, "9 biases where the layer has 8");
        bad = good;
        bad.weights[5] = std::numeric_limits<float>::quiet_NaN();
        expect_error(graph, "stem", bad, "finite");
        bad = good;
        bad.clip_hi = std::numeric_limits<float>::infinity();
        expect_error(graph, "stem", bad, "finite");
        expect_error(graph, "no such layer", good, "no such layer");
        for (const Node& node : graph->nodes())
            if (node.op == Op::relu) expect_error(graph, node.name, good, "no weights");
        bad = *values_of(graph, "depthwise");
        bad.clip_hi = 3.0F; // a ReLU follows
        expect_error(graph, "depthwise", bad, "no Clip follows");
    }
};

QTEST_GUILESS_MAIN(TestWithValues)
#include "tst_with_values.moc"
