#pragma once
// Time and traffic of one GPU kernel in closed form.
//
// A layer runs as one implicit GEMM (per group M x K by K x N, core/cost/traffic.h's view): thread blocks of
// tile_m x tile_n results, each over a share of K. A block occupies one multiprocessor for as long as its
// whole, padded tile takes, so the time is that of ceil(blocks / multiprocessors) waves (tile and wave
// quantization: NVIDIA, "Matrix Multiplication Background User's Guide"). Smaller tiles and splitting K over
// several blocks fill more multiprocessors at the price of L2 traffic. Grouped (depthwise) layers and
// products of a few vectors, which fill no tile, run as a direct kernel instead where that is faster: each
// MAC once on the general units, no tiles.
//
//   operand   L2 to multiprocessors                     DRAM to L2
//   inputs    M x K once per column of tiles            each element once, if L2 keeps it or the
//   weights   N x K once per row of tiles               other operand; else once per pass of waves
//   results   once; partial sums of a split K 32 bits   once; partial sums once each way, if L2
//             out and in per split                      cannot hold them
// Latency of one kernel: launch + max(compute, L2, DRAM), transfers overlapping compute.

#include "core/design/hardware_target.h"

#include <cstdint>

namespace widthwise::cost {

/// The device in SI units.
struct GpuDevice {
    double multiprocessors = 1;
    double launch_s = 0;
    double achievable = 1;                         ///< share of a peak, 0..1
    double dram_bits_per_s = 0, l2_bits_per_s = 0; ///< 0: never the bottleneck
    double l2_bits = 0;                            ///< capacity
};

/// A layer of one batch; counts per group, bits as stored.
struct GpuGemm {
    double groups = 1;
    double m = 1, n = 1, k = 1;
    double inputs = 1; ///< elements that exist (windows overlap: fewer than M x K)
    double input_bits = 8, weight_bits = 8, output_bits = 8;
};

struct GpuTile {
    int64_t m = 128, n = 128, k = 32;
    int64_t splits = 1; ///< blocks that share one tile's K
};

struct GpuKernel {
    GpuTile tile;
    bool direct = false;
    double blocks = 0, waves = 0;
    double compute_s = 0, l2_s = 0, dram_s = 0;
    double l2_bits = 0;       ///< between L2 and the multiprocessors
    double l2_write_bits = 0; ///< of these, into L2
    double dram_input_bits = 0, dram_weight_bits = 0, dram_output_bits = 0, dram_partial_bits = 0;

    [[nodiscard]] double dram_bits() const {
        return dram_input_bits + dram_weight_bits + dram_output_bits + dram_partial_bits;
    }
    /// Without the launch.
    [[nodiscard]] double busy_s() const;
};

/// `macs_per_s`: the peak of the units in use, whole device. `input_on_chip`, `output_on_chip`: L2 keeps that
/// map between layers, it does not cross to DRAM.
[[nodiscard]] GpuKernel gemm_kernel(const GpuDevice& device, const GpuGemm& gemm, const GpuTile& tile,
                                    double macs_per_s, bool input_on_chip, bool output_on_chip);
[[nodiscard]] GpuKernel direct_kernel(const GpuDevice& device, const GpuGemm& gemm, double macs_per_s,
                                      bool input_on_chip, bool output_on_chip);

} // namespace widthwise::cost
