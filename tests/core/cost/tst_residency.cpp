// What stays on the chip between layers: by hand, against simulation and against exhaustive search.
#include "core/base/rng.h"
#include "core/cost/residency.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace widthwise;
using namespace widthwise::cost;

namespace {

/// A map of `rows` rows of `row_bits`.
FeatureMap map_of_rows(int producer, int64_t rows, double row_bits) {
    FeatureMap map;
    map.producer = producer;
    map.rows = rows;
    map.bits = static_cast<double>(rows) * row_bits;
    map.can_stay = producer >= 0;
    return map;
}

/// Closes the lists of readers.
void finish(StepGraph& graph) {
    for (size_t s = 0; s < graph.steps.size(); ++s)
        for (const int r : graph.steps[s].reads)
            graph.maps[static_cast<size_t>(r)].readers.push_back(static_cast<int>(s));
    for (FeatureMap& map : graph.maps)
        if (map.readers.empty()) {
            map.output = true;
            map.can_stay = false;
        }
}

/// A chain of windows; `rows` of the network's input.
StepGraph chain(const std::vector<RowWindow>& windows, int64_t rows, double row_bits, double weights) {
    StepGraph graph;
    graph.maps.push_back(map_of_rows(-1, rows, row_bits));
    for (const RowWindow& window : windows) {
        const int last = static_cast<int>(graph.maps.size()) - 1;
        Step step;
        step.reads = {last};
        step.writes = {last + 1};
        step.window = window;
        step.weight_bits = weights;
        rows = (rows + 2 * window.pad - window.reach) / window.stride + 1;
        graph.steps.push_back(step);
        graph.maps.push_back(map_of_rows(last, rows, row_bits));
    }
    finish(graph);
    return graph;
}

/// Any network of up to 8 steps with one result each.
StepGraph random_graph(Rng& rng, int steps) {
    const auto pick = [&](int lo, int hi) {
        return lo + static_cast<int>(rng.below(static_cast<uint64_t>(hi - lo + 1)));
    };
    StepGraph graph;
    graph.maps.push_back(map_of_rows(-1, 4, pick(1, 50)));
    for (int s = 0; s < steps; ++s) {
        Step step;
        step.reads = {pick(std::max(0, s - 3), s)};
        if (pick(0, 2) == 0) {
            const int other = pick(0, s);
            if (other != step.reads[0]) step.reads.push_back(other);
        }
        step.writes = {s + 1};
        step.weight_bits = pick(0, 60);
        step.column_bits = pick(0, 5);
        graph.steps.push_back(step);
        graph.maps.push_back(map_of_rows(s, 4, pick(1, 50)));
    }
    finish(graph);
    return graph;
}

/// The least peak of all orders, one step at a time.
double least_peak(const StepGraph& graph) {
    std::vector<int> order(graph.steps.size());
    std::iota(order.begin(), order.end(), 0);
    double least = std::numeric_limits<double>::infinity();
    do {
        std::vector<int> at(order.size());
        for (size_t i = 0; i < order.size(); ++i) at[static_cast<size_t>(order[i])] = static_cast<int>(i);
        double peak = 0;
        bool valid = true;
        for (int time = 0; time < static_cast<int>(order.size()); ++time) {
            double alive = 0;
            for (const FeatureMap& map : graph.maps) {
                const int born = map.producer < 0 ? -1 : at[static_cast<size_t>(map.producer)];
                int dies = map.output ? static_cast<int>(order.size()) : born;
                for (const int r : map.readers) {
                    valid = valid && at[static_cast<size_t>(r)] > born;
                    dies = std::max(dies, at[static_cast<size_t>(r)]);
                }
                if (born <= time && dies >= time) alive += map.bits;
            }
            peak = std::max(peak, alive);
        }
        if (valid) least = std::min(least, peak);
    } while (std::next_permutation(order.begin(), order.end()));
    return least;
}

/// The most that any set of maps saves, each set checked step by step.
double most_saved(const StepGraph& graph, const ChipRoom& room) {
    const size_t maps = graph.maps.size();
    double most = 0;
    for (size_t set = 0; set < size_t{1} << maps; ++set) {
        const auto kept = [&](int i) { return (set >> i & 1U) != 0; };
        bool fits = true;
        double saved = 0;
        for (size_t i = 0; i < maps; ++i) {
            if (!kept(static_cast<int>(i))) continue;
            fits = fits && graph.maps[i].can_stay;
            saved +=
                graph.maps[i].bits * static_cast<double>((1 + graph.maps[i].readers.size()) * room.batch);
        }
        for (int s = 0; fits && s < static_cast<int>(graph.steps.size()); ++s) {
            const Step& step = graph.steps[static_cast<size_t>(s)];
            double bits = 0, lines = 0;
            for (size_t i = 0; i < maps; ++i)
                if (kept(static_cast<int>(i)) && graph.maps[i].producer <= s &&
                    graph.maps[i].readers.back() >= s)
                    bits += graph.maps[i].bits * static_cast<double>(room.batch);
            if (bits == 0) continue;
            const bool all = std::all_of(step.reads.begin(), step.reads.end(), kept);
            for (const int i : step.reads)
                if (!kept(i)) lines += graph.maps[static_cast<size_t>(i)].bits / 4; // a row of four
            if (!kept(step.writes[0])) lines += graph.maps[static_cast<size_t>(step.writes[0])].bits / 4;
            const double tiles = 2 * step.column_bits * room.weight_columns;
            fits = bits + lines + (all ? std::min(tiles, step.weight_bits) : step.weight_bits) <= room.bits;
        }
        if (fits) most = std::max(most, saved);
    }
    return most;
}

/// The most that any split of the steps into segments saves, one image.
double most_fused(const StepGraph& graph, double room) {
    const int steps = static_cast<int>(graph.steps.size());
    double most = 0;
    for (unsigned cuts = 0; cuts < 1U << (steps - 1); ++cuts) {
        double saved = 0;
        bool fits = true;
        for (int first = 0; first < steps;) {
            int last = first;
            while (last + 1 < steps && (cuts >> last & 1U) == 0) ++last;
            if (last > first) fits = fits && segment_of(graph, first, last).working_bits <= room;
            for (const FeatureMap& map : graph.maps)
                if (last > first && map.can_stay && map.producer >= first && map.readers.back() <= last)
                    saved += map.bits * static_cast<double>(1 + map.readers.size());
            first = last + 1;
        }
        if (fits) most = std::max(most, saved);
    }
    return most;
}

} // namespace

