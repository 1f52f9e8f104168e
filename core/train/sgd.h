#pragma once
// Stochastic gradient descent with momentum, and the learning rate over time.

#include "core/train/parameters.h"
#include "core/train/trainer.h"

#include <span>
#include <vector>

namespace widthwise::train {

/// The learning rate of step `step` of `steps` (0-based), in (0, peak].
///   cosine     peak * (1 + cos(pi * t)) / 2, t = step / steps (Loshchilov and Hutter 2017, without restarts)
///   one_cycle  linear from peak / 10 to the peak over the first 15 % of the steps, then cosine (after Smith
///   and Topin 2019)
[[nodiscard]] double learning_rate(Schedule schedule, double peak, int64_t step, int64_t steps);

/// v = momentum * v + g + decay * w;  w -= rate * v (PyTorch's form).
class Sgd {
public:
    /// Weight decay applies to the layout's decayed slices only.
    Sgd(const ParameterLayout& layout, double momentum, double weight_decay);
    /// Both by the layout.
    void step(std::span<float> trained, std::span<const float> gradients, double rate);

private:
    float m_momentum;
    std::vector<float> m_decay;    ///< per parameter
    std::vector<float> m_velocity; ///< per parameter
};

} // namespace widthwise::train
