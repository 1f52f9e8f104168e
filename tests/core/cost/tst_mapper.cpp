// The mapping search against exhaustive enumeration, and the laws that an exact search obeys.
#include "core/base/rng.h"
#include "core/cost/map_space.h"
#include "core/cost/mapper.h"
#include "core/cost/nest_mapping.h"
#include "core/cost/objective.h"
#include "tests/core/cost/nest_fixture.h"

#include <functional>

using namespace widthwise;
using namespace widthwise::test;

namespace {

/// Every factor 1..n at every place, every order: no bound, no thinning, and tiles checked at the end.
cost::LayerFigures exhaustive(const HardwareTarget& target, const cost::MatrixProblem& p) {
    const cost::NestShape shape(p);
    const cost::Chip chip = chip_of(target, p);
    const cost::NestPricing pricing(target, chip, p);
    const cost::MapSpace space = cost::map_space(target, target.dataflow);
    const cost::NestHierarchy hierarchy(target);
    cost::Tiling tiling(target.memory.size());
    cost::LayerFigures best;
    bool found = false;
    std::function<void(size_t)> orders = [&](size_t level) {
        if (level < tiling.levels) {
            for (const cost::LoopOrder& order : space.orders[level]) {
                tiling.order[level] = order;
                orders(level + 1);
            }
            return;
        }
        const cost::LayerFigures figures = pricing.price(cost::count_accesses(shape, hierarchy, tiling));
        if (!found || cost::better(target.objective, figures, best)) best = figures;
        found = true;
    };
    std::function<void(size_t, size_t, int64_t)> place = [&](size_t d, size_t at, int64_t rest) {
        if (d == k_dims) {
            if (cost::check_fit(tiling, target, shape, pricing)) orders(0);
            return;
        }
        const auto& places = space.places[d];
        int64_t& extent = tiling.at(places[at].level, places[at].slot, static_cast<Dim>(d));
        const bool last = at + 1 == places.size();
        const bool whole = at == 0 && space.whole[d] > 0; // rows of these layers are short
        for (extent = last || whole ? rest : 1; extent <= rest; ++extent) {
            const int64_t left = (rest + extent - 1) / extent;
            if (last)
                place(d + 1, 0, d + 1 < k_dims ? shape.extents[d + 1] : 1);
            else
                place(d, at + 1, left);
        }
        extent = 1;
    };
    place(0, 0, shape.extents[0]);
    if (!found) qFatal("nothing fits");
    return best;
}

cost::MatrixResult searched(const HardwareTarget& target, const cost::MatrixProblem& p) {
    return take(cost::nest_layer(target, chip_of(target, p), p, nullptr));
}

double objective_of(Objective objective, const cost::LayerFigures& f) {
    const double time = static_cast<double>(f.cycles), energy = f.energy.total_j();
    return objective == Objective::latency ? time : objective == Objective::energy ? energy : time * energy;
}

constexpr std::array k_dataflows = {Dataflow::row_stationary, Dataflow::weight_stationary,
                                    Dataflow::output_stationary, Dataflow::input_stationary,
                                    Dataflow::no_local_reuse};
constexpr std::array k_objectives = {Objective::latency, Objective::energy, Objective::energy_delay};

} // namespace

class MapperTest : public QObject {
    Q_OBJECT

private slots:
    void finds_the_best_of_all_data() {
        QTest::addColumn<int>("dataflow");
        QTest::addColumn<int>("objective");
        for (const Dataflow dataflow : k_dataflows)
            for (const Objective objective : k_objectives)
                QTest::addRow("%s %s", std::string(to_string(dataflow)).c_str(),
                              std::string(to_string(objective)).c_str())
                    << static_cast<int>(dataflow) << static_cast<int>(objective);
    }
    void finds_the_best_of_all() {
        QFETCH(int, dataflow);
        QFETCH(int, objective);
        HardwareTarget target =
            padded_target(static_cast<Dataflow>(dataflow), static_cast<Objective>(objective));
        const std::vector<Convolution> layers = {{3, 2, 2, 2}, {4, 3, 2, 1}, {5, 2, 1, 2}};
        for (const bool slow_memory : {false, true}) {
            if (slow_memory) {
                target.memory[0].bytes_per_cycle = 0.5;
                target.memory[1].bytes_per_cycle = 1;
            }
            for (const Convolution& layer : layers) {
                const cost::MatrixProblem p = problem(layer);
                const cost::MatrixResult result = searched(target, p);
                QCOMPARE(result.nest->gap, 0.0);
                const double best = objective_of(target.objective, exhaustive(target, p));
                const double ours = objective_of(target.objective, result.figures);
                QVERIFY2(std::abs(ours / best - 1) < 1e-12,
                         qPrintable(QString("%1 instead of %2").arg(ours).arg(best)));
            }
        }
    }

