#pragma once
// How each measured layer's figure depends on a target's constants, found by asking the model itself: each
// constant alone, the others silenced, with every layer mapped as the target maps it now.

#include "core/cost/fit.h"
#include "core/cost/fit_constants.h"
#include "core/cost/fit_solver.h"

namespace widthwise::cost {

/// Of the measured layers of all runs, in order.
using LayerValues = std::vector<double>;

enum class Figure { latency, energy };

/// The runs with every layer's mapping as it is chosen now, so that only the constants change.
class Probe {
public:
    /// Errors: as estimate(); a measured layer without a cost of its own.
    [[nodiscard]] static Result<Probe> create(const HardwareTarget& target, std::span<const MeasuredRun> runs,
                                              Figure figure);

    /// What was measured; layers without this figure take no part anywhere.
    [[nodiscard]] const LayerValues& measured() const { return m_measured; }
    [[nodiscard]] const std::vector<std::string>& layers() const { return m_layers; }
    /// The target's own figures as it is.
    [[nodiscard]] const LayerValues& modelled() const { return m_modelled; }

    [[nodiscard]] Result<std::vector<TimeTerms>> time_terms(const std::vector<Constant>& constants) const;
    struct EnergyTerms {
        LayerValues fixed; ///< all constants silenced
        Rows slopes;       ///< J per unit of each constant
        Rows present;      ///< J of each constant as `original` has it
    };
    /// Static power is J per W by the measured latency where there is one.
    [[nodiscard]] Result<EnergyTerms> energy_terms(const std::vector<Constant>& constants,
                                                   const HardwareTarget& original) const;

private:
    /// A target without per-layer search runs `best` as one of these.
    static constexpr Dataflow k_dataflows[] = {Dataflow::weight_stationary, Dataflow::output_stationary,
                                               Dataflow::input_stationary};

    [[nodiscard]] Result<LayerValues> frozen(HardwareTarget target) const;
    [[nodiscard]] Result<LayerValues> evaluate(const HardwareTarget& target) const;
    [[nodiscard]] Result<void> take(const MeasuredRun& run, const CostBreakdown& cost,
                                    LayerValues& values) const;
    [[nodiscard]] Result<void> freeze();

    HardwareTarget m_target;
    std::span<const MeasuredRun> m_runs;
    Figure m_figure = Figure::latency;
    std::vector<std::string> m_layers;
    LayerValues m_measured, m_modelled;
    std::vector<std::optional<double>> m_measured_latency;
    std::vector<Options> m_frozen;  ///< by run: every layer that maps loops keeps its mapping
    std::vector<size_t> m_dataflow; ///< by layer, into k_dataflows; empty: the target's own
};

} // namespace widthwise::cost
