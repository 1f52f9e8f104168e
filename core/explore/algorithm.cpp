#include "core/explore/algorithm.h"

#include "core/base/text.h"
#include "core/explore/annealing.h"
#include "core/explore/greedy.h"
#include "core/explore/integer_program.h"
#include "core/explore/pagmo_search.h"
#include "core/explore/plain_search.h"
#include "core/explore/surrogate_search.h"

#include <algorithm>

namespace widthwise::explore {
namespace {

struct Entry {
    AlgorithmInfo info;
    std::unique_ptr<Algorithm> (*make)(Problem);
};

const std::vector<Entry>& entries() {
    static const std::vector<Entry> all = {
        {{.name = "surrogate",
          .title = "Surrogate-assisted NSGA",
          .summary = "The best front for few evaluations: runs only designs that a prediction from "
                     "sensitivities and past results says may improve it",
          .needs_noise = true},
         make_surrogate_search},
        {{.name = "nsga2",
          .title = "NSGA-II",
          .summary = "pagmo's genetic algorithm from a random population: needs no sensitivities, and "
                     "thousands of evaluations"},
         make_nsga2_search},
        {{.name = "maco",
          .title = "Ant colony",
          .summary = "pagmo's ant colony on the hypervolume: another way without sensitivities"},
         make_maco_search},
        {{.name = "ilp",
          .title = "Integer programming",
          .summary = "The exact best designs of the additive model of sensitivities: good from the first "
                     "evaluation on, blind to how layers act together",
          .needs_noise = true},
         make_integer_program},
        {{.name = "greedy",
          .title = "Greedy bit descent",
          .summary = "From the widest design down, step by step where most is saved for the noise added: "
                     "simple, and close to the front early"},
         make_greedy_search},
        {{.name = "annealing",
          .title = "Simulated annealing",
          .summary =
              "Chains of small changes under random trade-offs: finds what layers do together, slowly"},
         make_annealing_search},
        {{.name = "exhaustive",
          .title = "Exhaustive",
          .summary = "Every design of a small space: the true front",
          .needs_small_space = true},
         make_exhaustive_search},
        {{.name = "random",
          .title = "Random",
          .summary = "Designs drawn uniformly: the yardstick for the others"},
         make_random_search},
    };
    return all;
}

Result<void> check(const AlgorithmInfo& info, const Problem& problem) {
    if (problem.space.variables.empty())
        return fail(ErrorCode::usage, "the search space has no variables", {}, "leave some layers unfrozen");
    for (const Variable& variable : problem.space.variables)
        if (variable.size() == 0)
            return fail(ErrorCode::usage, "variable " + in_quotes(variable.name) + " has no choices", {},
                        "give it some, or leave it out");
    if (!problem.price)
        return fail(ErrorCode::usage, "the search has nothing to price designs with", {}, "choose a target");
    if (info.needs_noise && !problem.noise)
        return fail(ErrorCode::usage, "algorithm " + in_quotes(info.name) + " needs sensitivities", {},
                    "measure them first, or take another algorithm");
    if (info.needs_small_space)
        if (const std::optional<int64_t> designs = problem.space.designs();
            !designs || *designs > k_most_exhaustive)
            return fail(ErrorCode::usage,
                        "the space has " + (designs ? std::to_string(*designs) : "more than 2^62") +
                            " designs; algorithm " + in_quotes(info.name) + " takes at most " +
                            std::to_string(k_most_exhaustive),
                        {}, "freeze layers, take fewer widths, or take another algorithm");
    return {};
}

} // namespace

const std::vector<AlgorithmInfo>& algorithms() {
    static const std::vector<AlgorithmInfo> all = [] {
        std::vector<AlgorithmInfo> list;
        for (const Entry& entry : entries()) list.push_back(entry.info);
        return list;
    }();
    return all;
}

Result<std::unique_ptr<Algorithm>> make_algorithm(std::string_view name, Problem problem) {
    const auto entry = std::ranges::find_if(entries(), [&](const Entry& e) { return e.info.name == name; });
    if (entry == entries().end()) {
        std::vector<std::string> names;
        for (const AlgorithmInfo& info : algorithms()) names.push_back(info.name);
        return fail(ErrorCode::usage, "there is no algorithm " + in_quotes(name), {},
                    "take one of " + join(names, ", "));
    }
    if (Result<void> checked = check(entry->info, problem); !checked) return forward_error(checked);
    return entry->make(std::move(problem));
}

} // namespace widthwise::explore
