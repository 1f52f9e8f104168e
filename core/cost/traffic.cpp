#include "core/cost/traffic.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace widthwise::cost {
namespace {

/// One way to treat an operand: bits that the level keeps for it, bits that cross the boundary. Per group.
struct Way {
    double kept = 0;
    double moved = 0;
};

struct Ways {
    std::array<Way, 4> way;
    size_t count = 0;

    void add(double kept, double moved) { way[count++] = {kept, moved}; }
    [[nodiscard]] Ways times(double bits) const {
        Ways scaled = *this;
        for (Way& w : scaled.way) w.kept *= bits, w.moved *= bits;
        return scaled;
    }
};

int64_t ceil_divide(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

/// Input rows (or columns) from the first to the last that a kernel covers.
int64_t reach(int64_t kernel, int64_t dilation) {
    return (kernel - 1) * dilation + 1;
}

int64_t touched_extent(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation) {
    return std::min({in, out * kernel, (out - 1) * stride + reach(kernel, dilation)});
}

/// Facts of one group that all cases need. Counts are doubles: products of hostile shapes may pass 2^63.
struct Group {
    double k, n, m;
    double plane;        ///< touched elements per channel, whole batch
    double channels;     ///< of the input
    double unique_input; ///< elements
    double row_overlap;  ///< output rows that read one input row
    double line;         ///< elements of the rows that a kernel covers, of one channel of one image

    Group(const LoopNest& nest, int64_t batch) {
        const Gemm gemm = group_gemm(nest, batch);
        k = static_cast<double>(gemm.k), n = static_cast<double>(gemm.n), m = static_cast<double>(gemm.m);
        plane = static_cast<double>(touched_plane(nest)) * static_cast<double>(batch);
        channels = static_cast<double>(nest.in_channels / nest.groups);
        unique_input = channels * plane;
        const int64_t rows = reach(nest.kernel_height, nest.dilation_height);
        row_overlap =
            static_cast<double>(std::min(nest.kernel_height, ceil_divide(rows, nest.stride_height)));
        line = static_cast<double>(std::min(rows, nest.in_height)) * static_cast<double>(nest.in_width);
    }
};

/// Row folds that slice the window K (ws, is): how they touch channels, which are kernel-height x width runs
/// of K.
struct ChannelSlices {
    double visits;   ///< (fold, channel) pairs
    double per_fold; ///< most channels that one fold touches

    ChannelSlices(const LoopNest& nest, const Folding& folding, const Array& array) {
        const int64_t kernel = nest.kernel_height * nest.kernel_width;
        const int64_t channels = nest.in_channels / nest.groups;
        // Fold boundaries lie at multiples of the rows; those that fall inside a channel make it visited once
        // more.
        const int64_t aligned_step = array.rows / std::gcd(array.rows, kernel) * kernel;
        const int64_t aligned = (folding.s_r - 1) / aligned_step;
        visits = static_cast<double>(channels + folding.row_folds - 1 - aligned);
        const int64_t most =
            array.rows % kernel == 0 ? array.rows / kernel : (array.rows + kernel - 2) / kernel + 1;
        per_fold = static_cast<double>(std::min(channels, most));
    }
};

struct Case {
    const LoopNest& nest; ///< of one tile
    Dataflow dataflow;
    const Folding& folding; ///< of one tile
    const Array& array;
    const OperandBits& bits;
    const BitWeights& moved;
    const Group& group; ///< of one tile
    int64_t tiles;
    double share; ///< all pixels over those of a whole tile: the last tile may be smaller
    bool rows_inner;
};

/// Elements over all tiles; scaled to bits by the caller.
Ways input_ways(const Case& c) {
    const Group& g = c.group;
    const bool window_sliced = c.dataflow == Dataflow::weight_stationary ||
                               (c.dataflow == Dataflow::input_stationary && !c.rows_inner);
    const ChannelSlices slices(c.nest, c.folding, c.array);
    const double expanded = g.m * g.k; // every window in full: no reuse at all
    const double pass = std::min(expanded, window_sliced ? slices.visits * g.plane : g.unique_input);
    const double lines = (window_sliced ? slices.per_fold : g.channels) * g.line;
    const double passes =
        c.dataflow == Dataflow::input_stationary ? 1.0 : static_cast<double>(c.folding.col_folds);
    Ways ways;
    ways.add(0, c.share * passes * std::min(expanded, pass * g.row_overlap));
    ways.add(lines, c.share * passes * pass);
    ways.add(g.unique_input, c.share * std::min(g.unique_input, expanded));
    if (passes > 1 && !c.rows_inner) {
        if (window_sliced) {
            ways.add(slices.per_fold * g.plane, c.share * pass);
        } else {
            const int64_t out_rows = (c.array.rows + c.nest.out_width - 2) / c.nest.out_width + 1;
            const int64_t in_rows =
                (out_rows - 1) * c.nest.stride_height + reach(c.nest.kernel_height, c.nest.dilation_height);
            const double part = static_cast<double>(in_rows) * static_cast<double>(c.nest.in_width);
            ways.add(g.channels * std::min(g.plane, part), c.share * pass);
        }
    }
    return ways;
}

Ways weight_ways(const Case& c) {
    const double all = c.group.n * c.group.k;
    const double tiles = static_cast<double>(c.tiles);
    const bool by_rows = c.dataflow == Dataflow::output_stationary;
    const double passes = c.dataflow == Dataflow::weight_stationary
                              ? 1.0
                              : static_cast<double>(by_rows ? c.folding.row_folds : c.folding.col_folds);
    Ways ways;
    ways.add(0, tiles * passes * all);
    if (tiles * passes > 1) ways.add(all, all);
    if (passes > 1 &&
        c.rows_inner == by_rows) { // the inner loop meets one part of the filters again and again
        const double part = by_rows ? std::min(c.group.n, static_cast<double>(c.array.cols)) * c.group.k
                                    : std::min(c.group.k, static_cast<double>(c.array.rows)) * c.group.n;
        ways.add(part, tiles * all);
    }
    return ways;
}

/// Moved: partial sums in one direction.
Ways result_ways(const Case& c) {
    const double all = c.group.m * c.group.n;
    Ways ways;
    if (c.dataflow == Dataflow::output_stationary || c.folding.row_folds == 1) {
        ways.add(0, 0);
        return ways;
    }
    ways.add(0, c.share * static_cast<double>(c.folding.row_folds - 1) * all);
    const double part =
        static_cast<double>(c.folding.t) * static_cast<double>(std::min(c.folding.s_c, c.array.cols));
    ways.add(c.rows_inner ? part : all, 0);
    return ways;
}

/// Takes the combination of least traffic if it beats `least`; of equals in as many tiles the one that reads
/// the input less (it may weigh nothing). Streaming everything keeps nothing, so one always fits.
void choose(const Case& c, double capacity, Traffic& best, double& least) {
    const Ways input = input_ways(c).times(c.bits.activations);
    const Ways weights = weight_ways(c).times(c.bits.weights);
    const Ways results = result_ways(c).times(c.bits.accumulator);
    for (size_t i = 0; i < input.count; ++i)
        for (size_t w = 0; w < weights.count; ++w)
            for (size_t r = 0; r < results.count; ++r) {
                const double kept = input.way[i].kept + weights.way[w].kept + results.way[r].kept;
                const double moved = input.way[i].moved * c.moved.activations +
                                     weights.way[w].moved * c.moved.weights +
                                     2 * results.way[r].moved * c.moved.accumulator;
                if (kept > capacity || moved > least) continue;
                if (moved == least && (best.tiles != c.tiles || input.way[i].moved >= best.activation_reads))
                    continue;
                least = moved;
                best.activation_reads = input.way[i].moved;
                best.weight_reads = weights.way[w].moved;
                best.partial_reads = best.partial_writes = results.way[r].moved;
                best.rows_inner = c.rows_inner;
                best.tiles = c.tiles;
                best.kept_bits = kept;
            }
}

} // namespace

int64_t touched_plane(const LoopNest& nest) {
    return touched_extent(nest.in_height, nest.out_height, nest.kernel_height, nest.stride_height,
                          nest.dilation_height) *
           touched_extent(nest.in_width, nest.out_width, nest.kernel_width, nest.stride_width,
                          nest.dilation_width);
}

std::vector<Traffic> layer_splits(const LoopNest& nest, int64_t batch, Dataflow dataflow, const Array& array,
                                  const OperandBits& bits, double capacity_bits, const BitWeights& moved) {
    const Group whole(nest, batch);
    const double groups = static_cast<double>(nest.groups);
    const double compulsory =
        std::min(whole.unique_input, whole.m * whole.k) * bits.activations * moved.activations +
        whole.n * whole.k * bits.weights * moved.weights;
    std::vector<Traffic> splits;
    splits.reserve(8);
    Traffic best;
    double least = std::numeric_limits<double>::infinity();
    int64_t images = batch;
    LoopNest tile = nest;
    while (true) {
        const Group group(tile, images);
        const Folding folding = fold(dataflow, group_gemm(tile, images), array);
        const int64_t tiles = ceil_divide(batch, images) * ceil_divide(nest.out_height, tile.out_height);
        const double share = whole.m / group.m;
        const double before = least;
        for (const bool rows_inner : {false, true})
            choose({tile, dataflow, folding, array, bits, moved, group, tiles, share, rows_inner},
                   capacity_bits, best, least);
        if (least < before) {
            Traffic& split = splits.emplace_back(best);
            split.activation_reads *= groups;
            split.weight_reads *= groups;
            split.partial_reads *= groups;
            split.partial_writes *= groups;
            split.output_writes = groups * whole.m * whole.n * bits.outputs;
        }
        if (least <= compulsory || (images == 1 && tile.out_height == 1)) break;
        if (images > 1) {
            images = ceil_divide(images, 2);
        } else {
            tile.out_height = ceil_divide(tile.out_height, 2);
            tile.in_height = std::min(nest.in_height, (tile.out_height - 1) * nest.stride_height +
                                                          reach(nest.kernel_height, nest.dilation_height));
        }
    }
    return splits;
}

} // namespace widthwise::cost
