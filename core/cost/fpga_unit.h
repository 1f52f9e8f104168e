#pragma once
// The units of a dataflow design, one for each layer: in which ways a matrix layer can be folded and what
// each takes of the device; what a unit for element-wise work takes.

#include "core/cost/problem.h"
#include "core/design/cost_breakdown.h"
#include "core/design/hardware_target.h"

#include <vector>

namespace widthwise::cost {

/// One folding of a matrix layer.
struct UnitChoice {
    int64_t pe = 1, simd = 1;
    double cycles = 0;             ///< of one image: the slower of the product and its window generator
    FpgaResources around;          ///< window generator, output FIFO, activation function
    double lut_luts = 0;           ///< of the product where LUTs multiply
    double dsp_luts = 0, dsps = 0; ///< where DSPs multiply; equal LUTs and no DSPs: they cannot
    double weight_width = 0, weight_depth = 0; ///< words of the weights' memory
    double bram18 = 0, urams = 0, lutram = 0;  ///< of the weights in one of the three
    [[nodiscard]] bool shallow() const { return weight_depth <= k_deepest_lutram; }
    /// Weights no deeper than this stand in LUTs (FINN: calc_wmem() <= 128 of internal_embedded weights).
    static constexpr double k_deepest_lutram = 128;
};

/// A matrix layer's unit. Its layer is an MVAU of FINN (finn.h) with MH = K outputs (of all groups) and MW =
/// C/groups R S inputs: depthwise layers are FINN's VVAU, other grouped layers, which FINN has no unit for,
/// are taken alike. Cycles (MH / PE) (MW / SIMD) positions.
///
/// LUTs of the product: finn.h. Floating point, one multiplier
/// and adder a product (Xilinx' floating-point operator at full use of DSPs and with LUTs alone, rounded,
/// from memory): float32 5 DSPs + 300 LUTs or 1020 LUTs; float16 3 + 200 or 400; bfloat16 2 + 180 or 340;
/// float8 180 LUTs. Activation of integer layers: the cheaper of thresholds kept in LUTs (up to 8 bits out)
/// and a multiplier by 16-bit scales for each output that leaves in one cycle.
struct MatrixUnit {
    std::vector<UnitChoice> choices; ///< smallest and slowest first; never empty; cycles fall
    int64_t mh = 1, mw = 1;
    double vectors = 1;                     ///< of one image
    double weight_bits = 0;                 ///< of all weights
    double input_bits = 0, output_bits = 0; ///< of one image
    double first_window = 1; ///< share of the input that must be there before the first output, 0..1
    double macs = 0;         ///< of one image

    /// The smallest that takes at most `cycles` an image; null where none does.
    [[nodiscard]] const UnitChoice* within(double cycles) const;
};

/// `batch`: images of the network's batch, so that what the problem asks of one image is known.
/// `accumulator_bits`: the widest that the target allows.
[[nodiscard]] MatrixUnit matrix_unit(const MatrixProblem& problem, int64_t batch, DspKind dsp,
                                     int accumulator_bits);

/// A unit for pooling, joining, element-wise work, estimated: 300 LUTs as FINN's other units have, an adder
/// or comparator of one LUT a bit and a multiplier as in finn.h for each that must work in one cycle
/// (float32: 400 and 620 LUTs, from memory), a FIFO, and, where more is read than written (windows, joins), a
/// buffer for a 32nd of what it reads.
struct VectorUnit {
    double cycles = 0; ///< of one image
    FpgaResources resources;
};
/// As many lanes as are needed to take at most `cycles` an image.
[[nodiscard]] VectorUnit vector_unit(const VectorWork& work, int64_t batch, double cycles);

} // namespace widthwise::cost
