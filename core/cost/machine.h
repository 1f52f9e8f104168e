#pragma once
// A hardware target made ready to price layers: every constant resolved, sized for one network where the
// target is built for it. One implementation per kind of target.

#include "core/cost/chip.h"
#include "core/cost/problem.h"
#include "core/design/cost_breakdown.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace widthwise::cost {

/// Of one layer, whole batch.
struct LayerFigures {
    int64_t compute_cycles = 0; ///< without memory stalls
    int64_t cycles = 0;
    EnergyBreakdown energy;
    double dram_bytes = 0;
    double buffer_bytes = 0;  ///< all shared levels on the chip, both sides
    double on_chip_bytes = 0; ///< in use there
    double mapped_units = 0;  ///< share of the MAC units in use, 0..1
    /// MACs that the target could do in one cycle in the layer's formats: what utilization is a share of; 0:
    /// Machine::macs_per_cycle().
    double peak_macs_per_cycle = 0;
    Bound bound = Bound::compute;
    std::string_view limited_by = "compute"; ///< or a memory level's name, which the machine owns; "launch"
};

struct MatrixResult {
    LayerFigures figures;
    std::string mapping;                    ///< one line
    std::shared_ptr<const MappedNest> nest; ///< null where no loops are mapped
    std::optional<FpgaResources> resources;
    int64_t pe = 0, simd = 0;
};

/// Time of the whole network.
struct NetworkTime {
    double latency_s = 0;      ///< from the first input to the last output of a batch
    double throughput_ips = 0; ///< images per second in steady state
    bool concurrent = false;   ///< all layers run at once, each on units of its own
};

class Machine {
public:
    virtual ~Machine() = default;

    /// `given`: this mapping as it is, instead of the machine's own choice. Errors: invalid_input when the
    /// layer cannot be mapped, or a given mapping does not cover the layer or does not fit, naming what it
    /// needs; unsupported for a given mapping where the machine maps no loops. `where` is left to the caller.
    [[nodiscard]] virtual Result<MatrixResult> matrix(const MatrixProblem& problem,
                                                      const Mapping* given = nullptr) const = 0;
    [[nodiscard]] virtual LayerFigures vector(const VectorWork& work) const = 0;

    /// The same of the layer at `position` among those that the machine was made for: where every layer has a
    /// unit of its own, equal layers may have unequal ones.
    [[nodiscard]] virtual Result<MatrixResult> matrix_at(size_t /*position*/, const MatrixProblem& problem,
                                                         const Mapping* given = nullptr) const {
        return matrix(problem, given);
    }
    [[nodiscard]] virtual LayerFigures vector_at(size_t /*position*/, const VectorWork& work) const {
        return vector(work);
    }
    /// Of the unit that does this work; nullopt where layers have no units of their own.
    [[nodiscard]] virtual std::optional<FpgaResources> vector_resources(size_t /*position*/) const {
        return std::nullopt;
    }

    [[nodiscard]] virtual double cycle_s() const = 0;
    /// MAC units that could be busy in one cycle, at the target's own widest operands.
    [[nodiscard]] virtual double macs_per_cycle() const = 0;
    /// Component -> mm^2; empty on an FPGA.
    [[nodiscard]] virtual std::map<std::string, double> area() const = 0;
    [[nodiscard]] virtual std::optional<FpgaResources> resources() const { return std::nullopt; }
    [[nodiscard]] virtual std::optional<FpgaResources> available() const { return std::nullopt; }
    /// By default layers run one after another.
    [[nodiscard]] virtual NetworkTime network_time(std::span<const LayerCost> layers, int64_t batch) const;
};

/// What surrounds the matrix layers of a network: for machines that give every layer a unit of its own.
struct Surroundings {
    std::span<const VectorWork> vectors = {};
    int64_t batch = 1;
    std::span<const std::string_view> names = {}; ///< of the matrix layers, for errors
    std::span<const size_t> places = {}; ///< of the vectors: matrix layers before each; empty: all come last
};

/// All that a machine of kind spatial or gpu depends on besides its target: equal demands, equal machines.
/// Empty for `fixed` sizing.
[[nodiscard]] Demand sizing_demand(const HardwareTarget& target, std::span<const MatrixProblem> problems);

/// `problems` are all matrix layers of the network in their order: what a `to_design` target and an FPGA's
/// units are sized for. Errors: invalid_input when the network cannot run on the target, naming what is
/// short; `where` is left to the caller.
[[nodiscard]] Result<std::unique_ptr<const Machine>> make_machine(const HardwareTarget& target,
                                                                  std::span<const MatrixProblem> problems,
                                                                  const Surroundings& around = {});

} // namespace widthwise::cost
