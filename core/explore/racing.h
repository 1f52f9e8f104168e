#pragma once
// Whether a design that was run on some of the images deserves the rest: successive looks at a growing sample
// with paired tests, so that most designs cost only few images.

#include "core/explore/goals.h"
#include "core/explore/outcome.h"

#include <cstdint>
#include <string>
#include <vector>

namespace widthwise::explore {

/// Answers of one design, image by image in the order of running: 1 right (without labels: as float).
using Answers = std::vector<uint8_t>;

struct RacingOptions {
    /// Sample sizes of the looks, ascending; the last one is all images. One: no screening.
    std::vector<int64_t> looks;
    /// Of leaving a design for what it loses, over all looks together (Bonferroni).
    double confidence = 0.99;
    /// Of leaving it at a look for a better design. Lower: what is left wrongly lies just behind the front,
    /// and what it lost is told as far as it is known, so that its neighbours are still asked for.
    double rival_confidence = 0.8;
    /// A drop with this standard error, or with this share of itself, is known well enough to search on.
    double enough_sigma = 0.005, enough_share = 0.125;
    /// Drops from here on are worth nothing, whatever they cost (the hypervolume's reference: 0.2).
    double useless_drop = 0.2;
};

/// Looks at n/8, n/4, n/2 and n images, multiples of 16, none below 64.
[[nodiscard]] std::vector<int64_t> default_looks(int64_t images);

/// Keeps the designs measured so far that are on the front.
class Race {
public:
    /// `reference`: the float network's answers on all images.
    Race(Goals goals, RacingOptions options, Answers reference);

    [[nodiscard]] const std::vector<int64_t>& looks() const;
    /// After a look at the first `answers.size()` images: why the design need not be run further; empty:
    /// go on. It is left when, with the confidences asked for, its drop breaks the accuracy goal or is
    /// useless, or a design of the front that costs no more in any objective is more accurate on the same
    /// images (paired: Newcombe 1998, method 10).
    [[nodiscard]] std::string why_leave(const Figures& costs, const Answers& answers) const;
    /// A design that was run on all images. Figures have its drop.
    void add(const Figures& figures, const Answers& answers);
    /// Paired drop against the reference over the images of `answers`, and its standard error.
    struct Drop {
        double drop = 0, sigma = 0;
    };
    [[nodiscard]] Drop drop(const Answers& answers) const;
    /// Whether the drop is known well enough to search on: more images can wait until it is known to be on
    /// the front.
    [[nodiscard]] bool known_well(const Answers& answers) const;

private:
    struct Incumbent {
        Figures figures;
        Answers answers;
    };
    Goals m_goals;
    RacingOptions m_options;
    Answers m_reference;
    std::vector<Incumbent> m_front;
};

} // namespace widthwise::explore
