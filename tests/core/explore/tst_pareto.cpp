// Fronts, ranks, crowding, volumes and knees against brute force and hand-worked cases.

#include "core/base/rng.h"
#include "core/explore/pareto.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace widthwise;
using namespace widthwise::explore;

namespace {

constexpr double k_infinity = std::numeric_limits<double>::infinity();

/// On a coarse grid, so that there are many ties and equal points.
std::vector<Point> random_points(Rng& rng, size_t count, size_t losses, int levels) {
    std::vector<Point> points(count);
    for (Point& point : points)
        for (size_t k = 0; k < losses; ++k)
            point.push_back(static_cast<double>(rng.below(static_cast<uint64_t>(levels))) / levels);
    return points;
}

std::vector<size_t> front_by_brute_force(const std::vector<Point>& points) {
    std::vector<size_t> front;
    for (size_t i = 0; i < points.size(); ++i) {
        bool stands = true;
        for (size_t j = 0; j < points.size(); ++j)
            stands = stands && !dominates(points[j], points[i]) && !(j < i && points[j] == points[i]);
        if (stands) front.push_back(i);
    }
    return front;
}

/// Cells of the points' own grid that some point dominates.
double volume_by_cells(const std::vector<Point>& points, size_t losses, int levels) {
    int64_t cells = 1, covered = 0;
    for (size_t k = 0; k < losses; ++k) cells *= levels;
    for (int64_t cell = 0; cell < cells; ++cell) {
        const bool hit = std::ranges::any_of(points, [&](const Point& point) {
            int64_t rest = cell;
            for (size_t k = 0; k < losses; ++k, rest /= levels)
                if (point[k] * levels > static_cast<double>(rest % levels) + 0.5) return false;
            return true;
        });
        covered += hit;
    }
    return static_cast<double>(covered) / static_cast<double>(cells);
}

} // namespace

class TestPareto : public QObject {
    Q_OBJECT
private slots:
    void dominance() {
        QVERIFY(dominates({1, 2}, {1, 3}));
        QVERIFY(!dominates({1, 2}, {1, 2}));
        QVERIFY(!dominates({1, 3}, {2, 2}));
        QVERIFY(!dominates({1, std::nan("")}, {2, 2}));
        QVERIFY(!dominates({1, 1}, {2, std::nan("")}));
    }

    void fronts_are_those_of_brute_force() {
        for (uint64_t seed = 1; seed <= 60; ++seed) {
            Rng rng(seed);
            const size_t losses = 2 + seed % 3;
            const std::vector<Point> points = random_points(rng, 1 + rng.below(60), losses, 7);
            QCOMPARE(pareto_front(points), front_by_brute_force(points));
        }
    }

    void points_with_nan_are_never_on_the_front() {
        const double nan = std::nan("");
        const std::vector<Point> points = {{0, nan}, {1, 1}, {nan, 0}, {1, 1}};
        QCOMPARE(pareto_front(points), std::vector<size_t>{1});
        QCOMPARE(non_dominated_ranks(points), (std::vector<int>{1, 0, 1, 0}));
        QVERIFY(pareto_front(std::vector<Point>{{nan, nan}}).empty());
        QVERIFY(pareto_front(std::vector<Point>{}).empty());
    }

    void ranks_peel_fronts_off() {
        for (uint64_t seed = 1; seed <= 30; ++seed) {
            Rng rng(seed);
            const std::vector<Point> points = random_points(rng, 40, 2 + seed % 3, 6);
            const std::vector<int> ranks = non_dominated_ranks(points);
            for (int rank = 0; rank <= *std::ranges::max_element(ranks); ++rank)
                for (size_t i = 0; i < points.size(); ++i) {
                    if (ranks[i] < rank) continue; // peeled off
                    bool stands = true;
                    for (size_t j = 0; j < points.size(); ++j)
                        stands = stands && !(ranks[j] >= rank && dominates(points[j], points[i]));
                    QCOMPARE(stands, ranks[i] == rank);
                }
        }
    }

