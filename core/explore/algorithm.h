#pragma once
// Search algorithms behind one interface: they ask for designs and are told what became of them. An algorithm
// is a function of its problem (with its seed) and of what it was told, in that order: the same answers bring
// the same questions, so a search is resumed by asking again and answering from what was stored.

#include "core/explore/goals.h"
#include "core/explore/noise.h"
#include "core/explore/outcome.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace widthwise::explore {

/// Costs of a design without running it.
struct Priced {
    Figures figures;     ///< the drop is NaN
    std::string problem; ///< not empty: the target cannot run it, and why
};
using Price = std::function<Priced(const Choices&)>;

struct Problem {
    Space space;
    Goals goals;
    uint64_t seed = 1;
    int64_t budget = 400; ///< designs that will be run: measured or screened
    Price price;          ///< cheap: microseconds to milliseconds; the same answer each time
    /// Null: no sensitivities, which some algorithms need (AlgorithmInfo).
    std::shared_ptr<const NoiseTable> noise;
    double worst_drop = 0.9;    ///< float top-1 less chance level: what can be lost at all
    std::vector<Choices> start; ///< designs worth a look before all others, such as uniform ones
};

class Algorithm {
public:
    virtual ~Algorithm() = default;
    /// 1..`most` designs, none of which it was told of before and none twice. Empty: it has nothing left to
    /// ask (the space is exhausted, or it is content).
    [[nodiscard]] virtual std::vector<Choices> ask(int most) = 0;
    /// What became of the designs of the last ask(), in its order.
    virtual void tell(std::span<const Outcome> outcomes) = 0;
    /// After an empty ask(): what made it give up though there may be more to find, as a clause to read.
    /// Empty: there is nothing left that it would ask.
    [[nodiscard]] virtual std::string why_ended() const { return {}; }
};

struct AlgorithmInfo {
    std::string name;    ///< "surrogate"
    std::string title;   ///< "Surrogate-assisted NSGA"
    std::string summary; ///< one line: when to take it
    bool needs_noise = false;
    bool needs_small_space = false; ///< at most k_most_exhaustive designs
};
inline constexpr int64_t k_most_exhaustive = 1 << 20;
/// The default comes first: surrogate, nsga2, maco, ilp, greedy, annealing, exhaustive, random.
[[nodiscard]] const std::vector<AlgorithmInfo>& algorithms();

/// Errors: usage for an unknown name (the known ones are named), a space without variables or with a variable
/// without choices, a problem without what the algorithm needs, a space too large for "exhaustive".
[[nodiscard]] Result<std::unique_ptr<Algorithm>> make_algorithm(std::string_view name, Problem problem);

} // namespace widthwise::explore
