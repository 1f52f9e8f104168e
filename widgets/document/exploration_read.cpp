#include "widgets/document/exploration_read.h"

#include "core/design/json.h"
#include "core/flow/explore_course.h"
#include "core/flow/explore_front.h"
#include "core/flow/project.h"

#include <algorithm>
#include <numeric>

namespace widthwise::gui {
namespace {

using explore::Metric;

explore::Choices baseline_of(const explore::Space& space) {
    return explore::uniform_choices(space, 8, 8);
}

std::optional<double> float_top1_of(const std::vector<flow::Candidate>& candidates) {
    const auto most = std::ranges::max_element(
        candidates, {}, [](const flow::Candidate& candidate) { return candidate.answers.size(); });
    if (most == candidates.end() || most->answers.empty()) return std::nullopt;
    const auto right = std::accumulate(most->answers.begin(), most->answers.end(), int64_t{0});
    return static_cast<double>(right) / static_cast<double>(most->answers.size()) +
           most->outcome.figures[Metric::drop];
}

/// The front designs that the report images confirmed, with what they were measured to be.
Result<std::vector<flow::FrontDesign>> read_front(int64_t stored_id, const Graph& graph,
                                                  const explore::Space& space,
                                                  const std::vector<explore::Outcome>& outcomes,
                                                  ProjectStore& store) {
    auto rows = store.exclusively([&](ProjectFile& file) { return file.candidates(stored_id, "report"); });
    if (!rows) return forward_error(rows);
    std::vector<flow::FrontDesign> front;
    if (rows->empty()) return front;
    auto evaluations = store.evaluations();
    if (!evaluations) return forward_error(evaluations);
    for (const StoredCandidate& row : *rows) {
        const auto evaluation = std::ranges::find(*evaluations, row.evaluation, &StoredEvaluation::id);
        if (evaluation == evaluations->end()) continue; // deleted since
        auto choices = explore::choices_from_text(row.choices, space);
        if (!choices) return forward_error(choices);
        auto design = flow::from_stored(*evaluation, graph);
        if (!design) return forward_error(design);
        flow::FrontDesign made;
        made.design_id = row.evaluation;
        made.choices = std::move(*choices);
        const auto outcome = std::ranges::find(outcomes, made.choices, &explore::Outcome::choices);
        if (outcome != outcomes.end()) made.figures = outcome->figures;
        made.report = design->evaluation.accuracy;
        made.report_top1 = made.report.samples > 0        ? made.report.top1
                           : design->evaluation.agreement ? design->evaluation.agreement->top1_agreement
                                                          : 0;
        // As the search decides it: by the paired interval.
        if (made.report.samples > 0 && made.report.delta_ci95.lo >= -0.01) made.within_one_point = true;
        if (made.report.samples > 0 && made.report.delta_ci95.hi < -0.01) made.within_one_point = false;
        front.push_back(std::move(made));
    }
    return front;
}

} // namespace

Result<ReadExploration> read_exploration(int64_t stored_id, const ExplorationWork& work,
                                         const flow::Model& model, ProjectStore& store,
                                         const ExplorationBackend& backend, const WorkControl& control) {
    const Graph& graph = *model.graph;
    ReadExploration read;
    auto space = backend.make_space(graph, work.base, work.target, work.setup.space);
    if (!space) return forward_error(space);
    read.space = std::make_shared<const explore::Space>(std::move(*space));
    flow::ExploreRequest request;
    request.model = model;
    request.space = *read.space;
    request.goals = work.setup.goals;
    auto candidates = store.exclusively([&](ProjectFile& file) -> Result<std::vector<flow::Candidate>> {
        auto log = backend.open_log(file, stored_id, request);
        if (!log) return forward_error(log);
        return (*log)->known();
    });
    if (!candidates) return forward_error(candidates);
    if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
    read.float_top1 = float_top1_of(*candidates);
    const auto baseline = cost::estimate(graph, explore::plan_of(*read.space, baseline_of(*read.space)),
                                         work.target, work.cost);
    flow::Course course(work.setup.goals, baseline ? explore::figures_of(*baseline) : explore::Figures());
    for (const flow::Candidate& candidate : *candidates) {
        if (baseline) {
            course.add(candidate);
            read.course.push_back(course.now());
        }
        read.outcomes.push_back(candidate.outcome);
    }
    auto front = read_front(stored_id, graph, *read.space, read.outcomes, store);
    if (!front) return forward_error(front);
    read.front = std::move(*front);
    if (baseline && !read.front.empty()) {
        std::vector<explore::Point> points;
        for (const flow::FrontDesign& design : read.front)
            points.push_back(flow::judged_point(flow::report_drop(design), design.figures,
                                                explore::figures_of(*baseline)));
        read.report_hypervolume = flow::judged_hypervolume(points);
    }
    return read;
}

std::optional<Sensitivity> newest_sensitivity(ProjectStore& store, int64_t version) {
    auto rows = store.exclusively([](ProjectFile& file) { return file.sensitivities(); });
    if (!rows) return std::nullopt;
    for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
        if (row->version != version) continue;
        if (auto sensitivity = sensitivity_from_json(row->sensitivity_json, "the project's sensitivities"))
            return std::move(*sensitivity);
    }
    return std::nullopt;
}

Result<ExplorationMoves> explain_design(const Graph& graph, const explore::Space& space,
                                        const cost::Options& options, const explore::Choices& choices,
                                        int64_t version, ProjectStore* store) {
    const explore::Choices baseline = baseline_of(space);
    const PrecisionPlan from = explore::plan_of(space, baseline), to = explore::plan_of(space, choices);
    auto target = explore::target_of(space, choices);
    if (!target) return forward_error(target);
    auto from_cost = cost::estimate(graph, from, space.target, options);
    if (!from_cost) return forward_error(from_cost);
    auto to_cost = cost::estimate(graph, to, *target, options);
    if (!to_cost) return forward_error(to_cost);
    std::optional<explore::NoiseTable> noise;
    if (store)
        if (const auto sensitivity = newest_sensitivity(*store, version)) noise.emplace(*sensitivity);
    ExplorationMoves moves;
    moves.design = design_label(space, choices, graph);
    moves.baseline = design_label(space, baseline, graph);
    moves.moves = explore::explain(from, *from_cost, to, *to_cost, noise ? &*noise : nullptr);
    return moves;
}

} // namespace widthwise::gui
