#include "core/explore/surrogate.h"

#include "core/explore/noise_link.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace widthwise::explore {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Designs whose likelihood decides the kernel's parameters; of more, some evenly spread.
constexpr Eigen::Index k_most_for_parameters = 128;
/// Paired differences over few images may all be zero: nothing is known better than this.
constexpr double k_least_sigma = 2e-4;
/// ln of the factor by which the total noise may be misjudged before anything was measured.
constexpr double k_prior_error = 1;

double counted(double noise) {
    return noise > 0 ? std::pow(std::log1p(20 * noise), 0.75) : 0;
}

/// What one design is to the kernels.
struct Row {
    VectorXd counts, shares;
    double total = 0;
};

Row row_of(std::span<const double> noise) {
    Row row;
    row.counts.resize(static_cast<Eigen::Index>(noise.size()));
    for (size_t i = 0; i < noise.size(); ++i) {
        row.counts[static_cast<Eigen::Index>(i)] = counted(noise[i]);
        row.total += row.counts[static_cast<Eigen::Index>(i)];
    }
    row.shares = row.total > 0 ? VectorXd(row.counts / row.total) : row.counts;
    return row;
}

/// In units of the link's slope.
struct Kernel {
    double linear = 0.4, nearby = 0.2, length = 3, white = 0.15;

    [[nodiscard]] double operator()(double shares_product, double squared_distance) const {
        return linear * linear * shares_product +
               nearby * nearby * std::exp(-squared_distance / (2 * length * length));
    }
};

struct Candidates {
    double Kernel::*parameter;
    std::array<double, 6> values;
};
constexpr std::array<Candidates, 4> k_candidates{{{&Kernel::white, {0.02, 0.05, 0.1, 0.15, 0.25, 0.4}},
                                                  {&Kernel::linear, {0, 0.2, 0.4, 0.7, 1, 1.5}},
                                                  {&Kernel::nearby, {0, 0.1, 0.2, 0.4, 0.6, 0.9}},
                                                  {&Kernel::length, {0.7, 1, 1.5, 2.5, 4, 7}}}};

/// Measured designs as the process sees them: residuals and their noise in units of the slope.
struct Sample {
    std::vector<Row> rows;
    VectorXd residuals, noise_variances;
    MatrixXd products, distances; ///< of shares and of counts, squared
};

void fill_pairs(Sample& sample) {
    const auto n = static_cast<Eigen::Index>(sample.rows.size());
    sample.products.resize(n, n);
    sample.distances.resize(n, n);
    for (Eigen::Index i = 0; i < n; ++i)
        for (Eigen::Index j = 0; j <= i; ++j) {
            const Row &a = sample.rows[static_cast<size_t>(i)], &b = sample.rows[static_cast<size_t>(j)];
            sample.products(i, j) = sample.products(j, i) = a.shares.dot(b.shares);
            sample.distances(i, j) = sample.distances(j, i) = (a.counts - b.counts).squaredNorm();
        }
}

Sample some_of(const Sample& sample, Eigen::Index most) {
    const Eigen::Index n = sample.residuals.size();
    std::vector<Eigen::Index> chosen(static_cast<size_t>(std::min(n, most)));
    for (size_t i = 0; i < chosen.size(); ++i)
        chosen[i] = static_cast<Eigen::Index>(i) * n / static_cast<Eigen::Index>(chosen.size());
    Sample some;
    some.residuals = sample.residuals(chosen);
    some.noise_variances = sample.noise_variances(chosen);
    some.products = sample.products(chosen, chosen);
    some.distances = sample.distances(chosen, chosen);
    return some;
}

Eigen::LLT<MatrixXd> factor_of(const Kernel& kernel, const Sample& sample) {
    const Eigen::Index n = sample.residuals.size();
    MatrixXd covariance(n, n);
    for (Eigen::Index j = 0; j < n; ++j)
        for (Eigen::Index i = j; i < n; ++i)
            covariance(i, j) = kernel(sample.products(i, j), sample.distances(i, j));
    covariance.diagonal() += sample.noise_variances;
    covariance.diagonal().array() += kernel.white * kernel.white;
    return covariance.selfadjointView<Eigen::Lower>().llt();
}

double log_likelihood(const Kernel& kernel, const Sample& sample) {
    const Eigen::LLT<MatrixXd> factor = factor_of(kernel, sample);
    const VectorXd whitened = factor.matrixL().solve(sample.residuals);
    return -whitened.squaredNorm() / 2 - factor.matrixLLT().diagonal().array().log().sum();
}

