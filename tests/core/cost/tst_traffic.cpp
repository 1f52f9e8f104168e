#include "core/base/rng.h"
#include "core/cost/traffic.h"

#include <QTest>

#include <array>

using namespace widthwise;
using namespace widthwise::cost;

namespace {

constexpr double k_endless = 1e18;
constexpr std::array k_dataflows = {Dataflow::weight_stationary, Dataflow::output_stationary,
                                    Dataflow::input_stationary};

LoopNest square(int64_t filters, int64_t channels, int64_t side, int64_t kernel, int64_t stride = 1,
                int64_t groups = 1) {
    LoopNest nest;
    nest.out_channels = filters;
    nest.in_channels = channels;
    nest.groups = groups;
    nest.in_height = nest.in_width = side;
    nest.out_height = nest.out_width = (side + stride - 1) / stride; // "same" padding
    nest.kernel_height = nest.kernel_width = kernel;
    nest.stride_height = nest.stride_width = stride;
    return nest;
}

/// The split that moves the fewest bits.
Traffic traffic(const LoopNest& nest, Dataflow dataflow, const Array& array, double capacity,
                OperandBits bits = {}, int64_t batch = 1) {
    return layer_splits(nest, batch, dataflow, array, bits, capacity).back();
}

double unique_input(const LoopNest& nest) {
    return static_cast<double>(nest.in_channels * touched_plane(nest));
}

double unique_weights(const LoopNest& nest) {
    return static_cast<double>(nest.out_channels * nest.in_channels / nest.groups * nest.kernel_height *
                               nest.kernel_width);
}

} // namespace

class TrafficTest : public QObject {
    Q_OBJECT
private slots:
    void touched_plane_skips_what_strides_skip() {
        QCOMPARE(touched_plane(square(8, 8, 32, 3)), 32 * 32);
        QCOMPARE(touched_plane(square(8, 8, 32, 1, 2)), 16 * 16);
        QCOMPARE(touched_plane(square(8, 8, 32, 3, 2)), 32 * 32);
        LoopNest dilated = square(8, 8, 32, 3); // kernels that cover 7 rows, 2 x 2 output pixels, no padding
        dilated.dilation_height = dilated.dilation_width = 3;
        dilated.in_height = dilated.in_width = 8;
        dilated.out_height = dilated.out_width = 2;
        QCOMPARE(touched_plane(dilated), 6 * 6); // rows 0 1 3 4 6 7
    }

    void room_for_everything_means_unique_data_once() {
        for (const Dataflow dataflow : k_dataflows)
            for (const LoopNest& nest :
                 {square(64, 48, 32, 3), square(10, 64, 1, 1), square(64, 64, 16, 3, 2, 64)}) {
                const Traffic t = traffic(nest, dataflow, {16, 16}, k_endless, {4, 6, 32, 5});
                QCOMPARE(t.activation_reads, 6 * unique_input(nest));
                QCOMPARE(t.weight_reads, 4 * unique_weights(nest));
                QCOMPARE(t.partial_reads + t.partial_writes, 0.0);
                QCOMPARE(t.output_writes,
                         5.0 * static_cast<double>(nest.out_channels * nest.out_height * nest.out_width));
            }
    }

    /// 1 x 1 convolution, 8 channels to 12 filters over 6 pixels, 4 x 4 array, no room at all. By hand:
    ///   ws: 2 x 3 folds; input 8*6 words once per column fold, 3x; partial sums of all 72 results out and
    ///   back once. os: 2 x 3 folds (6 pixels, 12 filters); input 3x, weights 96 words 2x. is: 2 x 2 folds (8
    ///   channels, 6 pixels); weights 2x, partial sums as in ws.
    void nothing_fits_by_hand() {
        LoopNest nest = square(12, 8, 1, 1);
        nest.in_width = nest.out_width = 6;
        const OperandBits one{1, 1, 1, 1};
        const Traffic ws = traffic(nest, Dataflow::weight_stationary, {4, 4}, 0, one);
        QCOMPARE(ws.activation_reads, 3.0 * 48);
        QCOMPARE(ws.weight_reads, 96.0);
        QCOMPARE(ws.partial_writes, 72.0);
        QCOMPARE(ws.partial_reads, 72.0);
        const Traffic os = traffic(nest, Dataflow::output_stationary, {4, 4}, 0, one);
        QCOMPARE(os.activation_reads, 3.0 * 48);
        QCOMPARE(os.weight_reads, 2.0 * 96);
        QCOMPARE(os.partial_writes, 0.0);
        const Traffic is = traffic(nest, Dataflow::input_stationary, {4, 4}, 0, one);
        QCOMPARE(is.activation_reads, 48.0);
        QCOMPARE(is.weight_reads, 2.0 * 96);
        QCOMPARE(is.partial_writes, 72.0);
    }

