#include "core/train/fake_quantize.h"

#include "core/quant/isa_clones.h"

#include <algorithm>
#include <array>
#include <limits>

namespace widthwise::train {
namespace {

constexpr size_t k_lanes = 16;
constexpr size_t k_block = 4096; // elements summed in f32 before the sum goes on in f64

/// n is a multiple of k_lanes.
WIDTHWISE_CLONES void pass_lanes(const float* x, const float* q, const float* g, float* gx, size_t n,
                                 float lo, float hi, float inside, float* sums) {
    float lane[k_lanes] = {};
    for (size_t i = 0; i < n; i += k_lanes)
        for (size_t k = 0; k < k_lanes; ++k) {
            const float value = x[i + k], rounded = q[i + k], gradient = g[i + k];
            const bool passes = value >= lo && value <= hi;
            gx[i + k] = passes ? gradient : 0.0F;
            lane[k] += gradient * (passes ? inside * (rounded - value) : rounded);
        }
    for (size_t k = 0; k < k_lanes; ++k) sums[k] = lane[k];
}

} // namespace

PassingRange passing_range(const Quantizer& quantizer) {
    const float lo = quantizer.lowest(), hi = quantizer.highest();
    switch (quantizer.type()) {
    case FormatType::float32:
        return {-std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity()};
    case FormatType::binary:
        return {1.25F * lo, 1.25F * hi};
    case FormatType::ternary:
        return {2 * lo, 2 * hi};
    default:
        return {lo, hi};
    }
}

double straight_through(const float* x, const float* q, const float* g, float* gx, size_t n,
                        PassingRange range, InsideTerm inside) {
    const float term = inside == InsideTerm::rounding_error ? 1.0F : 0.0F;
    double sum = 0;
    size_t i = 0;
    std::array<float, k_lanes> sums{};
    for (; i + k_lanes <= n;) {
        const size_t count = std::min(k_block, (n - i) / k_lanes * k_lanes);
        pass_lanes(x + i, q + i, g + i, gx + i, count, range.lo, range.hi, term, sums.data());
        for (const float part : sums) sum += static_cast<double>(part);
        i += count;
    }
    for (; i < n; ++i) {
        const bool passes = x[i] >= range.lo && x[i] <= range.hi;
        sum += static_cast<double>(g[i] * (passes ? term * (q[i] - x[i]) : q[i]));
        gx[i] = passes ? g[i] : 0.0F;
    }
    return sum;
}

} // namespace widthwise::train
