// Access counts of mapped nests by hand; the simulator's own counts are in tst_validation.
#include "core/cost/nest_mapping.h"
#include "tests/core/cost/nest_fixture.h"

using namespace widthwise;
using namespace widthwise::test;

namespace {

struct Counted {
    cost::NestCounts counts;
    [[nodiscard]] const OperandAccesses& at(size_t level, Operand operand) const {
        return counts.levels[level].operands[static_cast<size_t>(operand)];
    }
};

Counted count(const HardwareTarget& target, const Convolution& layer, const Mapping& mapping) {
    const cost::NestShape shape(problem(layer));
    const cost::Tiling tiling = take(cost::tiling_of(mapping, target, shape));
    return {cost::count_accesses(shape, cost::NestHierarchy(target), tiling)};
}

void compare(const OperandAccesses& a, double reads, double fills, double updates) {
    QCOMPARE(a.reads, reads);
    QCOMPARE(a.fills, fills);
    QCOMPARE(a.updates, updates);
}

} // namespace

class NestCountsTest : public QObject {
    Q_OBJECT

private slots:
    /// A row of 4 results from 5 inputs and 2 taps, all in the buffer: the window slides, so each input
    /// enters its scratchpad once.
    void a_window_slides_over_a_row() {
        HardwareTarget target = padded_target(Dataflow::row_stationary, Objective::energy);
        Convolution layer;
        layer.filters = layer.channels = 1;
        cost::MatrixProblem p = problem(layer);
        p.nest.out_height = p.nest.kernel_height = p.nest.in_height = 1;
        const cost::NestShape shape(p);
        const Mapping mapping{{{"buffer", {{Dim::q, 4}}, {}, {}}, {"weights", {{Dim::s, 2}}, {}, {}}}};
        const cost::Tiling tiling = take(cost::tiling_of(mapping, target, shape));
        const Counted c{cost::count_accesses(shape, cost::NestHierarchy(target), tiling)};
        QCOMPARE(c.counts.steps, 8.0);
        QCOMPARE(c.counts.units, 1.0);
        compare(c.at(2, Operand::inputs), 8, 5, 0);
        compare(c.at(1, Operand::inputs), 5, 5, 0);
        compare(c.at(0, Operand::inputs), 5, 0, 0);
        compare(c.at(3, Operand::weights), 8, 2, 0); // stay while the window slides
        compare(c.at(0, Operand::weights), 2, 0, 0);
        compare(c.at(4, Operand::outputs), 8 - 4, 4, 8); // the first product of each result adds to nothing
        compare(c.at(1, Operand::outputs), 0, 4, 4);
        compare(c.at(0, Operand::outputs), 0, 0, 4);
    }

    /// Two filters in two columns: inputs are multicast to both, weights differ.
    void equal_tiles_are_read_once() {
        const HardwareTarget target = padded_target(Dataflow::weight_stationary, Objective::energy);
        const Counted c =
            count(target, {2, 1, 2, 1}, {{{"buffer", {{Dim::p, 2}, {Dim::q, 2}}, {{Dim::k, 2}}, {}}}});
        QCOMPARE(c.counts.units, 2.0);
        compare(c.at(2, Operand::inputs), 8, 8, 0);
        compare(c.at(1, Operand::inputs), 4, 4, 0);
        compare(c.at(3, Operand::weights), 8, 2, 0);
        compare(c.at(4, Operand::outputs), 0, 8, 8);
        compare(c.at(1, Operand::outputs), 0, 8, 8);
    }

    /// Two channels in two rows are summed on their way to the buffer; a third and fourth come back for the
    /// sums.
    void partial_sums_come_back() {
        const HardwareTarget target = padded_target(Dataflow::weight_stationary, Objective::energy);
        const Counted c = count(target, {1, 4, 2, 1},
                                {{{"buffer", {{Dim::c, 2}, {Dim::p, 2}, {Dim::q, 2}}, {}, {{Dim::c, 2}}}}});
        compare(c.at(4, Operand::outputs), 16 - 8, 16, 16);
        compare(c.at(1, Operand::outputs), 8 - 4, 4, 8);
        compare(c.at(0, Operand::outputs), 0, 0, 4);
    }

