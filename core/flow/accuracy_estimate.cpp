#include "core/flow/accuracy_estimate.h"

#include <algorithm>

namespace widthwise::flow {

MeasuredPlan measured_plan(const PrecisionPlan& plan, const Accuracy& accuracy) {
    return {plan, -accuracy.delta_top1, (accuracy.delta_ci95.hi - accuracy.delta_ci95.lo) / (2 * k_z95)};
}

AccuracyEstimator::AccuracyEstimator(const Sensitivity& sensitivity, std::span<const MeasuredPlan> measured,
                                     double worst_drop)
    : m_noise(sensitivity), m_surrogate(m_noise.slot_count(), worst_drop) {
    const auto heeded = measured.last(std::min(measured.size(), k_most));
    std::vector<explore::Measured> designs;
    designs.reserve(heeded.size());
    for (const MeasuredPlan& one : heeded)
        designs.push_back({m_noise.features(one.plan), one.drop, one.sigma});
    m_surrogate.fit(designs);
    m_designs = designs.size();
}

explore::Prediction AccuracyEstimator::estimate(const PrecisionPlan& plan) const {
    return m_surrogate.predict(m_noise.features(plan));
}

} // namespace widthwise::flow
