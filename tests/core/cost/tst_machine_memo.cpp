// Machines that remember: the same answers as those that do not, whatever has been forgotten in between.
#include "core/cost/machine_memo.h"
#include "tests/core/cost/small_networks.h"

using namespace widthwise;
using namespace widthwise::test;
using cost::MatrixProblem;

namespace {

MatrixProblem product(int64_t pixels, int bits) {
    MatrixProblem problem;
    problem.nest.out_channels = problem.nest.in_channels = 16;
    problem.nest.out_width = problem.nest.in_width = pixels;
    problem.operands = {{cost::Numeric::integer, bits}, {cost::Numeric::integer, bits}};
    problem.stored = {bits, bits, bits};
    return problem;
}

} // namespace

class MachineMemoTest : public QObject {
    Q_OBJECT
private slots:
    void answers_are_the_machines_own() {
        const HardwareTarget target = square_target(8, Dataflow::best);
        const auto machine = take(cost::make_machine(target, {}));
        cost::RememberingMachine remembering(take(cost::make_machine(target, {})));
        const auto check = [&](int64_t pixels, int bits) {
            const auto fresh = take(machine->matrix(product(pixels, bits)));
            const cost::MatrixResult& kept = *take(remembering.matrix(product(pixels, bits)));
            QCOMPARE(kept.figures.cycles, fresh.figures.cycles);
            QCOMPARE(kept.figures.energy, fresh.figures.energy);
            QCOMPARE(kept.mapping, fresh.mapping);
        };
        const int64_t several_generations = 3 * cost::RememberingMachine::k_generation;
        for (int64_t pixels = 1; pixels < several_generations; ++pixels) {
            const auto kept = remembering.matrix(product(pixels, 8));
            QVERIFY(kept.has_value());
            if (pixels % 1000 == 0) {
                check(pixels, 8);
                check(pixels / 2, 8); // of the generation before, or forgotten
                check(1, 4);
            }
        }
    }

    void a_fixed_chip_is_one_machine() {
        const HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        cost::MachineMemo memo(target);
        const std::vector<MatrixProblem> wide = {product(4, 8)}, narrow = {product(4, 2)};
        cost::RememberingMachine* const first = take(memo.at(wide, {}));
        QCOMPARE(take(memo.at(narrow, {})), first);
    }

    void a_chip_for_a_design_is_one_machine_per_demand() {
        HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        target.sizing = Sizing::to_design;
        cost::MachineMemo memo(target);
        const auto machine_for = [&](int bits) {
            const std::vector<MatrixProblem> problems = {product(4, bits)};
            return take(memo.at(problems, {}));
        };
        cost::RememberingMachine* const eight = machine_for(8);
        const double area = eight->area().at("mac");
        cost::RememberingMachine* const four = machine_for(4);
        QVERIFY(four != eight && four->area().at("mac") < area);
        QCOMPARE(machine_for(8), eight);
        for (int bits = 1; bits <= 16; ++bits) (void)machine_for(bits); // more than are kept
        QCOMPARE(machine_for(8)->area().at("mac"), area);
    }
};

QTEST_APPLESS_MAIN(MachineMemoTest)
#include "tst_machine_memo.moc"