    /// Rows of the kernel above one another, output rows side by side: 2 + 3 - 1 input rows serve 6 elements.
    void diagonals_share_input_rows() {
        HardwareTarget target = padded_target(Dataflow::row_stationary, Objective::energy);
        const Mapping mapping{
            {{"buffer", {{Dim::q, 3}}, {{Dim::p, 3}}, {{Dim::r, 2}}}, {"weights", {{Dim::s, 2}}, {}, {}}}};
        const Convolution layer{1, 1, 3, 2};
        compare(count(target, layer, mapping).at(1, Operand::inputs), 6 * 4, 16, 0);
        target.diagonal_multicast = true;
        const Counted shared = count(target, layer, mapping);
        compare(shared.at(1, Operand::inputs), 4 * 4, 16, 0);
        compare(shared.at(2, Operand::inputs), 36, 24, 0);
    }

    /// 3 filters on 2 columns, twice: the idle place moves nothing.
    void what_is_covered_beyond_the_layer_is_idle() {
        const HardwareTarget target = padded_target(Dataflow::weight_stationary, Objective::energy);
        const Counted c = count(target, {3, 1, 1, 1}, {{{"buffer", {{Dim::k, 2}}, {{Dim::k, 2}}, {}}}});
        QCOMPARE(c.counts.steps, 2.0);
        compare(c.at(0, Operand::weights), 3, 0, 0);
        compare(c.at(3, Operand::weights), 3, 3, 0);
        compare(c.at(0, Operand::outputs), 0, 0, 3);
    }

    void impossible_mappings_are_refused_data() {
        QTest::addColumn<QString>("what");
        QTest::addColumn<int>("which");
        QTest::newRow("unknown level") << "none of the target's" << 0;
        QTest::newRow("out of order") << "out of order" << 1;
        QTest::newRow("loop twice") << "stands twice" << 2;
        QTest::newRow("not covered") << "3 of 4 iterations of loop K" << 3;
        QTest::newRow("spatial outside") << "not next to the array" << 4;
        QTest::newRow("too many columns") << "2 x 3" << 5;
        QTest::newRow("pad too small") << "bytes in sums" << 6;
        QTest::newRow("overflow") << "covers" << 7;
    }
    void impossible_mappings_are_refused() {
        QFETCH(QString, what);
        QFETCH(int, which);
        const HardwareTarget target = padded_target(Dataflow::weight_stationary, Objective::energy);
        const cost::MatrixProblem p = problem({4, 1, 1, 1});
        const std::vector<Mapping> mappings = {
            {{{"cache", {{Dim::k, 4}}, {}, {}}}},
            {{{"buffer", {{Dim::k, 4}}, {}, {}}, {"DRAM", {}, {}, {}}}},
            {{{"buffer", {{Dim::k, 2}, {Dim::k, 2}}, {}, {}}}},
            {{{"buffer", {{Dim::k, 3}}, {}, {}}}},
            {{{"DRAM", {}, {{Dim::k, 4}}, {}}}},
            {{{"buffer", {}, {{Dim::k, 4}}, {}}}},
            {{{"sums", {{Dim::k, 8}}, {}, {}}}},
            {{{"DRAM", {{Dim::k, int64_t{1} << 40}}, {}, {}},
              {"buffer", {{Dim::k, int64_t{1} << 40}}, {}, {}}}},
        };
        const auto refused =
            cost::nest_layer(target, chip_of(target, p), p, &mappings[static_cast<size_t>(which)]);
        QVERIFY(!refused);
        QVERIFY2(refused.error().message.find(what.toStdString()) != std::string::npos,
                 refused.error().message.c_str());
    }
};

QTEST_GUILESS_MAIN(NestCountsTest)
#include "tst_nest_counts.moc"
