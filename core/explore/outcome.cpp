#include "core/explore/outcome.h"

#include <set>

namespace widthwise::explore {

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
    case Verdict::measured:
        return "measured";
    case Verdict::screened:
        return "screened";
    case Verdict::rejected:
        return "rejected";
    case Verdict::completed:
        return "completed";
    }
    return "";
}

std::vector<size_t> measured_positions(std::span<const Outcome> outcomes) {
    std::set<Choices> completed;
    for (const Outcome& outcome : outcomes)
        if (outcome.verdict == Verdict::completed) completed.insert(outcome.choices);
    std::vector<size_t> positions;
    for (size_t i = 0; i < outcomes.size(); ++i)
        if (outcomes[i].verdict == Verdict::completed ||
            (outcomes[i].verdict == Verdict::measured && !completed.contains(outcomes[i].choices)))
            positions.push_back(i);
    return positions;
}

} // namespace widthwise::explore
