#include "core/engine/reference_engine.h"
#include "core/graph/layer_work.h"
#include "core/graph/zoo.h"
#include "core/onnx/import.h"
#include "core/passes/channel_labels.h"
#include "core/passes/compression_layers.h"
#include "core/passes/prune_channels.h"
#include "passes_fixture.h"
#include "tests/support/test_data.h"

using namespace widthwise;
using namespace widthwise::test;
using passes::ChannelLabels;
using passes::Compressed;
using passes::LayerChange;

namespace {

Compressed pruned(const GraphPtr& graph, double share, const std::vector<std::string>& names = {}) {
    const auto layers = passes::chosen_layers(*graph, names, true).value();
    auto result = passes::prune_channels(graph, {share}, layers, {});
    if (!result) qFatal("%s", result.error().to_line().c_str());
    return std::move(*result);
}

const LayerChange& change_of(const Compressed& compressed, const std::string& layer) {
    for (const LayerChange& change : compressed.layers)
        if (change.layer == layer) return change;
    qFatal("no change of %s", layer.c_str());
}

int64_t channels(const Graph& graph, const std::string& layer) {
    const Node& node = graph.node(graph.find_node(layer));
    const Shape& shape = graph.value(node.output()).shape;
    return node.op == Op::gemm ? shape[shape.rank() - 1] : shape[1];
}

/// The network with all weights, biases and BatchNormalizations of the channels that went set to zero.
GraphPtr with_dead_channels(const GraphPtr& graph, const Compressed& compressed) {
    const ChannelLabels labels(*graph);
    std::vector<bool> gone(static_cast<size_t>(labels.sets().size()), false);
    for (const LayerChange& change : compressed.layers) {
        if (change.kept_channels.empty()) continue;
        const auto& all = labels.at(graph->node(graph->find_node(change.layer)).output()).channels;
        for (size_t c = 0; c < all.size(); ++c)
            if (!std::binary_search(change.kept_channels.begin(), change.kept_channels.end(),
                                    static_cast<int64_t>(c)))
                gone[static_cast<size_t>(labels.sets().root(all[c]))] = true;
    }
    std::map<ValueId, std::vector<float>> constants;
    for (const NodeId id : graph->node_ids()) {
        const Node& node = graph->node(id);
        const auto& all = labels.at(node.output()).channels;
        const bool normalizes = node.op == Op::batch_norm;
        if (all.empty() || (!normalizes && !is_weighted(*graph, id))) continue;
        for (const size_t input : {size_t{1}, size_t{2}}) {
            if (input >= node.inputs.size()) continue;
            std::vector<float> values = graph->value(node.inputs[input]).constant->to_f32();
            const bool transposed = node.op == Op::conv_transpose && input == 1; // I x O x ...
            const size_t outer = transposed ? static_cast<size_t>(graph->value(node.inputs[1]).shape[0]) : 1;
            const size_t each = values.size() / all.size() / outer;
            for (size_t i = 0; i < values.size(); ++i)
                if (gone[static_cast<size_t>(labels.sets().root(all[i / each % all.size()]))]) values[i] = 0;
            constants[node.inputs[input]] = std::move(values);
        }
    }
    return passes::with_constants(*graph, std::move(constants)).value();
}

/// Each operation in plain loops: sums skip what is not there, and are the same without zeros.
std::vector<float> plain_outputs(const GraphPtr& graph, uint64_t seed) {
    const auto program = engine::lower(*graph, {}).value();
    engine::ReferenceEngine reference(program);
    Rng rng(seed);
    std::vector<float> image(static_cast<size_t>(graph->value(graph->inputs()[0]).shape.elements()));
    for (float& v : image) v = static_cast<float>(rng.normal());
    reference.run(image);
    const auto output = reference.output();
    return {output.begin(), output.end()};
}

/// Channels that are zero anyway can go: the outputs are the same, bit for bit.
void expect_dead_channels_go(const GraphPtr& graph, double share) {
    const Compressed first = pruned(graph, share);
    const GraphPtr dead = with_dead_channels(graph, first);
    const Compressed second = pruned(dead, share);
    for (const LayerChange& change : first.layers)
        QCOMPARE(change_of(second, change.layer).kept_channels, change.kept_channels);
    QVERIFY(graph_totals(*second.graph).macs < graph_totals(*graph).macs);
    QCOMPARE(plain_outputs(second.graph, 5), plain_outputs(dead, 5));
}

std::array<int64_t, 3> image_of(const Graph& graph) {
    const Shape& shape = graph.value(graph.inputs()[0]).shape;
    if (shape.rank() == 4) return {shape[1], shape[2], shape[3]};
    return {1, 1, shape.elements()};
}

/// It gets smaller, still runs, and where the channels are zero anyway computes the same.
void expect_smaller(const GraphPtr& graph, int64_t images) {
    const Compressed result = pruned(graph, 0.3);
    const GraphTotals before = graph_totals(*graph), after = graph_totals(*result.graph);
    QVERIFY2(after.macs < before.macs, "no fewer MACs");
    QVERIFY(after.parameters < before.parameters);
    QCOMPARE(result.graph->nodes().size(), graph->nodes().size());
    int64_t macs = before.macs;
    for (const LayerChange& change : result.layers) {
        macs -= change.macs_before - change.macs_after;
        QVERIFY2(!change.note.empty() || change.weights_before != change.weights_after, change.layer.c_str());
    }
    QCOMPARE(macs, after.macs);
    if (graph->inputs().size() != 1) return;
    const NoiseImages data(images, image_of(*graph), 0.1);
    const GraphPtr dead = with_dead_channels(graph, result);
    const GraphPtr again = pruned(dead, 0.3).graph;
    QCOMPARE(graph_totals(*again).macs, after.macs);
    const auto wanted = outputs_of(dead, {}, data), got = outputs_of(again, {}, data);
    const double error = relative_error(wanted, got);
    QVERIFY2(error < 1e-4 || (std::isnan(error) && wanted == got), qPrintable(QString::number(error)));
}

} // namespace

