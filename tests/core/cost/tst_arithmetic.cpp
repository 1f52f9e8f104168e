// One multiply-accumulate in every pair of formats and every style of unit: worked by hand, ordered, and
// never cheaper when a width grows.
#include "core/cost/mac_array.h"
#include "core/cost/mac_style.h"
#include "tests/core/cost/reference_csv.h"

#include <array>
#include <cmath>

using namespace widthwise;
using namespace widthwise::test;
using namespace widthwise::cost;

namespace {

constexpr double k_cell = 0.002994791667, k_driver = 0.001041666667; ///< Horowitz's multipliers
constexpr Array k_array{16, 16};

void compare(double ours, double expected) {
    if (std::abs(ours - expected) > 1e-6 * std::abs(expected)) qFatal("%.9g instead of %.9g", ours, expected);
}

Operands pair(Numeric weights, int weight_bits, Numeric activations, int activation_bits) {
    return {{weights, weight_bits}, {activations, activation_bits}};
}

Operands integers(int weights, int activations) {
    return pair(Numeric::integer, weights, Numeric::integer, activations);
}

MacUnit unit(MacStyle style, SerialOperands serial = SerialOperands::activations, int bits = 16) {
    return {style, bits, bits, 32, 2, serial};
}

/// On a unit built for it.
MacDesign built_for(const MacUnit& unit, const Operands& operands) {
    WidestOperands widest;
    widest.add(operands);
    return {unit, k_array, widest, 32};
}

double mac_pj(const Operands& operands) {
    return built_for(unit(MacStyle::bit_parallel), operands).mac_pj(operands);
}

const std::array k_units = {unit(MacStyle::bit_parallel),
                            unit(MacStyle::bit_serial, SerialOperands::activations),
                            unit(MacStyle::bit_serial, SerialOperands::weights),
                            unit(MacStyle::bit_serial, SerialOperands::both), unit(MacStyle::bit_composable)};

struct Growing {
    Numeric numeric;
    int least, most;
};
constexpr std::array k_formats = {Growing{Numeric::integer, 1, 16}, Growing{Numeric::power_of_two, 2, 5},
                                  Growing{Numeric::codebook, 2, 8}, Growing{Numeric::binary, 1, 1},
                                  Growing{Numeric::ternary, 2, 2}};

} // namespace

class Arithmetic : public QObject {
    Q_OBJECT
private slots:
    void published_points_are_met() {
        compare(product_pj(integers(8, 8), 8, 8), 0.2);
        compare(accumulate_pj(integers(8, 8), 32), 0.1);
        const Operands fp16 = pair(Numeric::float16, 16, Numeric::float16, 16);
        const Operands fp32 = pair(Numeric::float32, 32, Numeric::float32, 32);
        compare(product_pj(fp16, 0, 0), 1.1);
        compare(product_pj(fp32, 0, 0), 3.7);
        compare(mac_pj(fp16), 1.1 + 0.4);
        compare(mac_pj(fp32), 3.7 + 0.9);
        compare(float_mac_um2(fp16), 1640 + 1360);
        compare(float_mac_um2(fp32), 7700 + 4184);
    }

    void small_floats_by_the_law_through_them() {
        const double u = (3.7 - 2.2) / (576 - 242), v = (1.1 - 121 * u) / 16;
        compare(float_multiply_pj(Numeric::bfloat16, Numeric::bfloat16), 64 * u + 16 * v);
        compare(float_multiply_pj(Numeric::float8, Numeric::float8), 16 * u + 8 * v);
        compare(float_multiply_pj(Numeric::float8, Numeric::float16), 44 * u + 12 * v);
        QCOMPARE(float_accumulator_bits(pair(Numeric::float8, 8, Numeric::float16, 16)), 16);
        QCOMPARE(float_accumulator_bits(pair(Numeric::bfloat16, 16, Numeric::bfloat16, 16)), 32);
        // An integer comes in the other operand's format.
        compare(mac_pj(pair(Numeric::integer, 4, Numeric::float16, 16)), 1.5);
    }

