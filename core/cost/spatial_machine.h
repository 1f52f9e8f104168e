#pragma once
// An array of processing elements that runs one layer after another.

#include "core/cost/chip.h"
#include "core/cost/machine.h"

namespace widthwise::cost {

class SpatialMachine final : public Machine {
public:
    /// `target` is of kind spatial with 2 to 8 memory levels.
    SpatialMachine(const HardwareTarget& target, const Demand& demand);

    [[nodiscard]] Result<MatrixResult> matrix(const MatrixProblem& problem,
                                              const Mapping* given) const override;
    [[nodiscard]] LayerFigures vector(const VectorWork& work) const override;
    [[nodiscard]] double cycle_s() const override { return m_chip.cycle_s; }
    [[nodiscard]] double macs_per_cycle() const override;
    [[nodiscard]] std::map<std::string, double> area() const override;
    [[nodiscard]] std::optional<FpgaResources> resources() const override;
    [[nodiscard]] std::optional<FpgaResources> available() const override;

private:
    HardwareTarget m_target;
    Chip m_chip;
};

} // namespace widthwise::cost
