#include "core/cost/finn.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

constexpr double k_base_luts = 300, k_scale = 1.1; // FINN-R's c0, c1

constexpr int64_t ceil_div(int64_t a, int64_t b) {
    return a / b + (a % b != 0 ? 1 : 0);
}

double as_double(int64_t value) {
    return static_cast<double>(value);
}

} // namespace

int64_t mvau_cycles(const Mvau& unit) {
    return (unit.mh / unit.pe) * (unit.mw / unit.simd) * unit.vectors;
}

double mvau_accumulator_bits(const Mvau& unit) {
    const double alpha = std::log2(as_double(unit.mw)) + unit.weight_bits + unit.activation_bits - 1 -
                         (unit.signed_activations ? 1 : 0);
    const double needed = std::ceil(alpha + std::log2(1 + std::pow(2, -alpha)) + 1);
    return std::min<double>(unit.accumulator_bits, needed);
}

double mvau_luts(const Mvau& unit, bool dsps_multiply, double threshold_luts) {
    return mvau_luts(unit, dsps_multiply, threshold_luts, mvau_accumulator_bits(unit));
}

double mvau_luts(const Mvau& unit, bool dsps_multiply, double threshold_luts, double accumulator_bits) {
    const int both = unit.weight_bits + unit.activation_bits;
    const double per_product = (2.0 * ((both + 5) / 6) - 1) * both;
    const double multipliers = dsps_multiply ? 0 : as_double(unit.simd) * per_product;
    const double adders = both * (2.0 * as_double(unit.simd) - 1);
    const double per_pe = multipliers + adders + accumulator_bits + threshold_luts;
    return k_base_luts + k_scale * (as_double(unit.pe) * per_pe);
}

double mvau_threshold_luts(const Mvau& unit, int output_bits, double accumulator_bits) {
    const double stored = as_double(ceil_div(ceil_div(unit.mh, unit.pe), 64));
    return (std::exp2(output_bits) - 1) * accumulator_bits * (stored + 1);
}

int64_t mvau_rtl_dsps(const Mvau& unit, DspKind dsp) {
    return dsp == DspKind::dsp58 ? unit.pe * ceil_div(unit.simd, 3) : ceil_div(unit.pe, 4) * unit.simd;
}

int64_t vvau_rtl_dsps(const Mvau& unit) {
    return unit.pe * ceil_div(unit.simd, 3);
}

int64_t mvau_hls_dsps(const Mvau& unit) {
    return unit.pe * unit.simd * ceil_div(unit.weight_bits + unit.activation_bits, 48);
}

int64_t packed_dsps(const Mvau& unit, DspKind dsp, bool shared_inputs) {
    const int widest = std::max(unit.weight_bits, unit.activation_bits);
    int64_t best = mvau_hls_dsps(unit);
    if (widest > 8) return best;
    if (dsp == DspKind::dsp58) best = std::min(best, vvau_rtl_dsps(unit));
    if (!shared_inputs) return best;
    if (widest <= 4) return std::min(best, ceil_div(unit.pe, 4) * unit.simd);
    if (dsp != DspKind::dsp58) best = std::min(best, ceil_div(unit.pe, 2) * unit.simd);
    return best;
}

int64_t bram18_count(int64_t width, int64_t depth) {
    if (width <= 1) return ceil_div(depth, 16384);
    if (width == 2) return ceil_div(depth, 8192);
    if (width <= 4) return ceil_div(depth, 4096) * ceil_div(width, 4);
    if (width <= 9) return ceil_div(depth, 2048) * ceil_div(width, 9);
    if (width <= 18 || depth > 512) return ceil_div(depth, 1024) * ceil_div(width, 18);
    return ceil_div(depth, 512) * ceil_div(width, 36);
}

int64_t uram_count(int64_t width, int64_t depth) {
    return ceil_div(width, 72) * ceil_div(depth, 4096);
}

double lutram_luts(int64_t width, int64_t depth) {
    return as_double(width) * as_double(ceil_div(depth, 64));
}

} // namespace widthwise::cost
