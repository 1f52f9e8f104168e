#pragma once
// Sets of trade-offs. Points are rows of losses (less is better), all of one length >= 2.

#include <cstdint>
#include <span>
#include <vector>

namespace widthwise::explore {

using Point = std::vector<double>;

/// No worse anywhere and better somewhere.
[[nodiscard]] bool dominates(const Point& a, const Point& b);
/// Positions of the points that no other dominates, in input order; of equal points the first one stands.
/// NaN anywhere: never on the front.
[[nodiscard]] std::vector<size_t> pareto_front(std::span<const Point> points);
/// Rank of each point: 0 for the front, 1 for the front of the rest, ... (Deb et al. 2002).
[[nodiscard]] std::vector<int> non_dominated_ranks(std::span<const Point> points);
/// Deb et al. 2002, section III-B: of the points of one rank; outermost ones are infinite. Objectives in
/// which all are equal count nothing (pagmo's divides by zero there).
[[nodiscard]] std::vector<double> crowding_distances(std::span<const Point> points);
/// Volume that the points dominate up to `reference`; points that do not lie below it everywhere add nothing.
/// Exact in any dimension.
[[nodiscard]] double hypervolume(std::span<const Point> points, const Point& reference);
/// Front points by how much they bend: distance below the line through the extremes of the front after
/// scaling each loss to 0..1 (Das 1999, normal-boundary intersection); with more losses, below the plane
/// through the unit points of those that vary. Largest first, those <= 0 left out. `front` as positions of
/// `points`.
[[nodiscard]] std::vector<size_t> knee_points(std::span<const Point> points, std::span<const size_t> front);

} // namespace widthwise::explore
