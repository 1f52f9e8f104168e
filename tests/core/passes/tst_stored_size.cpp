#include "core/passes/stored_size.h"

#include "core/onnx/import.h"
#include "core/quant/kmeans.h"
#include "core/quant/quantizer.h"
#include "tests/core/passes/passes_fixture.h"
#include "tests/support/test_data.h"

#include <QTest>

#include <algorithm>
#include <set>

using namespace widthwise;
using passes::LayerSize;
using passes::NetworkSize;

namespace {

GraphPtr must(Result<GraphPtr> graph) {
    if (!graph) qFatal("%s", graph.error().to_line().c_str());
    return *graph;
}

/// One fully connected layer without bias.
GraphPtr one_layer(Shape shape, std::vector<float> weights) {
    test::Net net(1);
    const ValueId x = net.builder.input("x", {1, shape[1]});
    const ValueId y =
        net.add(Op::gemm, "Gemm", {}, {x, net.constant(std::move(shape), std::move(weights))}, "fc");
    net.builder.output(y);
    return must(net.builder.build());
}

LayerSize size_of(const GraphPtr& graph, const PrecisionPlan* plan = nullptr) {
    const auto size = passes::stored_size(*graph, plan);
    if (!size) qFatal("%s", size.error().to_line().c_str());
    return size->layers.front();
}

PrecisionPlan weights_as(const NumberFormat& format) {
    return PrecisionPlan(LayerPrecision{format, float32_format(), {}});
}

struct Entry {
    size_t distance;
    float value;
};

/// Han et al. 2016, figure 2, written down entry by entry.
std::vector<Entry> encoded(const std::vector<float>& weights) {
    std::vector<Entry> entries;
    size_t zeros = 0;
    for (const float w : weights) {
        if (w == 0 && zeros < 15) {
            ++zeros;
            continue;
        }
        entries.push_back({zeros, w});
        zeros = 0;
    }
    while (!entries.empty() && entries.back().value == 0) entries.pop_back(); // zeros up to the end need none
    return entries;
}

std::vector<float> decoded(const std::vector<Entry>& entries, size_t size) {
    std::vector<float> weights;
    for (const Entry& entry : entries) {
        weights.insert(weights.end(), entry.distance, 0.0F);
        weights.push_back(entry.value);
    }
    weights.resize(size);
    return weights;
}

} // namespace

class TestStoredSize : public QObject {
    Q_OBJECT
private slots:
    /// 300 weights, three of two values: no. 0, no. 20 (15 zeros and a filler, 3 zeros), no. 299 (278 zeros:
    /// 17 fillers, 6 zeros).
    void by_hand() {
        std::vector<float> weights(300);
        weights[0] = weights[299] = 0.5F;
        weights[20] = -1;
        const LayerSize size = size_of(one_layer({1, 300}, weights));
        QCOMPARE(size.weights, int64_t{300});
        QCOMPARE(size.nonzero, int64_t{3});
        QCOMPARE(size.distinct, int64_t{2});
        QVERIFY(size.codebook);
        QCOMPARE(size.weight_bits, 2); // -1, 0, 0.5
        QCOMPARE(size.dense_bytes, int64_t{300 * 2 / 8 + 4 * 4});
        const int64_t entries = 1 + 2 + 18;
        QCOMPARE(size.sparse_bytes, (entries * 2 + 7) / 8 + (entries * 4 + 7) / 8 + 4 * 4);
        // Codes 0 (18 x), 0.5 (2 x), -1: 1, 2, 2 bits. Distances 15 (18 x), 0, 3, 6: 1, 2, 3, 3 bits.
        QCOMPARE(size.huffman_bytes,
                 int64_t{(18 + 4 + 2 + 7) / 8 + 4 + (18 + 2 + 3 + 3 + 7) / 8 + 16 + 4 * 4});
    }

    void what_is_counted_can_be_decoded() {
        for (uint64_t seed = 0; seed < 30; ++seed) {
            Rng rng(seed);
            const double density = std::pow(rng.uniform(), 2);
            std::vector<float> weights(257 + rng.below(800));
            for (float& w : weights)
                if (rng.uniform() < density) w = static_cast<float>(1 + rng.below(255));
            const std::vector<Entry> entries = encoded(weights);
            QCOMPARE(decoded(entries, weights.size()), weights);
            const auto columns = static_cast<int64_t>(weights.size());
            const LayerSize size = size_of(one_layer({1, columns}, weights));
            const auto n = static_cast<int64_t>(entries.size());
            QCOMPARE(size.sparse_bytes,
                     (n * size.weight_bits + 7) / 8 + (n * 4 + 7) / 8 + (int64_t{4} << size.weight_bits));
            QVERIFY(size.huffman_bytes <= size.sparse_bytes + 16 + (int64_t{1} << size.weight_bits));
        }
    }

