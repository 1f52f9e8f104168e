#pragma once
// Scalar semantics of the ops that run in float; both engines use them, per image.

#include "core/engine/program.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace widthwise::engine {

[[nodiscard]] inline float apply(BinaryOp op, float a, float b) {
    switch (op) {
    case BinaryOp::add:
        return a + b;
    case BinaryOp::sub:
        return a - b;
    case BinaryOp::mul:
        return a * b;
    case BinaryOp::div:
        return a / b;
    }
    return 0;
}

[[nodiscard]] inline float apply(const UnaryStep& s, float x) {
    switch (s.op) {
    case UnaryOp::relu:
        return std::max(x, 0.0F);
    case UnaryOp::leaky_relu:
        return x < 0 ? s.alpha * x : x;
    case UnaryOp::clip:
        return std::min(std::max(x, s.clamp.lo), s.clamp.hi);
    case UnaryOp::sigmoid:
        return 1.0F / (1.0F + std::exp(-x));
    case UnaryOp::tanh:
        return std::tanh(x);
    case UnaryOp::exp:
        return std::exp(x);
    }
    return 0;
}

/// exp(x - max) / sum, the maximum subtracted against overflow.
inline void softmax(const SoftmaxStep& s, std::span<const float> in, std::span<float> out) {
    const auto n = static_cast<size_t>(s.axis_size), stride = static_cast<size_t>(s.stride);
    for (size_t outer = 0; outer < in.size(); outer += n * stride)
        for (size_t inner = outer; inner < outer + stride; ++inner) {
            float top = in[inner];
            for (size_t k = 1; k < n; ++k) top = std::max(top, in[inner + k * stride]);
            double sum = 0;
            for (size_t k = 0; k < n; ++k) {
                const float e = std::exp(in[inner + k * stride] - top);
                out[inner + k * stride] = e;
                sum += static_cast<double>(e);
            }
            for (size_t k = 0; k < n; ++k)
                out[inner + k * stride] =
                    static_cast<float>(static_cast<double>(out[inner + k * stride]) / sum);
        }
}

inline void mean(const MeanStep& s, std::span<const float> in, std::span<float> out) {
    const auto count = static_cast<size_t>(s.count);
    for (size_t i = 0; i < out.size(); ++i) {
        double sum = 0;
        for (size_t k = 0; k < count; ++k)
            sum += static_cast<double>(in[static_cast<size_t>(s.members[i * count + k])]);
        out[i] = static_cast<float>(sum / static_cast<double>(count));
    }
}

} // namespace widthwise::engine
