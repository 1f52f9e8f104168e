// The built-in networks: what they are made of, their options and their seeds.

#include "core/graph/layer_work.h"
#include "core/graph/zoo.h"

#include <QTest>

#include <cmath>
#include <set>

using namespace widthwise;

namespace {

int64_t weighted_layers(const Graph& graph) {
    int64_t count = 0;
    for (const NodeId id : graph.node_ids()) count += is_weighted(graph, id);
    return count;
}

std::vector<float> first_weights(const std::string& spec) {
    const auto graph = zoo::build(spec);
    return (*graph)->value((*graph)->nodes().front().inputs[1]).constant->to_f32();
}

} // namespace

class TestZoo : public QObject {
    Q_OBJECT
private slots:
    void demo_is_small_and_has_all_parts();
    void demo_is_he_initialised();
    void options();
    void seeds();
    void bad_specs_are_refused_data();
    void bad_specs_are_refused();
};

void TestZoo::demo_is_small_and_has_all_parts() {
    const auto built = zoo::build("demo");
    QVERIFY2(built, built ? "" : built.error().to_line().c_str());
    const Graph& graph = **built;
    QVERIFY(graph.value(graph.inputs().front()).shape == Shape({1, 3, 32, 32}));
    QVERIFY(graph.value(graph.outputs().front()).shape == Shape({1, 12}));
    QVERIFY(weighted_layers(graph) >= 12);
    QVERIFY(graph_totals(graph).parameters < 125000);
    QVERIFY(graph_totals(graph).macs > 4'000'000 && graph_totals(graph).macs < 10'000'000);
    int adds = 0, depthwise = 0, norms = 0, relus = 0;
    std::set<std::string> names;
    for (const Node& node : graph.nodes()) {
        names.insert(node.name);
        adds += node.op == Op::add;
        norms += node.op == Op::batch_norm;
        relus += node.op == Op::relu;
        if (node.op == Op::conv) {
            const auto& conv = std::get<ConvAttributes>(node.attributes);
            depthwise += conv.group > 1 && conv.group == graph.value(node.inputs[1]).shape[0];
        }
    }
    QVERIFY(adds >= 1 && depthwise >= 1 && norms >= 10 && relus >= 10);
    QCOMPARE(names.size(), graph.nodes().size());
    for (const char* name : {"stem/conv", "block1/a/conv", "dw1/depthwise", "classifier"})
        QVERIFY2(graph.find_node(name).valid(), name);
    QVERIFY(!zoo::entries().empty() && zoo::entries().front().name == "demo");
}

void TestZoo::demo_is_he_initialised() {
    const auto graph = *zoo::build("demo");
    const Node& node = graph->node(graph->find_node("block1/a/conv"));
    const std::vector<float> weights = graph->value(node.inputs[1]).constant->to_f32();
    double sum = 0, squares = 0;
    for (const float w : weights) sum += w, squares += static_cast<double>(w) * w;
    const auto count = static_cast<double>(weights.size()); // 32 x 32 x 3 x 3 = 9216
    QVERIFY(std::abs(sum / count) < 0.004);
    // Variance 2 / 288; its sampling error is sqrt(2 / 9216) = 1.5 %.
    QVERIFY(std::abs(squares / count / (2.0 / 288) - 1) < 0.06);
}

void TestZoo::options() {
    const auto graph = zoo::build("demo@size=48,width=0.5,classes=7");
    QVERIFY(graph);
    QVERIFY((*graph)->value((*graph)->inputs().front()).shape == Shape({1, 3, 48, 48}));
    QVERIFY((*graph)->value((*graph)->outputs().front()).shape == Shape({1, 7}));
    for (const Node& node : (*graph)->nodes())
        if (node.op == Op::conv) QCOMPARE((*graph)->value(node.inputs[1]).shape[0] % 8, int64_t{0});
    QVERIFY(graph_totals(**graph).parameters < graph_totals(**zoo::build("demo")).parameters / 2);
    QVERIFY(zoo::build("demo@size=33"));
    QVERIFY(zoo::build("demo@width=0.05"));
}

void TestZoo::seeds() {
    QVERIFY(first_weights("demo") == first_weights("demo@seed=1"));
    QVERIFY(first_weights("demo") != first_weights("demo@seed=2"));
}

void TestZoo::bad_specs_are_refused_data() {
    QTest::addColumn<QString>("spec");
    QTest::addColumn<QString>("mentions");
    const auto row = [](const char* spec, const char* mentions) { QTest::newRow(spec) << spec << mentions; };
    row("demmo", "demo");
    row("", "demo");
    row("zzzzzz", "demo");
    row("demo@", "unknown option");
    row("demo@depth=3", "'depth'");
    row("demo@size", "size");
    row("demo@size=", "size");
    row("demo@size=0", "size");
    row("demo@size=-32", "size");
    row("demo@size=100000", "size");
    row("demo@size=32x", "32x");
    row("demo@width=0", "width");
    row("demo@width=nan", "width");
    row("demo@width=1e9", "width");
    row("demo@classes=1", "classes");
    row("demo@classes=99999999999999999999", "classes");
    row("demo@seed=-1", "seed");
}

void TestZoo::bad_specs_are_refused() {
    QFETCH(QString, spec);
    QFETCH(QString, mentions);
    const auto graph = zoo::build(spec.toStdString());
    QVERIFY(!graph);
    QVERIFY(graph.error().code == ErrorCode::invalid_input);
    QVERIFY2(QString::fromStdString(graph.error().to_line()).contains(mentions),
             graph.error().to_line().c_str());
}

QTEST_APPLESS_MAIN(TestZoo)
#include "tst_zoo.moc"