    void weights_that_share_nothing_are_floats() {
        test::Net net(3);
        std::vector<float> weights(4 * 100);
        for (float& w : weights) w = static_cast<float>(net.rng.normal());
        const LayerSize dense = size_of(one_layer({4, 100}, weights));
        QVERIFY(!dense.codebook);
        QCOMPARE(dense.distinct, int64_t{257});
        QCOMPARE(dense.dense_bytes, int64_t{1600});
        QCOMPARE(dense.sparse_bytes, int64_t{1600 + 200});
        QCOMPARE(dense.huffman_bytes, int64_t{1600 + 50 + 16}); // all distances 0, a bit each
        weights.resize(256);                                    // a table would be as long
        QVERIFY(!size_of(one_layer({1, 256}, weights)).codebook);
    }

    void all_zeros_and_one_value() {
        const LayerSize zeros = size_of(one_layer({10, 100}, std::vector<float>(1000)));
        QCOMPARE(zeros.nonzero, int64_t{0});
        QCOMPARE(zeros.distinct, int64_t{0});
        QCOMPARE(zeros.sparse_bytes, int64_t{8}); // the table alone
        const LayerSize ones = size_of(one_layer({10, 100}, std::vector<float>(1000, 1.0F)));
        QCOMPARE(ones.distinct, int64_t{1});
        QCOMPARE(ones.dense_bytes, int64_t{8}); // one vector of two; no index tells it from others
    }

    void formats_of_a_plan() {
        test::Net net(4);
        std::vector<float> weights(8 * 64);
        for (float& w : weights) w = static_cast<float>(net.rng.normal());
        const GraphPtr graph = one_layer({8, 64}, weights);
        const auto dense = [&](const NumberFormat& format) {
            const PrecisionPlan plan = weights_as(format);
            return size_of(graph, &plan).dense_bytes;
        };
        QCOMPARE(dense(weight_integer(4)), int64_t{256 + 8 * 4});
        NumberFormat affine = activation_integer(8);
        affine.range = {};
        QCOMPARE(dense(affine), int64_t{512 + 4 + 4});
        QCOMPARE(dense(default_weight_format(FormatType::bfloat16)), int64_t{1024});
        QCOMPARE(dense(default_weight_format(FormatType::binary)), int64_t{64 + 8 * 4});
        QCOMPARE(dense(default_weight_format(FormatType::codebook, 3)), int64_t{192 + 8 * 4});
        QCOMPARE(dense(float32_format()), int64_t{2048});
        NumberFormat grouped = weight_integer(4);
        grouped.granularity = Granularity::group;
        grouped.group_size = 16;
        QCOMPARE(dense(grouped), int64_t{256 + 8 * 4 * 4});
    }

    /// Codes are the integers, whatever the scales of their channels.
    void codes_of_a_plan_are_coded() {
        Rng rng(4);
        std::vector<float> weights, integers;
        for (size_t i = 0; i < 512; ++i) {
            integers.push_back(i % 64 == 0 ? 7.0F : static_cast<float>(rng.below(3) == 0));
            weights.push_back(integers.back() * static_cast<float>(1 + i / 64));
        }
        const GraphPtr graph = one_layer({8, 64}, weights);
        PrecisionPlan plan = weights_as(weight_integer(4));
        const LayerSize scaled = size_of(graph, &plan), plain = size_of(one_layer({8, 64}, integers));
        // Lengths of 16 codes and 8 scales instead of those of 4 codes and 4 levels.
        QCOMPARE(scaled.huffman_bytes - 16 - 8 * 4, plain.huffman_bytes - 4 - 4 * 4);
        QCOMPARE(scaled.nonzero, plain.nonzero);
        NumberFormat log = default_weight_format(FormatType::power_of_two, 4);
        log.granularity = Granularity::channel;
        plan = weights_as(log);
        QVERIFY(size_of(graph, &plan).huffman_bytes < size_of(graph, &plan).sparse_bytes);
    }

    /// 40 x 8 weights that are six vectors of four in turn: one codebook where all come everywhere, two where
    /// each half has its own.
    void vectors_that_weights_share() {
        test::Net net(6);
        std::vector<std::vector<float>> vectors(6, std::vector<float>(4));
        for (auto& vector : vectors)
            for (float& v : vector) v = static_cast<float>(net.rng.normal());
        const auto layer = [&](auto which) {
            std::vector<float> weights;
            for (size_t row = 0; row < 160; ++row)
                for (const size_t half : {0, 1})
                    for (const float v : vectors[which(row, half)]) weights.push_back(v);
            return size_of(one_layer({160, 8}, weights));
        };
        const LayerSize one = layer([](size_t row, size_t half) { return (row * 7 + half * row / 3) % 6; });
        QVERIFY(one.codebook);
        QCOMPARE(one.vector_length, int64_t{4});
        QCOMPARE(one.weight_bits, 1); // 3 bits for 4 weights
        QCOMPARE(one.dense_bytes, int64_t{320 * 3 / 8 + 6 * 4 * 4});
        QVERIFY(one.huffman_bytes < one.dense_bytes && one.sparse_bytes > one.dense_bytes);
        // Three in each half: 2 bits an index.
        const LayerSize two =
            layer([](size_t row, size_t half) { return (row + row * half / 5) % 3 + 3 * half; });
        QCOMPARE(two.dense_bytes, int64_t{320 * 2 / 8 + 6 * 4 * 4});
    }

