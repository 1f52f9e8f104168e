#include "core/flow/explore_project.h"

#include "core/explore/pareto.h"
#include "core/flow/evaluator_state.h"
#include "core/flow/explore_log.h"
#include "core/flow/explore_summary.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace widthwise::flow {
namespace {

constexpr const char* k_finished = "finished";

Result<StoredExploration> stored_exploration(const ProjectFile& project, int64_t id) {
    auto rows = project.explorations();
    if (!rows) return forward_error(rows);
    const auto row = std::ranges::find(*rows, id, &StoredExploration::id);
    if (row == rows->end())
        return fail(ErrorCode::invalid_input, "there is no search " + std::to_string(id),
                    project.path().string());
    return *row;
}

/// Which designs a summary names; empty: it cannot be read.
nlohmann::json designs_of(const std::string& summary) {
    nlohmann::json ids;
    if (!is_shallow(summary)) return ids;
    const auto json = nlohmann::json::parse(summary, nullptr, false);
    if (!json.is_object() || !json.contains("front")) return ids;
    for (const nlohmann::json& design : json.at("front"))
        if (design.is_object() && design.contains("design_id")) ids.push_back(design.at("design_id"));
    return ids;
}

/// A finished search that is looked at again stays what it was, but for designs that were deleted and stand
/// in the project again under other numbers.
void look_again(StoredExploration& row, const ExploreRequest& request, Result<ExploreOutcome>& outcome) {
    if (!outcome || outcome->cancelled) return;
    outcome->seconds = row.seconds;
    std::string summary = summary_to_json(request, *outcome, row.id);
    if (designs_of(summary) != designs_of(row.summary_json)) row.summary_json = std::move(summary);
}

void conclude(StoredExploration& row, const ExploreRequest& request, const Result<ExploreOutcome>& outcome) {
    if (!outcome) {
        row.status = outcome.error().code == ErrorCode::cancelled ? "cancelled"
                                                                  : "failed: " + outcome.error().to_line();
        return;
    }
    row.status = outcome->cancelled ? "cancelled" : k_finished;
    row.seconds = outcome->seconds;
    if (!outcome->cancelled) row.summary_json = summary_to_json(request, *outcome, row.id);
}

} // namespace

std::string exploration_provenance(const ExploreRequest& request) {
    const nlohmann::ordered_json json{{"model", request.model.source},
                                      {"model_hash", request.model.hash},
                                      {"data", request.data->name()},
                                      {"data_hash", request.data->hash()},
                                      {"preprocessing", request.data->preprocessing()},
                                      {"seed", request.seed},
                                      {"program_version", program_version()},
                                      {"cpu_isa", engine::cpu_isa()},
                                      {"created_utc", now_utc()}};
    return json.dump();
}

Result<int64_t> begin_exploration(ProjectFile& project, const ExploreRequest& request, int64_t version,
                                  std::string label) {
    StoredExploration row;
    row.version = version;
    row.label = std::move(label);
    row.request_json = request_to_json(request);
    row.provenance_json = exploration_provenance(request);
    row.status = "queued";
    row.created_utc = now_utc();
    return project.add_exploration(row);
}

Result<std::optional<StoredExploration>> find_exploration(const ProjectFile& project,
                                                          const ExploreRequest& request, int64_t version) {
    auto rows = project.explorations();
    if (!rows) return forward_error(rows);
    const std::string json = request_to_json(request);
    for (auto row = rows->rbegin(); row != rows->rend(); ++row)
        if (row->version == version && row->request_json == json) return std::optional(*row);
    return std::optional<StoredExploration>();
}

Result<ExploreOutcome> explore_in_project(ProjectFile& project, int64_t id, const ExploreRequest& request,
                                          const WorkControl& control, const ExploreObserver& observer) {
    auto row = stored_exploration(project, id);
    if (!row) return forward_error(row);
    if (const std::string different = request_difference(row->request_json, request_to_json(request));
        !different.empty())
        return fail(ErrorCode::invalid_input, "the search was another one: " + different,
                    project.path().string() + ", search " + std::to_string(id),
                    "give what it was begun with, or begin a new one");
    auto log = ProjectLog::open(project, id, request);
    if (!log) return forward_error(log);
    const bool finished = row->status == k_finished;
    if (!finished) {
        row->status = "running";
        if (auto ok = project.update_exploration(*row); !ok) return forward_error(ok);
    }
    Result<ExploreOutcome> outcome = run_exploration(request, **log, control, observer);
    if (finished)
        look_again(*row, request, outcome);
    else
        conclude(*row, request, outcome);
    if (auto ok = project.update_exploration(*row); !ok && outcome) return forward_error(ok);
    return outcome;
}

std::vector<FrontPlace> merge_fronts(std::span<const std::vector<FrontDesign>> fronts,
                                     const std::vector<explore::Metric>& objectives) {
    std::vector<FrontPlace> places;
    std::vector<explore::Point> points;
    for (size_t search = 0; search < fronts.size(); ++search)
        for (size_t position = 0; position < fronts[search].size(); ++position) {
            const FrontDesign& design = fronts[search][position];
            explore::Point point;
            for (const explore::Metric metric : objectives) point.push_back(design.figures.loss(metric));
            points.push_back(std::move(point));
            places.push_back({search, position});
        }
    std::vector<size_t> front = explore::pareto_front(points);
    if (objectives.size() > 1) std::ranges::stable_sort(front, {}, [&](size_t i) { return points[i][1]; });
    std::vector<FrontPlace> merged;
    for (const size_t i : front) merged.push_back(places[i]);
    return merged;
}

} // namespace widthwise::flow
