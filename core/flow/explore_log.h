#pragma once
// Where searches write what they concluded: into memory, or into a project file.

#include "core/flow/explore.h"

#include <map>

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

} // namespace widthwise::flow