    void other_data_paths_by_hand() {
        const Operands xnor = pair(Numeric::binary, 1, Numeric::binary, 1);
        QVERIFY(datapath(xnor) == Datapath::xnor_count);
        compare(mac_pj(xnor), k_cell * 10 / 28 + k_driver + 2 * 0.003125);
        const Operands sign = pair(Numeric::binary, 1, Numeric::integer, 8);
        compare(mac_pj(sign), k_cell * 80 / 28 + k_driver * 4.5 + 0.1);
        const Operands ternary = pair(Numeric::integer, 4, Numeric::ternary, 2);
        compare(mac_pj(ternary), k_cell * 4 * 16 / 28 + k_driver * 3 + 0.1);
        // 3 bits: two levels over 4 data bits, of 5 and 7 multiplexers, and 4 sign gates.
        const Operands shift = pair(Numeric::power_of_two, 3, Numeric::integer, 4);
        compare(mac_pj(shift), k_cell * (12 * 12 + 4 * 10) / 28.0 + k_driver * 3.5 + 0.1);
        // 16 entries of 8 bits: 4 levels of multiplexers on the way to an 8 x 8 multiplier.
        const Operands shared = pair(Numeric::codebook, 4, Numeric::integer, 8);
        compare(mac_pj(shared), k_cell * (64 + 32 * 12 / 28.0) + k_driver * 6 + 0.1);
        QVERIFY(product_cells(shared).built > product_cells(shared).switching + 8 * 15 * 12 / 28.0);
    }

    /// An array multiplier made for integers takes them as such.
    void without_their_own_data_path_formats_run_as_integers() {
        const MacDesign fixed(unit(MacStyle::bit_parallel), k_array, false);
        const Operands xnor = pair(Numeric::binary, 1, Numeric::binary, 1);
        compare(fixed.mac_pj(xnor), k_cell * 4 + k_driver * 16 + 0.1);
        const MacDesign with(unit(MacStyle::bit_parallel), k_array, true);
        QVERIFY(with.mac_pj(xnor) < fixed.mac_pj(xnor));
        QVERIFY(as_integers(pair(Numeric::power_of_two, 4, Numeric::ternary, 2)) == integers(8, 2));
        QVERIFY(as_integers(pair(Numeric::codebook, 4, Numeric::integer, 4)) == integers(8, 4));
        QVERIFY(as_integers(pair(Numeric::codebook, 4, Numeric::integer, 16)) == integers(16, 16));
    }

    void formats_in_their_order() {
        const std::array ascending = {pair(Numeric::binary, 1, Numeric::binary, 1),
                                      pair(Numeric::binary, 1, Numeric::integer, 8),
                                      pair(Numeric::ternary, 2, Numeric::integer, 8),
                                      integers(2, 8),
                                      integers(4, 8),
                                      integers(8, 8),
                                      pair(Numeric::codebook, 4, Numeric::integer, 8),
                                      pair(Numeric::float8, 8, Numeric::float8, 8),
                                      pair(Numeric::float16, 16, Numeric::float16, 16),
                                      pair(Numeric::bfloat16, 16, Numeric::bfloat16, 16),
                                      pair(Numeric::float32, 32, Numeric::float32, 32)};
        for (size_t i = 1; i < ascending.size(); ++i)
            QVERIFY2(mac_pj(ascending[i - 1]) < mac_pj(ascending[i]), QByteArray::number(i));
        QVERIFY(mac_pj(pair(Numeric::power_of_two, 4, Numeric::integer, 8)) < mac_pj(integers(4, 8)));
        const auto area = [](const Operands& o) {
            return built_for(unit(MacStyle::bit_parallel), o).array_um2(k_array);
        };
        QVERIFY(area(ascending[0]) < area(ascending[1]) && area(ascending[1]) < area(ascending[3]));
        QVERIFY(area(ascending[4]) < area(ascending[5]) && area(ascending[5]) < area(ascending[6]));
    }

