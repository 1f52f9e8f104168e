#pragma once
// Loops over channels' pixels for BatchNormalization, residuals and sums of gradients. Included only by this
// room's own .cpp files.

#include "core/train/train_op.h"

#include <cstdint>

namespace widthwise::train {

/// The pixels of `lanes` channels: pixel p of lane l at [p * lanes + l]. Numbers are `type`: f32 or bf16.
struct Pixels {
    Type type = Type::f32;
    int64_t pixels = 0, lanes = 0;
};

/// Per lane: the mean of `x` and the sum of squared distances from it.
void moments(const Pixels& of, const void* x, float* mean, float* squares);

/// y = clamp(factor x + shift + residual), per lane; `residual` may be null.
void normalize(const Pixels& of, const void* x, const void* residual, void* y, const float* factor,
               const float* shift, Clamp clamp);

/// What reduce_gradient() reads and writes.
struct GradientPixels {
    const void* x = nullptr;
    const void* gradient = nullptr; ///< by the output
    const void* part = nullptr;     ///< to be added to it; may be null
    const void* y = nullptr;        ///< the output where it was clamped: only there gradients pass; or null
    void* passed = nullptr;         ///< receives what passes, may be `gradient`; null: nobody needs it
};
/// Adds, per lane, the sums of what passes and of that times (x - mean).
void reduce_gradient(const Pixels& of, const GradientPixels& in, const float* mean, Clamp clamp, float* sum,
                     float* sum_x);

/// dx = a g + b x + c, per lane; `dx` may be `g`.
void input_gradient(const Pixels& of, const void* x, const void* g, void* dx, const float* a, const float* b,
                    const float* c);

/// y = clamp(a + b), element by element.
void add_clamped(Type type, const void* a, const void* b, void* y, size_t count, Clamp clamp);
/// Writes to `passed` (may be `gradient`) what passes where y was not cut.
void pass_inside(Type type, const void* gradient, const void* y, void* passed, size_t count, Clamp clamp);

} // namespace widthwise::train
