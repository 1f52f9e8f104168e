#include "core/explore/choice_program.h"

#include <algorithm>
#include <limits>
#include <set>

namespace widthwise::explore {
namespace {

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

void keep_front(Stage& stage) {
    std::vector<Point> points;
    points.reserve(stage.size());
    for (const State& state : stage) points.push_back(state.losses);
    Stage front;
    for (const size_t i : pareto_front(points)) front.push_back(std::move(stage[i]));
    std::ranges::stable_sort(front, {}, &State::losses);
    stage = std::move(front);
}

/// Positions that stay on a grid of `cells` in each loss.
std::vector<size_t> one_in_each_cell(const Stage& stage, const Point& least, const Point& most, int cells) {
    std::set<std::vector<int>> taken;
    std::vector<size_t> kept;
    for (size_t i = 0; i < stage.size(); ++i) {
        std::vector<int> cell;
        bool extreme = false;
        for (size_t k = 0; k < least.size(); ++k) {
            const double range = most[k] - least[k];
            cell.push_back(range > 0 ? static_cast<int>((stage[i].losses[k] - least[k]) / range * cells) : 0);
            extreme = extreme || stage[i].losses[k] == least[k];
        }
        if (taken.insert(std::move(cell)).second || extreme) kept.push_back(i);
    }
    return kept;
}

void thin(Stage& stage, size_t most_states) {
    if (stage.size() <= most_states) return;
    Point least = stage.front().losses, most = least;
    for (const State& state : stage)
        for (size_t k = 0; k < least.size(); ++k) {
            least[k] = std::min(least[k], state.losses[k]);
            most[k] = std::max(most[k], state.losses[k]);
        }
    std::vector<size_t> kept;
    for (int cells = 1 << 20; cells > 0; cells /= 2) {
        kept = one_in_each_cell(stage, least, most, cells);
        if (kept.size() <= most_states) break;
    }
    Stage thinned;
    for (const size_t i : kept) thinned.push_back(std::move(stage[i]));
    stage = std::move(thinned);
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
        keep_front(stage);
        thin(stage, most);
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
