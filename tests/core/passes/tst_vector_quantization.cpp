#include "core/passes/vector_quantization.h"

#include "core/graph/layer_work.h"
#include "core/passes/stored_size.h"
#include "passes_fixture.h"

#include <set>

using namespace widthwise;
using namespace widthwise::test;
using passes::Compressed;
using passes::QuantizeVectors;

namespace {

struct Layer {
    GraphPtr graph;
    NodeId id;
    [[nodiscard]] std::vector<float> weights(const Graph& of) const {
        return of.value(of.node(of.find_node("layer")).inputs[1]).constant->to_f32();
    }
    [[nodiscard]] std::vector<float> weights() const { return weights(*graph); }
};

Layer convolution(int64_t in, int64_t out, int64_t kernel, int64_t group = 1) {
    Net net(3);
    const ValueId x = net.builder.input("x", {1, in, 8, 8});
    const GraphPtr graph = net.finish(net.conv(x, out, kernel, group, "layer"));
    return {graph, graph->find_node("layer")};
}

Layer fully_connected(Shape shape, std::vector<float> weights) {
    Net net(3);
    const ValueId x = net.builder.input("x", {1, shape[1]});
    const GraphPtr graph = net.finish(
        net.add(Op::gemm, "Gemm", {}, {x, net.constant(std::move(shape), std::move(weights))}, "layer"));
    return {graph, graph->find_node("layer")};
}

Compressed quantized(const Layer& layer, const QuantizeVectors& method, uint64_t seed = 1) {
    auto result = passes::quantize_vectors(layer.graph, method, {layer.id}, seed, {});
    if (!result) qFatal("%s", result.error().to_line().c_str());
    return *result;
}

/// Different vectors of the channels [first, end) of O x I x K weights.
std::set<std::vector<float>> vectors_of(const std::vector<float>& weights, size_t inputs, size_t taps,
                                        size_t first, size_t end) {
    std::set<std::vector<float>> vectors;
    for (size_t row = 0; row < weights.size() / inputs / taps; ++row)
        for (size_t tap = 0; tap < taps; ++tap) {
            std::vector<float> vector;
            for (size_t i = first; i < end; ++i) vector.push_back(weights[(row * inputs + i) * taps + tap]);
            vectors.insert(vector);
        }
    return vectors;
}

} // namespace

class TestVectorQuantization : public QObject {
    Q_OBJECT
private slots:
    /// Vectors of two that are near (1, 2), (-5, 0) or (7, 7).
    void by_hand() {
        std::vector<float> weights, expected;
        for (size_t i = 0; i < 60; ++i) {
            const float sign = i % 2 == 0 ? 0.25F : -0.25F; // means are met exactly
            const std::array<std::array<float, 2>, 3> centres{{{1, 2}, {-5, 0}, {7, 7}}};
            for (const float c : centres[i / 2 % 3]) {
                weights.push_back(c + sign);
                expected.push_back(c);
            }
        }
        const Layer layer = fully_connected({6, 20}, weights);
        // Four vectors for three clouds: one of them is split, the rest as expected.
        const Compressed four = quantized(layer, {2, 2, false});
        QVERIFY(four.layers[0].relative_error < test::relative_error(weights, expected));
        // The clouds' means where there are no more codes than clouds.
        const Compressed two = quantized(layer, {2, 1, false});
        QCOMPARE(vectors_of(layer.weights(*two.graph), 20, 1, 0, 2).size(), size_t{2});
        QVERIFY(two.layers[0].relative_error > four.layers[0].relative_error);
        // 60 indices of 2 bits and 4 x 2 floats.
        QCOMPARE(four.layers[0].note, "1 codebook, 47 B with indices instead of 480 B");
    }

    void along_the_input_channels_data() {
        QTest::addColumn<int>("in");
        QTest::addColumn<int>("out");
        QTest::addColumn<int>("kernel");
        QTest::addColumn<int>("group");
        QTest::newRow("3 x 3") << 16 << 40 << 3 << 1;
        QTest::newRow("with a rest") << 22 << 40 << 3 << 1;
        QTest::newRow("in groups") << 24 << 64 << 3 << 2;
        QTest::newRow("1 x 1") << 64 << 128 << 1 << 1;
        QTest::newRow("fewer channels than a vector") << 3 << 128 << 5 << 1;
    }
    void along_the_input_channels() {
        QFETCH(int, in);
        QFETCH(int, out);
        QFETCH(int, kernel);
        QFETCH(int, group);
        const Layer layer = convolution(in, out, kernel, group);
        const auto inputs = static_cast<size_t>(in / group), taps = static_cast<size_t>(kernel * kernel);
        const size_t whole = inputs / 4 * 4;
        for (const bool product : {false, true}) {
            const Compressed compressed = quantized(layer, {4, 4, product});
            const passes::LayerChange& change = compressed.layers[0];
            const std::vector<float> after = layer.weights(*compressed.graph);
            const double error = test::relative_error(layer.weights(), after);
            QVERIFY(error > 0 && error < 1);
            QVERIFY(std::abs(change.relative_error - error) < 1e-9);
            std::set<std::vector<float>> all;
            for (size_t first = 0; first < whole; first += 4) {
                const auto own = vectors_of(after, inputs, taps, first, first + 4);
                all.insert(own.begin(), own.end());
                QVERIFY(own.size() <= 16);
            }
            QVERIFY(product || all.size() <= 16);
            if (product && whole > 4) QVERIFY(all.size() > 16);
            if (whole < inputs) QVERIFY(vectors_of(after, inputs, taps, whole, inputs).size() <= 16);
            QVERIFY(change.note.find("with indices") != std::string::npos);
        }
    }

