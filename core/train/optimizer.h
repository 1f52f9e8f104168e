#pragma once
// How gradients change the trained numbers.

#include "core/train/input_scale.h"
#include "core/train/options.h"
#include "core/train/parameters.h"

#include <span>
#include <vector>

namespace widthwise::train {

/// What an optimizer remembers from step to step.
struct OptimizerState {
    int64_t steps = 0;
    std::vector<float> first;  ///< by the layout: the velocity of SGD, the mean gradient of Adam
    std::vector<float> second; ///< by the layout: Adam's mean squared gradient; SGD: empty
    bool operator==(const OptimizerState&) const = default;
};

/// SGD in PyTorch's form: d = g + decay w;  v = momentum v + d;  w -= rate v (Nesterov: rate (d + momentum
/// v)).
/// Adam (Kingma and Ba 2015, algorithm 1, beta 2 = 0.999, epsilon = 1e-8) with decoupled decay (Loshchilov
/// and Hutter 2019, algorithm 2, with the rate as schedule multiplier as in PyTorch's AdamW): w -= rate decay
/// w; then w -= rate m^ / (sqrt(v^) + epsilon).
class Optimizer {
public:
    /// Weight decay applies to the layout's decayed slices only. `scaled` weights take their steps as w /
    /// unit would.
    Optimizer(const ParameterLayout& layout, const Options& options,
              std::span<const ScaledWeights> scaled = {});
    /// Both by the layout.
    void step(std::span<float> trained, std::span<const float> gradients, double rate);

    [[nodiscard]] const OptimizerState& state() const { return m_state; }
    /// Of an optimizer of the same kind and layout.
    void set_state(OptimizerState state) { m_state = std::move(state); }

private:
    void step_sgd(std::span<float> trained, std::span<const float> gradients, float rate);
    void step_adam(std::span<float> trained, std::span<const float> gradients, double rate);

    OptimizerType m_type;
    double m_momentum;
    bool m_nesterov;
    std::vector<float> m_decay, m_unit; ///< per parameter
    OptimizerState m_state;
};

} // namespace widthwise::train
