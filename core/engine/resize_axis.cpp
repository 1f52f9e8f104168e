#include "core/engine/resize_axis.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace widthwise::engine {
namespace {

/// The output pixel's place in the input, in pixels.
double source_of(const ResizeAttributes& a, size_t axis, int64_t in, int64_t pixel) {
    const double x = static_cast<double>(pixel);
    switch (a.coordinates) {
    case ResizeCoordinates::pytorch_half_pixel:
        if (a.size[axis] == 1) return 0;
        break;
    case ResizeCoordinates::asymmetric:
        return x / a.scale[axis];
    case ResizeCoordinates::align_corners:
        if (a.size[axis] == 1) return 0;
        return x * static_cast<double>(in - 1) / static_cast<double>(a.size[axis] - 1);
    case ResizeCoordinates::half_pixel:
        break;
    }
    return (x + 0.5) / a.scale[axis] - 0.5;
}

double rounded(ResizeRounding rounding, double x) {
    switch (rounding) {
    case ResizeRounding::prefer_floor:
        return std::ceil(x - 0.5);
    case ResizeRounding::prefer_ceil:
        return std::floor(x + 0.5);
    case ResizeRounding::ceil:
        return std::ceil(x);
    case ResizeRounding::floor:
        break;
    }
    return std::floor(x);
}

int32_t within(double pixel, int64_t in) {
    return static_cast<int32_t>(std::clamp(pixel, 0.0, static_cast<double>(in - 1)));
}

/// Weights of the pixels -1, 0, 1, 2 for a place `t` in [0, 1) behind pixel 0.
std::array<double, 4> cubic_weights(double t, double a) {
    const auto near = [a](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    const auto far = [a](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
    return {far(1 + t), near(t), near(1 - t), far(2 - t)};
}

} // namespace

std::vector<int32_t> nearest_pixels(const ResizeAttributes& a, size_t axis, int64_t in) {
    std::vector<int32_t> pixels;
    for (int64_t i = 0; i < a.size[axis]; ++i)
        pixels.push_back(within(rounded(a.rounding, source_of(a, axis, in, i)), in));
    return pixels;
}

ResizeAxis interpolated_pixels(const ResizeAttributes& a, size_t axis, int64_t in) {
    ResizeAxis result;
    result.taps = a.mode == ResizeMode::cubic ? 4 : 2;
    for (int64_t i = 0; i < a.size[axis]; ++i) {
        const double x = source_of(a, axis, in, i), before = std::floor(x), t = x - before;
        const auto cubic = cubic_weights(t, static_cast<double>(a.cubic_coefficient));
        for (int64_t tap = 0; tap < result.taps; ++tap) {
            const bool is_cubic = a.mode == ResizeMode::cubic;
            const double linear = tap == 0 ? 1 - t : t;
            result.index.push_back(within(before + static_cast<double>(is_cubic ? tap - 1 : tap), in));
            result.weight.push_back(static_cast<float>(is_cubic ? cubic[static_cast<size_t>(tap)] : linear));
        }
    }
    return result;
}

} // namespace widthwise::engine