class ResidencyTest : public QObject {
    Q_OBJECT
private slots:
    /// Two 3 x 3 windows: three rows of the input, three between, one of the result. With stride 2 in the
    /// second as many: rows are made one after another.
    void line_buffers_by_hand() {
        const RowWindow three{3, 1, 1}, halving{3, 2, 1};
        const Segment even = segment_of(chain({three, three}, 16, 10, 7), 0, 1);
        QCOMPARE(even.working_bits, (3 + 3 + 1) * 10.0 + 2 * 7);
        QCOMPARE(even.inside_bits, 30.0);
        const Segment strided = segment_of(chain({three, halving}, 16, 10, 0), 0, 1);
        QCOMPARE(strided.working_bits, (3 + 3 + 1) * 10.0);
        // Whole maps never take more than they have.
        QCOMPARE(segment_of(chain({{9, 1, 4}, {9, 1, 4}}, 4, 10, 0), 0, 1).working_bits, (4 + 4 + 1) * 10.0);
    }

    /// The shortcut of a residual block waits for the two windows beside it: rows y .. y + 2.
    void shortcuts_wait() {
        StepGraph graph = chain({{1, 1, 0}, {3, 1, 1}, {3, 1, 1}}, 16, 10, 0);
        Step sum;
        sum.reads = {1, 3};
        sum.writes = {4};
        graph.steps.push_back(sum);
        graph.maps.push_back(map_of_rows(3, 16, 10));
        for (FeatureMap& map : graph.maps)
            map.readers.clear(), map.output = false, map.can_stay = map.producer >= 0;
        finish(graph);
        // input 1, shortcut 3, between 3, before the sum 1, result 1.
        QCOMPARE(segment_of(graph, 0, 3).working_bits, (1 + 3 + 3 + 1 + 1) * 10.0);
    }

    /// What must be complete is held whole: the input of a fully connected layer, the map that a gate scales.
    void phases() {
        // A pool over everything takes rows as they come; the layer behind it reads a small vector.
        StepGraph pooled =
            chain({{3, 1, 1}, {.streams = false, .accumulates = true}, {.streams = false}}, 16, 10, 0);
        pooled.maps[2] = map_of_rows(1, 1, 10), pooled.maps[3] = map_of_rows(2, 1, 10);
        for (FeatureMap& map : pooled.maps) map.readers.clear();
        finish(pooled);
        QCOMPARE(segment_of(pooled, 0, 2).working_bits, (3 + 1 + 1) * 10.0);
        // A fully connected layer right behind the window.
        StepGraph flat = chain({{3, 1, 1}, {.streams = false}}, 16, 10, 0);
        QCOMPARE(segment_of(flat, 0, 1).inside_bits, 160.0);
        // Then the results, for which the three rows of the input make room.
        QCOMPARE(segment_of(flat, 0, 1).working_bits, 160.0 + 160.0);
    }

