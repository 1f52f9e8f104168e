#include "core/cost/mac_style.h"

#include "core/cost/area_law.h"
#include "core/cost/energy_law.h"
#include "core/cost/mac_array.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

constexpr double k_lanes_per_tree = 16; ///< Stripes' inner product units

/// The narrowest min_bits x 2^k that holds `bits`.
int slot_bits(int bits, int min_bits) {
    int slot = std::max(1, min_bits);
    while (slot < bits) slot *= 2;
    return slot;
}

bool serial_weights(SerialOperands serial) {
    return serial != SerialOperands::activations;
}
bool serial_activations(SerialOperands serial) {
    return serial != SerialOperands::weights;
}

} // namespace

void WidestOperands::add(const Operands& operands) {
    if (operands.floating()) return;
    weight_bits = std::max(weight_bits, operands.weights.bits);
    activation_bits = std::max(activation_bits, operands.activations.bits);
    if (datapath(operands) == Datapath::multiply) {
        multiplier_weight_bits = std::max(multiplier_weight_bits, operands.weights.bits);
        multiplier_activation_bits = std::max(multiplier_activation_bits, operands.activations.bits);
    } else {
        special_cells = std::max(special_cells, product_cells(operands).built);
    }
    const Operands integers = as_integers(operands);
    integer_weight_bits = std::max(integer_weight_bits, integers.weights.bits);
    integer_activation_bits = std::max(integer_activation_bits, integers.activations.bits);
}

void WidestOperands::add(const WidestOperands& other) {
    weight_bits = std::max(weight_bits, other.weight_bits);
    activation_bits = std::max(activation_bits, other.activation_bits);
    multiplier_weight_bits = std::max(multiplier_weight_bits, other.multiplier_weight_bits);
    multiplier_activation_bits = std::max(multiplier_activation_bits, other.multiplier_activation_bits);
    special_cells = std::max(special_cells, other.special_cells);
    integer_weight_bits = std::max(integer_weight_bits, other.integer_weight_bits);
    integer_activation_bits = std::max(integer_activation_bits, other.integer_activation_bits);
}

MacDesign::MacDesign(const MacUnit& unit, const Array& array, bool with_own_datapaths)
    : style(unit.style)
    , serial(unit.serial)
    , min_bits(unit.min_bits)
    , weight_bits(unit.weight_bits)
    , activation_bits(unit.activation_bits)
    , accumulator_bits(unit.accumulator_bits)
    , cells(static_cast<double>(unit.weight_bits) * unit.activation_bits)
    , own_datapaths(with_own_datapaths && unit.style == MacStyle::bit_parallel) {
    compose(array);
}

MacDesign::MacDesign(const MacUnit& unit, const Array& array, const WidestOperands& widest, int accumulator)
    : MacDesign(unit, array, true) {
    if (widest.weight_bits == 0) return;
    accumulator_bits = accumulator;
    if (style == MacStyle::bit_parallel) {
        weight_bits = widest.weight_bits;
        activation_bits = widest.activation_bits;
        cells =
            std::max(static_cast<double>(widest.multiplier_weight_bits) * widest.multiplier_activation_bits,
                     widest.special_cells);
        return;
    }
    weight_bits = widest.integer_weight_bits;
    activation_bits = widest.integer_activation_bits;
    if (style == MacStyle::bit_composable) {
        weight_bits = slot_bits(weight_bits, min_bits);
        activation_bits = slot_bits(activation_bits, min_bits);
    }
    cells = static_cast<double>(weight_bits) * activation_bits;
    compose(array);
}

void MacDesign::compose(const Array& array) {
    composed_ratio = 1;
    if (style == MacStyle::bit_composable)
        composed_ratio = fusion_array_pj(array, weight_bits, activation_bits, min_bits) /
                         fixed_array_pj(array, 0.5 * (weight_bits + activation_bits), cells);
}

