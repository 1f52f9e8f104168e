#include "core/explore/additive_front.h"

#include "core/explore/choice_program.h"
#include "core/explore/surrogate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace widthwise::explore {
namespace {

constexpr size_t k_most_options = 1024;
/// With three losses and more fronts are surfaces, which every round of a search looks through: fewer states
/// keep the work alike.
size_t most_states(size_t costs) {
    switch (costs) {
    case 1:
        return k_most_states;
    case 2:
        return 1024;
    case 3:
        return 256;
    default:
        return 128;
    }
}
constexpr double k_slack = 0.1;

struct Group {
    std::vector<size_t> variables;
    std::vector<Choices> options; ///< of these variables; as many as the program's group has
};

/// Variables that set a common layer, in the order of their first one.
std::vector<std::vector<size_t>> connected(const Space& space) {
    std::vector<size_t> group(space.variables.size());
    std::iota(group.begin(), group.end(), size_t{0});
    std::map<std::string, size_t> first;
    for (size_t v = 0; v < group.size(); ++v)
        for (const std::string& layer : space.variables[v].layers) {
            const size_t other = group[first.emplace(layer, v).first->second], own = group[v];
            std::ranges::replace(group, std::max(own, other), std::min(own, other));
        }
    std::vector<std::vector<size_t>> groups;
    for (size_t root = 0; root < group.size(); ++root) {
        std::vector<size_t> members;
        for (size_t v = 0; v < group.size(); ++v)
            if (group[v] == root) members.push_back(v);
        size_t options = 1;
        for (const size_t v : members)
            options = std::min(options * space.variables[v].size(), k_most_options + 1);
        if (options <= k_most_options) {
            if (!members.empty()) groups.push_back(members);
        } else {
            for (const size_t v : members) groups.push_back({v});
        }
    }
    return groups;
}

std::vector<Choices> combinations(const Space& space, const std::vector<size_t>& variables) {
    std::vector<Choices> all{{}};
    for (const size_t v : variables) {
        std::vector<Choices> longer;
        for (const Choices& some : all)
            for (size_t c = 0; c < space.variables[v].size(); ++c) {
                longer.push_back(some);
                longer.back().push_back(static_cast<uint8_t>(c));
            }
        all = std::move(longer);
    }
    return all;
}

Choices with_option(Choices design, const std::vector<size_t>& variables, const Choices& option) {
    for (size_t i = 0; i < variables.size(); ++i) design[variables[i]] = option[i];
    return design;
}

/// Costs that count: objectives, then limits of others.
std::vector<Metric> cost_metrics(const Goals& goals) {
    std::vector<Metric> metrics;
    const auto add = [&](Metric metric) {
        if (metric != Metric::drop && std::ranges::find(metrics, metric) == metrics.end())
            metrics.push_back(metric);
    };
    for (const Metric metric : goals.objectives) add(metric);
    for (const Constraint& constraint : goals.constraints) add(constraint.metric);
    return metrics;
}

std::optional<Choices> base_of(const Problem& problem) {
    std::vector<Choices> candidates{uniform_choices(problem.space, 8, 8)};
    candidates.insert(candidates.end(), problem.start.begin(), problem.start.end());
    candidates.push_back(uniform_choices(problem.space, 1, 1));
    for (Choices& choices : candidates)
        if (problem.price(choices).problem.empty()) return std::move(choices);
    return std::nullopt;
}

Point costs_of(const Figures& figures, const std::vector<Metric>& metrics) {
    Point costs;
    for (const Metric metric : metrics) costs.push_back(figures.loss(metric));
    return costs;
}

bool is_finite(const Point& point) {
    return std::ranges::all_of(point, [](double x) { return std::isfinite(x); });
}

class Model {
public:
    Model(const Problem& problem, const DesignNoise& noise)
        : m_problem(problem), m_noise(noise), m_additive(noise.slot_count(), problem.worst_drop) {}

