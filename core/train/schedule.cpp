#include "core/train/schedule.h"

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
    switch (schedule) {
    case Schedule::constant:
        return peak;
    case Schedule::cosine:
        return cosine(t);
    case Schedule::one_cycle:
        break;
    }
    if (t < k_warm_up) return peak * (k_start_fraction + (1 - k_start_fraction) * t / k_warm_up);
    return cosine((t - k_warm_up) / (1 - k_warm_up));
}

} // namespace widthwise::train
