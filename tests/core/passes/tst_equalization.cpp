#include "core/passes/equalization.h"
#include "core/passes/prepare.h"
#include "passes_fixture.h"

using namespace widthwise;
using namespace widthwise::passes;
using namespace widthwise::test;

namespace {

/// conv - [BN] - ReLU - depthwise - ReLU - 1x1 conv - max pool - conv - LeakyReLU - flatten - gemm - ReLU -
/// gemm.
GraphPtr chain(uint64_t seed, bool clips) {
    Net net(seed);
    const auto activate = [&](ValueId x) { return clips ? net.clip(x, 2) : net.relu(x); };
    ValueId x = net.builder.input("x", {1, 3, 8, 8});
    x = activate(net.batch_norm(net.conv(x, 12, 3)));
    x = activate(net.batch_norm(net.conv(x, 12, 3, 12)));
    x = net.relu(net.conv(x, 16, 1));
    x = net.add(Op::max_pool, "MaxPool", PoolAttributes{{2, 2}, {2, 2}}, {x});
    x = net.conv(x, 8, 3, 4);
    x = net.add(Op::leaky_relu, "LeakyRelu", LeakyReluAttributes{0.1F}, {x});
    x = net.add(Op::reshape, "Flatten", ReshapeAttributes{{1, 8 * 16}}, {x});
    x = net.relu(net.add(Op::gemm, "Gemm", {}, {x, net.weights({10, 128}), net.vector(10, -1, 1)}));
    return net.finish(net.add(Op::gemm, "Gemm", {}, {x, net.weights({5, 10})}));
}

double output_range(const Layer& layer, size_t channel) {
    return largest_magnitude(std::span(layer.weights).subspan(channel * layer.row(), layer.row()));
}

} // namespace