    void more_codes_err_less() {
        const Layer layer = convolution(32, 64, 3);
        double before = 1;
        for (const int bits : {1, 2, 4, 6, 8}) {
            const double error = quantized(layer, {4, bits, false}).layers[0].relative_error;
            QVERIFY(error < before);
            before = error;
        }
        QVERIFY(quantized(layer, {4, 6, true}).layers[0].relative_error <
                quantized(layer, {4, 6, false}).layers[0].relative_error);
    }

    /// I x O/group x KH x KW: input channels come first.
    void transposed_convolutions() {
        Net net(3);
        const ValueId x = net.builder.input("x", {1, 16, 4, 4});
        ConvTransposeAttributes a;
        a.conv.kernel = {3, 3};
        a.conv.group = 2;
        const GraphPtr graph = net.finish(
            net.add(Op::conv_transpose, "ConvTranspose", a, {x, net.weights({16, 20, 3, 3})}, "layer"));
        const Layer layer{graph, graph->find_node("layer")};
        const std::vector<float> after = layer.weights(*quantized(layer, {4, 3, false}).graph);
        std::set<std::vector<float>> vectors;
        for (size_t first = 0; first < 16; first += 4)
            for (size_t rest = 0; rest < 180; ++rest) {
                std::vector<float> vector;
                for (size_t i = first; i < first + 4; ++i) vector.push_back(after[i * 180 + rest]);
                vectors.insert(vector);
            }
        QVERIFY(vectors.size() <= 8);
    }

    /// What is stored is found in the weights alone, as large as the method said.
    void stored_sizes_see_the_vectors() {
        const Layer layer = convolution(22, 160, 3);
        for (const bool product : {false, true}) {
            const Compressed compressed = quantized(layer, {4, 4, product});
            const auto size = passes::stored_size(*compressed.graph);
            QVERIFY(size);
            QCOMPARE(size->layers[0].vector_length, int64_t{4});
            // 22 channels: five vectors of four and one of two, in codebooks of 16.
            const int64_t vectors = 160 * 9 * 6, tables = product ? 5 * 16 * 4 + 16 * 2 : 16 * 4 + 16 * 2;
            QCOMPARE(size->layers[0].dense_bytes, vectors * 4 / 8 + tables * 4 + 160 * 4);
            const PrecisionPlan floats; // folds BatchNormalization where weights are quantized: none here
            QCOMPARE(passes::stored_size(*compressed.graph, &floats)->dense_bytes, size->dense_bytes);
        }
    }

    void left_alone_where_nothing_is_gained() {
        const Layer depthwise = convolution(16, 16, 3, 16), small = convolution(8, 4, 1);
        const Compressed one = quantized(depthwise, {4, 4, false});
        QVERIFY2(one.layers[0].note.starts_with("one input channel"), one.layers[0].note.c_str());
        const Compressed two = quantized(small, {4, 8, false});
        QVERIFY2(two.layers[0].note.find("as large as the layer") != std::string::npos,
                 two.layers[0].note.c_str());
        for (const auto& [layer, compressed] : {std::pair(depthwise, one), std::pair(small, two)}) {
            QCOMPARE(layer.weights(*compressed.graph), layer.weights());
            QCOMPARE(compressed.layers[0].relative_error, 0.0);
        }
    }

    void repeats_with_its_seed_and_threads() {
        const Layer layer = convolution(64, 160, 3); // more vectors than one thread takes at once
        const auto weights = layer.weights(*quantized(layer, {4, 4, false}, 7).graph);
        WorkControl one;
        one.threads = 1;
        const auto again = passes::quantize_vectors(layer.graph, {4, 4, false}, {layer.id}, 7, one);
        QVERIFY(again);
        QCOMPARE(layer.weights(*again->graph), weights);
        QVERIFY(layer.weights(*quantized(layer, {4, 4, false}, 8).graph) != weights);
        one.cancel.cancel();
        const auto cancelled = passes::quantize_vectors(layer.graph, {4, 4, false}, {layer.id}, 7, one);
        QVERIFY(!cancelled && cancelled.error().code == ErrorCode::cancelled);
    }
};

QTEST_APPLESS_MAIN(TestVectorQuantization)
#include "tst_vector_quantization.moc"
