#include "core/engine/float_kernels.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine::float_kernels {
namespace {

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

/// log(1 + e^x) without overflow.
float softplus(float x) {
    return std::max(x, 0.0F) + std::log1p(std::exp(-std::fabs(x)));
}

float apply(const FunctionAttributes& f, float x) {
    constexpr float sqrt_half = 0.70710678F, sqrt_two_over_pi = 0.79788456F;
    switch (f.function) {
    case Function::hard_sigmoid:
        return std::max(0.0F, std::min(1.0F, f.alpha * x + f.beta));
    case Function::hard_swish:
        return x * std::max(0.0F, std::min(1.0F, x / 6.0F + 0.5F));
    case Function::gelu:
        return 0.5F * x * (1.0F + std::erf(x * sqrt_half));
    case Function::gelu_tanh:
        return 0.5F * x * (1.0F + std::tanh(sqrt_two_over_pi * (x + 0.044715F * x * x * x)));
    case Function::erf:
        return std::erf(x);
    case Function::log:
        return std::log(x);
    case Function::sqrt:
        return std::sqrt(x);
    case Function::neg:
        return -x;
    case Function::abs:
        return std::fabs(x);
    case Function::reciprocal:
        return 1.0F / x;
    case Function::floor:
        return std::floor(x);
    case Function::ceil:
        return std::ceil(x);
    case Function::round:
        return std::nearbyint(x);
    case Function::sign:
        return x > 0 ? 1.0F : x < 0 ? -1.0F : 0.0F;
    case Function::truncate:
        return std::trunc(x);
    case Function::elu:
        return x < 0 ? f.alpha * std::expm1(x) : x;
    case Function::selu:
        return f.beta * (x < 0 ? f.alpha * std::expm1(x) : x);
    case Function::softplus:
        return softplus(x);
    case Function::softsign:
        return x / (1.0F + std::fabs(x));
    case Function::mish:
        return x * std::tanh(softplus(x));
    case Function::silu:
        return x / (1.0F + std::exp(-x));
    case Function::logical_not:
        return x == 0 ? 1.0F : 0.0F;
    }
    return 0;
}

/// Elements of an operand, whichever way it is given.
class Operand {
public:
    Operand(const SelectOperand& s, Inputs in, size_t& next)
        : m_data(s.constant.empty() ? in[next++] : std::span<const float>(s.constant)), m_index(s.index) {}
    float operator[](size_t i) const { return m_data[m_index.empty() ? i : static_cast<size_t>(m_index[i])]; }

private:
    std::span<const float> m_data;
    std::span<const int32_t> m_index;
};

} // namespace

void run(const ConstantOperation& s, Inputs, std::span<float> out) {
    std::copy(s.values.begin(), s.values.end(), out.begin());
}

void run(const UnaryOperation& s, Inputs in, std::span<float> out) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = apply(s, in[0][i]);
}

void run(const FunctionOperation& s, Inputs in, std::span<float> out) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = apply(s.attributes, in[0][i]);
}

void run(const ScaleShiftOperation& s, Inputs in, std::span<float> out) {
    const size_t channels = s.scale.size(), stride = static_cast<size_t>(s.stride);
    for (size_t i = 0; i < out.size(); i += channels * stride)
        for (size_t c = 0; c < channels; ++c)
            for (size_t j = i + c * stride; j < i + (c + 1) * stride; ++j)
                out[j] = std::min(std::max(in[0][j] * s.scale[c] + s.shift[c], s.clamp.lo), s.clamp.hi);
}

void run(const WhereOperation& s, Inputs in, std::span<float> out) {
    size_t next = 0;
    const Operand condition(s.condition, in, next), a(s.a, in, next), b(s.b, in, next);
    for (size_t i = 0; i < out.size(); ++i) out[i] = condition[i] != 0 ? a[i] : b[i];
}

void run(const MultiThresholdOperation& s, Inputs in, std::span<float> out) {
    const auto channels = static_cast<size_t>(s.channels), stride = static_cast<size_t>(s.stride);
    const size_t each = s.thresholds.size() / channels;
    for (size_t i = 0; i < out.size(); ++i) {
        const auto first = s.thresholds.begin() + static_cast<std::ptrdiff_t>(i / stride % channels * each);
        const float x = in[0][i];
        const auto reached = std::partition_point(first, first + static_cast<std::ptrdiff_t>(each),
                                                  [x](float t) { return x >= t; });
        out[i] = s.scale * static_cast<float>(reached - first) + s.bias;
    }
}

} // namespace widthwise::engine::float_kernels
