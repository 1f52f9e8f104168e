#pragma once
// What FINN's matrix-vector units take of an FPGA and how long they run, as FINN itself estimates it: the
// coefficients of FINN-R (Blott et al., ACM TRETS 2018) in the form of
// Xilinx/finn@39f0c9a6:src/finn/custom_op/fpgadataflow (matrixvectoractivation.py,
// hls/matrixvectoractivation_hls.py, rtl/matrixvectoractivation_rtl.py, rtl/vectorvectoractivation_rtl.py).
// FINN's own unit test (MW = MH = 4, PE = SIMD = 1, two bits) expects two LUTs more than its formula gives.

#include "core/design/hardware_target.h"

#include <cstdint>

namespace widthwise::cost {

/// One unit for MH x MW weights: PE outputs and SIMD inputs at a time. PE divides MH, SIMD divides MW. A
/// depthwise convolution (VVAU) has one output a channel and a window of inputs.
struct Mvau {
    int64_t mh = 1, mw = 1; ///< outputs, inputs of one vector
    int64_t vectors = 1;    ///< of one image
    int64_t pe = 1, simd = 1;
    int weight_bits = 8, activation_bits = 8;
    bool signed_activations = false;
    int accumulator_bits = 32; ///< widest that is allowed
};

/// (MH / PE) (MW / SIMD) vectors.
[[nodiscard]] int64_t mvau_cycles(const Mvau& unit);

/// min(allowed, ceil(a + log2(1 + 2^-a) + 1)), a = log2(MW) + W + A - 1 - signed (the bound of arXiv
/// 2301.13376).
[[nodiscard]] double mvau_accumulator_bits(const Mvau& unit);

/// LUTs without memory for weights: 300 + 1.1 PE (multipliers + adder tree + accumulator + thresholds), not
/// truncated. Multipliers SIMD (2 ceil((W + A) / 6) - 1) (W + A), none where DSPs multiply; adder tree (W +
/// A) (2 SIMD - 1); thresholds as of threshold_luts.
///
/// Binary weights and inputs (XNOR and popcount) go by the same formula at W = A = 1: 4.4 LUTs a product in
/// PE-wide units. The kernel alone was published at 376 LUTs for 128 products (FINN, FPGA 2017,
/// section 4.2.1; a quoted copy was seen), 2.9 each; CNV-w1a1 after synthesis (26,072 LUTs,
/// Xilinx/BNN-PYNQ@d84f6e88) lies within 10 % of the formula's sum and a quarter above the kernel's.
[[nodiscard]] double mvau_luts(const Mvau& unit, bool dsps_multiply, double threshold_luts = 0);
/// The same with its accumulator already worked out.
[[nodiscard]] double mvau_luts(const Mvau& unit, bool dsps_multiply, double threshold_luts,
                               double accumulator_bits);
/// Of one PE, thresholds kept in LUTs: (2^B - 1) accumulator bits (ceil(MH / PE / 64) + 1), B bits out.
[[nodiscard]] double mvau_threshold_luts(const Mvau& unit, int output_bits, double accumulator_bits);

/// DSPs of FINN's RTL unit as FINN counts them, whatever the widths: ceil(PE / 4) SIMD; DSP58 PE ceil(SIMD /
/// 3).
[[nodiscard]] int64_t mvau_rtl_dsps(const Mvau& unit, DspKind dsp);
/// Of its depthwise sister (DSP58 only): PE ceil(SIMD / 3).
[[nodiscard]] int64_t vvau_rtl_dsps(const Mvau& unit);
/// Of the HLS unit: PE SIMD ceil((W + A) / 48).
[[nodiscard]] int64_t mvau_hls_dsps(const Mvau& unit);
/// As the compute cores pack them (rtl/matrixvectoractivation_rtl.py _resolve_impl_style): DSP48E1 and
/// DSP48E2 hold four products of 4 bits or two of 8 (WP486, WP521) that share an input, DSP58 four of 4 bits
/// or three of 8; wider ones as of HLS. `shared_inputs`: the PEs read the same inputs, as they do in all but
/// grouped layers.
[[nodiscard]] int64_t packed_dsps(const Mvau& unit, DspKind dsp, bool shared_inputs);

/// Memory of `depth` words of `width` bits.
[[nodiscard]] int64_t bram18_count(int64_t width, int64_t depth);
/// ceil(width / 72) ceil(depth / 4096).
[[nodiscard]] int64_t uram_count(int64_t width, int64_t depth);
/// width ceil(depth / 64) LUTs.
[[nodiscard]] double lutram_luts(int64_t width, int64_t depth);

} // namespace widthwise::cost