Operands MacDesign::as_run(const Operands& operands) const {
    if (own_datapaths || operands.floating()) return operands;
    Operands run = as_integers(operands);
    // A serial unit takes the single bit of a binary operand as it is.
    if (style == MacStyle::bit_serial) {
        if (operands.weights.numeric == Numeric::binary) run.weights.bits = 1;
        if (operands.activations.numeric == Numeric::binary) run.activations.bits = 1;
    }
    return run;
}

MacRate MacDesign::rate(const Operands& operands) const {
    const Operands run = as_run(operands);
    MacRate rate;
    switch (style) {
    case MacStyle::bit_parallel:
        break;
    case MacStyle::bit_serial:
        if (serial_weights(serial)) rate.beats *= std::max(1, run.weights.bits);
        if (serial_activations(serial)) rate.beats *= std::max(1, run.activations.bits);
        break;
    case MacStyle::bit_composable:
        if (!operands.floating())
            rate.products = std::max(1, weight_bits / slot_bits(run.weights.bits, min_bits)) *
                            std::max(1, activation_bits / slot_bits(run.activations.bits, min_bits));
        break;
    }
    return rate;
}

double MacDesign::accumulations(const Operands& operands) const {
    const MacRate rate = this->rate(operands);
    const double lanes = style == MacStyle::bit_serial && !operands.floating() ? k_lanes_per_tree : 1;
    return (lanes > 1 ? static_cast<double>(rate.beats) : 1) / (lanes * static_cast<double>(rate.products));
}

double MacDesign::mac_pj(const Operands& operands) const {
    const Operands run = as_run(operands);
    const double accumulate = accumulate_pj(run, accumulator_bits);
    if (run.floating()) return product_pj(run, 0, 0) + accumulate;
    const MacRate rate = this->rate(operands);
    switch (style) {
    case MacStyle::bit_parallel:
        break;
    case MacStyle::bit_serial: {
        const int w = serial_weights(serial) ? 1 : run.weights.bits;
        const int a = serial_activations(serial) ? 1 : run.activations.bits;
        const int unit_w = serial_weights(serial) ? 1 : std::max(w, weight_bits);
        const int unit_a = serial_activations(serial) ? 1 : std::max(a, activation_bits);
        return static_cast<double>(rate.beats) * (multiply_pj(w, a, unit_w, unit_a) +
                                                  add_pj(std::max(w, a) + 1) + accumulate / k_lanes_per_tree);
    }
    case MacStyle::bit_composable:
        return composed_ratio * (multiply_pj(weight_bits, activation_bits) + add_pj(accumulator_bits)) /
               static_cast<double>(rate.products);
    }
    return product_pj(run, weight_bits, activation_bits) + accumulate;
}

double MacDesign::array_um2(const Array& array) const {
    switch (style) {
    case MacStyle::bit_parallel:
        break;
    case MacStyle::bit_serial: {
        const int w = serial_weights(serial) ? 1 : weight_bits;
        const int a = serial_activations(serial) ? 1 : activation_bits;
        return fixed_array_um2(array, 0.5 * (w + a), static_cast<double>(w) * a);
    }
    case MacStyle::bit_composable:
        return fusion_array_um2(array, weight_bits, activation_bits, min_bits);
    }
    return fixed_array_um2(array, 0.5 * (weight_bits + activation_bits), cells);
}

double MacDesign::accumulators_um2(const Array& array) const {
    const double columns = static_cast<double>(array.cols);
    const double units = static_cast<double>(array.rows) * columns;
    const double trees = std::ceil(static_cast<double>(array.rows) / k_lanes_per_tree) * columns;
    if (style == MacStyle::bit_composable) // sums leave a column at its end
        return columns * accumulator_extension_um2(weight_bits, activation_bits, accumulator_bits);
    if (style == MacStyle::bit_parallel)
        return units * accumulator_extension_um2(weight_bits, activation_bits, accumulator_bits);
    const int w = serial_weights(serial) ? 1 : weight_bits;
    const int a = serial_activations(serial) ? 1 : activation_bits;
    return trees * accumulator_extension_um2(w, a, accumulator_bits);
}

} // namespace widthwise::cost