/// Coordinate by coordinate until nothing improves.
Kernel likeliest(const Sample& sample) {
    Kernel best;
    double most = log_likelihood(best, sample);
    for (int sweep = 0; sweep < 4; ++sweep) {
        const double before = most;
        for (const Candidates& candidates : k_candidates)
            for (const double value : candidates.values) {
                Kernel kernel = best;
                kernel.*candidates.parameter = value;
                if (const double likelihood = log_likelihood(kernel, sample); likelihood > most) {
                    most = likelihood;
                    best = kernel;
                }
            }
        if (most <= before) break;
    }
    return best;
}

} // namespace

struct Surrogate::State {
    size_t slot_count = 0;
    NoiseLink link;
    Kernel kernel;
    std::vector<Row> rows; ///< empty: nothing was measured
    MatrixXd factor;       ///< lower triangle
    VectorXd weights;
};

Surrogate::Surrogate(size_t slot_count, double worst_drop) : m_state(std::make_unique<State>()) {
    m_state->slot_count = slot_count;
    m_state->link.worst = what_can_be_lost(worst_drop);
}
Surrogate::Surrogate(Surrogate&&) noexcept = default;
Surrogate& Surrogate::operator=(Surrogate&&) noexcept = default;
Surrogate::~Surrogate() = default;

void Surrogate::fit(std::span<const Measured> designs) {
    Sample sample;
    std::vector<NoisyDrop> drops;
    for (const Measured& design : designs) {
        if (!std::isfinite(design.drop) || !std::isfinite(design.sigma)) continue;
        sample.rows.push_back(row_of(design.noise));
        drops.push_back({sample.rows.back().total, design.drop, std::max(design.sigma, k_least_sigma)});
    }
    m_state->rows.clear();
    m_state->link = fit_link(drops, m_state->link.worst);
    if (drops.empty()) return;

    const auto n = static_cast<Eigen::Index>(drops.size());
    sample.residuals.resize(n);
    sample.noise_variances.resize(n);
    for (Eigen::Index i = 0; i < n; ++i) {
        const NoisyDrop& d = drops[static_cast<size_t>(i)];
        const double slope = m_state->link.slope(d.total);
        sample.residuals[i] = (d.drop - m_state->link.drop(d.total)) / slope;
        sample.noise_variances[i] = d.sigma * d.sigma / (slope * slope);
    }
    fill_pairs(sample);
    m_state->kernel = likeliest(some_of(sample, k_most_for_parameters));
    const Eigen::LLT<MatrixXd> factor = factor_of(m_state->kernel, sample);
    m_state->weights = factor.solve(sample.residuals);
    m_state->factor = factor.matrixL();
    m_state->rows = std::move(sample.rows);
}

Prediction Surrogate::predict(std::span<const double> noise) const {
    const Row row = row_of(noise);
    const NoiseLink& link = m_state->link;
    const double drop = link.drop(row.total), slope = link.slope(row.total);
    if (m_state->rows.empty()) {
        const double factor = std::exp(k_prior_error);
        return {drop, (link.drop(row.total * factor) - link.drop(row.total / factor)) / 2 + slope};
    }
    const Kernel& kernel = m_state->kernel;
    VectorXd near(static_cast<Eigen::Index>(m_state->rows.size()));
    for (size_t i = 0; i < m_state->rows.size(); ++i)
        near[static_cast<Eigen::Index>(i)] = kernel(row.shares.dot(m_state->rows[i].shares),
                                                    (row.counts - m_state->rows[i].counts).squaredNorm());
    const double own = kernel(row.shares.squaredNorm(), 0) + kernel.white * kernel.white;
    const VectorXd explained = m_state->factor.triangularView<Eigen::Lower>().solve(near);
    const double variance = std::max(own - explained.squaredNorm(), kernel.white * kernel.white);
    return {drop + slope * near.dot(m_state->weights), slope * std::sqrt(variance)};
}

double Surrogate::total_noise(std::span<const double> noise) const {
    double total = 0;
    for (const double n : noise) total += counted(n);
    return total;
}

double rank_correlation(std::span<const double> a, std::span<const double> b) {
    const auto ranks = [](std::span<const double> values) {
        std::vector<size_t> order(values.size());
        std::iota(order.begin(), order.end(), size_t{0});
        std::ranges::stable_sort(order, [&](size_t i, size_t j) { return values[i] < values[j]; });
        std::vector<double> result(values.size());
        for (size_t begin = 0; begin < order.size();) {
            size_t end = begin;
            while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
            for (size_t i = begin; i < end; ++i) result[order[i]] = static_cast<double>(begin + end - 1) / 2;
            begin = end;
        }
        return result;
    };
    const std::vector<double> x = ranks(a), y = ranks(b);
    const double mean = (static_cast<double>(x.size()) - 1) / 2;
    double xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        xy += (x[i] - mean) * (y[i] - mean);
        xx += (x[i] - mean) * (x[i] - mean);
        yy += (y[i] - mean) * (y[i] - mean);
    }
    return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

} // namespace widthwise::explore
