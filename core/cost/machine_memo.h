#pragma once
// Machines that remember what they have priced: equal layers at equal widths cost one look-up.

#include "core/cost/machine.h"

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace widthwise::cost {

/// Bounded: the results of two generations of `k_generation` layers are kept, an older one is dropped whole.
class RememberingMachine {
public:
    static constexpr size_t k_generation = 4096;

    explicit RememberingMachine(std::unique_ptr<const Machine> machine);

    [[nodiscard]] const Machine& machine() const { return *m_machine; }
    [[nodiscard]] const std::map<std::string, double>& area() const { return m_area; }
    /// As Machine::matrix; what a given mapping costs is not remembered. Valid until the next call.
    [[nodiscard]] Result<const MatrixResult*> matrix(const MatrixProblem& problem,
                                                     const Mapping* given = nullptr);

private:
    using Results = std::unordered_map<MatrixProblem, MatrixResult, MatrixProblemHash>;
    std::unique_ptr<const Machine> m_machine;
    std::map<std::string, double> m_area;
    Results m_young, m_old;
    MatrixResult m_given;
};

/// The machines that a target has been made into, by what they were sized for. At most `k_machines`: then the
/// one that was asked for longest ago goes.
class MachineMemo {
public:
    static constexpr size_t k_machines = 8;

    /// `target` outlives it.
    explicit MachineMemo(const HardwareTarget& target) : m_target(&target) {}

    /// As make_machine. The machine lives until it has been dropped or the memo dies; a dataflow design on an
    /// FPGA is made anew each time, for it depends on every layer.
    [[nodiscard]] Result<RememberingMachine*> at(std::span<const MatrixProblem> problems,
                                                 const Surroundings& around);

private:
    struct Entry {
        Demand demand;
        std::unique_ptr<RememberingMachine> machine;
    };
    const HardwareTarget* m_target;
    std::vector<Entry> m_entries; ///< latest asked for first
};

} // namespace widthwise::cost
