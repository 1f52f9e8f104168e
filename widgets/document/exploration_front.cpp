#include "widgets/document/exploration_front.h"

#include "core/explore/decision.h"
#include "core/explore/pareto.h"
#include "core/flow/explore_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise::gui {

double FrontEntry::drop() const {
    if (!confirmed) return figures[explore::Metric::drop];
    return confirmed->report.samples > 0 ? -confirmed->report.delta_top1 : 1 - confirmed->report_top1;
}

std::optional<bool> within_one_point(const FrontEntry& entry) {
    return entry.confirmed ? entry.confirmed->within_one_point : std::nullopt;
}

namespace {

void mark_knees(std::vector<FrontEntry>& entries, const explore::Goals& goals) {
    std::vector<explore::Point> points;
    std::vector<size_t> all;
    for (const FrontEntry& entry : entries) {
        explore::Point point;
        for (const explore::Metric metric : goals.objectives)
            point.push_back(metric == explore::Metric::drop ? entry.drop() : entry.figures.loss(metric));
        all.push_back(points.size());
        points.push_back(std::move(point));
    }
    // The clearest one: a front full of knees would say nothing.
    const std::vector<size_t> knees = explore::knee_points(points, all);
    if (!knees.empty()) entries[knees.front()].knee = true;
}

void mark_cheapest(std::vector<FrontEntry>& entries, explore::Metric cost) {
    const bool any_confirmed =
        std::ranges::any_of(entries, [](const FrontEntry& entry) { return entry.confirmed.has_value(); });
    std::vector<explore::Tested> tested;
    std::vector<FrontEntry*> designs;
    for (FrontEntry& entry : entries) {
        // Only what the report images decided counts, once there are any.
        if (any_confirmed && !entry.confirmed) continue;
        const bool within = any_confirmed ? within_one_point(entry).value_or(false) : entry.drop() <= 0.01;
        tested.push_back({entry.figures[explore::Metric::drop], entry.figures.loss(cost), within});
        designs.push_back(&entry);
    }
    if (const auto last = explore::last_of_sequence(tested)) designs[*last]->cheapest = true;
}

} // namespace

std::vector<FrontEntry> front_entries(const std::vector<const ExplorationRun*>& runs,
                                      const explore::Goals& goals) {
    std::vector<explore::Outcome> outcomes;
    std::vector<std::pair<const ExplorationRun*, size_t>> origins;
    const auto add = [&](const ExplorationRun& run, size_t position) {
        outcomes.push_back(run.outcomes[position]);
        origins.emplace_back(&run, position);
    };
    for (const ExplorationRun* run : runs) {
        const bool same = run->work && run->work->setup.goals == goals;
        if (same)
            for (const size_t position : run->front) add(*run, position);
        if (!same)
            for (const size_t position : explore::measured_positions(run->outcomes)) add(*run, position);
    }
    std::vector<FrontEntry> entries;
    for (const size_t i : explore::front_of(outcomes, goals)) {
        const auto& [run, position] = origins[i];
        FrontEntry entry{run->id, position, outcomes[i].choices, outcomes[i].figures, {}, false, false};
        if (const flow::FrontDesign* design = run->confirmed(entry.choices)) entry.confirmed = *design;
        entries.push_back(std::move(entry));
    }
    mark_knees(entries, goals);
    mark_cheapest(entries, flow::cost_of(goals));
    return entries;
}

QString why_not_one_front(const std::vector<const ExplorationRun*>& runs) {
    for (const ExplorationRun* run : runs) {
        const ExplorationRun& first = *runs.front();
        if (!run->work || !first.work) return QObject::tr("one was started by the command line");
        if (run->version != first.version) return QObject::tr("they searched different networks");
        const ExplorationWork &a = *first.work, &b = *run->work;
        if (a.setup.data != b.setup.data || a.evaluation != b.evaluation)
            return QObject::tr("they saw different images");
        if (a.target != b.target || a.cost != b.cost)
            return QObject::tr("they priced designs on different targets");
    }
    return {};
}

} // namespace widthwise::gui
