#pragma once
// What became of a design that a search asked for.

#include "core/explore/figures.h"
#include "core/explore/space.h"

#include <span>
#include <string>
#include <vector>

namespace widthwise::explore {

enum class Verdict {
    measured,  ///< on all search images, or on so many that its drop is known well enough to search on
    screened,  ///< left after some of the images: it cannot be on the front, or misses the accuracy goal
    rejected,  ///< before any image: a cost limit is broken, or the target cannot run it
    completed, ///< measured before on some images, now on all: replaces what was known of it
};
/// "measured", "screened", "rejected", "completed"
[[nodiscard]] std::string_view to_string(Verdict verdict);

struct Outcome {
    Choices choices;
    Verdict verdict = Verdict::measured;
    std::string reason;    ///< of screened and rejected: one line for the user
    Figures figures;       ///< costs; the drop as far as it was measured
    int64_t samples = 0;   ///< images run; 0: rejected
    double drop_sigma = 0; ///< standard error of the paired difference
    double violation = 0;  ///< of the goals (goals.h), of what is known
};

/// Where each measured design stands as it is known best: what was completed does not count as it was before.
[[nodiscard]] std::vector<size_t> measured_positions(std::span<const Outcome> outcomes);

} // namespace widthwise::explore
