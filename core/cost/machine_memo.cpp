#include "core/cost/machine_memo.h"

#include <algorithm>

namespace widthwise::cost {

RememberingMachine::RememberingMachine(std::unique_ptr<const Machine> machine)
    : m_machine(std::move(machine)), m_area(m_machine->area()) {}

Result<const MatrixResult*> RememberingMachine::matrix(const MatrixProblem& problem, const Mapping* given) {
    if (given) {
        auto result = m_machine->matrix(problem, given);
        if (!result) return forward_error(result);
        m_given = std::move(*result);
        return &m_given;
    }
    if (const auto found = m_young.find(problem); found != m_young.end()) return &found->second;
    if (m_young.size() >= k_generation) {
        m_old = std::move(m_young);
        m_young = {};
    }
    if (auto known = m_old.extract(problem)) return &m_young.insert(std::move(known)).position->second;
    auto result = m_machine->matrix(problem);
    if (!result) return forward_error(result);
    return &m_young.emplace(problem, std::move(*result)).first->second;
}

Result<RememberingMachine*> MachineMemo::at(std::span<const MatrixProblem> problems,
                                            const Surroundings& around) {
    const Demand demand = sizing_demand(*m_target, problems);
    const bool reusable = m_target->kind != TargetKind::fpga_dataflow;
    auto found = reusable ? std::find_if(m_entries.begin(), m_entries.end(),
                                         [&](const Entry& entry) { return entry.demand == demand; })
                          : m_entries.end();
    if (found == m_entries.end()) {
        auto machine = make_machine(*m_target, problems, around);
        if (!machine) return forward_error(machine);
        if (m_entries.size() >= (reusable ? k_machines : 1)) m_entries.pop_back();
        m_entries.push_back({demand, std::make_unique<RememberingMachine>(std::move(*machine))});
        found = m_entries.end() - 1;
    }
    std::rotate(m_entries.begin(), found, found + 1);
    return m_entries.front().machine.get();
}

} // namespace widthwise::cost
