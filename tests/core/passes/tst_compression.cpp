#include "core/graph/layer_work.h"
#include "core/passes/compression.h"
#include "passes_fixture.h"

using namespace widthwise;
using namespace widthwise::test;
using namespace widthwise::passes;

namespace {

GraphPtr network() {
    Net net(5);
    ValueId x = net.builder.input("x", {1, 3, 8, 8});
    x = net.relu(net.batch_norm(net.conv(x, 10, 3, 1, "stem")));
    x = net.relu(net.conv(x, 12, 3, 1, "block/a"));
    x = net.relu(net.conv(x, 12, 3, 1, "block/b"));
    return net.finish(net.head(x, 4));
}

std::vector<std::string> touched(const CompressionRequest& request) {
    const auto result = compress(network(), request, {});
    if (!result) qFatal("%s", result.error().to_line().c_str());
    std::vector<std::string> names;
    for (const LayerChange& change : result->layers) names.push_back(change.layer);
    return names;
}

} // namespace

class TestCompression : public QObject {
    Q_OBJECT
private slots:
    void methods_are_read() {
        const auto read = [](const char* text) { return parse_compression(text).value(); };
        QCOMPARE(read("0.5"), CompressionMethod(PruneWeights{0.5, true}));
        QCOMPARE(read("weights:0.25"), CompressionMethod(PruneWeights{0.25, true}));
        QCOMPARE(read("layer-weights:0.9"), CompressionMethod(PruneWeights{0.9, false}));
        QCOMPARE(read("2:4"), CompressionMethod(PruneNofM{2, 4}));
        QCOMPARE(read("channels:0.3"), CompressionMethod(PruneChannels{0.3}));
        QCOMPARE(read("low-rank:0.95"), CompressionMethod(LowRank{0.95}));
        QCOMPARE(read("share:4"), CompressionMethod(ShareWeights{4}));
        QCOMPARE(read("vectors:4x8"), CompressionMethod(QuantizeVectors{4, 8, false}));
        QCOMPARE(read("product:2x12"), CompressionMethod(QuantizeVectors{2, 12, true}));
    }
    void and_written_as_they_are_read() {
        const std::vector<CompressionMethod> methods{
            PruneWeights{0.1, true},       PruneWeights{1.0 / 3, false}, PruneNofM{1, 16},
            PruneChannels{0.05},           LowRank{1 - 1e-12},           ShareWeights{8},
            QuantizeVectors{8, 10, false}, QuantizeVectors{2, 1, true}};
        for (const CompressionMethod& method : methods)
            QCOMPARE(parse_compression(to_string(method)).value(), method);
        QCOMPARE(to_string(PruneWeights{0.5, true}), std::string("weights:0.5"));
    }
    void nonsense_is_refused_data() {
        QTest::addColumn<QString>("text");
        for (const char* text : {"",
                                 ":",
                                 "half",
                                 "0",
                                 "1",
                                 "-0.5",
                                 "1.5",
                                 "nan",
                                 "inf",
                                 "weights:",
                                 "weights:x",
                                 "weights:1",
                                 "weights:0.5:1",
                                 "layer-weights:0",
                                 "4:2",
                                 "4:4",
                                 "0:4",
                                 "2:65",
                                 "-1:4",
                                 "99999999999:4",
                                 "channels:0",
                                 "channels:1",
                                 "low-rank:1",
                                 "low-rank:0",
                                 "low-rank:nan",
                                 "share:0",
                                 "share:9",
                                 "share:4.5",
                                 "share:99999999999999999999",
                                 "vectors:4",
                                 "vectors:4x",
                                 "vectors:1x8",
                                 "vectors:4x13",
                                 "vectors:4x0",
                                 "product:65x8",
                                 "vectors:4x8x2",
                                 "Weights:0.5",
                                 " 0.5"})
            QTest::newRow(*text ? text : "empty") << text;
    }
    void nonsense_is_refused() {
        QFETCH(QString, text);
        const auto method = parse_compression(text.toStdString());
        QVERIFY(!method);
        QCOMPARE(method.error().code, ErrorCode::usage);
        QVERIFY(method.error().remedy.find("channels:0.3") != std::string::npos);
        QVERIFY(method.error().message.find(text.toStdString()) != std::string::npos);
    }
    void methods_are_described() {
        QCOMPARE(description(PruneWeights{0.5, true}), std::string("50 % of the weights pruned"));
        QCOMPARE(description(PruneNofM{2, 4}), std::string("2 of 4 weights kept"));
        QCOMPARE(description(LowRank{0.955}), std::string("low rank, 95.5 % of the energy kept"));
    }