    std::vector<AdditiveDesign> front();

private:
    [[nodiscard]] double noise_of(const Choices& choices) const {
        return m_additive.total_noise(m_noise.of(choices));
    }
    void add_group(const std::vector<size_t>& variables);
    void set_limits();
    [[nodiscard]] std::vector<AdditiveDesign> priced(const std::vector<ChoiceSolution>& solutions) const;

    const Problem& m_problem;
    const DesignNoise& m_noise;
    Surrogate m_additive;
    std::vector<Metric> m_metrics;
    Choices m_base;
    Point m_base_costs;
    std::vector<Group> m_groups;
    ChoiceProgram m_program;
};

void Model::add_group(const std::vector<size_t>& variables) {
    Group group{variables, {}};
    std::vector<Point> losses;
    const double base_noise = noise_of(m_base);
    for (Choices& option : combinations(m_problem.space, variables)) {
        const Choices design = with_option(m_base, variables, option);
        const bool is_base = design == m_base;
        const Priced price = is_base ? Priced{} : m_problem.price(design);
        if (!price.problem.empty()) continue;
        Point row = is_base ? m_base_costs : costs_of(price.figures, m_metrics);
        for (size_t k = 0; k < row.size(); ++k) row[k] -= m_base_costs[k];
        if (!is_finite(row)) continue;
        row.insert(row.begin(), noise_of(design) - base_noise);
        losses.push_back(std::move(row));
        group.options.push_back(std::move(option));
    }
    m_groups.push_back(std::move(group));
    m_program.groups.push_back(std::move(losses));
}

void Model::set_limits() {
    constexpr double none = std::numeric_limits<double>::infinity();
    m_program.limits.assign(1 + m_metrics.size(), none);
    for (const Constraint& constraint : m_problem.goals.constraints) {
        if (constraint.metric == Metric::drop) continue;
        const auto at =
            static_cast<size_t>(std::ranges::find(m_metrics, constraint.metric) - m_metrics.begin());
        const double limit = larger_is_better(constraint.metric) ? -constraint.limit : constraint.limit;
        double& least = m_program.limits[1 + at];
        least = std::min(least, limit + k_slack * std::abs(limit) - m_base_costs[at]);
    }
}

std::vector<AdditiveDesign> Model::priced(const std::vector<ChoiceSolution>& solutions) const {
    std::vector<AdditiveDesign> designs;
    std::vector<Point> points;
    for (const ChoiceSolution& solution : solutions) {
        Choices choices = m_base;
        for (size_t g = 0; g < m_groups.size(); ++g)
            choices = with_option(std::move(choices), m_groups[g].variables,
                                  m_groups[g].options[solution.options[g]]);
        Priced price = m_problem.price(choices);
        if (!price.problem.empty() || violation(m_problem.goals, price.figures) > 0) continue;
        const double noise = noise_of(choices);
        Point point{noise};
        for (const Metric metric : m_problem.goals.objectives)
            if (metric != Metric::drop) point.push_back(price.figures.loss(metric));
        points.push_back(std::move(point));
        designs.push_back({std::move(choices), noise, price.figures});
    }
    std::vector<AdditiveDesign> front;
    for (const size_t i : pareto_front(points)) front.push_back(std::move(designs[i]));
    std::ranges::stable_sort(front, {}, &AdditiveDesign::noise);
    return front;
}

std::vector<AdditiveDesign> Model::front() {
    const std::optional<Choices> base = base_of(m_problem);
    if (!base) return {};
    m_base = *base;
    const Figures figures = m_problem.price(m_base).figures;
    m_metrics = cost_metrics(m_problem.goals);
    std::erase_if(m_metrics, [&](Metric metric) { return !std::isfinite(figures[metric]); });
    m_base_costs = costs_of(figures, m_metrics);
    for (const std::vector<size_t>& variables : connected(m_problem.space)) add_group(variables);
    if (m_metrics.empty()) return {};
    set_limits();
    return priced(solve_front(m_program, most_states(m_metrics.size())));
}

} // namespace

std::vector<AdditiveDesign> additive_front(const Problem& problem, const DesignNoise& noise) {
    return Model(problem, noise).front();
}

} // namespace widthwise::explore
