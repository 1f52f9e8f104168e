#include "core/train/sgd.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace widthwise::train {
namespace {
constexpr double k_warm_up = 0.15;       // share of the steps
constexpr double k_start_fraction = 0.1; // of the peak
} // namespace

double learning_rate(Schedule schedule, double peak, int64_t step, int64_t steps) {
    assert(step >= 0 && step < steps);
    const double t = static_cast<double>(step) / static_cast<double>(steps);
    const auto cosine = [&](double x) { return peak * (1 + std::cos(std::numbers::pi * x)) / 2; };
    if (schedule == Schedule::constant) return peak;
    if (schedule == Schedule::cosine) return cosine(t);
    if (t < k_warm_up) return peak * (k_start_fraction + (1 - k_start_fraction) * t / k_warm_up);
    return cosine((t - k_warm_up) / (1 - k_warm_up));
}

Sgd::Sgd(const ParameterLayout& layout, double momentum, double weight_decay)
    : m_momentum(static_cast<float>(momentum))
    , m_decay(static_cast<size_t>(layout.trained_size()))
    , m_velocity(static_cast<size_t>(layout.trained_size())) {
    for (const Slice slice : layout.decayed())
        std::ranges::fill(slice.of(std::span<float>(m_decay)), static_cast<float>(weight_decay));
}

void Sgd::step(std::span<float> trained, std::span<const float> gradients, double rate) {
    const auto lr = static_cast<float>(rate);
    for (size_t i = 0; i < trained.size(); ++i) {
        m_velocity[i] = m_momentum * m_velocity[i] + gradients[i] + m_decay[i] * trained[i];
        trained[i] -= lr * m_velocity[i];
    }
}

} // namespace widthwise::train
