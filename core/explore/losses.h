#pragma once
// Designs as search algorithms compare them: losses of the objectives in comparable numbers, feasible designs
// before others.

#include "core/explore/algorithm.h"
#include "core/explore/pareto.h"

#include <optional>

namespace widthwise::explore {

/// Each objective over what can be lost at all (the drop) or over what the widest design pays (costs).
class Losses {
public:
    explicit Losses(const Problem& problem);

    /// nullopt: the design is rejected, breaks a constraint, or lacks an objective's figure. The drop of one
    /// that was screened is taken two standard errors worse than measured: some image more would have left
    /// it.
    [[nodiscard]] std::optional<Point> of(const Outcome& outcome) const;
    /// of() of feasible designs. Others are alike in all objectives, beyond every feasible design, by how far
    /// they are from feasible (Deb 2000, "An efficient constraint handling method for genetic algorithms").
    [[nodiscard]] Point penalized(const Outcome& outcome) const;
    /// Of figures without a drop, which counts 0 here; costs that are not known count as the widest's. Broken
    /// limits of costs add to each.
    [[nodiscard]] Point costs(const Figures& figures) const;

private:
    [[nodiscard]] Point scaled(const Figures& figures) const;

    Goals m_goals;
    Point m_scale;
};

/// All variables at their widest, hardware at the base target's values.
[[nodiscard]] Choices widest(const Space& space);

/// Drops beyond this share of what can be lost at all are not worth a search's time.
inline constexpr double k_useful_share = 0.25;

} // namespace widthwise::explore
