#include "widgets/panels/explore_points.h"

#include "widgets/document/quality.h"

#include <algorithm>

namespace widthwise::gui {
namespace {

using explore::Metric;

/// What float has, so that drops can be told as accuracies; nullopt: nobody knows yet.
std::optional<double> float_top1(const Document& document, const ExplorationRun& run) {
    for (const flow::FrontDesign& design : run.report)
        if (design.report.samples > 0) return design.report.float_top1;
    for (const Design& design : document.designs())
        if (design.version == run.version && design.evaluation.accuracy.samples > 0)
            return design.evaluation.accuracy.float_top1;
    return run.float_top1;
}

DesignPoint point_of(const explore::Figures& figures, double top1) {
    DesignPoint point;
    point.top1 = point.top1_lo = point.top1_hi = top1;
    point.energy_j = figures[Metric::energy];
    point.latency_s = figures[Metric::latency];
    point.area_mm2 = figures[Metric::area];
    point.model_bytes = figures[Metric::size];
    return point;
}

} // namespace

int64_t candidate_id(const CandidateKey& key) {
    return -((key.run << 32) + key.number + 1);
}

CandidateKey candidate_of(int64_t id) {
    const int64_t key = -id - 1;
    return {key >> 32, key & 0xffffffff};
}

const explore::Outcome* outcome_of(const Exploration& exploration, int64_t id) {
    if (id >= 0) return nullptr;
    const CandidateKey key = candidate_of(id);
    const ExplorationRun* run = exploration.runById(key.run);
    const auto number = static_cast<size_t>(key.number);
    return run && number < run->outcomes.size() ? &run->outcomes[number] : nullptr;
}

QString candidate_text(const Exploration& exploration, int64_t id) {
    const explore::Outcome* outcome = outcome_of(exploration, id);
    if (!outcome) return {};
    const ExplorationRun* run = exploration.runById(candidate_of(id).run);
    const Graph* graph = exploration.graphOf(*run);
    return graph && run->space ? design_label(*run->space, outcome->choices, *graph) : QString();
}

void add_candidates(DesignSpace& space, const Document& document, const Exploration& exploration) {
    if (!document.hasNetwork()) return;
    for (const ExplorationRun& run : exploration.runs()) {
        if (!run.shown || !run.work || run.version != document.version().id ||
            run.work->target != document.target())
            continue;
        const auto base = float_top1(document, run);
        if (!base) continue;
        const std::vector<size_t> measured = explore::measured_positions(run.outcomes);
        for (size_t i = 0; i < run.outcomes.size(); ++i) {
            const explore::Outcome& outcome = run.outcomes[i];
            if (outcome.verdict != explore::Verdict::screened && !std::ranges::binary_search(measured, i))
                continue;
            DesignPoint point = point_of(outcome.figures, *base - outcome.figures[Metric::drop]);
            point.id = candidate_id({run.id, static_cast<int64_t>(i)});
            point.partial = outcome.verdict == explore::Verdict::screened;
            space.candidates.push_back(std::move(point));
        }
    }
}

DesignSpace search_space_of(const Document& document, const Exploration& exploration,
                            const std::vector<FrontEntry>& front) {
    DesignSpace space;
    add_candidates(space, document, exploration);
    for (const FrontEntry& entry : front) {
        if (!entry.confirmed) continue;
        const Accuracy& report = entry.confirmed->report;
        const bool labelled = report.samples > 0;
        DesignPoint point = point_of(entry.figures, labelled ? report.top1 : entry.confirmed->report_top1);
        if (labelled) {
            point.top1_lo = report.top1_ci95.lo;
            point.top1_hi = report.top1_ci95.hi;
        }
        space.agreement = space.agreement || !labelled;
        point.id = entry.confirmed->design_id;
        const ExplorationRun* run = exploration.runById(entry.run);
        const Graph* graph = run ? exploration.graphOf(*run) : nullptr;
        if (graph && run->space) point.label = design_label(*run->space, entry.choices, *graph).toStdString();
        space.points.push_back(std::move(point));
    }
    return space;
}

Courses courses_of(const Exploration& exploration) {
    Courses courses;
    for (const ExplorationRun& run : exploration.runs()) {
        if (!run.shown || run.course.empty()) continue;
        CourseCurve curve;
        curve.id = run.id;
        curve.label = run.label;
        curve.style = static_cast<int>(run.id - 1);
        for (const flow::CoursePoint& point : run.course)
            curve.points.emplace_back(static_cast<double>(point.evaluations), point.hypervolume);
        courses.length = std::max(courses.length,
                                  run.active() ? static_cast<double>(run.budget()) : curve.points.back().x());
        courses.runs.push_back(std::move(curve));
    }
    return courses;
}

} // namespace widthwise::gui
