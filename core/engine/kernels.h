#pragma once
// Vectorized loops around the oneDNN primitives. Each gives bit for bit what ReferenceEngine gives, on every
// ISA: the same float operations in the same order, no contraction, no reassociation.

#include "core/engine/representation.h"

#include <cstddef>
#include <cstdint>

namespace widthwise::engine::kernels {

/// clamp(round_half_even(x / scale) + zero_point, 0, q_max); NaN gives the zero point.
void quantize(const float* in, uint8_t* out, size_t n, const Representation& to);
/// Each value to the nearest of its channel's.
void round_to_grid(const float* in, float* out, size_t n, const Buffer& to);
void dequantize(const uint8_t* in, float* out, size_t n, const Representation& from);

/// The residual add of AddIntegersStep.
void add_integers(const AddIntegersStep& step, const uint8_t* a, int32_t zero_a, const uint8_t* b,
                  int32_t zero_b, uint8_t* out, int32_t zero_out, size_t n);
void add_f32(const float* a, const float* b, float* out, const Clamp& clamp, size_t n);
/// out[i] = op(a[i], b[i]), clamped; `out` may be `a` or `b`.
void binary(BinaryOp op, const float* a, const float* b, float* out, const Clamp& clamp, size_t n);

/// One image, channels last.
void max_pool(const uint8_t* in, uint8_t* out, const Extent& from, const Extent& to, const PoolAttributes& a);
void max_pool(const float* in, float* out, const Extent& from, const Extent& to, const PoolAttributes& a);
/// Average pooling into f32: sum / count (* scale).
void average_pool(const uint8_t* in, float* out, const Extent& from, const Extent& to,
                  const PoolAttributes& a, const Representation& r);
void average_pool(const float* in, float* out, const Extent& from, const Extent& to, const PoolAttributes& a);

/// (f32(acc) + bias) * multiplier, clamped; then stored as ConvStep says. `acc` is pixels x channels.
void requantize(const int32_t* acc, size_t pixels, const ConvStep& step, uint8_t* out, int32_t zero_point);
void requantize(const int32_t* acc, size_t pixels, const ConvStep& step, float* out);

/// As RequantizeStep says; `dynamic` where its input's scale is the image's own.
void requantize(const int32_t* acc, size_t pixels, const RequantizeStep& step, uint8_t* out,
                int32_t zero_point, const DynamicScale* dynamic);
void requantize(const int32_t* acc, size_t pixels, const RequantizeStep& step, float* out,
                const DynamicScale* dynamic);

/// acc[i] += w[i] * (u[i] + offset), or * u; with `cut`, kept within it after the addition.
struct Saturation {
    int32_t lo, hi;
};
void multiply_add(int32_t* acc, const int16_t* w, const uint8_t* u, int32_t offset, int64_t n,
                  const Saturation* cut);
void multiply_add(int32_t* acc, const int16_t* w, int32_t u, int64_t n, const Saturation* cut);

} // namespace widthwise::engine::kernels
