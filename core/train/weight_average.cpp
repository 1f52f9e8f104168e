#include "core/train/weight_average.h"

#include <algorithm>

namespace widthwise::train {
namespace {

void blend(std::vector<float>& average, const std::vector<float>& now, float decay) {
    for (size_t i = 0; i < average.size(); ++i) average[i] += (1 - decay) * (now[i] - average[i]);
}

} // namespace

void WeightAverage::add(const std::vector<float>& trained, const std::vector<float>& running, int64_t step) {
    if (m_decay == 0) return;
    if (m_trained.empty()) return set(trained, running);
    const auto n = static_cast<double>(step);
    const auto decay = static_cast<float>(std::min(m_decay, (1 + n) / (10 + n)));
    blend(m_trained, trained, decay);
    blend(m_running, running, decay);
}

void WeightAverage::set(std::vector<float> trained, std::vector<float> running) {
    m_trained = std::move(trained);
    m_running = std::move(running);
}

} // namespace widthwise::train
