#pragma once
// Moments of a normal variable that an activation has cut.

#include "core/graph/folding.h"

namespace widthwise::passes {

struct Moments {
    double mean = 0, variance = 0;
};

/// Of clip(x, lo, hi), x normal (Nagel et al. 2019, appendix C): with a = (lo - m) / s, b = (hi - m) / s,
///   E[y]   = lo P(a) + hi (1 - P(b)) + m (P(b) - P(a)) + s (p(a) - p(b))
///   E[y^2] = lo^2 P(a) + hi^2 (1 - P(b)) + (m^2 + s^2) (P(b) - P(a)) + s ((m + lo) p(a) - (m + hi) p(b))
/// P and p the standard normal distribution and density. Bounds may be infinite; variance 0 is a constant.
[[nodiscard]] Moments clipped_normal(const Moments& x, const Clamp& clip);

} // namespace widthwise::passes