    /// Same layer, ws: room for one tile of partial sums (6 x 4 words) and no more.
    void a_tile_of_partial_sums_decides_the_loop_order() {
        LoopNest nest = square(12, 8, 1, 1);
        nest.in_width = nest.out_width = 6;
        const Traffic t = traffic(nest, Dataflow::weight_stationary, {4, 4}, 24, {1, 1, 1, 1});
        QVERIFY(t.rows_inner);
        QCOMPARE(t.partial_writes, 0.0);
        QCOMPARE(t.activation_reads, 3.0 * 48);
        // Room for an input slice (4 channels x 6 pixels) next to it does not help in that order; all of the
        // input does.
        QCOMPARE(traffic(nest, Dataflow::weight_stationary, {4, 4}, 24 + 24, {1, 1, 1, 1}).activation_reads,
                 3.0 * 48);
        QCOMPARE(traffic(nest, Dataflow::weight_stationary, {4, 4}, 24 + 48, {1, 1, 1, 1}).activation_reads,
                 48.0);
    }

    /// ws, 16 x 16 array, 1 x 1 convolution of 64 to 64 channels over 32 x 32 pixels: the partial sums of one
    /// column fold take 1024 x 16 words. With room for an eighth of them, eight strips of 4 rows read the
    /// 4096 weights eight times and the input once per column fold, 4 times: cheaper than 3 x 65536 partial
    /// sums out and back.
    void strips_of_rows_keep_partial_sums_on_chip() {
        const LoopNest nest = square(64, 64, 32, 1);
        const Traffic t = traffic(nest, Dataflow::weight_stationary, {16, 16}, 128 * 16, {1, 1, 1, 1});
        QCOMPARE(t.tiles, 8);
        QCOMPARE(t.partial_writes, 0.0);
        QCOMPARE(t.weight_reads, 8.0 * 4096);
        QCOMPARE(t.activation_reads, 4.0 * 65536);
    }

    /// The same with room for 8192 words, the input being 65536 and the weights 4096. One tile reads the
    /// input 4x and spills 3 x 65536 partial sums out and back; of two the sums stay (512 x 16), of four the
    /// weights beside 256 x 16 sums, of sixteen 64 pixels of input beside 64 x 16 sums, of 32 all three.
    void splits_trade_tiles_for_bits() {
        std::vector<std::pair<int64_t, double>> found;
        for (const Traffic& split : layer_splits(square(64, 64, 32, 1), 1, Dataflow::weight_stationary,
                                                 {16, 16}, {1, 1, 1, 1}, 8192))
            found.emplace_back(split.tiles, split.reads() + split.partial_writes);
        const std::vector<std::pair<int64_t, double>> expected = {{1, 4 * 65536 + 4096 + 6 * 65536},
                                                                  {2, 4 * 65536 + 2 * 4096},
                                                                  {4, 4 * 65536 + 4096},
                                                                  {16, 65536 + 16 * 4096},
                                                                  {32, 65536 + 4096}};
        QVERIFY(found == expected);
    }

    /// 3 x 3 kernels: each strip of 4 output rows reads 6 input rows.
    void neighbouring_strips_share_rows() {
        const LoopNest nest = square(16, 16, 32, 3);
        const OperandBits bits{1, 1, 1, 1};
        const Traffic t =
            traffic(nest, Dataflow::weight_stationary, {16, 16}, 4 * 32 * 16 + 6 * 32 * 16, bits);
        QCOMPARE(t.partial_writes, 0.0);
        QVERIFY(t.tiles > 1);
        QVERIFY(t.activation_reads > unique_input(nest));
        QVERIFY(t.total() - t.output_writes <= unique_input(nest) * 6 / 4 + 8 * unique_weights(nest));
    }