    /// Vectors of zeros that pruning leaves are no codebook: the rest all differ.
    void pruned_floats_stay_floats() {
        test::Net net(7);
        std::vector<float> weights(64 * 64);
        for (float& w : weights)
            if (net.rng.below(10) == 0) w = static_cast<float>(net.rng.normal());
        const LayerSize size = size_of(one_layer({64, 64}, weights));
        QVERIFY(!size.codebook);
        QCOMPARE(size.vector_length, int64_t{1});
        QCOMPARE(size.dense_bytes, int64_t{64 * 64 * 4});
        QVERIFY(size.sparse_bytes < size.dense_bytes / 5);
    }

    /// BatchNormalization that the plan folds is the bias's; else it counts by itself.
    void what_else_a_network_has() {
        test::Net net(5);
        const ValueId x = net.builder.input("x", {1, 3, 8, 8});
        const ValueId y = net.add(Op::conv, "Conv", ConvAttributes{{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1},
                                  {x, net.weights({16, 3, 3, 3})}, "conv");
        const ValueId z = net.add(Op::batch_norm, "BatchNormalization", BatchNormAttributes{1e-5F},
                                  {y, net.vector(16, 0.5, 1), net.vector(16, -1, 1), net.vector(16, -1, 1),
                                   net.vector(16, 0.5, 1)});
        net.builder.output(z);
        const GraphPtr graph = must(net.builder.build());
        const int64_t weights = 16 * 27 * 4;
        const NetworkSize plain = *passes::stored_size(*graph);
        QCOMPARE(plain.float_bytes, weights + 4 * 16 * 4);
        QCOMPARE(plain.layers[0].dense_bytes, weights);
        QCOMPARE(plain.dense_bytes, weights + 4 * 16 * 4);
        PrecisionPlan plan = weights_as(weight_integer(8));
        const NetworkSize folded = *passes::stored_size(*graph, &plan);
        QCOMPARE(folded.dense_bytes, int64_t{16 * 27 + 16 * 4 + 16 * 4});
        plan.set_folds_batch_norm(false);
        QCOMPARE(passes::stored_size(*graph, &plan)->dense_bytes, int64_t{16 * 27 + 16 * 4 + 4 * 16 * 4});
        QCOMPARE(folded.best_bytes,
                 std::min({folded.dense_bytes, folded.sparse_bytes, folded.huffman_bytes}));
    }

    /// Deep Compression's SqueezeNet (Han et al. 2016; Iandola et al. 2016, table 2), decoded from its
    /// authors' file, which has 675,763 bytes.
    void squeezenet() {
        const auto path = test::data_dir() / "models/squeezenet.onnx";
        WIDTHWISE_NEED(path);
        const auto imported = onnx::import_model(path);
        QVERIFY2(imported, imported ? "" : imported.error().to_line().c_str());
        const GraphPtr graph = imported->graph;
        const auto size = passes::stored_size(*graph);
        QVERIFY(size);
        QCOMPARE(size->layers.size(), size_t{26});
        int64_t weights = 0, nonzero = 0;
        for (const LayerSize& layer : size->layers) {
            QVERIFY2(layer.codebook && layer.weight_bits == 8 && layer.distinct == 255, layer.layer.c_str());
            if (layer.layer.find("3x3") == std::string::npos) continue;
            weights += layer.weights;
            nonzero += layer.nonzero;
        }
        const double density = static_cast<double>(nonzero) / static_cast<double>(weights);
        QVERIFY2(std::fabs(density - 0.33) < 0.02, qPrintable(QString::number(density)));
        constexpr double published = 675763;
        QVERIFY2(std::fabs(static_cast<double>(size->sparse_bytes) / published - 1) < 0.02,
                 qPrintable(QString::number(size->sparse_bytes)));
        QVERIFY(size->huffman_bytes < size->sparse_bytes && size->sparse_bytes < size->dense_bytes);
        QVERIFY(size->best_bytes <= size->huffman_bytes);
        // The codebooks are found again, without loss, by the format.
        const PrecisionPlan plan = weights_as(default_weight_format(FormatType::codebook));
        const auto shared = passes::stored_size(*graph, &plan);
        QVERIFY(shared);
        QCOMPARE(shared->sparse_bytes, size->sparse_bytes);
        QCOMPARE(shared->huffman_bytes, size->huffman_bytes);
    }
};

QTEST_APPLESS_MAIN(TestStoredSize)
#include "tst_stored_size.moc"
