#include "core/explore/choice_program.h"

#include <algorithm>
#include <limits>
#include <set>

namespace widthwise::explore {
namespace {

constexpr int k_finest_grid = 20; ///< 2^20 cells in each loss

/// A partial selection: where it came from, and its sums.
struct State {
    size_t before = 0, option = 0;
    Point losses;
};
using Stage = std::vector<State>;

Point sum_of(const Point& a, const Point& b) {
    Point sum = a;
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += b[i];
    return sum;
}

/// The first state of each cell of a grid of `cells` in each loss; `ends` always.
std::vector<size_t> one_in_each_cell(const Stage& stage, const Point& least, const Point& most, int cells,
                                     const std::set<size_t>& ends) {
    std::set<std::vector<int>> taken;
    std::vector<size_t> kept;
    for (size_t i = 0; i < stage.size(); ++i) {
        std::vector<int> cell;
        for (size_t k = 0; k < least.size(); ++k) {
            const double range = most[k] - least[k];
            cell.push_back(range > 0 ? static_cast<int>((stage[i].losses[k] - least[k]) / range * cells) : 0);
        }
        if (taken.insert(std::move(cell)).second || ends.contains(i)) kept.push_back(i);
    }
    return kept;
}

/// Of a sorted stage. One state for each loss is kept besides: in a loss in which all are alike any one.
void thin(Stage& stage, size_t most_states) {
    if (stage.size() <= most_states) return;
    Point least = stage.front().losses, most = least;
    std::vector<size_t> first(least.size(), 0); // of those with the least loss
    for (size_t i = 0; i < stage.size(); ++i)
        for (size_t k = 0; k < least.size(); ++k) {
            most[k] = std::max(most[k], stage[i].losses[k]);
            if (stage[i].losses[k] >= least[k]) continue;
            least[k] = stage[i].losses[k];
            first[k] = i;
        }
    const std::set<size_t> ends(first.begin(), first.end());
    // Cells of a coarser grid are made of finer ones, so that it never keeps more: the finest is bisected
    // for.
    int fits = 0, too_fine = k_finest_grid + 1;
    std::vector<size_t> kept = one_in_each_cell(stage, least, most, 1, ends);
    while (too_fine - fits > 1) {
        const int between = (fits + too_fine) / 2;
        std::vector<size_t> some = one_in_each_cell(stage, least, most, 1 << between, ends);
        if (some.size() > most_states) {
            too_fine = between;
        } else {
            fits = between;
            kept = std::move(some);
        }
    }
    Stage thinned;
    for (const size_t i : kept) thinned.push_back(std::move(stage[i]));
    stage = std::move(thinned);
}

/// Leaves at most `most_states` and the ends, sorted.
void keep_front(Stage& stage, size_t most_states) {
    std::ranges::stable_sort(stage, {}, &State::losses);
    // Of many losses hardly any state dominates another, and each is compared with all.
    if (!stage.empty() && stage.front().losses.size() >= k_many_losses)
        thin(stage, std::max(most_states, k_most_compared));
    std::vector<Point> points;
    points.reserve(stage.size());
    for (const State& state : stage) points.push_back(state.losses);
    Stage front;
    for (const size_t i : pareto_front(points)) front.push_back(std::move(stage[i]));
    thin(front, most_states);
    stage = std::move(front);
}

/// Least sums of all groups from each one on; the last row is zeros.
std::vector<Point> least_of_rest(const ChoiceProgram& program) {
    const size_t losses = program.groups.front().front().size();
    std::vector<Point> rest(program.groups.size() + 1, Point(losses, 0));
    for (size_t g = program.groups.size(); g-- > 0;)
        for (size_t k = 0; k < losses; ++k) {
            double least = std::numeric_limits<double>::infinity();
            for (const Point& option : program.groups[g]) least = std::min(least, option[k]);
            rest[g][k] = rest[g + 1][k] + least;
        }
    return rest;
}

} // namespace

std::vector<ChoiceSolution> solve_front(const ChoiceProgram& program, size_t most) {
    if (program.groups.empty()) return {};
    const std::vector<Point> rest = least_of_rest(program);
    const size_t losses = rest.front().size();
    const auto hopeless = [&](const Point& sums, size_t group) {
        for (size_t k = 0; k < program.limits.size(); ++k)
            if (sums[k] + rest[group + 1][k] > program.limits[k]) return true;
        return false;
    };
    std::vector<Stage> stages;
    Stage before{{0, 0, Point(losses, 0)}};
    for (size_t g = 0; g < program.groups.size(); ++g) {
        // What another option of the same group dominates is never taken.
        const std::vector<size_t> options = pareto_front(program.groups[g]);
        Stage stage;
        for (size_t i = 0; i < before.size(); ++i)
            for (const size_t option : options) {
                Point sums = sum_of(before[i].losses, program.groups[g][option]);
                if (!hopeless(sums, g)) stage.push_back({i, option, std::move(sums)});
            }
        keep_front(stage, most);
        before = stage;
        stages.push_back(std::move(stage));
    }
    std::vector<ChoiceSolution> solutions;
    for (const State& end : stages.back()) {
        ChoiceSolution solution{std::vector<size_t>(stages.size()), end.losses};
        const State* state = &end;
        for (size_t g = stages.size(); g-- > 0;) {
            solution.options[g] = state->option;
            if (g > 0) state = &stages[g - 1][state->before];
        }
        solutions.push_back(std::move(solution));
    }
    return solutions;
}

} // namespace widthwise::explore
