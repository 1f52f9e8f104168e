#pragma once
// What a design that was not run may add to a front.

#include "core/explore/pareto.h"

#include <cstddef>
#include <span>
#include <vector>

namespace widthwise::explore {

/// Losses of a design; the first one is not known but predicted: normal with `mean` and `sigma`.
struct Uncertain {
    double mean = 0, sigma = 0;
    Point costs; ///< the other losses
};

inline constexpr size_t k_most_front = 128;

/// Volume between the front and a reference point, with points added one by one.
class Improvement {
public:
    /// `front`: losses of measured designs. What does not lie below the reference is left out. Of a front of
    /// three losses and more that has more than k_most_front points only so many are taken, those that are
    /// farthest from each other (spread.h): the work grows with their square and more.
    Improvement(std::vector<Point> front, Point reference);

    /// Volume that a design would add if its losses were `point`.
    [[nodiscard]] double of(const Point& point) const;
    /// Expected value of that (EHVI; Emmerich, Giannakoglou and Naujoks 2006), as the mean over eight equally
    /// likely values of the first loss.
    [[nodiscard]] double expected(const Uncertain& design) const;
    void add(const Point& point);
    [[nodiscard]] size_t front_size() const { return m_front.size(); }

private:
    std::vector<Point> m_front;
    Point m_reference;
};

/// Positions of up to `count` designs to run together: the one with the largest expected improvement, then
/// the one with the largest if the first turned out as predicted, and so on ("Kriging believer"; Ginsbourger,
/// Le Riche and Carraro 2010), so that they do not crowd at one place. It ends when an expected improvement
/// falls below `worth` of the first, or to nothing.
[[nodiscard]] std::vector<size_t> most_promising(Improvement improvement, std::span<const Uncertain> designs,
                                                 size_t count, double worth);

} // namespace widthwise::explore
