// What is trained of a graph, and what is refused by name; where its numbers lie.

#include "core/graph/zoo.h"
#include "core/onnx/import.h"
#include "core/train/parameters.h"
#include "core/train/trainability.h"
#include "tests/core/train/toy_problem.h"
#include "tests/support/test_data.h"

#include <QTest>

#include <set>

using namespace widthwise;
using namespace widthwise::train;

namespace {

struct Builder : GraphBuilder {
    explicit Builder(Shape in = {1, 4, 6, 6}) : GraphBuilder("net", 13) { x = input("x", std::move(in)); }
    ValueId numbers(const std::string& name, Shape shape) {
        const auto count = static_cast<size_t>(shape.elements());
        return constant(name, std::make_shared<const Tensor>(
                                  Tensor::from_f32(std::move(shape), std::vector<float>(count, 1))));
    }
    void then(Op op, const std::string& name, Attributes attributes, std::vector<ValueId> inputs) {
        x = *add(op, name, name, std::move(attributes), std::move(inputs));
    }
    GraphPtr classify() {
        then(Op::reshape, "flat", ReshapeAttributes{{1, value(x).shape.elements()}}, {x});
        output(x);
        return *build();
    }
    ValueId x;
};

std::string culprit(const GraphPtr& graph) {
    const auto scope = training_scope(*graph);
    return scope ? "" : scope.error().code == ErrorCode::unsupported ? scope.error().where : "invalid";
}

} // namespace

class TestTrainability : public QObject {
    Q_OBJECT
private slots:
    void untrainable_nodes_are_named();
    void networks_of_the_zoo_can_be_trained_data();
    void networks_of_the_zoo_can_be_trained();
    void published_networks_can_be_trained_data();
    void published_networks_can_be_trained();
    void softmax_at_the_end_is_left_out();
    void what_the_output_does_not_read_is_left_out();
    void outputs_that_are_no_scores_are_refused();
    void every_number_has_its_place();
    void shared_constants_stand_once();
};

void TestTrainability::untrainable_nodes_are_named() {
    Builder along_width;
    along_width.then(Op::reduce_mean, "rows", ReduceAttributes{{3}, true}, {along_width.x});
    QCOMPARE(culprit(along_width.classify()), std::string("rows"));

    Builder ranks;
    ranks.then(Op::reshape, "rows", ReshapeAttributes{{1, 24, 6}}, {ranks.x});
    const ValueId rows = ranks.x;
    ranks.then(Op::reshape, "columns", ReshapeAttributes{{1, 24, 1, 6}}, {rows});
    ranks.then(Op::add, "mixed", {}, {ranks.x, rows});
    QCOMPARE(culprit(ranks.classify()), std::string("mixed"));

    Builder divided;
    const ValueId maps = divided.x;
    divided.then(Op::sigmoid, "gate", {}, {maps});
    divided.then(Op::div, "ratio", {}, {maps, divided.x});
    QCOMPARE(culprit(divided.classify()), std::string("ratio"));

    Builder erf;
    erf.then(Op::function, "erf", FunctionAttributes{Function::erf}, {erf.x});
    QCOMPARE(culprit(erf.classify()), std::string("erf"));

    Builder even;
    even.then(Op::lrn, "even window", LrnAttributes{4}, {even.x});
    QCOMPARE(culprit(even.classify()), std::string("even window"));

    Builder odd_pool;
    odd_pool.then(Op::average_pool, "overhang", PoolAttributes{{3, 3}, {2, 2}, {0, 0, 0, 0}, true, true},
                  {odd_pool.x});
    QCOMPARE(culprit(odd_pool.classify()), std::string("overhang"));

    Builder early_softmax;
    early_softmax.then(Op::softmax, "attention", SoftmaxAttributes{1, false}, {early_softmax.x});
    QCOMPARE(culprit(early_softmax.classify()), std::string("attention"));

    Builder foreign;
    Value out;
    out.name = "y";
    out.shape = {1, 4, 6, 6};
    foreign.x = foreign.add_unsupported("Einsum", "mix", "no kernel", {foreign.x}, {out}).front();
    QCOMPARE(culprit(foreign.classify()), std::string("mix"));
}

void TestTrainability::networks_of_the_zoo_can_be_trained_data() {
    QTest::addColumn<QString>("name");
    for (const zoo::Entry& entry : zoo::entries())
        if (entry.classes > 0)
            QTest::newRow(std::string(entry.name).c_str()) << QString::fromStdString(std::string(entry.name));
}

void TestTrainability::networks_of_the_zoo_can_be_trained() {
    QFETCH(QString, name);
    const auto graph = zoo::build(name.toStdString(), zoo::Weights::zero);
    QVERIFY(graph);
    const auto scope = training_scope(**graph);
    QVERIFY2(scope, scope ? "" : scope.error().to_line().c_str());
}

