// The network in resources/demo is the trained form of zoo:demo, and it is worth showing.

#include "core/base/resource.h"
#include "core/data/synthetic.h"
#include "core/graph/layer_work.h"
#include "core/graph/zoo.h"
#include "core/onnx/import.h"
#include "core/train/validation.h"

#include <QTest>

using namespace widthwise;

class TestDemoNetwork : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void is_small();
    void has_the_architecture_of_the_zoo();
    void recognises_the_test_images();

private:
    GraphPtr m_graph;
};

void TestDemoNetwork::initTestCase() {
    const auto imported = onnx::import_model_bytes(resource("demo/demo.onnx"), "demo");
    QVERIFY2(imported, imported ? "" : imported.error().to_line().c_str());
    m_graph = imported->graph;
}

void TestDemoNetwork::is_small() {
    const size_t bytes = resource("demo/demo.onnx").size();
    QVERIFY(bytes > 0 && bytes < 500'000);
}

void TestDemoNetwork::has_the_architecture_of_the_zoo() {
    const GraphPtr untrained = *zoo::build("demo");
    QCOMPARE(m_graph->nodes().size(), untrained->nodes().size());
    for (size_t i = 0; i < untrained->nodes().size(); ++i) {
        const Node& trained = m_graph->nodes()[i];
        const Node& built = untrained->nodes()[i];
        QCOMPARE(trained.name, built.name);
        QVERIFY2(trained.op == built.op && trained.attributes == built.attributes, built.name.c_str());
    }
    QCOMPARE(graph_totals(*m_graph).parameters, graph_totals(*untrained).parameters);
}

void TestDemoNetwork::recognises_the_test_images() {
    const DatasetPtr images = demo_test();
    const auto model = train::Model::create(m_graph, {});
    QVERIFY(model);
    auto validation = train::Validation::create(**model, *images, 2);
    QVERIFY(validation);
    const auto top1 = (*validation)->top1(**model, (*model)->running, {});
    QVERIFY(top1);
    QVERIFY2(*top1 >= 0.93 && *top1 <= 0.99, qPrintable(QString::number(*top1)));
}

QTEST_APPLESS_MAIN(TestDemoNetwork)
#include "tst_demo_network.moc"
