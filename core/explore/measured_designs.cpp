#include "core/explore/measured_designs.h"

#include <algorithm>
#include <cmath>

namespace widthwise::explore {

std::vector<Measured> measured_designs(const std::map<Choices, Outcome>& known, const DesignNoise& noise) {
    std::vector<Measured> measured;
    for (const auto& [choices, outcome] : known) {
        const double drop = outcome.figures[Metric::drop];
        if (outcome.samples <= 0 || !std::isfinite(drop)) continue;
        // Few images may by chance show no difference at all: half an answer is the least that is not known.
        const double least = 0.5 / static_cast<double>(outcome.samples);
        measured.push_back({noise.of(choices), drop, std::max(outcome.drop_sigma, least)});
    }
    return measured;
}

} // namespace widthwise::explore
