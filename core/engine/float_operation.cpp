#include "core/engine/float_operation.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine {
namespace {

using Inputs = std::span<const std::span<const float>>;

float apply(const UnaryOperation& s, float x) {
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

void run_one(const UnaryOperation& s, Inputs in, std::span<float> out) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = apply(s, in[0][i]);
}

void run_one(const ScaleShiftOperation& s, Inputs in, std::span<float> out) {
    const size_t channels = s.scale.size();
    for (size_t i = 0; i < out.size(); i += channels)
        for (size_t c = 0; c < channels; ++c)
            out[i + c] = std::min(std::max(in[0][i + c] * s.scale[c] + s.shift[c], s.clamp.lo), s.clamp.hi);
}

/// exp(x - max) / sum, the maximum subtracted against overflow.
void run_one(const SoftmaxOperation& s, Inputs ins, std::span<float> out) {
    const std::span<const float> in = ins[0];
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

void run_one(const MeanOperation& s, Inputs in, std::span<float> out) {
    const auto count = static_cast<size_t>(s.count);
    for (size_t i = 0; i < out.size(); ++i) {
        double sum = 0;
        for (size_t k = 0; k < count; ++k)
            sum += static_cast<double>(in[0][static_cast<size_t>(s.members[i * count + k])]);
        out[i] = static_cast<float>(sum / static_cast<double>(count));
    }
}

} // namespace

void run(const FloatOperation& operation, Inputs in, std::span<float> out) {
    std::visit([&](const auto& one) { run_one(one, in, out); }, operation);
}

} // namespace widthwise::engine
