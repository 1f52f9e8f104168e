#include "core/flow/explore_log.h"

#include <algorithm>

namespace widthwise::flow {

Result<void> MemoryLog::add(const Candidate& candidate) {
    m_candidates.push_back(candidate);
    return {};
}

Result<int64_t> MemoryLog::add_front(const explore::Choices& choices, const EvaluationOutcome& /*report*/,
                                     const CostBreakdown& /*cost*/) {
    const auto found = std::ranges::find(m_front, choices);
    const auto id = found - m_front.begin() + 1;
    if (found == m_front.end()) m_front.push_back(choices);
    return id;
}

Result<std::optional<Sensitivity>> MemoryLog::sensitivity(const std::string& request_json) {
    const auto found = m_sensitivities.find(request_json);
    return found == m_sensitivities.end() ? std::nullopt : std::optional(found->second);
}

Result<void> MemoryLog::add_sensitivity(const std::string& request_json, const Sensitivity& sensitivity) {
    m_sensitivities.insert_or_assign(request_json, sensitivity);
    return {};
}

} // namespace widthwise::flow
