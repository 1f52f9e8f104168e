#pragma once
// Where searches write what they concluded: into memory, or into a project file.

#include "core/flow/explore.h"
#include "core/store/project_file.h"

#include <map>
#include <memory>

namespace widthwise::flow {

/// Lives as long as it is held: for tests, measurements and searches that nobody wants to keep.
class MemoryLog final : public ExploreLog {
public:
    [[nodiscard]] Result<std::vector<Candidate>> known() override { return m_candidates; }
    [[nodiscard]] Result<void> add(const Candidate& candidate) override;
    [[nodiscard]] Result<int64_t> add_front(const explore::Choices& choices, const EvaluationOutcome& report,
                                            const CostBreakdown& cost) override;
    [[nodiscard]] Result<std::optional<Sensitivity>> sensitivity(const std::string& request_json) override;
    [[nodiscard]] Result<void> add_sensitivity(const std::string& request_json,
                                               const Sensitivity& sensitivity) override;

private:
    std::vector<Candidate> m_candidates;
    std::vector<explore::Choices> m_front;
    std::map<std::string, Sensitivity> m_sensitivities;
};

/// One search of a project file: each conclusion is committed before the search goes on, so that it resumes
/// from any moment.
class ProjectLog final : public ExploreLog {
public:
    /// Of `request` the network and the space count. Both outlive the log. Errors:
    /// invalid_input for a search that the project does not have.
    [[nodiscard]] static Result<std::unique_ptr<ProjectLog>> open(ProjectFile& project, int64_t exploration,
                                                                  const ExploreRequest& request);
    [[nodiscard]] double seconds() const override { return m_seconds; }
    /// Errors: invalid_input naming the row that is missing, or that is no design of the space.
    [[nodiscard]] Result<std::vector<Candidate>> known() override;
    [[nodiscard]] Result<void> add(const Candidate& candidate) override;
    [[nodiscard]] Result<int64_t> add_front(const explore::Choices& choices, const EvaluationOutcome& report,
                                            const CostBreakdown& cost) override;
    [[nodiscard]] Result<std::optional<Sensitivity>> sensitivity(const std::string& request_json) override;
    [[nodiscard]] Result<void> add_sensitivity(const std::string& request_json,
                                               const Sensitivity& sensitivity) override;

private:
    ProjectLog(ProjectFile& project, const StoredExploration& row, const ExploreRequest& request)
        : m_project(project)
        , m_exploration(row.id)
        , m_version(row.version)
        , m_seconds(row.seconds)
        , m_request(request) {}
    /// A row that was written just before a crash took the one that refers to it; 0: none. Rows that a
    /// search refers to are taken.
    [[nodiscard]] Result<int64_t> evaluation_of(const StoredEvaluation& wanted) const;

    ProjectFile& m_project;
    int64_t m_exploration, m_version;
    double m_seconds;
    const ExploreRequest& m_request;
    bool m_wrote_front = false; ///< in this sitting
};

/// A conclusion as a row of stage "search", and back. Errors: invalid_input for a row that is none.
[[nodiscard]] StoredCandidate to_stored(const Candidate& candidate, int64_t exploration);
[[nodiscard]] Result<Candidate> from_stored(const StoredCandidate& stored, const explore::Space& space);

} // namespace widthwise::flow
