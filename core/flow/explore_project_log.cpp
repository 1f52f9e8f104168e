#include "core/design/json.h"
#include "core/flow/evaluator_state.h"
#include "core/flow/explore_log.h"
#include "core/flow/project.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace widthwise::flow {
namespace {

constexpr const char* k_report_stage = "report";

/// Which images an evaluation was made on, as its document has it.
std::string data_of(const StoredEvaluation& stored) {
    const auto document = nlohmann::json::parse(stored.evaluation_json, nullptr, false);
    if (!document.is_object() || !document.contains("provenance")) return {};
    const nlohmann::json& provenance = document.at("provenance");
    return provenance.is_object() && provenance.contains("data_hash") ? provenance.at("data_hash").dump()
                                                                      : std::string();
}

} // namespace

Result<std::unique_ptr<ProjectLog>> ProjectLog::open(ProjectFile& project, int64_t exploration,
                                                     const ExploreRequest& request) {
    auto rows = project.explorations();
    if (!rows) return forward_error(rows);
    const auto row = std::ranges::find(*rows, exploration, &StoredExploration::id);
    if (row == rows->end())
        return fail(ErrorCode::invalid_input, "there is no search " + std::to_string(exploration),
                    project.path().string());
    return std::unique_ptr<ProjectLog>(new ProjectLog(project, *row, request));
}

Result<std::vector<Candidate>> ProjectLog::known() {
    auto rows = m_project.candidates(m_exploration, "search");
    if (!rows) return forward_error(rows);
    std::vector<Candidate> known;
    for (const StoredCandidate& row : *rows) {
        if (row.number != static_cast<int64_t>(known.size()))
            return fail(ErrorCode::invalid_input,
                        "design " + std::to_string(known.size()) + " of the search is missing",
                        m_project.path().string(), "start a new search");
        auto candidate = from_stored(row, m_request.space);
        if (!candidate) return forward_error(candidate);
        known.push_back(std::move(*candidate));
    }
    return known;
}

Result<void> ProjectLog::add(const Candidate& candidate) {
    return m_project.add_candidate(to_stored(candidate, m_exploration));
}

Result<int64_t> ProjectLog::evaluation_of(const StoredEvaluation& wanted) const {
    auto rows = m_project.evaluations();
    if (!rows) return forward_error(rows);
    auto searches = m_project.explorations();
    if (!searches) return forward_error(searches);
    std::set<int64_t> taken;
    for (const StoredExploration& search : *searches) {
        auto candidates = m_project.candidates(search.id, k_report_stage);
        if (!candidates) return forward_error(candidates);
        for (const StoredCandidate& candidate : *candidates) taken.insert(candidate.evaluation);
    }
    for (const StoredEvaluation& row : *rows)
        if (!taken.contains(row.id) && row.version == wanted.version && row.top1 == wanted.top1 &&
            row.energy_j == wanted.energy_j && row.resolved_json == wanted.resolved_json &&
            row.cost_json == wanted.cost_json && data_of(row) == data_of(wanted))
            return row.id;
    return 0;
}

Result<int64_t> ProjectLog::add_front(const explore::Choices& choices, const EvaluationOutcome& report,
                                      const CostBreakdown& cost) {
    StoredCandidate row;
    row.exploration = m_exploration;
    row.stage = k_report_stage;
    row.choices = explore::to_text(choices);
    auto rows = m_project.candidates(m_exploration, row.stage);
    if (!rows) return forward_error(rows);
    const auto found = std::ranges::find(*rows, row.choices, &StoredCandidate::choices);
    if (found != rows->end() && found->evaluation != 0) return found->evaluation;

    StoredEvaluation stored = to_stored(report.evaluation, cost, *m_request.model.graph);
    stored.version = m_version;
    // Of an earlier sitting there is at most one row that nothing refers to: that of its last design.
    Result<int64_t> id = m_wrote_front ? Result<int64_t>(0) : evaluation_of(stored);
    if (id && *id == 0) id = m_project.add_evaluation(stored);
    if (!id) return id;
    m_wrote_front = true;
    if (found != rows->end()) { // its design was deleted
        if (auto ok = m_project.set_candidate_evaluation(m_exploration, row.stage, found->number, *id); !ok)
            return forward_error(ok);
        return id;
    }
    row.evaluation = *id;
    row.number = static_cast<int64_t>(rows->size());
    row.verdict = explore::to_string(explore::Verdict::measured);
    row.figures_json = "{}";
    row.samples = report.evaluation.accuracy.samples;
    if (auto ok = m_project.add_candidate(row); !ok) return forward_error(ok);
    return id;
}

Result<std::optional<Sensitivity>> ProjectLog::sensitivity(const std::string& request_json) {
    auto rows = m_project.sensitivities();
    if (!rows) return forward_error(rows);
    for (const StoredSensitivity& row : *rows) {
        if (row.version != m_version || row.request_json != request_json) continue;
        auto known = sensitivity_from_json(row.sensitivity_json, "sensitivity " + std::to_string(row.id));
        if (!known) return forward_error(known);
        return std::optional(std::move(*known));
    }
    return std::optional<Sensitivity>();
}

Result<void> ProjectLog::add_sensitivity(const std::string& request_json, const Sensitivity& sensitivity) {
    auto id =
        m_project.add_sensitivity({0, m_version, request_json, sensitivity_to_json(sensitivity), now_utc()});
    if (!id) return forward_error(id);
    return {};
}

} // namespace widthwise::flow
