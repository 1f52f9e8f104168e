#pragma once
// Where to keep activations: which cuts through a program save the most per byte.

#include <cstddef>
#include <vector>

namespace widthwise::engine {

/// A program as the choice sees it. Values are numbered from 0.
struct CutProblem {
    struct Unit {
        std::vector<size_t> reads;
        size_t writes = 0;
        double seconds = 0; ///< per image
    };
    struct Value {
        size_t bytes = 0;     ///< per image
        bool can_keep = true; ///< else no cut goes through it
        bool is_kept = false; ///< already, or loaded: costs nothing
    };
    std::vector<Unit> units; ///< in execution order; each value is written at most once
    std::vector<Value> values;
    std::vector<size_t> outputs;   ///< live until the end
    double bytes_per_second = 4e9; ///< of loading what was kept
};

struct Cut {
    size_t after = 0;           ///< unit
    std::vector<size_t> values; ///< live there and not kept by an earlier choice
    double worth = 0;           ///< seconds saved per byte and image, summed over one edit of each unit
};

/// The model: every unit is as likely to be edited next as any other; then what lies before the nearest cut
/// ahead of it is saved, less the time of loading the cut. Cuts are chosen greedily by what they add per byte
/// of the values that they add, best first: the greedy solution of the knapsack problem, whose last item a
/// caller may take in part (fewer images). Cuts that save nothing are left out.
[[nodiscard]] std::vector<Cut> choose_cuts(const CutProblem& problem);

} // namespace widthwise::engine