    void all_layers_but_the_last() {
        using Names = std::vector<std::string>;
        QCOMPARE(touched({PruneWeights{}, {}}), (Names{"stem", "block/a", "block/b"}));
        QCOMPARE(touched({PruneWeights{}, {"block/*"}}), (Names{"block/a", "block/b"}));
        QCOMPARE(touched({PruneNofM{}, {"block/b", "stem"}}), (Names{"stem", "block/b"}));
        QCOMPARE(touched({PruneChannels{}, {"block/b"}}).front(), std::string("block/b"));
    }
    void the_only_layer_is_not_left_out() {
        Net net(1);
        const ValueId x = net.builder.input("x", {1, 8});
        const GraphPtr graph = net.finish(net.add(Op::gemm, "Gemm", {}, {x, net.weights({4, 8})}, "only"));
        QCOMPARE(compress(graph, {PruneWeights{0.5}, {}}, {}).value().layers[0].nonzero_after, 16);
    }
    void errors() {
        const GraphPtr graph = network();
        const auto error_of = [](const Result<Compressed>& result) {
            return result ? Error{} : result.error();
        };
        const Error unknown = error_of(compress(graph, {PruneWeights{}, {"blok/a"}}, {}));
        QCOMPARE(unknown.code, ErrorCode::usage);
        QVERIFY2(unknown.to_line().find("block/a") != std::string::npos, unknown.to_line().c_str());
        QCOMPARE(error_of(compress(graph, {PruneWeights{1.0}, {}}, {})).code, ErrorCode::usage);
        QCOMPARE(error_of(compress(graph, {LowRank{std::nan("")}, {}}, {})).code, ErrorCode::usage);

        Net none(1);
        const ValueId x = none.builder.input("x", {1, 3, 4, 4});
        QCOMPARE(error_of(compress(none.finish(none.relu(x)), {PruneWeights{}, {}}, {})).code,
                 ErrorCode::invalid_input);
        // With the reason.
        const Error stays = error_of(compress(graph, {PruneChannels{0.05}, {}}, {}));
        QCOMPARE(stays.code, ErrorCode::invalid_input);
        QVERIFY2(stays.to_line().find("too few channels") != std::string::npos, stays.to_line().c_str());
        const Error full = error_of(compress(graph, {LowRank{1 - 1e-9}, {}}, {}));
        QCOMPARE(full.code, ErrorCode::invalid_input);
        QVERIFY2(full.to_line().find("save nothing") != std::string::npos, full.to_line().c_str());

        const WorkControl control;
        control.cancel.cancel();
        for (const CompressionMethod& method :
             {CompressionMethod(PruneWeights{}), CompressionMethod(PruneNofM{}),
              CompressionMethod(PruneChannels{}), CompressionMethod(LowRank{}),
              CompressionMethod(ShareWeights{}), CompressionMethod(QuantizeVectors{})})
            QCOMPARE(error_of(compress(graph, {method, {}}, control)).code, ErrorCode::cancelled);
    }
    void unsupported_networks_are_named() {
        GraphBuilder builder("net");
        const ValueId x = builder.input("x", {1, 3});
        Value value;
        value.name = "y";
        value.shape = {1, 3};
        const auto out = builder.add_unsupported("Magic", "m", "no one knows it", {x}, {value});
        builder.output(out[0]);
        const auto result = compress(builder.build().value(), {PruneWeights{}, {}}, {});
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::unsupported);
    }
    /// One after the other, as users do.
    void methods_follow_each_other() {
        GraphPtr graph = network();
        for (const CompressionMethod& method :
             {CompressionMethod(PruneChannels{0.3}), CompressionMethod(LowRank{0.6}),
              CompressionMethod(PruneWeights{0.5}), CompressionMethod(ShareWeights{4})})
            graph = compress(graph, {method, {}}, {}).value().graph;
        const NoiseImages data(4, {3, 8, 8});
        QCOMPARE(outputs_of(graph, {}, data).size(), size_t{16});
        QVERIFY(graph_totals(*graph).macs < graph_totals(*network()).macs);
    }
};

QTEST_GUILESS_MAIN(TestCompression)
#include "tst_compression.moc"
