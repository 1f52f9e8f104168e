#pragma once
// What is searched for: figures to be as good as they can, and limits that a design must keep.

#include "core/base/result.h"
#include "core/explore/figures.h"

#include <string>
#include <vector>

namespace widthwise::explore {

/// At most `limit`; of a throughput: at least.
struct Constraint {
    Metric metric = Metric::drop;
    double limit = 0;
    bool operator==(const Constraint&) const = default;
};

struct Goals {
    std::vector<Metric> objectives = {Metric::drop, Metric::energy}; ///< the drop and at least one other
    std::vector<Constraint> constraints;
    bool operator==(const Goals&) const = default;
};

/// How far `figures` break a constraint, relative to its limit: 0 when kept; NaN counts as not kept (1) for
/// costs that do not apply, as kept for a drop that is not known yet. The scale of limits of 0 is 1.
[[nodiscard]] double violation(const Constraint& constraint, const Figures& figures);
/// The sum over all constraints.
[[nodiscard]] double violation(const Goals& goals, const Figures& figures);
/// "energy 1.84 mJ is above the limit of 1.2 mJ"; empty: all are kept. Of several the one broken most.
[[nodiscard]] std::string broken_constraint(const Goals& goals, const Figures& figures);

/// Errors: usage for objectives without the drop, twice the same, none besides; for limits that are no
/// numbers or can never be kept (energy <= 0); for metrics that `sample` (a design's figures) does not have.
[[nodiscard]] Result<void> validate(const Goals& goals, const Figures& sample);

/// Goals as users think of them. Limits are relative to the w8a8 design's costs where no standard gives an
/// absolute one; `why` says what was taken and from where.
struct Scenario {
    std::string name;  ///< "always-on-sensor", "mobile-camera", "real-time-driving", "data-centre"
    std::string title; ///< "Always-on sensor"
    std::string why;
};
[[nodiscard]] const std::vector<Scenario>& scenarios();
/// `baseline`: figures of w8a8 on the target; limits relative to one that it lacks are left out. Errors:
/// usage for an unknown name, with the known ones.
[[nodiscard]] Result<Goals> scenario_goals(std::string_view name, const Figures& baseline);

} // namespace widthwise::explore
