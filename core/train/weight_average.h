#pragma once
// An exponential moving average of what a run trains (Options::weight_average).

#include <cstdint>
#include <vector>

namespace widthwise::train {

class WeightAverage {
public:
    /// 0 <= decay < 1; 0: nothing is averaged.
    explicit WeightAverage(double decay) : m_decay(decay) {}

    /// After step number `step` (1, 2, ...). Trained numbers and running statistics, each of one size always.
    void add(const std::vector<float>& trained, const std::vector<float>& running, int64_t step);
    void set(std::vector<float> trained, std::vector<float> running);

    /// Empty before the first step and where nothing is averaged.
    [[nodiscard]] const std::vector<float>& trained() const { return m_trained; }
    [[nodiscard]] const std::vector<float>& running() const { return m_running; }

private:
    double m_decay;
    std::vector<float> m_trained, m_running;
};

} // namespace widthwise::train
