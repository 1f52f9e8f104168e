#include "core/explore/racing.h"

#include "core/base/format.h"
#include "core/base/normal.h"
#include "core/design/evaluation.h"

#include <algorithm>
#include <cmath>

namespace widthwise::explore {
namespace {

constexpr int64_t k_first_look = 64;

struct Counts {
    int64_t both = 0, only_first = 0, only_second = 0, n = 0;
};

/// Over the images of `second`, which may be fewer.
Counts count(const Answers& first, const Answers& second) {
    Counts counts;
    counts.n = static_cast<int64_t>(std::min(first.size(), second.size()));
    for (size_t i = 0; i < static_cast<size_t>(counts.n); ++i) {
        const bool a = first[i] != 0, b = second[i] != 0;
        counts.both += a && b;
        counts.only_first += a && !b;
        counts.only_second += !a && b;
    }
    return counts;
}

/// Of the second's accuracy less the first's.
Interval difference(const Counts& c, double z) {
    return paired_difference_interval(c.both, c.only_first, c.only_second, c.n, z);
}

/// No worse in any objective but the drop.
bool costs_no_more(const Figures& a, const Figures& b, const Goals& goals) {
    return std::ranges::all_of(goals.objectives, [&](Metric metric) {
        return metric == Metric::drop || a.loss(metric) <= b.loss(metric);
    });
}

} // namespace

std::vector<int64_t> default_looks(int64_t images) {
    std::vector<int64_t> looks;
    for (const int64_t part : {int64_t{8}, int64_t{4}, int64_t{2}}) {
        const int64_t look = images / part / 16 * 16;
        if (look >= k_first_look) looks.push_back(look);
    }
    looks.push_back(images);
    return looks;
}

Race::Race(Goals goals, RacingOptions options, Answers reference)
    : m_goals(std::move(goals)), m_options(std::move(options)), m_reference(std::move(reference)) {
    if (m_options.looks.empty()) m_options.looks = {static_cast<int64_t>(m_reference.size())};
}

const std::vector<int64_t>& Race::looks() const {
    return m_options.looks;
}

std::string Race::why_leave(const Figures& costs, const Answers& answers) const {
    const auto images = static_cast<int64_t>(answers.size());
    // With all images there is nothing left to save.
    if (images == 0 || images >= m_options.looks.back()) return {};
    // Wrong at one end of the interval only: alpha / looks two-sided is on the safe side.
    const auto looks = static_cast<double>(std::max<size_t>(m_options.looks.size() - 1, 1));
    const double z = two_sided_normal_quantile((1 - m_options.confidence) / looks);
    const auto after = [&] { return " after " + std::to_string(images) + " images"; };

    const Interval gain = difference(count(m_reference, answers), z);
    double limit = std::numeric_limits<double>::infinity();
    for (const Constraint& constraint : m_goals.constraints)
        if (constraint.metric == Metric::drop) limit = std::min(limit, constraint.limit);
    if (-gain.hi > std::min(limit, m_options.useless_drop))
        return "loses at least " + format_number(-100 * gain.hi, 3) + " points" + after() +
               (limit <= m_options.useless_drop
                    ? "; the goal is " + format_number(100 * limit, 3)
                    : "; of no use from " + format_number(100 * m_options.useless_drop, 3) + " on");

    // Only the most accurate of those that cost no more has to be met: it was chosen without these answers,
    // so it is one test however long the front.
    const Incumbent* rival = nullptr;
    for (const Incumbent& incumbent : m_front)
        if (costs_no_more(incumbent.figures, costs, m_goals) &&
            (!rival || incumbent.figures[Metric::drop] < rival->figures[Metric::drop]))
            rival = &incumbent;
    if (!rival) return {};
    const double rival_z = two_sided_normal_quantile(1 - m_options.rival_confidence);
    const Interval better = difference(count(rival->answers, answers), rival_z);
    if (better.hi >= 0) return {};
    return "at least " + format_number(-100 * better.hi, 3) +
           " points less accurate than a design that costs no more," + after();
}

void Race::add(const Figures& figures, const Answers& answers) {
    // What breaks a cost limit must not drive out what keeps it; what misses the accuracy goal may drive out
    // only what does so too, and that is tested first.
    if (violation(m_goals, figures) > 0) return;
    const auto covers = [&](const Figures& a, const Figures& b) {
        return a[Metric::drop] <= b[Metric::drop] && costs_no_more(a, b, m_goals);
    };
    if (std::ranges::any_of(m_front, [&](const Incumbent& i) { return covers(i.figures, figures); })) return;
    std::erase_if(m_front, [&](const Incumbent& i) { return covers(figures, i.figures); });
    m_front.push_back({figures, answers});
}

Race::Drop Race::drop(const Answers& answers) const {
    const Counts c = count(m_reference, answers);
    if (c.n == 0) return {};
    // Of the mean of differences in {-1, 0, 1}.
    const auto n = static_cast<double>(c.n);
    const double mean = static_cast<double>(c.only_first - c.only_second) / n;
    const double square = static_cast<double>(c.only_first + c.only_second) / n;
    return {mean, std::sqrt(std::max(square - mean * mean, 0.0) / n)};
}

bool Race::known_well(const Answers& answers) const {
    const Counts c = count(m_reference, answers);
    if (c.n == 0) return false;
    // One answer more than differs: of few images none may differ by chance.
    const double sigma =
        std::sqrt(static_cast<double>(c.only_first + c.only_second + 1)) / static_cast<double>(c.n);
    return sigma <= std::max(m_options.enough_sigma, m_options.enough_share * drop(answers).drop);
}

} // namespace widthwise::explore