    /// Room for the partial sums of 4 images of 64 pixels and for all weights, which then are read once.
    void a_batch_is_split_before_its_images() {
        const LoopNest nest = square(16, 64, 8, 1);
        const Traffic t =
            traffic(nest, Dataflow::weight_stationary, {16, 16}, 4 * 64 * 16 + 1024, {1, 1, 1, 1}, 16);
        QCOMPARE(t.tiles, 4);
        QCOMPARE(t.partial_writes, 0.0);
        QCOMPARE(t.weight_reads, 1024.0);
        QCOMPARE(t.activation_reads, 16.0 * 4096);
    }

    void without_a_line_buffer_rows_are_fetched_again() {
        const LoopNest nest = square(4, 16, 32, 3);
        const OperandBits bits{1, 1, 1, 1};
        const double lines = 16 * 3 * 32;
        const Array array{4, 4}; // os: one column fold
        QCOMPARE(traffic(nest, Dataflow::output_stationary, array, lines + 4 * 144, bits).activation_reads,
                 unique_input(nest));
        QCOMPARE(traffic(nest, Dataflow::output_stationary, array, 4 * 144, bits).activation_reads,
                 3 * unique_input(nest));
    }

    void groups_are_independent_products() {
        const LoopNest grouped = square(64, 32, 16, 3, 1, 4);
        const LoopNest one = square(16, 8, 16, 3);
        for (const Dataflow dataflow : k_dataflows)
            for (const double capacity : {0.0, 1e3, 1e4, 1e5, 1e6})
                QCOMPARE(traffic(grouped, dataflow, {8, 8}, capacity).total(),
                         4 * traffic(one, dataflow, {8, 8}, capacity).total());
    }

    void never_less_than_unique_and_never_more_with_more_room_or_fewer_bits() {
        const uint64_t seed = 20261121;
        Rng rng(seed);
        const auto pick = [&](uint64_t lo, uint64_t hi) {
            return static_cast<int64_t>(lo + rng.below(hi - lo + 1));
        };
        for (int trial = 0; trial < 3000; ++trial) {
            const int64_t groups = rng.below(4) == 0 ? pick(2, 8) : 1;
            const LoopNest nest = square(groups * pick(1, 40), groups * pick(1, 40), pick(1, 30),
                                         2 * pick(0, 3) + 1, pick(1, 3), groups);
            const Array array{pick(1, 32), pick(1, 32)};
            const Dataflow dataflow = k_dataflows[rng.below(3)];
            const OperandBits bits{static_cast<int>(pick(2, 8)), static_cast<int>(pick(2, 8)), 32,
                                   static_cast<int>(pick(2, 8))};
            const int64_t batch = pick(1, 3);
            const double capacity = static_cast<double>(pick(0, 200000));
            const Traffic t = traffic(nest, dataflow, array, capacity, bits, batch);
            const QByteArray where = QByteArray::number(trial) + ", seed " + QByteArray::number(seed);

            const double expanded =
                static_cast<double>(nest.groups * group_gemm(nest, batch).m * group_gemm(nest, batch).k) *
                bits.activations;
            const double input =
                std::min(expanded, unique_input(nest) * static_cast<double>(batch) * bits.activations);
            QVERIFY2(t.activation_reads >= input, where);
            QVERIFY2(t.weight_reads >= unique_weights(nest) * bits.weights, where);
            QVERIFY2(traffic(nest, dataflow, array, capacity * 1.5 + 100, bits, batch).total() <= t.total(),
                     where);
            for (int which = 0; which < 3; ++which) {
                OperandBits fewer = bits;
                (which == 0 ? fewer.weights : which == 1 ? fewer.activations : fewer.outputs) -= 1;
                QVERIFY2(traffic(nest, dataflow, array, capacity, fewer, batch).total() < t.total(), where);
            }
        }
    }
};

QTEST_APPLESS_MAIN(TrafficTest)
#include "tst_traffic.moc"
