#include "core/train/op_kernels.h"

#include <cstring>

#define WIDTHWISE_INLINE __attribute__((always_inline)) inline

// One body for each instruction set; without contraction or reassociation the results are the same on each.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define WIDTHWISE_ISAS 1
#endif

namespace widthwise::train {
namespace {

#ifdef WIDTHWISE_ISAS
#pragma GCC push_options
#pragma GCC target("arch=skylake-avx512")
namespace avx512 {
#include "core/train/op_kernels_loops.inc"
}
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("arch=haswell")
namespace avx2 {
#include "core/train/op_kernels_loops.inc"
}
#pragma GCC pop_options
#endif
namespace baseline {
#include "core/train/op_kernels_loops.inc"
}

struct Loops {
    decltype(&baseline::moments) moments;
    decltype(&baseline::normalize) normalize;
    decltype(&baseline::reduce_gradient) reduce_gradient;
    decltype(&baseline::input_gradient) input_gradient;
    decltype(&baseline::add_clamped) add_clamped;
    decltype(&baseline::pass_inside) pass_inside;
};

Loops choose() {
#ifdef WIDTHWISE_ISAS
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
        return {avx512::moments,        avx512::normalize,   avx512::reduce_gradient,
                avx512::input_gradient, avx512::add_clamped, avx512::pass_inside};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
        return {avx2::moments,        avx2::normalize,   avx2::reduce_gradient,
                avx2::input_gradient, avx2::add_clamped, avx2::pass_inside};
#endif
    return {baseline::moments,        baseline::normalize,   baseline::reduce_gradient,
            baseline::input_gradient, baseline::add_clamped, baseline::pass_inside};
}

const Loops& loops() {
    static const Loops chosen = choose();
    return chosen;
}

} // namespace

void moments(const Pixels& of, const void* x, float* mean, float* squares) {
    loops().moments(of, x, mean, squares);
}

void normalize(const Pixels& of, const void* x, const void* residual, void* y, const float* factor,
               const float* shift, Clamp clamp) {
    loops().normalize(of, x, residual, y, factor, shift, clamp);
}

void reduce_gradient(const Pixels& of, const GradientPixels& in, const float* mean, Clamp clamp, float* sum,
                     float* sum_x) {
    loops().reduce_gradient(of, in, mean, clamp, sum, sum_x);
}

void input_gradient(const Pixels& of, const void* x, const void* g, void* dx, const float* a, const float* b,
                    const float* c) {
    loops().input_gradient(of, x, g, dx, a, b, c);
}

void add_clamped(Type type, const void* a, const void* b, void* y, size_t count, Clamp clamp) {
    loops().add_clamped(type, a, b, y, count, clamp);
}

void pass_inside(Type type, const void* gradient, const void* y, void* passed, size_t count, Clamp clamp) {
    loops().pass_inside(type, gradient, y, passed, count, clamp);
}

} // namespace widthwise::train