    /// Row by row: before a window makes a row it has the rows that it needs made, and those that no later
    /// row needs are gone.
    void line_buffers_as_simulated() {
        Rng rng(3);
        int large = 0;
        for (int trial = 0; trial < 300; ++trial) {
            std::vector<RowWindow> windows;
            for (uint64_t i = 0; i < 2 + rng.below(4); ++i) {
                const auto half = static_cast<int64_t>(rng.below(3));
                windows.push_back({2 * half + 1, 1 + static_cast<int64_t>(rng.below(2)), half});
            }
            const StepGraph graph = chain(windows, 64, 1, 0);
            const size_t maps = graph.maps.size();
            std::vector<int64_t> made(maps, -1), most(maps, 0);
            const auto make = [&](auto&& self, size_t map, int64_t row) -> void {
                row = std::min(row, graph.maps[map].rows - 1);
                while (made[map] < row) {
                    const int64_t next = made[map] + 1;
                    if (map > 0) {
                        const RowWindow& w = windows[map - 1];
                        const int64_t oldest = std::max<int64_t>(0, next * w.stride - w.pad);
                        self(self, map - 1, next * w.stride + w.reach - 1 - w.pad);
                        most[map - 1] = std::max(most[map - 1], made[map - 1] - oldest + 1);
                    }
                    made[map] = next;
                }
            };
            for (int64_t row = 0; row < graph.maps.back().rows; ++row) make(make, maps - 1, row);
            double rows = 1;
            for (size_t i = 0; i + 1 < maps; ++i) rows += static_cast<double>(most[i]);
            const double ours = segment_of(graph, 0, static_cast<int>(windows.size()) - 1).working_bits;
            QVERIFY2(ours >= rows, qPrintable(QString("trial %1: %2 < %3").arg(trial).arg(ours).arg(rows)));
            const bool small = std::any_of(graph.maps.begin(), graph.maps.end(),
                                           [](const FeatureMap& map) { return map.rows < 8; });
            QVERIFY(small || ours == rows);
            large += small ? 0 : 1;
        }
        QVERIFY(large > 100);
    }

    void segments_against_all_others() {
        Rng rng(5);
        for (int trial = 0; trial < 300; ++trial) {
            const StepGraph graph = random_graph(rng, 7);
            const ChipRoom room{.bits = 20 + 400 * rng.uniform(), .weight_columns = 4, .batch = 3};
            const Fusion fusion = fuse_depth_first(graph, room);
            QCOMPARE(fusion.saved_bits, 3 * most_fused(graph, room.bits));
            double inside = 0;
            for (size_t i = 0; i < graph.maps.size(); ++i)
                if (fusion.inside[i])
                    inside += 3 * graph.maps[i].bits * static_cast<double>(1 + graph.maps[i].readers.size());
            QCOMPARE(inside, fusion.saved_bits);
        }
    }

    void kept_maps_against_all_others() {
        Rng rng(7);
        for (int trial = 0; trial < 300; ++trial) {
            const StepGraph graph = random_graph(rng, 7);
            const ChipRoom room{.bits = 50 + 600 * rng.uniform(), .weight_columns = 4, .batch = 2};
            const KeptMaps kept = keep_maps(graph, room);
            QVERIFY(kept.exact);
            QCOMPARE(kept.saved_bits, most_saved(graph, room));
        }
    }

    /// The branch with the widest map first: its 60 meet the other branch's 30 no more.
    void operator_order_by_hand() {
        StepGraph graph;
        graph.maps = {map_of_rows(-1, 1, 10), map_of_rows(0, 1, 30), map_of_rows(1, 1, 60),
                      map_of_rows(2, 1, 5), map_of_rows(3, 1, 1)};
        const auto step = [&](std::vector<int> reads, int write) {
            Step s;
            s.reads = std::move(reads);
            s.writes = {write};
            graph.steps.push_back(s);
        };
        step({0}, 1);    // narrow branch
        step({0}, 2);    // wide branch
        step({2}, 3);    // and back
        step({1, 3}, 4); // join
        finish(graph);
        QCOMPARE(peak_bits(graph), 100.0); // input, narrow, wide
        const OperatorOrder order = best_order(graph);
        QCOMPARE(order.file_bits, 100.0);
        QCOMPARE(order.best_bits, 75.0); // input, wide, what it becomes
        QCOMPARE(order.steps, (std::vector<int>{1, 2, 0, 3}));
        QVERIFY(order.exact);
    }

    void operator_order_against_all_others() {
        Rng rng(11);
        for (int trial = 0; trial < 150; ++trial) {
            const StepGraph graph = random_graph(rng, 7);
            const OperatorOrder order = best_order(graph);
            QVERIFY(order.exact);
            QCOMPARE(order.best_bits, least_peak(graph));
            QCOMPARE(peak_bits(graph, order.steps), order.best_bits);
            QVERIFY(order.best_bits <= order.file_bits);
        }
    }

    /// Hundreds of branches: no exact search, still an order, and soon.
    void wide_graphs_are_ordered_greedily() {
        StepGraph graph;
        graph.maps.push_back(map_of_rows(-1, 1, 10));
        for (int i = 0; i < 300; ++i) {
            Step step;
            step.reads = {0};
            step.writes = {i + 1};
            graph.steps.push_back(step);
            graph.maps.push_back(map_of_rows(i, 1, 1 + i % 7));
        }
        finish(graph);
        const OperatorOrder order = best_order(graph);
        QVERIFY(!order.exact);
        QCOMPARE(order.steps.size(), 300U);
        QCOMPARE(order.best_bits, order.file_bits); // all results are alive in the end
        const ChipRoom room{.bits = 1e6, .weight_columns = 1, .batch = 1};
        QVERIFY(keep_maps(graph, room).saved_bits == 0);
        QVERIFY(fuse_depth_first(graph, room).saved_bits == 0);
    }
};

QTEST_APPLESS_MAIN(ResidencyTest)
#include "tst_residency.moc"
