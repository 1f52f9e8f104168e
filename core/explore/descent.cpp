#include "core/explore/descent.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace widthwise::explore {
namespace {

constexpr double k_least_noise = 1e-9; ///< so that what is free has a finite gain
constexpr double k_least_drop = 1e-4;  ///< one answer in ten thousand: less than is measured
constexpr int k_hardware_rounds = 2;

bool is_hardware(const Variable& variable) {
    return variable.kind == Variable::Kind::hardware;
}

double total(const NoiseTable& noise, const Space& space, const Choices& choices) {
    const std::vector<double> features = noise.features(plan_of(space, choices));
    return std::accumulate(features.begin(), features.end(), 0.0);
}

} // namespace

AddedNoise added_noise(const Space& space, const NoiseTable& noise) {
    const Choices widest_design = widest(space);
    const double least = total(noise, space, widest_design);
    AddedNoise added;
    for (size_t v = 0; v < space.variables.size(); ++v) {
        added.emplace_back(space.variables[v].size(), 0.0);
        if (is_hardware(space.variables[v])) continue;
        Choices choices = widest_design;
        for (size_t c = 0; c < space.variables[v].size(); ++c) {
            choices[v] = static_cast<uint8_t>(c);
            added[v][c] = std::max(total(noise, space, choices) - least, 0.0);
        }
    }
    return added;
}

AddedNoise added_noise(const Space& space, std::span<const double> drops) {
    const Choices widest_design = widest(space);
    AddedNoise added;
    for (size_t v = 0; v < space.variables.size(); ++v) {
        const Variable& variable = space.variables[v];
        added.emplace_back(variable.size(), 0.0);
        if (is_hardware(variable)) continue;
        const int probed = comparable_bits(variable.formats[probe(space, v)[v]]);
        const double drop = drops[v] > k_least_drop ? drops[v] : k_least_drop;
        for (size_t c = 0; c < variable.size(); ++c)
            if (c != widest_design[v])
                added[v][c] = drop * std::pow(4.0, probed - comparable_bits(variable.formats[c]));
    }
    return added;
}

Choices probe(const Space& space, size_t variable) {
    Choices choices = widest(space);
    if (choices[variable] > 0) --choices[variable];
    return choices;
}

double Descent::cost(const Choices& choices) const {
    const Priced priced = problem.price(choices);
    if (!priced.problem.empty()) return std::numeric_limits<double>::infinity();
    const Point costs = losses.costs(priced.figures);
    return std::inner_product(costs.begin(), costs.end(), weights.begin(), 0.0);
}

std::optional<Descent::Step> Descent::best_step(const Choices& at, double cost_there, size_t variable) const {
    std::optional<Step> best;
    Choices next = at;
    for (size_t c = 0; c < noise[variable].size(); ++c) {
        // Down is where noise is added: not always to fewer bits.
        if (c == at[variable] || noise[variable][c] < noise[variable][at[variable]]) continue;
        next[variable] = static_cast<uint8_t>(c);
        const double saved = cost_there - cost(next);
        if (!(saved > 0)) continue;
        const double added = noise[variable][c] - noise[variable][at[variable]];
        const double gain = saved / std::max(added, k_least_noise);
        if (!best || gain > best->gain) best = Step{c, gain};
    }
    return best;
}

void Descent::choose_hardware(Choices& choices) const {
    for (int round = 0; round < k_hardware_rounds; ++round)
        for (size_t v = 0; v < choices.size(); ++v) {
            if (!is_hardware(problem.space.variables[v])) continue;
            double least = cost(choices);
            Choices next = choices;
            for (size_t c = 0; c < problem.space.variables[v].size(); ++c) {
                next[v] = static_cast<uint8_t>(c);
                if (const double here = cost(next); here < least) {
                    least = here;
                    choices[v] = static_cast<uint8_t>(c);
                }
            }
        }
}

std::vector<Choices> Descent::path(Choices from) const {
    choose_hardware(from);
    std::vector<Choices> path = {from};
    double here = cost(from);
    // Layers hardly change each other's costs, so that a step's gain is looked at again only when it is the
    // largest (Minoux 1978, lazy greedy).
    std::vector<std::optional<Step>> steps(from.size());
    std::vector<char> stale(from.size(), 1);
    const auto gain = [&](size_t v) { return steps[v] ? steps[v]->gain : 0.0; };
    const auto look = [&](size_t v) {
        if (!is_hardware(problem.space.variables[v])) steps[v] = best_step(from, here, v);
        stale[v] = 0;
    };
    for (size_t v = 0; v < from.size(); ++v) look(v);
    for (;;) {
        size_t best = 0;
        for (size_t v = 1; v < from.size(); ++v)
            if (gain(v) > gain(best)) best = v;
        if (gain(best) > 0 && stale[best]) {
            look(best);
            continue;
        }
        if (!(gain(best) > 0)) { // what saved nothing before may do so now
            bool any = false;
            for (size_t v = 0; v < from.size(); ++v)
                if (stale[v]) {
                    look(v);
                    any = any || steps[v];
                }
            if (any) continue;
            return path;
        }
        from[best] = static_cast<uint8_t>(steps[best]->choice);
        here = cost(from);
        path.push_back(from);
        std::ranges::fill(stale, 1);
        look(best);
    }
}

} // namespace widthwise::explore