class TestPruneChannels : public QObject {
    Q_OBJECT
private slots:
    void a_chain() {
        Net net(1);
        ValueId x = net.builder.input("x", {1, 3, 8, 8});
        x = net.relu(net.batch_norm(net.conv(x, 10, 3, 1, "a")));
        x = net.relu(net.conv(x, 20, 3, 1, "b"));
        const GraphPtr graph = net.finish(net.head(x, 4));
        const Compressed result = pruned(graph, 0.3);
        QCOMPARE(channels(*result.graph, "a"), 7);
        QCOMPARE(channels(*result.graph, "b"), 14);
        QCOMPARE(change_of(result, "a").note, std::string("3 of 10 channels removed"));
        QCOMPARE(change_of(result, "a").kept_channels.size(), size_t{7});
        QCOMPARE(change_of(result, "a").weights_after, 7 * 27);
        QCOMPARE(change_of(result, "b").weights_after, 14 * 7 * 9);
        QCOMPARE(change_of(result, "b").macs_after, 14 * 7 * 9 * 64);
        QCOMPARE(channels(*pruned(graph, 0.7).graph, "a"), 3); // 0.7 x 10 is 7, whatever floats say
        expect_dead_channels_go(graph, 0.3);
        expect_dead_channels_go(graph, 0.9);
    }
    void the_smallest_norms_go() {
        Net net(1);
        ValueId x = net.builder.input("x", {1, 1, 2, 2});
        const ValueId w = net.constant({4, 1, 1, 2}, {3, -3, 1, -1, 4, 0, -2, 1});
        x = net.add(Op::conv, "Conv", ConvAttributes{{1, 2}, {1, 1}, {}, {1, 1}, 1}, {x, w}, "a");
        const GraphPtr graph = net.finish(net.head(x, 2));
        QCOMPARE(change_of(pruned(graph, 0.25), "a").kept_channels, (std::vector<int64_t>{0, 2, 3}));
        QCOMPARE(change_of(pruned(graph, 0.5), "a").kept_channels, (std::vector<int64_t>{0, 2}));
    }
    void the_network_gives_its_classes_out() {
        Net net(1);
        const ValueId x = net.relu(net.conv(net.builder.input("x", {1, 3, 8, 8}), 10, 3, 1, "a"));
        const GraphPtr graph = net.finish(net.head(x, 40));
        const Compressed result = pruned(graph, 0.5);
        const std::string last = graph->nodes().back().name;
        QCOMPARE(channels(*result.graph, last), 40);
        QVERIFY(change_of(result, last).note.find("gives its channels out") != std::string::npos);
    }
    void residual_adds_tie_channels() {
        Net net(2);
        ValueId x = net.builder.input("x", {1, 3, 8, 8});
        x = net.relu(net.conv(x, 10, 3, 1, "stem"));
        const ValueId y = net.conv(net.relu(net.conv(x, 6, 1, 1, "inner")), 10, 3, 1, "last");
        const GraphPtr graph = net.finish(net.head(net.relu(net.add(Op::add, "Add", {}, {x, y})), 4));
        const Compressed result = pruned(graph, 0.4);
        QCOMPARE(change_of(result, "stem").kept_channels, change_of(result, "last").kept_channels);
        QCOMPARE(channels(*result.graph, "stem"), 6);
        QCOMPARE(channels(*result.graph, "inner"), 4);
        // Of the sum of norms, not of either.
        QVERIFY(channels(*pruned(graph, 0.4, {"inner"}).graph, "stem") == 10);
        QVERIFY(channels(*pruned(graph, 0.4, {"last"}).graph, "stem") == 6);
        expect_dead_channels_go(graph, 0.4);
    }
    /// resnet's shortcut without weights: every other pixel, and zeros for the channels that are new.
    void padded_shortcuts() {
        Net net(3);
        ValueId x = net.builder.input("x", {1, 3, 8, 8});
        x = net.relu(net.conv(x, 8, 3, 1, "first"));
        const ValueId thin =
            net.add(Op::slice, "Slice", SliceAttributes{{0, 0, 0, 0}, {1, 8, 8, 8}, {1, 1, 2, 2}}, {x});
        const ValueId wide =
            net.add(Op::pad, "Pad", PadAttributes{{0, 4, 0, 0}, {0, 4, 0, 0}, 0}, {thin}, "pad");
        const ConvAttributes a{{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 1};
        const ValueId y = net.add(Op::conv, "Conv", a, {x, net.weights({16, 8, 3, 3})}, "second");
        const GraphPtr graph = net.finish(net.head(net.relu(net.add(Op::add, "Add", {}, {wide, y})), 4));
        const Compressed result = pruned(graph, 0.5);
        QCOMPARE(channels(*result.graph, "first"), 4);
        QCOMPARE(channels(*result.graph, "second"), 8);
        const auto& pad =
            std::get<PadAttributes>(result.graph->node(result.graph->find_node("pad")).attributes);
        QCOMPARE(pad.before[1] + pad.after[1], 4);
        for (const double share : {0.2, 0.5, 0.8}) expect_dead_channels_go(graph, share);
    }
    void depthwise_layers_follow_their_input() {
        Net net(4);
        ValueId x = net.builder.input("x", {1, 3, 8, 8});
        x = net.relu(net.batch_norm(net.conv(x, 10, 1, 1, "expand")));
        x = net.clip(net.batch_norm(net.conv(x, 10, 3, 10, "depthwise")), 6);
        x = net.relu(net.conv(x, 20, 3, 10, "twice")); // two outputs of each input
        x = net.batch_norm(net.conv(x, 8, 1, 1, "project"));
        const GraphPtr graph = net.finish(net.head(x, 4));
        const Compressed result = pruned(graph, 0.3);
        QCOMPARE(change_of(result, "expand").kept_channels, change_of(result, "depthwise").kept_channels);
        QCOMPARE(channels(*result.graph, "twice"), 14);
        const Node& depthwise = result.graph->node(result.graph->find_node("depthwise"));
        QCOMPARE(std::get<ConvAttributes>(depthwise.attributes).group, 7);
        expect_dead_channels_go(graph, 0.3);
    }
    void groups_lose_the_same_positions() {
        Net net(5);
        ValueId x = net.builder.input("x", {1, 3, 8, 8});
        x = net.relu(net.conv(x, 12, 1, 1, "before"));
        x = net.relu(net.conv(x, 16, 3, 2, "groups"));
        const GraphPtr graph = net.finish(net.head(net.conv(x, 8, 1, 1, "after"), 4));
        const Compressed result = pruned(graph, 0.5);
        QCOMPARE(channels(*result.graph, "before"), 6);
        QCOMPARE(channels(*result.graph, "groups"), 8);
        const Node& groups = result.graph->node(result.graph->find_node("groups"));
        QCOMPARE(std::get<ConvAttributes>(groups.attributes).group, 2);
        QCOMPARE(result.graph->value(groups.inputs[1]).shape, (Shape{8, 3, 3, 3}));
        expect_dead_channels_go(graph, 0.5);
    }
    void channel_shuffle_and_split() {
        Net net(6);
        ValueId x = net.builder.input("x", {1, 3, 6, 6});
        x = net.relu(net.conv(x, 16, 3, 1, "stem"));
        const ValueId left =
            net.add(Op::slice, "Slice", SliceAttributes{{0, 0, 0, 0}, {1, 8, 6, 6}, {1, 1, 1, 1}}, {x});
        const ValueId right =
            net.add(Op::slice, "Slice", SliceAttributes{{0, 8, 0, 0}, {1, 16, 6, 6}, {1, 1, 1, 1}}, {x});
        const ValueId y = net.relu(net.conv(right, 8, 1, 1, "branch"));
        x = net.add(Op::concat, "Concat", ConcatAttributes{1}, {left, y});
        x = net.add(Op::reshape, "Reshape", ReshapeAttributes{{1, 2, 8, 6, 6}}, {x});
        x = net.add(Op::transpose, "Transpose", TransposeAttributes{{0, 2, 1, 3, 4}}, {x});
        x = net.add(Op::reshape, "Reshape", ReshapeAttributes{{1, 16, 6, 6}}, {x});
        x = net.relu(net.conv(x, 8, 3, 2, "groups"));
        const GraphPtr graph = net.finish(net.head(x, 4));
        for (const double share : {0.3, 0.5}) expect_dead_channels_go(graph, share);
    }
    void squeeze_and_excite() {
        Net net(7);
        ValueId x = net.builder.input("x", {1, 3, 8, 8});
        x = net.relu(net.conv(x, 12, 3, 1, "main"));
        ValueId gate = net.add(Op::global_average_pool, "GlobalAveragePool", {}, {x});
        gate = net.relu(net.conv(gate, 6, 1, 1, "squeeze"));
        gate = net.add(Op::sigmoid, "Sigmoid", {}, {net.conv(gate, 12, 1, 1, "excite")});
        x = net.add(Op::mul, "Mul", {}, {x, gate});
        const GraphPtr graph = net.finish(net.head(x, 4));
        const Compressed result = pruned(graph, 0.5);
        QCOMPARE(channels(*result.graph, "squeeze"), 3);
        QCOMPARE(change_of(result, "main").kept_channels, change_of(result, "excite").kept_channels);
        expect_dead_channels_go(graph, 0.5);
    }
    void flatten_gives_each_channel_a_run() {
        Net net(8);
        ValueId x = net.relu(net.conv(net.builder.input("x", {1, 2, 4, 4}), 6, 3, 1, "conv"));
        x = net.add(Op::max_pool, "MaxPool", PoolAttributes{{2, 2}, {2, 2}, {}, false, false}, {x});
        x = net.add(Op::reshape, "Flatten", ReshapeAttributes{{1, 24}}, {x}, "flatten");
        x = net.relu(
            net.add(Op::gemm, "Gemm", {}, {x, net.weights({10, 24}), net.vector(10, -1, 1)}, "hidden"));
        const GraphPtr graph =
            net.finish(net.add(Op::gemm, "Gemm", {}, {x, net.weights({4, 10})}, "classes"));
        const Compressed result = pruned(graph, 0.5);
        QCOMPARE(result.graph->value(result.graph->node(result.graph->find_node("hidden")).inputs[1]).shape,
                 (Shape{5, 12}));
        expect_dead_channels_go(graph, 0.5);
    }
    void moves_of_channels() {
        Net net(9);
        ValueId x = net.relu(net.conv(net.builder.input("x", {1, 2, 4, 4}), 16, 3, 1, "conv"));
        x = net.add(Op::depth_to_space, "DepthToSpace", BlockAttributes{2, false}, {x});
        x = net.add(Op::space_to_depth, "SpaceToDepth", BlockAttributes{2, false}, {x});
        x = net.add(Op::depth_to_space, "DepthToSpace", BlockAttributes{2, true}, {x}); // 4 x 8 x 8
        x = net.relu(net.conv(x, 8, 1, 1, "inner"));
        x = net.add(Op::gather, "Gather", GatherAttributes{1, {7, 0, 3, 3, 5, 1, 2, 4, 6}, false}, {x});
        x = net.add(Op::expand, "Tile", ExpandAttributes{{1, 18, 8, 8}, true}, {x});
        x = net.add(Op::add, "Add", {}, {x, net.vector(1, -1, 1)});
        const Shape each{18, 1, 1};
        x = net.add(Op::mul, "Mul", {}, {x, net.constant(each, std::vector<float>(18, 1.5F))});
        x = net.add(Op::prelu, "PRelu", {}, {x, net.constant(each, std::vector<float>(18, 0.25F))});
        x = net.add(Op::reduce_mean, "ReduceMean", ReduceAttributes{{2, 3}, false, Reduction::mean}, {x});
        const GraphPtr graph =
            net.finish(net.add(Op::gemm, "Gemm", {}, {x, net.weights({3, 18})}, "classes"));
        const Compressed result = pruned(graph, 0.3);
        QVERIFY(channels(*result.graph, "inner") < 8);
        QVERIFY(graph_totals(*result.graph).macs < graph_totals(*graph).macs);
        QCOMPARE(plain_outputs(result.graph, 1).size(), size_t{3});
    }
    void transposed_convolutions() {
        Net net(10);
        ValueId x = net.relu(net.conv(net.builder.input("x", {1, 2, 4, 4}), 8, 3, 1, "conv"));
        const ConvTransposeAttributes a{{{2, 2}, {2, 2}, {}, {1, 1}, 1}, {}};
        x = net.add(Op::conv_transpose, "ConvTranspose", a,
                    {x, net.weights({8, 6, 2, 2}), net.vector(6, 0, 1)}, "up");
        const GraphPtr graph = net.finish(net.head(net.relu(x), 3));
        const Compressed result = pruned(graph, 0.5);
        QCOMPARE(result.graph->value(result.graph->node(result.graph->find_node("up")).inputs[1]).shape,
                 (Shape{4, 3, 2, 2}));
        expect_dead_channels_go(graph, 0.5);
    }
    void what_works_across_channels_keeps_them() {
        Net net(11);
        ValueId x = net.relu(net.conv(net.builder.input("x", {1, 3, 8, 8}), 10, 3, 1, "normalized"));
        x = net.add(Op::lrn, "LRN", LrnAttributes{}, {x}, "norm");
        const GraphPtr graph = net.finish(net.head(net.relu(net.conv(x, 10, 3, 1, "free")), 4));
        const Compressed result = pruned(graph, 0.5);
        QCOMPARE(channels(*result.graph, "normalized"), 10);
        QCOMPARE(channels(*result.graph, "free"), 5);
        QCOMPARE(change_of(result, "normalized").note, std::string("'norm' (LRN) works across channels"));
        expect_dead_channels_go(graph, 0.5);
    }
    void a_channel_always_stays() {
        Net net(12);
        ValueId x = net.relu(net.conv(net.builder.input("x", {1, 3, 8, 8}), 8, 3, 1, "conv"));
        // Of the two halves only one would be left by the norms.
        const ValueId half =
            net.add(Op::slice, "Slice", SliceAttributes{{0, 0, 0, 0}, {1, 2, 8, 8}, {1, 1, 1, 1}}, {x});
        const GraphPtr graph = net.finish(net.head(half, 4));
        const Compressed result = pruned(graph, 0.99);
        QVERIFY(channels(*result.graph, "conv") >= 1);
        QCOMPARE(plain_outputs(result.graph, 1).size(), size_t{4});
    }

    void built_in_networks_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("size");
        for (const zoo::Entry& entry : zoo::entries()) {
            const int64_t small =
                entry.size_unit == "pixels" ? std::max<int64_t>(entry.smallest_size, 32) : entry.size;
            QTest::newRow(std::string(entry.name).c_str())
                << QString::fromStdString(std::string(entry.name)) << static_cast<int>(small);
        }
    }
    void built_in_networks() {
        QFETCH(QString, name);
        QFETCH(int, size);
        const auto graph = zoo::build(QString("%1@size=%2,width=0.5").arg(name).arg(size).toStdString());
        if (!graph) qFatal("%s", graph.error().to_line().c_str());
        expect_smaller(*graph, 2);
    }
    void real_networks_data() {
        QTest::addColumn<QString>("name");
        for (const char* name :
             {"resnet8", "resnet20", "resnet32", "mobilenet-cifar", "vww-mobilenet", "mnist-cnn",
              "squeezenet", "ultraface-rfb320", "espcn-subpixel-qonnx", "resnet20-qdq", "resnet8-int8-qdq",
              "mobilenet-v1-0.5-160-qdq", "mobilenet-v2-dynamic-int8", "TFC_2W2A"})
            QTest::newRow(name) << name;
    }
    void real_networks() {
        QFETCH(QString, name);
        const auto file = data_dir() / "models" / (name.toStdString() + ".onnx");
        WIDTHWISE_NEED(file);
        const auto model = onnx::import_model(file);
        if (!model) qFatal("%s", model.error().to_line().c_str());
        if (model->graph->first_unsupported().valid()) QSKIP("not all of it runs");
        expect_smaller(model->graph, 1);
    }
};

QTEST_GUILESS_MAIN(TestPruneChannels)
#include "tst_prune_channels.moc"
