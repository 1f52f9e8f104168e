#pragma once
// The standard normal distribution.

namespace widthwise {

[[nodiscard]] double normal_density(double z);
/// P(N(0, 1) < z).
[[nodiscard]] double normal_probability(double z);
/// z with P(|N(0, 1)| > z) = alpha, 0 < alpha < 1.
[[nodiscard]] double two_sided_normal_quantile(double alpha);

} // namespace widthwise
