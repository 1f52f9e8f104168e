#include "core/cost/gpu_kernel.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

constexpr double k_partial_bits = 32;
constexpr double k_direct_side = 32; ///< threads of a warp

double seconds(double bits, double bits_per_s) {
    return bits_per_s > 0 ? bits / bits_per_s : 0;
}

double ceil_divide(double a, double b) {
    return std::ceil(a / b);
}

/// What crosses from DRAM, of both operands, when waves of `multiprocessors` blocks walk over the grid of
/// tiles.
struct Crossing {
    double inputs = 0, weights = 0; ///< times that the operand crosses
};

Crossing crossing(const GpuDevice& device, const GpuGemm& gemm, double rows, double columns) {
    const double inputs = gemm.inputs * gemm.input_bits;
    const double weights = gemm.n * gemm.k * gemm.weight_bits;
    // One operand stays in L2, a tile's stripe of the other passes by.
    const double input_stripe = inputs / rows, weight_stripe = weights / columns;
    if (std::min(weights + input_stripe, inputs + weight_stripe) <= device.l2_bits) return {1, 1};
    // A wave is a rectangle of tiles, whose operands are fetched once for all of it: the best of the
    // rectangles of 1, 2, 4, ... or all columns.
    Crossing best{columns, rows};
    double least = columns * inputs + rows * weights;
    const double widest = std::min(columns, device.multiprocessors);
    for (double width = 1;; width = std::min(widest, 2 * width)) {
        const double height = std::min(rows, std::floor(device.multiprocessors / width));
        const Crossing times{ceil_divide(columns, width), ceil_divide(rows, height)};
        const double bits = times.inputs * inputs + times.weights * weights;
        if (bits < least) {
            least = bits;
            best = times;
        }
        if (width >= widest) return best;
    }
}

} // namespace

double GpuKernel::busy_s() const {
    return std::max({compute_s, l2_s, dram_s});
}

GpuKernel gemm_kernel(const GpuDevice& device, const GpuGemm& gemm, const GpuTile& tile, double macs_per_s,
                      bool input_on_chip, bool output_on_chip) {
    const double tile_m = static_cast<double>(tile.m), tile_n = static_cast<double>(tile.n);
    const double tile_k = static_cast<double>(tile.k), splits = static_cast<double>(tile.splits);
    const double rows = ceil_divide(gemm.m, tile_m), columns = ceil_divide(gemm.n, tile_n);
    GpuKernel kernel;
    kernel.tile = tile;
    kernel.blocks = gemm.groups * rows * columns * splits;
    kernel.waves = ceil_divide(kernel.blocks, device.multiprocessors);
    const double block_macs = tile_m * tile_n * ceil_divide(ceil_divide(gemm.k, splits), tile_k) * tile_k;
    const double block_s = block_macs * device.multiprocessors / (macs_per_s * device.achievable);
    kernel.compute_s = kernel.waves * block_s;

    const double results = gemm.m * gemm.n;
    const double partials = splits > 1 ? gemm.groups * results * splits * k_partial_bits : 0;
    kernel.l2_bits = gemm.groups * (columns * gemm.m * gemm.k * gemm.input_bits +
                                    rows * gemm.n * gemm.k * gemm.weight_bits + results * gemm.output_bits) +
                     2 * partials;
    kernel.l2_write_bits = gemm.groups * results * gemm.output_bits + partials;
    const Crossing times = crossing(device, gemm, rows, columns);
    if (!input_on_chip) kernel.dram_input_bits = gemm.groups * times.inputs * gemm.inputs * gemm.input_bits;
    kernel.dram_weight_bits = gemm.groups * times.weights * gemm.n * gemm.k * gemm.weight_bits;
    if (!output_on_chip) kernel.dram_output_bits = gemm.groups * results * gemm.output_bits;
    if (partials > device.l2_bits) kernel.dram_partial_bits = 2 * partials;
    kernel.l2_s = seconds(kernel.l2_bits, device.l2_bits_per_s);
    kernel.dram_s = seconds(kernel.dram_bits(), device.dram_bits_per_s);
    return kernel;
}

GpuKernel direct_kernel(const GpuDevice& device, const GpuGemm& gemm, double macs_per_s, bool input_on_chip,
                        bool output_on_chip) {
    GpuKernel kernel;
    kernel.direct = true;
    kernel.blocks = kernel.waves = 1;
    kernel.compute_s = gemm.groups * gemm.m * gemm.n * gemm.k / (macs_per_s * device.achievable);
    const double inputs = gemm.groups * gemm.inputs * gemm.input_bits;
    const double weights = gemm.groups * gemm.n * gemm.k * gemm.weight_bits;
    const double outputs = gemm.groups * gemm.m * gemm.n * gemm.output_bits;
    // A block does k_direct_side results on a side: what they share comes from L2 once.
    kernel.l2_bits =
        ceil_divide(gemm.n, k_direct_side) * inputs + ceil_divide(gemm.m, k_direct_side) * weights + outputs;
    kernel.l2_write_bits = outputs;
    kernel.dram_input_bits = input_on_chip ? 0 : inputs;
    kernel.dram_weight_bits = weights;
    kernel.dram_output_bits = output_on_chip ? 0 : outputs;
    kernel.l2_s = seconds(kernel.l2_bits, device.l2_bits_per_s);
    kernel.dram_s = seconds(kernel.dram_bits(), device.dram_bits_per_s);
    return kernel;
}

} // namespace widthwise::cost
