// Units of a dataflow design, and arrays that all layers share, on an FPGA.
#include "core/cost/fpga_overlay.h"
#include "core/cost/fpga_unit.h"
#include "tests/core/cost/fpga_fixture.h"

#include <cmath>

using namespace widthwise;
using namespace widthwise::cost;
using namespace widthwise::test;

namespace {

MatrixProblem conv_problem(int weight_bits, int activation_bits, int64_t groups = 1) {
    MatrixProblem problem;
    problem.nest.in_channels = 16;
    problem.nest.out_channels = 32;
    problem.nest.groups = groups;
    problem.nest.in_height = problem.nest.in_width = 14;
    problem.nest.out_height = problem.nest.out_width = 14;
    problem.nest.kernel_height = problem.nest.kernel_width = 3;
    problem.operands = {{Numeric::integer, weight_bits}, {Numeric::integer, activation_bits}};
    problem.stored = {weight_bits, activation_bits, activation_bits};
    return problem;
}

} // namespace

class FpgaUnitTest : public QObject {
    Q_OBJECT
private slots:
    void wider_units_of_one_folding_never_cost_less() {
        for (const int64_t groups : {1, 2, 16})
            for (int w = 2; w <= 9; ++w)
                for (int a = 2; a <= 9; ++a) {
                    const MatrixUnit unit = matrix_unit(conv_problem(w, a, groups), 1, DspKind::dsp48e2, 32);
                    for (const auto& [dw, da] : {std::pair{1, 0}, std::pair{0, 1}}) {
                        const MatrixUnit wider =
                            matrix_unit(conv_problem(w + dw, a + da, groups), 1, DspKind::dsp48e2, 32);
                        for (const UnitChoice& choice : unit.choices)
                            for (const UnitChoice& other : wider.choices) {
                                if (choice.pe != other.pe || choice.simd != other.simd) continue;
                                QCOMPARE(other.cycles, choice.cycles);
                                QVERIFY(other.around.luts >= choice.around.luts);
                                QVERIFY(other.around.bram18 >= choice.around.bram18);
                                QVERIFY(other.lut_luts >= choice.lut_luts);
                                QVERIFY(other.dsp_luts >= choice.dsp_luts);
                                QVERIFY(other.dsps >= choice.dsps);
                                QVERIFY(other.bram18 >= choice.bram18);
                                QVERIFY(other.urams >= choice.urams);
                                QVERIFY(other.lutram >= choice.lutram);
                            }
                    }
                }
    }

    void foldings_divide() {
        for (const int64_t groups : {1, 2, 16}) {
            const MatrixUnit unit = matrix_unit(conv_problem(4, 4, groups), 1, DspKind::dsp48e2, 32);
            QCOMPARE(unit.mh, int64_t{32});
            QCOMPARE(unit.mw, 16 / groups * 9);
            double last = 1e300;
            for (const UnitChoice& choice : unit.choices) {
                QCOMPARE(unit.mh % choice.pe, int64_t{0});
                QCOMPARE(unit.mw % choice.simd, int64_t{0});
                QVERIFY(choice.cycles < last);
                QVERIFY(choice.cycles * static_cast<double>(choice.pe * choice.simd) >= unit.macs);
                if (groups == 16) QVERIFY(choice.simd == 1 || choice.pe == unit.mh);
                last = choice.cycles;
            }
            QCOMPARE(unit.choices.front().cycles, unit.macs);
            QCOMPARE(unit.choices.back().cycles, 14.0 * 14 + 2); // a pixel a cycle is the limit
        }
    }

    /// 16 x 16 products of 8 bits, two to a DSP; 256 KiB of URAM with a port of 64 bytes.
    void overlay() {
        HardwareTarget target = zynq();
        target.kind = TargetKind::spatial;
        target.sizing = Sizing::fixed;
        target.rows = target.cols = 16;
        target.memory[1].bytes = 131072;
        target.memory[1].bytes_per_cycle = 64;
        const FpgaResources taken = overlay_resources(target);
        QCOMPARE(taken.dsps, 128.0);
        QCOMPARE(taken.bram18, 57.0); // 131,072 bytes of 2,304
        QCOMPARE(taken.urams, 0.0);
        const CostBreakdown cost = cost_of(dense(64, {32}), PrecisionPlan(precision(8, 8)), target);
        QCOMPARE(*cost.resources, taken);
        QCOMPARE(cost.available->dsps, 220.0);
        QVERIFY(cost.area.empty());
        QVERIFY(std::isnan(cost.area_mm2));
        // What DSPs do not multiply, LUTs do.
        target.fpga->dsps = 64;
        QVERIFY(overlay_resources(target).luts > taken.luts);
        QCOMPARE(overlay_resources(target).dsps, 64.0);
        target.fpga->dsps = 0;
        target.rows = target.cols = 64;
        const std::string refused = refusal(dense(64, {32}), 8, target);
        QVERIFY2(refused.find("the array does not fit") != std::string::npos, refused.c_str());
        target = zynq();
        target.kind = TargetKind::spatial;
        target.fpga->urams = 100;
        target.memory[1].bytes = 1 << 20;
        QCOMPARE(overlay_resources(target).urams, 29.0); // of 36,864 bytes
    }
};

QTEST_APPLESS_MAIN(FpgaUnitTest)
#include "tst_fpga_unit.moc"
