#include "core/train/optimizer.h"

#include "core/quant/isa_clones.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace widthwise::train {
namespace {
constexpr double k_beta2 = 0.999;
constexpr float k_epsilon = 1e-8F;

WIDTHWISE_CLONES
void heavy_ball(float* w, float* v, const float* g, const float* decay, const float* unit, size_t n,
                float momentum, float rate) {
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) {
        v[i] = momentum * v[i] + unit[i] * unit[i] * g[i] + decay[i] * w[i];
        w[i] -= rate * v[i];
    }
}

WIDTHWISE_CLONES
void nesterov(float* w, float* v, const float* g, const float* decay, const float* unit, size_t n,
              float momentum, float rate) {
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) {
        const float d = unit[i] * unit[i] * g[i] + decay[i] * w[i];
        v[i] = momentum * v[i] + d;
        w[i] -= rate * (d + momentum * v[i]);
    }
}

struct AdamStep {
    float beta1, size, unbias, rate;
};
WIDTHWISE_CLONES
void adam(float* w, float* m, float* v, const float* g, const float* decay, const float* unit, size_t n,
          AdamStep s) {
    constexpr auto beta2 = static_cast<float>(k_beta2);
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) {
        const float scaled = unit[i] * g[i];
        m[i] = s.beta1 * m[i] + (1 - s.beta1) * scaled;
        v[i] = beta2 * v[i] + (1 - beta2) * scaled * scaled;
        w[i] -= s.rate * decay[i] * w[i];
        w[i] -= unit[i] * s.size * m[i] / (std::sqrt(v[i]) * s.unbias + k_epsilon);
    }
}
} // namespace

Optimizer::Optimizer(const ParameterLayout& layout, const Options& options,
                     std::span<const ScaledWeights> scaled)
    : m_type(options.optimizer)
    , m_momentum(options.momentum)
    , m_nesterov(options.nesterov)
    , m_decay(static_cast<size_t>(layout.trained_size()))
    , m_unit(m_decay.size(), 1.0F) {
    for (const Slice slice : layout.decayed())
        std::ranges::fill(slice.of(std::span<float>(m_decay)), static_cast<float>(options.weight_decay));
    for (const ScaledWeights& weights : scaled)
        std::ranges::fill(weights.weights.of(std::span<float>(m_unit)), weights.unit);
    m_state.first.resize(m_decay.size());
    if (m_type == OptimizerType::adam) m_state.second.resize(m_decay.size());
}

void Optimizer::step(std::span<float> trained, std::span<const float> gradients, double rate) {
    assert(trained.size() == m_decay.size() && gradients.size() == m_decay.size());
    ++m_state.steps;
    if (m_type == OptimizerType::adam) return step_adam(trained, gradients, rate);
    step_sgd(trained, gradients, static_cast<float>(rate));
}

void Optimizer::step_sgd(std::span<float> trained, std::span<const float> gradients, float rate) {
    (m_nesterov ? nesterov : heavy_ball)(trained.data(), m_state.first.data(), gradients.data(),
                                         m_decay.data(), m_unit.data(), trained.size(),
                                         static_cast<float>(m_momentum), rate);
}

void Optimizer::step_adam(std::span<float> trained, std::span<const float> gradients, double rate) {
    const auto steps = static_cast<double>(m_state.steps);
    const AdamStep step{
        static_cast<float>(m_momentum), static_cast<float>(rate / (1 - std::pow(m_momentum, steps))),
        static_cast<float>(1 / std::sqrt(1 - std::pow(k_beta2, steps))), static_cast<float>(rate)};
    adam(trained.data(), m_state.first.data(), m_state.second.data(), gradients.data(), m_decay.data(),
         m_unit.data(), trained.size(), step);
}

} // namespace widthwise::train
