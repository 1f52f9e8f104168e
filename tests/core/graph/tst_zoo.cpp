// The built-in networks: what they are made of, their options and their seeds.

#include "core/graph/layer_work.h"
#include "core/graph/zoo.h"

#include <QTest>

#include <algorithm>
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
    void binary_demo_takes_no_signs_of_a_relu();
    void options();
    void every_network_takes_every_option_data();
    void every_network_takes_every_option();
    void smallest_sizes_data();
    void smallest_sizes();
    void widths_keep_what_they_promise();
    void seeds();
    void large_networks_are_he_initialised();
    void zero_weights();
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

void TestZoo::binary_demo_takes_no_signs_of_a_relu() {
    const auto built = zoo::build("demo-binary");
    QVERIFY(built);
    const Graph& graph = **built;
    QCOMPARE(weighted_layers(graph), int64_t{8});
    // By hand: 442368 stem + 1179648 (16 -> 32) + 2359296 (32 -> 32), the two again at twice the channels and
    // half the side, and once more, + 1536 classifier.
    QCOMPARE(graph_totals(graph).macs, int64_t{442368 + 3 * (1179648 + 2359296) + 1536});
    int clips = 0, adds = 0;
    for (const Node& node : graph.nodes()) {
        if (node.op == Op::relu) QCOMPARE(node.name, std::string("head/relu"));
        clips += node.op == Op::clip;
        adds += node.op == Op::add;
        if (node.op != Op::conv || node.name == "stem/conv") continue;
        const NodeId before = graph.producer(node.inputs.front());
        QVERIFY2(graph.node(before).op == Op::clip, node.name.c_str());
        const auto& clip = std::get<ClipAttributes>(graph.node(before).attributes);
        QVERIFY(clip.lo == -1 && clip.hi == 1);
    }
    QCOMPARE(clips, 6);
    QCOMPARE(adds, 6);
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

void TestZoo::every_network_takes_every_option_data() {
    QTest::addColumn<int>("index");
    for (size_t i = 0; i < zoo::entries().size(); ++i)
        QTest::newRow(std::string(zoo::entries()[i].name).c_str()) << static_cast<int>(i);
}

void TestZoo::every_network_takes_every_option() {
    QFETCH(int, index);
    const zoo::Entry& entry = zoo::entries()[static_cast<size_t>(index)];
    const std::string name(entry.name);
    QVERIFY(!entry.description.empty() && !entry.source.empty());
    const zoo::Published& published = entry.published;
    QCOMPARE(published.dataset.empty(), published.source.empty());
    QCOMPARE(published.dataset.empty(), !published.top1 && !published.top5);
    if (published.top1 && published.top5) QVERIFY(*published.top1 > 0.5 && *published.top1 < *published.top5);

    const auto full = zoo::build(name, zoo::Weights::zero);
    QVERIFY2(full, full ? "" : full.error().to_line().c_str());
    const auto extent_of = [](const Graph& graph) {
        const Shape& input = graph.value(graph.inputs().front()).shape;
        return input[input.rank() > 2 ? 2 : 1];
    };
    QCOMPARE((*full)->name(), name);
    QCOMPARE(extent_of(**full), entry.size);
    const GraphTotals all = graph_totals(**full);
    QVERIFY(all.parameters > 0 && all.macs > 0);
    std::set<std::string> names;
    for (const Node& node : (*full)->nodes()) {
        names.insert(node.name);
        QVERIFY2(node.op != Op::unsupported, node.name.c_str());
    }
    QCOMPARE(names.size(), (*full)->nodes().size());

    for (const char* width :
         {"0.05", "0.1", "0.25", "0.3", "0.35", "0.5", "0.6", "0.75", "1.1", "1.25", "1.3"})
        for (const int64_t size : {entry.smallest_size, entry.smallest_size + 1, entry.size + 3}) {
            const std::string spec = name + "@size=" + std::to_string(size) + ",width=" + width;
            const auto graph = zoo::build(spec, zoo::Weights::zero);
            QVERIFY2(graph, graph ? "" : graph.error().to_line().c_str());
            QCOMPARE(extent_of(**graph), size);
            if (std::string_view(width) < "0.6" && size <= entry.size)
                QVERIFY2(graph_totals(**graph).parameters < all.parameters, spec.c_str());
        }
    const auto classes = zoo::build(name + "@classes=7", zoo::Weights::zero);
    QCOMPARE(classes.has_value(), entry.classes != 0);
    if (entry.classes == 0) {
        QVERIFY(classes.error().message.find("does not apply") != std::string::npos);
        return;
    }
    QVERIFY((*full)->value((*full)->outputs().front()).shape == Shape({1, entry.classes}));
    QVERIFY((*classes)->value((*classes)->outputs().front()).shape == Shape({1, 7}));
}

void TestZoo::smallest_sizes_data() {
    QTest::addColumn<qint64>("size");
    // "min_size" in the meta data of torchvision's weights.
    QTest::newRow("alexnet-torchvision") << qint64(63);
    QTest::newRow("vgg11") << qint64(32);
    QTest::newRow("vgg16") << qint64(32);
    QTest::newRow("googlenet-torchvision") << qint64(15);
    QTest::newRow("squeezenet-1.0") << qint64(21);
    QTest::newRow("squeezenet-1.1") << qint64(17);
    // Its last pool is 3x3 and needs 2 pixels, so that the others need 4, 8 and 16.
    QTest::newRow("googlenet") << qint64(31);
    // By hand: the three pools need 3, 7 and 15 pixels; 11 + 4 * 14 give those behind conv1.
    QTest::newRow("alexnet") << qint64(67);
    // 1 + 2 + 2, doubled, + 2 + 2, doubled, + 2 + 2.
    QTest::newRow("cnv") << qint64(32);
    // 5 doubled, + 4, doubled, + 4.
    QTest::newRow("lenet5") << qint64(32);
}

void TestZoo::smallest_sizes() {
    QFETCH(qint64, size);
    const std::string name = QTest::currentDataTag();
    QVERIFY(zoo::build(name + "@size=" + std::to_string(size), zoo::Weights::zero));
    const auto smaller = zoo::build(name + "@size=" + std::to_string(size - 1), zoo::Weights::zero);
    QVERIFY(!smaller);
    QVERIFY(smaller.error().remedy.find(std::to_string(size)) != std::string::npos);
}

void TestZoo::widths_keep_what_they_promise() {
    for (const zoo::Entry& entry : zoo::entries()) {
        for (const double width : {0.15, 0.4, 0.55, 0.85, 1.7}) {
            const std::string name(entry.name);
            const auto full = zoo::build(name, zoo::Weights::zero);
            const auto graph = zoo::build(name + "@width=" + std::to_string(width), zoo::Weights::zero);
            if (!graph) { // VGG: nothing else is that large
                QVERIFY2(graph.error().message.find("2 GiB") != std::string::npos, name.c_str());
                continue;
            }
            for (const Node& node : (*graph)->nodes()) {
                const NodeId twin = (*full)->find_node(node.name);
                if (node.op != Op::conv || !twin.valid()) continue;
                const int64_t before = (*full)->value((*full)->node(twin).inputs[1]).shape[0];
                const int64_t after = (*graph)->value(node.inputs[1]).shape[0];
                const bool outputs = before == entry.classes;
                // A concatenating unit computes what its shortcut does not bring; see its own test.
                if (outputs || name.starts_with("shufflenet")) continue;
                QVERIFY2(static_cast<double>(after) >= 0.8 * width * static_cast<double>(before) ||
                             after == before,
                         (name + " " + node.name).c_str());
            }
        }
    }
}

void TestZoo::large_networks_are_he_initialised() {
    const auto graph = *zoo::build("alexnet");
    const Node& node = graph->node(graph->find_node("fc6"));
    const std::span<const float> weights = graph->value(node.inputs[1]).constant->as<float>();
    double sum = 0, squares = 0;
    for (const float w : weights) sum += w, squares += static_cast<double>(w) * w;
    const auto count = static_cast<double>(weights.size()); // 4096 x 9216: drawn in 144 blocks
    QVERIFY(std::abs(sum / count) < 1e-5);
    QVERIFY(std::abs(squares / count / (2.0 / 9216) - 1) < 0.002);
    // Blocks do not repeat each other.
    const std::set<float> firsts = [&] {
        std::set<float> result;
        for (size_t i = 0; i < weights.size(); i += size_t{1} << 18) result.insert(weights[i]);
        return result;
    }();
    QCOMPARE(firsts.size(), size_t{144});
}

void TestZoo::zero_weights() {
    const auto graph = *zoo::build("vgg16", zoo::Weights::zero);
    const auto weights = graph->value(graph->nodes().front().inputs[1]).constant->as<float>();
    QVERIFY(std::ranges::all_of(weights, [](float w) { return w == 0; }));
    QCOMPARE(graph_totals(*graph).macs, graph_totals(**zoo::build("vgg16", zoo::Weights::zero)).macs);
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
    row("alexnet@size=32", "67");
    row("vgg16@size=31", "32");
    row("ad-autoencoder@classes=2", "does not apply");
    row("vgg16@size=4096,width=16", "2 GiB");
    row("lenet5@size=4096,width=16", "2 GiB");
    row("mobilnet-v2", "mobilenet-v2");
    row("resnet", "resnet8");
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
