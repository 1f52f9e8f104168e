#include "core/explore/noise_link.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise::explore {
namespace {

/// Even where the link is flat, predictions are off by half a percent of what can be lost.
constexpr double k_least_slope = 0.005;
/// Of the slope: how far designs lie from the link before anything corrects it.
constexpr double k_link_error = 0.25;
constexpr double k_scale_prior = 1, k_power_prior = 0.3;

double negative_log_posterior(const NoiseLink& link, std::span<const NoisyDrop> drops) {
    const NoiseLink prior;
    const double scale = std::log(link.scale / prior.scale) / k_scale_prior;
    const double power = std::log(link.power / prior.power) / k_power_prior;
    double sum = (scale * scale + power * power) / 2;
    for (const NoisyDrop& d : drops) {
        const double model = k_link_error * link.slope(d.total);
        const double variance = d.sigma * d.sigma + model * model;
        const double error = d.drop - link.drop(d.total);
        sum += (error * error / variance + std::log(variance)) / 2;
    }
    return sum;
}

} // namespace

double what_can_be_lost(double worst_drop) {
    return worst_drop > k_least_worst ? worst_drop : k_least_worst; // NaN too
}

double NoiseLink::drop(double total) const {
    return total > 0 ? -worst * std::expm1(-std::pow(total / scale, power)) : 0;
}

double NoiseLink::slope(double total) const {
    const double u = total > 0 ? std::pow(total / scale, power) : 0;
    return worst * (power * u * std::exp(-u) + k_least_slope);
}

NoiseLink fit_link(std::span<const NoisyDrop> drops, double worst) {
    NoiseLink best;
    best.worst = what_can_be_lost(worst);
    if (drops.empty()) return best;
    double least = std::numeric_limits<double>::infinity();
    // A grid around the best so far, three times finer each round.
    double scale_step = 0.25, power_step = 0.1;
    int reach = 16;
    for (int round = 0; round < 4; ++round) {
        const NoiseLink centre = best;
        for (int i = -reach; i <= reach; ++i)
            for (int j = -reach / 2; j <= reach / 2; ++j) {
                NoiseLink link = centre;
                link.scale *= std::exp(scale_step * i);
                link.power *= std::exp(power_step * j);
                if (const double value = negative_log_posterior(link, drops); value < least) {
                    least = value;
                    best = link;
                }
            }
        scale_step /= 3;
        power_step /= 3;
        reach = 4;
    }
    return best;
}

} // namespace widthwise::explore