    /// The mapping that the search shows costs, evaluated as it is, what the search says.
    void what_is_shown_is_what_was_priced() {
        const HardwareTarget target = padded_target(Dataflow::row_stationary, Objective::energy);
        const cost::MatrixProblem p = problem({6, 5, 7, 3, 2});
        const cost::MatrixResult found = searched(target, p);
        const auto again = cost::nest_layer(target, chip_of(target, p), p, &found.nest->mapping);
        QVERIFY(again);
        QCOMPARE(again->figures.energy.total_j(), found.figures.energy.total_j());
        QCOMPARE(again->figures.cycles, found.figures.cycles);
        QVERIFY(again->nest->accesses == found.nest->accesses);
        QVERIFY(!again->nest->searched && found.nest->searched);
    }

    /// Random layers and targets: less of anything never makes the optimum better; what is moved and done is
    /// never less than what must be.
    void less_never_helps() {
        Rng rng(20261121);
        for (int round = 0; round < 24; ++round) {
            const auto pick = [&](int64_t lo, int64_t hi) {
                return lo + static_cast<int64_t>(rng.below(static_cast<uint64_t>(hi - lo + 1)));
            };
            const Convolution layer{pick(1, 12), pick(1, 12), pick(1, 9), pick(1, 3),
                                    pick(1, 2),  1,           pick(1, 2)};
            const cost::MatrixProblem p = problem(layer);
            HardwareTarget target = padded_target(k_dataflows[static_cast<size_t>(pick(0, 4))],
                                                  k_objectives[static_cast<size_t>(pick(0, 2))]);
            target.rows = pick(3, 6);
            target.cols = pick(1, 6);
            target.memory[0].bytes_per_cycle = static_cast<double>(pick(1, 4));
            target.memory[1].bytes = 512;
            const cost::MatrixResult full = searched(target, p);
            const QByteArray where = QString("round %1 %2: %3")
                                         .arg(round)
                                         .arg(QString::fromStdString(std::string(to_string(target.dataflow))))
                                         .arg(QString::fromStdString(full.mapping))
                                         .toLatin1();
            const double cells = static_cast<double>(target.rows * target.cols);
            QVERIFY2(static_cast<double>(full.figures.compute_cycles) * cells >= p.macs(), where);
            const cost::NestShape shape(p);
            double bits = 0;
            for (const Operand o : {Operand::weights, Operand::inputs, Operand::outputs})
                bits += shape.tile(o, shape.extents) * 8;
            QVERIFY2(full.figures.dram_bytes >= bits / 8 * (1 - 1e-12), where);

            std::vector<HardwareTarget> smaller(5, target);
            smaller[0].rows -= 1;
            smaller[1].cols = std::max<int64_t>(1, target.cols - 1);
            smaller[2].memory[1].bytes = 300;
            smaller[3].memory[0].bytes_per_cycle = *target.memory[0].bytes_per_cycle / 2;
            smaller[4].memory[3].bytes = 9;
            for (size_t i = 0; i < smaller.size(); ++i) {
                const auto less = cost::nest_layer(smaller[i], chip_of(smaller[i], p), p, nullptr);
                if (!less) continue; // no longer fits
                QVERIFY2(objective_of(target.objective, less->figures) >=
                             objective_of(target.objective, full.figures) * (1 - 1e-12),
                         where + ", variant " + QByteArray::number(static_cast<int>(i)));
            }
        }
    }

    void a_layer_that_fits_nowhere_says_what_it_needs() {
        HardwareTarget target = padded_target(Dataflow::row_stationary, Objective::energy);
        target.memory[1].bytes = 3; // rows of results stand whole beside the array
        const cost::MatrixProblem p = problem({2, 2, 8, 3});
        const auto refused = cost::nest_layer(target, chip_of(target, p), p, nullptr);
        QVERIFY(!refused);
        QVERIFY2(refused.error().message.find("bytes in buffer, which has 3") != std::string::npos,
                 refused.error().message.c_str());
        QVERIFY(!refused.error().remedy.empty());
    }

    /// Row-stationary sets hold whole rows of results beside the array; longer ones are cut.
    void long_rows_are_cut() {
        HardwareTarget target = padded_target(Dataflow::row_stationary, Objective::latency);
        target.memory[1].bytes = 2048;
        cost::MatrixProblem p = problem({4, 2, 1, 1});
        p.nest.out_width = p.nest.in_width = 16000;
        const cost::MatrixResult result = searched(target, p);
        const auto& outermost = result.nest->mapping.levels[0].temporal;
        const auto cut = std::find_if(outermost.begin(), outermost.end(),
                                      [](const Loop& loop) { return loop.dim == Dim::q; });
        QVERIFY(cut != outermost.end() && cut->extent >= 8);
        QCOMPARE(result.figures.mapped_units, 4.0 / 6); // 2 filters x 2 channels at once
    }

    /// Many factors: the lists are thinned and the distance to a bound is stated.
    void large_spaces_state_their_gap() {
        HardwareTarget target = padded_target(Dataflow::weight_stationary, Objective::energy);
        target.memory[1].bytes = 65536;
        const cost::MatrixResult result = searched(target, problem({480, 480, 60, 3}));
        QVERIFY(result.nest->gap > 0);
        QVERIFY(result.nest->examined > 0);
    }
};

QTEST_GUILESS_MAIN(MapperTest)
#include "tst_mapper.moc"
