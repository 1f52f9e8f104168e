#include "core/flow/explore_front.h"

#include "core/explore/pareto.h"

#include <algorithm>

namespace widthwise::flow {

using explore::Metric;

namespace {

constexpr double k_one_point = 0.01;

/// `difference`: of accuracy to float's, 95 %.
std::optional<bool> within_one_point(const Interval& difference) {
    if (difference.lo >= -k_one_point) return true;
    if (difference.hi < -k_one_point) return false;
    return std::nullopt;
}

void take(FrontDesign& design, const EvaluationOutcome& outcome) {
    const Evaluation& evaluation = outcome.evaluation;
    design.report = evaluation.accuracy;
    if (design.report.samples > 0) {
        design.report_top1 = design.report.top1;
        design.within_one_point = within_one_point(design.report.delta_ci95);
    } else if (evaluation.agreement) {
        const OutputAgreement& agreement = *evaluation.agreement;
        design.report_top1 = agreement.top1_agreement;
        design.within_one_point =
            within_one_point({agreement.top1_agreement_ci95.lo - 1, agreement.top1_agreement_ci95.hi - 1});
    }
}

} // namespace

double report_drop(const FrontDesign& design) {
    return design.report.samples > 0 ? -design.report.delta_top1 : 1 - design.report_top1;
}

std::vector<FrontDesign> search_front(const ExploreRequest& request,
                                      const std::vector<explore::Outcome>& outcomes, double float_top1) {
    std::vector<FrontDesign> front;
    std::vector<explore::Point> points;
    for (const size_t i : explore::front_of(outcomes, request.goals)) {
        const explore::Outcome& outcome = outcomes[i];
        FrontDesign design;
        design.choices = outcome.choices;
        design.plan = explore::plan_of(request.space, outcome.choices);
        design.figures = outcome.figures;
        design.top1 = float_top1 - outcome.figures[Metric::drop];
        explore::Point point;
        for (const Metric metric : request.goals.objectives) point.push_back(outcome.figures.loss(metric));
        points.push_back(std::move(point));
        front.push_back(std::move(design));
    }
    std::vector<size_t> all(front.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    // The clearest one: a front full of knees would say nothing.
    if (const std::vector<size_t> knees = explore::knee_points(points, all); !knees.empty())
        front[knees.front()].knee = true;
    return front;
}

Result<void> report_front(const ExploreRequest& request, const ExploreData& data,
                          std::vector<FrontDesign>& front, ExploreLog& log, const WorkControl& control,
                          const ExploreObserver& observer) {
    Evaluator evaluator;
    int64_t done = 0;
    for (FrontDesign& design : front) {
        control.report("measuring the front on report images", done++, static_cast<int64_t>(front.size()));
        auto target = explore::target_of(request.space, design.choices);
        if (!target) return forward_error(target);
        auto cost = cost::estimate(*request.model.graph, design.plan, *target, request.cost);
        if (!cost) return forward_error(cost);
        EvaluationRequest evaluation;
        evaluation.model = request.model;
        evaluation.data = data.report;
        evaluation.plan = design.plan;
        evaluation.calibration = request.calibration ? request.calibration : data.search;
        evaluation.calibration_samples = request.calibration_samples;
        evaluation.seed = request.seed;
        WorkControl quiet = control;
        quiet.progress = {};
        auto outcome = evaluator.evaluate(evaluation, quiet);
        if (!outcome) return forward_error(outcome);
        auto id = log.add_front(design.choices, *outcome, *cost);
        if (!id) return forward_error(id);
        design.design_id = *id;
        take(design, *outcome);
        if (observer.on_front) observer.on_front(design);
    }
    return {};
}

} // namespace widthwise::flow