    void unequal_widths_lie_between() {
        for (const MacUnit& u : k_units) {
            const auto pj = [&](int w, int a) { return built_for(u, integers(w, a)).mac_pj(integers(w, a)); };
            QVERIFY(pj(4, 4) < pj(4, 8) && pj(4, 8) < pj(8, 8));
            QVERIFY(pj(4, 4) < pj(8, 4) && pj(8, 4) < pj(8, 8));
            const MacDesign fixed(u, k_array, false);
            QVERIFY(fixed.mac_pj(integers(4, 8)) < fixed.mac_pj(integers(8, 8)));
        }
    }

    /// All styles, formats and widths: on a unit that exists and on one built for the pair.
    void nothing_falls_when_a_width_grows() {
        int checked = 0;
        for (const MacUnit& u : k_units)
            for (const Growing& w : k_formats)
                for (const Growing& a : k_formats)
                    for (int wb = w.least; wb <= w.most; ++wb)
                        for (int ab = a.least; ab <= a.most; ++ab)
                            for (int which = 0; which < 2; ++which) {
                                const Operands wide = pair(w.numeric, wb, a.numeric, ab);
                                Operands narrow = wide;
                                OperandFormat& f = which == 0 ? narrow.weights : narrow.activations;
                                if (--f.bits < (which == 0 ? w : a).least) continue;
                                check_pair(u, narrow, wide);
                                ++checked;
                            }
        QVERIFY(checked > 5000);
    }

    void what_an_accumulator_adds_never_outgrows_what_narrow_operands_save() {
        for (const MacUnit& u : k_units)
            for (int b = 2; b < 16; ++b) {
                const MacDesign narrow = built_for(u, integers(b, 8)),
                                wide = built_for(u, integers(b + 1, 8));
                QVERIFY(narrow.array_um2(k_array) + narrow.accumulators_um2(k_array) <=
                        wide.array_um2(k_array) + wide.accumulators_um2(k_array));
            }
    }

    void serial_units_take_a_cycle_a_bit() {
        const auto beats = [](SerialOperands serial, int w, int a) {
            return MacDesign(unit(MacStyle::bit_serial, serial), k_array, false).rate(integers(w, a)).beats;
        };
        QCOMPARE(beats(SerialOperands::activations, 3, 5), 5);
        QCOMPARE(beats(SerialOperands::weights, 3, 5), 3);
        QCOMPARE(beats(SerialOperands::both, 3, 5), 15);
        QCOMPARE(beats(SerialOperands::both, 16, 16), 256); // Loom: aw ww / 256 of the time
        const MacDesign weights(unit(MacStyle::bit_serial, SerialOperands::weights), k_array, false);
        QCOMPARE(weights.rate(pair(Numeric::binary, 1, Numeric::integer, 8)).beats, 1);
        QCOMPARE(weights.rate(pair(Numeric::ternary, 2, Numeric::integer, 8)).beats, 2);
        QCOMPARE(weights.rate(pair(Numeric::power_of_two, 4, Numeric::integer, 8)).beats, 8);
        // Activations serial: 4 cycles of an 8 x 1 bit row, 9 adder bits and a 16th of an accumulator.
        const MacDesign stripes = built_for(unit(MacStyle::bit_serial), integers(8, 4));
        compare(stripes.mac_pj(integers(8, 4)), 4 * (k_cell * 8 + k_driver * 4.5 + 9 * 0.003125 + 0.1 / 16));
        compare(stripes.accumulations(integers(8, 4)), 4 / 16.0);
    }

