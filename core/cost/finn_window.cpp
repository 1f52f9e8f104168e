#include "core/cost/finn_window.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

constexpr double k_base_luts = 300;
constexpr double k_deepest_lutram = 128;
constexpr double k_lutram_depth = 38;

double d(int64_t value) {
    return static_cast<double>(value);
}

/// Width of one BRAM18 that holds `depth` words.
double ram_width(double depth) {
    if (depth <= 512) return 36;
    if (depth <= 1024) return 18;
    if (depth <= 2048) return 9;
    if (depth <= 4096) return 4;
    return depth <= 8192 ? 2 : 1;
}

/// `buffers` memories of `depth` words.
FpgaResources buffered(double width, double depth, double buffers) {
    FpgaResources resources;
    resources.luts = k_base_luts;
    if (depth <= 0) return resources;
    if (depth <= k_deepest_lutram)
        resources.luts += buffers * width * std::ceil(depth / k_lutram_depth);
    else
        resources.bram18 = buffers * line_buffer_bram18(width, depth);
    return resources;
}

} // namespace

std::vector<int64_t> divisors(int64_t n, int64_t most) {
    std::vector<int64_t> small, large;
    for (int64_t i = 1; i <= most && i <= n / i; ++i) {
        if (n % i != 0) continue;
        small.push_back(i);
        if (n / i != i && n / i <= most) large.push_back(n / i);
    }
    small.insert(small.end(), large.rbegin(), large.rend());
    return small;
}

bool needs_windows(const LoopNest& nest) {
    return nest.kernel_height * nest.kernel_width > 1 || nest.stride_height * nest.stride_width > 1;
}

WindowUnit folded_window(const LoopNest& nest, int input_bits, int64_t simd) {
    const double fold = d(nest.in_channels) / d(simd);
    const double kernel = d(nest.kernel_height) * d(nest.kernel_width);
    const double width = d(nest.in_width);
    const bool depthwise = nest.groups == nest.in_channels && nest.groups > 1;
    WindowUnit unit;
    unit.simd = simd;
    const double rows = d(nest.kernel_height - 1) * d(nest.dilation_height) * width;
    const double pixels = rows + d(nest.kernel_width - 1) * d(nest.dilation_width) + 1;
    const double depth = fold * (pixels + std::max(0.0, d(nest.stride_width - 1) - kernel) +
                                 std::max(0.0, d(nest.stride_height - 1) * width - kernel));
    const double write = d(nest.out_width) * kernel * fold;
    const double read = d(nest.stride_width) * width * fold;
    double block = std::max(write, read);
    if (depthwise) block += d(nest.out_width) * d(nest.stride_width - 1) * (fold - 1);
    unit.cycles = d(nest.out_height) * block;
    unit.resources = buffered(d(simd) * input_bits, depth, 1);
    return unit;
}

WindowUnit parallel_window(const LoopNest& nest, int input_bits) {
    WindowUnit unit;
    unit.simd = nest.in_channels;
    unit.parallel = true;
    const double width = d(nest.in_width);
    const double kernel_width = d(nest.kernel_width - 1) * d(nest.dilation_width) + 1;
    const double depth = std::max(0.0, width - kernel_width) + width * d(nest.dilation_height - 1);
    unit.cycles = d(nest.in_height) * width + 2;
    unit.resources = buffered(d(nest.in_channels) * input_bits, depth, d(nest.kernel_height - 1));
    return unit;
}

std::vector<WindowUnit> window_units(const LoopNest& nest, int input_bits,
                                     const std::vector<int64_t>& channel_divisors) {
    std::vector<WindowUnit> units;
    if (!needs_windows(nest)) return units;
    for (const int64_t simd : channel_divisors) units.push_back(folded_window(nest, input_bits, simd));
    units.push_back(parallel_window(nest, input_bits));
    return units;
}

WindowUnit window_within(const std::vector<WindowUnit>& units, double cycles) {
    for (const WindowUnit& unit : units)
        if (unit.cycles <= cycles) return unit;
    return units.empty() ? WindowUnit() : units.back();
}

double line_buffer_bram18(double width, double depth) {
    constexpr double k_deepest = 16384;
    const double wide = std::ceil(width / ram_width(depth));
    double count = std::ceil(depth / k_deepest) * wide;
    const double rest = std::fmod(depth, k_deepest);
    if (depth > k_deepest && rest > 0) count -= wide - std::ceil(width / ram_width(rest));
    return count;
}

double fifo_luts(double width, double depth) {
    return 2 * std::ceil(std::log2(std::max(1.0, depth))) + std::ceil(depth / 32) * std::ceil(width / 2);
}

} // namespace widthwise::cost
