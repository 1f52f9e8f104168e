#include "core/cost/arithmetic.h"

#include "core/cost/area_law.h"
#include "core/cost/energy_law.h"

#include <algorithm>
#include <array>

namespace widthwise::cost {
namespace {

// Cells by transistors of static CMOS gates over a full adder's 28.
constexpr double k_xnor_cells = 10.0 / 28, k_and_cells = 6.0 / 28, k_multiplexer_cells = 12.0 / 28;
constexpr double k_cell_um2 = 4.35691; ///< mac_array.h
constexpr int k_widest_shift = 32;     ///< no accumulator takes more
constexpr int k_least_entry_bits = 8;

bool either(const Operands& o, Numeric numeric) {
    return o.weights.numeric == numeric || o.activations.numeric == numeric;
}

/// The operand that is not of the named format (the activations where both are).
const OperandFormat& other(const Operands& o, Numeric numeric) {
    return o.weights.numeric == numeric ? o.activations : o.weights;
}

const OperandFormat& this_one(const Operands& o, Numeric numeric) {
    return o.weights.numeric == numeric ? o.weights : o.activations;
}

/// A power of two of `bits` has an exponent of bits - 1 bits, one level of the shifter each; level i spreads
/// the data over 2^i more places.
double shifter_cells(int data_bits, int bits) {
    double multiplexers = 0;
    for (int level = 1; level < bits; ++level) {
        const int spread = level < 6 ? (1 << level) - 1 : k_widest_shift;
        multiplexers += std::max(data_bits, std::min(data_bits + spread, k_widest_shift));
    }
    return multiplexers * k_multiplexer_cells + data_bits * k_xnor_cells;
}

int entry_bits(const OperandFormat& beside) {
    return std::max(k_least_entry_bits, beside.bits);
}

Cells look_up_cells(const Operands& o) {
    const OperandFormat& table = this_one(o, Numeric::codebook);
    const OperandFormat& beside = other(o, Numeric::codebook);
    const double entry = entry_bits(beside);
    const double data = beside.numeric == Numeric::codebook ? entry : beside.bits;
    const double entries = static_cast<double>(1 << std::min(table.bits, 16));
    const double register_cells = register_bit_um2() / k_cell_um2;
    return {entry * data + entry * table.bits * k_multiplexer_cells,
            entry * data + entry * (entries * register_cells + (entries - 1) * k_multiplexer_cells)};
}

struct Float {
    int significand, bits;
};

Float float_of(Numeric numeric) {
    switch (numeric) {
    case Numeric::float8:
        return {4, 8};
    case Numeric::float16:
        return {11, 16};
    case Numeric::bfloat16:
        return {8, 16};
    case Numeric::float32:
    case Numeric::integer:
    case Numeric::power_of_two:
    case Numeric::ternary:
    case Numeric::binary:
    case Numeric::codebook:
        break;
    }
    return {24, 32};
}

/// u m1 m2 + v b through a float16 and a float32 figure.
double float_law(double at16, double at32, Numeric a, Numeric b) {
    const double u = (at32 - 2 * at16) / (24 * 24 - 2 * 11 * 11);
    const double v = (at16 - 11 * 11 * u) / 16;
    const Float x = float_of(a), y = float_of(b);
    return u * x.significand * y.significand + v * 0.5 * (x.bits + y.bits);
}

/// Both formats of a floating-point product: an integer operand comes in the other's.
std::array<Numeric, 2> float_pair(const Operands& o) {
    const Numeric w = o.weights.numeric, a = o.activations.numeric;
    return {is_floating(w) ? w : a, is_floating(a) ? a : w};
}

} // namespace

Datapath datapath(const Operands& o) {
    if (o.floating()) return Datapath::floating;
    if (either(o, Numeric::codebook)) return Datapath::look_up;
    if (o.weights.numeric == Numeric::binary && o.activations.numeric == Numeric::binary)
        return Datapath::xnor_count;
    if (either(o, Numeric::binary) || either(o, Numeric::ternary)) return Datapath::negate;
    if (either(o, Numeric::power_of_two)) return Datapath::shift;
    return Datapath::multiply;
}

Cells product_cells(const Operands& o) {
    double cells = 0;
    switch (datapath(o)) {
    case Datapath::look_up:
        return look_up_cells(o);
    case Datapath::xnor_count:
        cells = k_xnor_cells;
        break;
    case Datapath::negate: {
        const bool binary = either(o, Numeric::binary);
        const int bits = other(o, binary ? Numeric::binary : Numeric::ternary).bits;
        cells = bits * (k_xnor_cells + (binary ? 0 : k_and_cells));
        break;
    }
    case Datapath::shift:
        cells = shifter_cells(other(o, Numeric::power_of_two).bits, this_one(o, Numeric::power_of_two).bits);
        break;
    case Datapath::multiply:
    case Datapath::floating:
        cells = static_cast<double>(o.weights.bits) * o.activations.bits;
        break;
    }
    return {cells, cells};
}

Operands as_integers(const Operands& o) {
    const auto integer = [](const OperandFormat& format, const OperandFormat& beside) {
        switch (format.numeric) {
        case Numeric::power_of_two:
            return OperandFormat{Numeric::integer, std::max(2, 1 << std::clamp(format.bits - 1, 0, 5))};
        case Numeric::ternary:
        case Numeric::binary:
            return OperandFormat{Numeric::integer, 2};
        case Numeric::codebook:
            return OperandFormat{Numeric::integer, entry_bits(beside)};
        case Numeric::integer:
        case Numeric::float8:
        case Numeric::float16:
        case Numeric::bfloat16:
        case Numeric::float32:
            break;
        }
        return format;
    };
    return {integer(o.weights, o.activations), integer(o.activations, o.weights)};
}

double product_pj(const Operands& o, int unit_weight_bits, int unit_activation_bits) {
    if (o.floating()) {
        const auto [w, a] = float_pair(o);
        return float_multiply_pj(w, a);
    }
    return k_multiplier_cell_pj * product_cells(o).switching +
           k_multiplier_driver_pj * 0.5 *
               (std::max(unit_weight_bits, o.weights.bits) +
                std::max(unit_activation_bits, o.activations.bits));
}

double accumulate_pj(const Operands& o, int accumulator_bits) {
    if (o.floating()) return float_add_pj(float_accumulator_bits(o));
    return add_pj(datapath(o) == Datapath::xnor_count ? std::min(2, accumulator_bits) : accumulator_bits);
}

int float_accumulator_bits(const Operands& o) {
    const auto pair = float_pair(o);
    const bool narrow = std::all_of(pair.begin(), pair.end(),
                                    [](Numeric n) { return n == Numeric::float8 || n == Numeric::float16; });
    return narrow ? 16 : 32;
}

double float_multiply_pj(Numeric a, Numeric b) {
    return float_law(k_fp16_multiply_pj, k_fp32_multiply_pj, a, b);
}

double float_add_pj(int bits) {
    return bits <= 16 ? k_fp16_add_pj : k_fp32_add_pj;
}

double float_mac_um2(const Operands& o) {
    const auto [w, a] = float_pair(o);
    return float_law(k_fp16_multiply_um2, k_fp32_multiply_um2, w, a) +
           (float_accumulator_bits(o) == 16 ? k_fp16_add_um2 : k_fp32_add_um2);
}

} // namespace widthwise::cost