    /// BitFusion's simulator: int(8 / max(iprec, 2)) * int(8 / max(wprec, 2)).
    void composable_units_make_more_of_narrow_products() {
        const MacDesign fusion(unit(MacStyle::bit_composable, {}, 8), k_array, false);
        for (int w = 1; w <= 8; ++w)
            for (int a = 1; a <= 8; ++a)
                QCOMPARE(fusion.rate(integers(w, a)).products, (8 / std::max(w, 2)) * (8 / std::max(a, 2)));
        compare(fusion.mac_pj(integers(2, 2)), fusion.mac_pj(integers(8, 8)) / 16);
        compare(fusion.accumulations(integers(4, 4)), 0.25);
        // Composing costs: an 8 x 8 product takes more than on a fixed unit, a 2 x 2 one less.
        const MacDesign fixed(unit(MacStyle::bit_parallel, {}, 8), k_array, false);
        QVERIFY(fusion.mac_pj(integers(8, 8)) > 1.5 * fixed.mac_pj(integers(8, 8)));
        QVERIFY(fusion.mac_pj(integers(2, 2)) < fixed.mac_pj(integers(2, 2)));
        QVERIFY(fusion.array_um2(k_array) > 2.5 * fixed.array_um2(k_array));
    }

    /// Every synthesized array, most of which the laws were not fitted to.
    void laws_of_arrays_meet_synthesis() {
        const auto path = reference_dir() / "cost" / "bitfusion" / "systolic_array_synth.csv";
        WIDTHWISE_NEED(path);
        double area[2] = {}, energy[2] = {};
        int checked = 0;
        for (const CsvRow& row : read_csv(path)) {
            const Array array{integer(row, "N"), integer(row, "M")};
            const int b = static_cast<int>(integer(row, "Max Precision (bits)"));
            const int least = static_cast<int>(integer(row, "Min Precision (bits)"));
            const double pj = number(row, "Dynamic Power (nW)") * 1e3 / number(row, "Frequency");
            const size_t kind = b == least ? 0 : 1;
            area[kind] = std::max(
                area[kind], std::abs(fusion_array_um2(array, b, b, least) / number(row, "Area (um^2)") - 1));
            energy[kind] = std::max(energy[kind], std::abs(fusion_array_pj(array, b, b, least) / pj - 1));
            ++checked;
        }
        qInfo("%d arrays: fixed area %.3f, energy %.3f; fusion %.3f, %.3f", checked, area[0], energy[0],
              area[1], energy[1]);
        QVERIFY(checked >= 120);
        QVERIFY(area[0] < 0.16 && energy[0] < 0.25 && area[1] < 0.08 && energy[1] < 0.14);
        // Between fixed and synthesized fusion units.
        const double middle = fusion_array_um2(k_array, 8, 8, 4);
        QVERIFY(fusion_array_um2(k_array, 8, 8, 8) < middle && middle < fusion_array_um2(k_array, 8, 8, 2));
    }

private:
    static void check_pair(const MacUnit& u, const Operands& narrow, const Operands& wide) {
        const auto where = [&] {
            return QByteArray("style ") + QByteArray::number(static_cast<int>(u.style)) + " serial " +
                   QByteArray::number(static_cast<int>(u.serial)) + " numerics " +
                   QByteArray::number(static_cast<int>(wide.weights.numeric)) + "," +
                   QByteArray::number(static_cast<int>(wide.activations.numeric)) + " w" +
                   QByteArray::number(wide.weights.bits) + "a" + QByteArray::number(wide.activations.bits);
        };
        for (const bool own : {false, true}) {
            const MacDesign fixed(u, k_array, own);
            QVERIFY2(fixed.mac_pj(narrow) <= fixed.mac_pj(wide), where());
            const MacRate n = fixed.rate(narrow), w = fixed.rate(wide);
            QVERIFY2(n.beats * w.products <= w.beats * n.products, where());
        }
        const MacDesign for_narrow = built_for(u, narrow), for_wide = built_for(u, wide);
        QVERIFY2(for_narrow.mac_pj(narrow) <= for_wide.mac_pj(wide), where());
        QVERIFY2(for_narrow.array_um2(k_array) <= for_wide.array_um2(k_array), where());
    }
};

QTEST_APPLESS_MAIN(Arithmetic)
#include "tst_arithmetic.moc"