void TestTrainability::published_networks_can_be_trained_data() {
    QTest::addColumn<QString>("file");
    for (const char* file :
         {"resnet8", "resnet20", "resnet32", "mobilenet-cifar", "squeezenet", "vww-mobilenet", "mnist-cnn"})
        QTest::newRow(file) << QString(file) + ".onnx";
}

void TestTrainability::published_networks_can_be_trained() {
    QFETCH(QString, file);
    const auto path = test::data_dir() / "models" / file.toStdString();
    WIDTHWISE_NEED(path);
    const auto model = onnx::import_model(path);
    QVERIFY(model);
    const auto scope = training_scope(*model->graph);
    QVERIFY2(scope, scope ? "" : scope.error().to_line().c_str());
    QCOMPARE(scope->classes, model->graph->value(scope->logits).shape[1]);
}

void TestTrainability::softmax_at_the_end_is_left_out() {
    Builder net;
    net.then(Op::reshape, "flat", ReshapeAttributes{{1, 144}}, {net.x});
    const ValueId logits = net.x;
    net.then(Op::softmax, "softmax", SoftmaxAttributes{1, false}, {net.x});
    net.then(Op::identity, "output", {}, {net.x});
    net.output(net.x);
    const GraphPtr graph = *net.build();
    const auto scope = training_scope(*graph);
    QVERIFY(scope);
    QVERIFY(scope->logits == logits);
    QCOMPARE(scope->nodes.size(), size_t{1});
    QCOMPARE(scope->classes, int64_t{144});
}

void TestTrainability::what_the_output_does_not_read_is_left_out() {
    Builder net;
    const ValueId input = net.x;
    net.then(Op::sigmoid, "unused", {}, {input});
    net.x = input;
    const GraphPtr graph = net.classify();
    const auto scope = training_scope(*graph);
    QVERIFY(scope);
    QCOMPARE(scope->nodes.size(), size_t{1});
}

void TestTrainability::outputs_that_are_no_scores_are_refused() {
    Builder maps;
    maps.then(Op::relu, "relu", {}, {maps.x});
    maps.output(maps.x);
    QCOMPARE(culprit(*maps.build()), std::string("invalid"));
    Builder single({1, 1, 1, 1});
    QCOMPARE(culprit(single.classify()), std::string("invalid")); // one class
    Builder two;
    const ValueId input = two.x;
    two.then(Op::relu, "relu", {}, {input});
    two.output(two.x);
    QCOMPARE(culprit(two.classify()), std::string("invalid")); // two outputs
}

void TestTrainability::every_number_has_its_place() {
    const GraphPtr graph = test::toy_network();
    const ParameterLayout layout(*graph);
    int64_t trained = 0, statistics = 0;
    std::set<std::pair<int64_t, int64_t>> taken;
    for (const Node& node : graph->nodes())
        for (size_t i = 1; i < node.inputs.size(); ++i) {
            const Value& value = graph->value(node.inputs[i]);
            if (!value.constant) continue;
            const bool statistic = node.op == Op::batch_norm && i > 2;
            const Slice slice =
                statistic ? layout.statistics(node.inputs[i]) : layout.trained(node.inputs[i]);
            QCOMPARE(slice.size, value.shape.elements());
            QVERIFY(taken.insert({statistic, slice.offset}).second);
            (statistic ? statistics : trained) += slice.size;
        }
    QCOMPARE(layout.trained_size(), trained);
    QCOMPARE(layout.statistics_size(), statistics);

    // Out and in again is the identity; other numbers arrive where they belong.
    std::vector<float> numbers = layout.read_trained(*graph);
    std::vector<float> running = layout.read_statistics(*graph);
    for (float& v : numbers) v += 1;
    for (float& v : running) v *= 2;
    const auto rebuilt = layout.rebuild(*graph, numbers, running);
    QVERIFY(rebuilt);
    const ParameterLayout again(**rebuilt);
    QVERIFY(again.read_trained(**rebuilt) == numbers);
    QVERIFY(again.read_statistics(**rebuilt) == running);
}

void TestTrainability::shared_constants_stand_once() {
    Builder net;
    const ValueId weights = net.numbers("w", {4, 4, 1, 1});
    net.then(Op::conv, "first", ConvAttributes{}, {net.x, weights});
    net.then(Op::conv, "second", ConvAttributes{}, {net.x, weights});
    const GraphPtr graph = net.classify();
    const ParameterLayout layout(*graph);
    QCOMPARE(layout.trained_size(), int64_t{16});
    QCOMPARE(layout.decayed().size(), size_t{1});
}

QTEST_APPLESS_MAIN(TestTrainability)
#include "tst_trainability.moc"
