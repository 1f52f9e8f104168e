#include "app/cli/explore_text.h"

#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/flow/explore_summary.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cli {
namespace {

using explore::Metric;
using flow::ExploreOutcome;
using flow::ExploreRequest;
using flow::FrontDesign;

bool measured(const FrontDesign& design) {
    return design.design_id != 0;
}

std::string label(const ExploreRequest& request, const FrontDesign& design) {
    return flow::design_label(request.space, design.choices, *request.model.graph);
}

std::string row_id(const FrontDesign& design) {
    return measured(design) ? std::to_string(design.design_id) : "-";
}

std::string front_table(const ExploreRequest& request, const ExploreOutcome& outcome) {
    std::vector<Metric> costs{Metric::energy, Metric::latency, Metric::area, Metric::size};
    for (const Metric metric : request.goals.objectives)
        if (metric != Metric::drop && std::find(costs.begin(), costs.end(), metric) == costs.end())
            costs.push_back(metric);
    std::vector<std::string> headers{"design", "search", "report", "to float, points"};
    for (const Metric metric : costs) headers.emplace_back(explore::to_string(metric));
    headers.insert(headers.end(), {"", "precision"});
    Table table(std::move(headers));
    for (const FrontDesign& design : outcome.front) {
        const bool labelled = measured(design) && design.report.samples > 0;
        std::vector<std::string> row{row_id(design), format_percent(design.top1, 2),
                                     measured(design) ? format_percent(design.report_top1, 2) : "-",
                                     labelled ? format_points(design.report.delta_top1) + " [" +
                                                    format_points(design.report.delta_ci95.lo) + ", " +
                                                    format_points(design.report.delta_ci95.hi) + "]"
                                              : "-"};
        for (const Metric metric : costs)
            row.push_back(std::isnan(design.figures[metric])
                              ? std::string("-")
                              : explore::format_figure(metric, design.figures[metric]));
        row.emplace_back(design.knee ? "knee" : "");
        row.push_back(label(request, design));
        table.add(std::move(row));
    }
    return table.to_string();
}

/// "design 12, w4a4 mixed: 1.20 mJ, 43 % of w8a8's".
std::string against_baseline(const ExploreRequest& request, const ExploreOutcome& outcome,
                             const FrontDesign& design) {
    const Metric cost = flow::cost_of(request.goals);
    std::string text = "design " + row_id(design) + ", " + label(request, design) + ": " +
                       explore::format_figure(cost, design.figures[cost]);
    const double share = design.figures[cost] / outcome.baseline[cost];
    if (std::isfinite(share)) text += ", " + format_percent(share) + " of " + outcome.baseline_label + "'s";
    return text;
}

std::string stand_out_text(const ExploreRequest& request, const ExploreOutcome& outcome) {
    const FrontDesign* sure = flow::cheapest_within_one_point(request, outcome, true);
    const FrontDesign* seen = flow::cheapest_within_one_point(request, outcome, false);
    std::string text;
    if (seen)
        text += "cheapest measured within one point of float: " + against_baseline(request, outcome, *seen) +
                "\n";
    if (sure && sure != seen)
        text +=
            "cheapest that is surely within it (95 %): " + against_baseline(request, outcome, *sure) + "\n";
    if (seen && !sure) text += "no design is surely within it (95 %) on so few report images\n";
    return text;
}

} // namespace

std::string exploration_text(const ExploreRequest& request, const ExploreOutcome& outcome, int64_t id) {
    std::string text;
    if (!outcome.front.empty()) text = front_table(request, outcome) + "\n";
    if (!outcome.nothing_feasible.empty()) text += outcome.nothing_feasible + "\n";
    text += stand_out_text(request, outcome);
    for (const std::string& note : outcome.notes) text += "note: " + note + "\n";
    if (!outcome.ended_early.empty()) text += "ended early: " + outcome.ended_early + "\n";
    text += "float top-1: " + format_percent(outcome.float_top1, 2) + " of " +
            grouped(outcome.search_images) + " search images";
    if (outcome.report_float_top1 > 0)
        text += ", " + format_percent(outcome.report_float_top1, 2) + " of " +
                grouped(outcome.report_images) + " report images";
    text += "\nsearch " + std::to_string(id) + ": " + grouped(outcome.evaluations) + " designs run, " +
            grouped(outcome.screened) + " of them left early, " + grouped(outcome.rejected) +
            " rejected unrun, in " + format_si(outcome.seconds, "s") + "; hypervolume " +
            format_fixed(outcome.hypervolume, 4) + " (on the search images " +
            format_fixed(outcome.search_hypervolume, 4) + ")\n";
    return text;
}

std::string course_text(const flow::CoursePoint& now, int64_t screened, int64_t rejected,
                        double designs_per_second) {
    std::string text = "hypervolume " + format_fixed(now.hypervolume, 4) + ", " + grouped(screened) +
                       " left early, " + grouped(rejected) + " rejected";
    if (designs_per_second > 0) text += ", " + format_number(designs_per_second) + " designs/s";
    return text;
}

} // namespace widthwise::cli