    void crowding_of_a_front_worked_by_hand() {
        // Sorted by the first loss: gaps to both neighbours over the extents 4 and 8.
        const std::vector<Point> points = {{4, 0}, {0, 8}, {1, 6}, {2, 1}};
        const std::vector<double> distances = crowding_distances(points);
        QCOMPARE(distances[0], k_infinity);
        QCOMPARE(distances[1], k_infinity);
        QCOMPARE(distances[2], 2.0 / 4 + 7.0 / 8);
        QCOMPARE(distances[3], 3.0 / 4 + 6.0 / 8);
    }

    void flat_objectives_count_nothing() {
        const std::vector<double> flat = crowding_distances(std::vector<Point>(5, Point{1, 2}));
        for (const double distance : flat) QCOMPARE(distance, 0.0);
        const std::vector<double> half = crowding_distances(std::vector<Point>{{1, 0}, {1, 1}, {1, 3}});
        QCOMPARE(half[1], 1.0);
        QCOMPARE(crowding_distances(std::vector<Point>{{1, 1}}), std::vector<double>{k_infinity});
    }

    void volumes_worked_by_hand() {
        QCOMPARE(hypervolume(std::vector<Point>{}, {1, 1}), 0.0);
        QCOMPARE(hypervolume(std::vector<Point>{{0.5, 0.25}}, {1, 1}), 0.375);
        QCOMPARE(hypervolume(std::vector<Point>{{1, 3}, {2, 2}, {3, 1}}, {4, 4}), 6.0);
        // Beside the reference, on it, with NaN, equal: nothing more.
        QCOMPARE(
            hypervolume(std::vector<Point>{{1, 3}, {2, 2}, {3, 1}, {4, 0}, {0, 5}, {2, 2}, {0, std::nan("")}},
                        {4, 4}),
            6.0);
        // Two boxes of 2 x 1 x 1 and 1 x 2 x 1 that share 1.
        QCOMPARE(hypervolume(std::vector<Point>{{0, 1, 1}, {1, 0, 1}}, {2, 2, 2}), 3.0);
    }

    void volumes_are_those_of_counted_cells() {
        for (uint64_t seed = 1; seed <= 40; ++seed) {
            Rng rng(seed);
            const size_t losses = 2 + seed % 4;
            const int levels = losses > 3 ? 5 : 8;
            const std::vector<Point> points = random_points(rng, 1 + rng.below(25), losses, levels);
            const double counted = volume_by_cells(points, losses, levels);
            const double exact = hypervolume(points, Point(losses, 1));
            QVERIFY2(std::abs(exact - counted) < 1e-12,
                     qPrintable(QString("seed %1: %2, counted %3").arg(seed).arg(exact).arg(counted)));
        }
    }

    void the_knee_is_where_the_front_bends_most() {
        // Scaled: (0, 1), (0.1, 0.2), (0.5, 0.1), (1, 0).
        const std::vector<Point> points = {{9, 9}, {10, 0}, {0, 100}, {1, 20}, {5, 10}};
        const std::vector<size_t> front = {1, 2, 3, 4};
        QCOMPARE(knee_points(points, front), (std::vector<size_t>{3, 4}));
    }

    void fronts_that_do_not_bend_have_no_knee() {
        const std::vector<Point> line = {{0, 3}, {1, 2}, {2, 1}, {3, 0}};
        QVERIFY(knee_points(line, std::vector<size_t>{0, 1, 2, 3}).empty());
        const std::vector<Point> bulge = {{0, 3}, {2.5, 2.5}, {3, 0}};
        QVERIFY(knee_points(bulge, std::vector<size_t>{0, 1, 2}).empty());
        const std::vector<Point> flat(4, Point{1, 1});
        QVERIFY(knee_points(flat, std::vector<size_t>{0, 1, 2, 3}).empty());
        QVERIFY(knee_points(line, std::vector<size_t>{0, 3}).empty());
        QVERIFY(knee_points(line, {}).empty());
    }
};

QTEST_APPLESS_MAIN(TestPareto)
#include "tst_pareto.moc"