class TestEqualization : public QObject {
    Q_OBJECT
private slots:
    void by_hand() {
        // Channel 0: |W1| = 8, |W2| = 2: s = 2; channel 1: 0.5 and 2: s = 1/2; channel 2 dead.
        Net net(1);
        ValueId x = net.builder.input("x", {1, 2});
        x = net.relu(net.add(
            Op::gemm, "Gemm", {},
            {x, net.constant({3, 2}, {8, -4, 0.25F, 0.5F, 0, 0}), net.constant({3}, {2, 1, 3})}, "first"));
        x = net.add(Op::gemm, "Gemm", {}, {x, net.constant({2, 3}, {1, 2, 5, -2, 1, 1})}, "second");
        const GraphPtr graph = net.finish(x);
        std::vector<Layer> layers = layers_of(*graph);
        const PassResult result = equalize(*graph, layers);
        QCOMPARE(result.layers, 2);
        QCOMPARE(result.summary, std::string("1 layer pairs, largest scale 2.00"));
        QCOMPARE(layers[0].weights, (std::vector<float>{4, -2, 0.5F, 1, 0, 0}));
        QCOMPARE(layers[0].bias, (std::vector<float>{1, 2, 3}));
        QCOMPARE(layers[1].weights, (std::vector<float>{2, 1, 5, -4, 0.5F, 1}));
    }
    void the_float_function_stays_data() {
        QTest::addColumn<quint64>("seed");
        for (quint64 seed = 1; seed <= 6; ++seed) QTest::addRow("seed %llu", seed) << seed;
    }
    void the_float_function_stays() {
        QFETCH(quint64, seed);
        const GraphPtr graph = chain(seed, false);
        std::vector<Layer> layers = layers_of(*graph);
        QCOMPARE(layers.size(), size_t{6});
        QCOMPARE(layer_pairs(*graph, layers).size(), size_t{5});
        QCOMPARE(equalize(*graph, layers).layers, 6);
        const GraphPtr changed = with_values(graph, with_layers({}, layers)).value();
        const NoiseImages data(16, {3, 8, 8});
        const double error = relative_error(outputs_of(graph, {}, data), outputs_of(changed, {}, data));
        QVERIFY2(error < 1e-5, qPrintable(QString::number(error)));
        // Ranges of both sides are equal now.
        for (const LayerPair& pair : layer_pairs(*graph, layers))
            for (size_t c = 0; c < layers[pair.first].out; ++c) {
                float in = 0;
                const Layer& second = layers[pair.second];
                for (size_t i = 0; i < second.weights.size(); ++i)
                    if (second.input_channel(i) / pair.inputs_each == c)
                        in = std::max(in, std::abs(second.weights[i]));
                const double out = output_range(layers[pair.first], c);
                QVERIFY2(std::abs(out / in - 1) < 0.03, qPrintable(QStringLiteral("%1 %2").arg(out).arg(in)));
            }
    }
    void without_statistics_clips_are_never_cut_earlier() {
        const GraphPtr graph = chain(2, true);
        std::vector<Layer> layers = layers_of(*graph);
        for (Layer& layer : layers) layer.normal.reset();
        const std::vector<Layer> before = layers;
        const PassResult result = equalize(*graph, layers);
        QVERIFY(result.summary.find("2 clips moved") != std::string::npos);
        QVERIFY(layers[0].clip_hi && layers[1].clip_hi && !layers[2].clip_hi);
        for (size_t l = 0; l < 2; ++l)
            for (size_t c = 0; c < layers[l].out; ++c) {
                const double s = static_cast<double>(before[l].bias[c]) / layers[l].bias[c];
                QVERIFY(*layers[l].clip_hi * s >= 2 * (1 - 1e-4));
            }
        // Wide open, the clips are ReLUs and the weights are those of the network with ReLUs.
        const GraphPtr open = chain(2, false);
        std::vector<Layer> free = layers_of(*open);
        (void)equalize(*open, free);
        for (size_t l = 0; l < layers.size(); ++l) QCOMPARE(layers[l].weights, free[l].weights);
    }
    void with_statistics_clips_cut_what_they_did() {
        const GraphPtr graph = chain(2, true);
        std::vector<Layer> layers = layers_of(*graph);
        // Half of the channels reach the bound of 2, the others stay well below.
        for (size_t l = 0; l < 2; ++l)
            for (size_t c = 0; c < layers[l].out; ++c) {
                layers[l].normal->mean[c] = c % 2 == 0 ? 1.0 : 0.2;
                layers[l].normal->variance[c] = c % 2 == 0 ? 1.0 : 0.01;
            }
        const std::vector<Layer> before = layers;
        (void)equalize(*graph, layers);
        for (size_t l = 0; l < 2; ++l)
            for (size_t c = 0; c < layers[l].out; ++c) {
                const double s = static_cast<double>(before[l].bias[c]) / layers[l].bias[c];
                const double bound = *layers[l].clip_hi * s; // in the channel's old units
                if (c % 2 == 0)
                    QVERIFY(std::abs(bound - 2) < 1e-3);
                else
                    QVERIFY(bound > 0.6 * (1 - 1e-4));
            }
        QVERIFY(layers[0].weights != before[0].weights);
    }
    void values_with_several_readers_are_left_alone() {
        Net net(4);
        ValueId x = net.builder.input("x", {1, 4, 6, 6});
        const ValueId a = net.relu(net.conv(x, 8, 3));
        const ValueId b = net.conv(net.relu(net.conv(a, 8, 3)), 8, 3);
        const GraphPtr graph = net.finish(net.head(net.relu(net.add(Op::add, "Add", {}, {a, b})), 3));
        std::vector<Layer> layers = layers_of(*graph);
        const auto pairs = layer_pairs(*graph, layers);
        QCOMPARE(pairs.size(), size_t{1});
        QCOMPARE(pairs[0].first, size_t{1});
        QCOMPARE(pairs[0].second, size_t{2});
    }
    void functions_that_do_not_scale_end_a_pair() {
        for (const Op op : {Op::sigmoid, Op::tanh}) {
            Net net(5);
            ValueId x = net.conv(net.builder.input("x", {1, 4, 6, 6}), 8, 1);
            x = net.add(op, "Function", {}, {x});
            const GraphPtr graph = net.finish(net.conv(x, 4, 1));
            QVERIFY(layer_pairs(*graph, layers_of(*graph)).empty());
        }
    }
    void high_biases_are_absorbed() {
        // beta 4, gamma 1: c = 1 where the ReLU hardly ever cuts; beta 1: nothing.
        Net net(6);
        ValueId x = net.builder.input("x", {1, 2, 4, 4});
        x = net.add(Op::conv, "Conv", ConvAttributes{}, {x, net.constant({2, 2, 1, 1}, {1, 0, 0, 1})},
                    "first");
        x = net.add(Op::batch_norm, "BatchNormalization", BatchNormAttributes{0},
                    {x, net.constant({2}, {1, 1}), net.constant({2}, {4, 1}), net.constant({2}, {0, 0}),
                     net.constant({2}, {1, 1})});
        x = net.relu(x);
        x = net.add(Op::conv, "Conv", ConvAttributes{},
                    {x, net.constant({1, 2, 1, 1}, {3, 5}), net.constant({1}, {0.5F})}, "second");
        const GraphPtr graph = net.finish(x);
        std::vector<Layer> layers = layers_of(*graph);
        const PassResult result = absorb_bias(*graph, layers);
        QCOMPARE(result.layers, 2);
        QCOMPARE(result.summary, std::string("1 channels"));
        QCOMPARE(layers[0].bias, (std::vector<float>{3, 1}));
        QCOMPARE(layers[1].bias, (std::vector<float>{3.5F}));
        const GraphPtr changed = with_values(graph, with_layers({}, layers)).value();
        // Standard normal inputs: 0.13 % of the values are cut where they were not.
        const NoiseImages data(32, {2, 4, 4}, 0);
        QVERIFY(relative_error(outputs_of(graph, {}, data), outputs_of(changed, {}, data)) < 5e-3);
    }
    void padding_and_missing_statistics_stop_absorption() {
        const GraphPtr graph = chain(7, false); // first pair: a padded depthwise convolution
        std::vector<Layer> layers = layers_of(*graph);
        for (double& m : layers[0].normal->mean) m = 100;
        const std::vector<float> before = layers[0].bias;
        QVERIFY(absorb_bias(*graph, layers).summary.find("padding") != std::string::npos);
        QCOMPARE(layers[0].bias, before);
        for (Layer& layer : layers) layer.normal.reset();
        const PassResult none = absorb_bias(*graph, layers);
        QCOMPARE(none.layers, 0);
        QVERIFY(none.summary.find("no layer pair") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestEqualization)
#include "tst_equalization.moc"
