#pragma once
// A dataflow design on an FPGA: every layer has its own unit, all run at once, feature maps flow from unit to
// unit through FIFOs and never leave the chip (FINN). The design is made for the network (fpga_design.h).
//
// A layer's cycles are its own unit's, or what DRAM takes for the weights that are streamed to it.
// Throughput: the clock over the slowest unit's cycles of one image; latency: the pipeline's (fpga_design.h).
// Where the network needs several configurations, they run one after another for the whole batch, and loading
// them counts to both.
//
// Energy of one layer: LUTs and DSPs (compute), block RAM and URAM (buffer) that its unit takes x the cycles
// that it works x the device's pJ of one in one cycle; DRAM for the network's inputs and outputs, streamed
// weights and what crosses configurations; static power is shared out by LUTs over the time from batch to
// batch.

#include "core/cost/fpga_design.h"
#include "core/cost/machine.h"
#include "core/graph/graph.h"

#include <memory>
#include <vector>

namespace widthwise::cost {

/// Per value of the graph: it flows from unit to unit on the chip. All but the network's inputs and outputs.
[[nodiscard]] std::vector<bool> streamed_values(const Graph& graph);

class FpgaMachine final : public Machine {
public:
    /// `target` is of kind fpga_dataflow. Errors: invalid_input without an `fpga` section, or when the
    /// network does not fit, saying what is short.
    [[nodiscard]] static Result<std::unique_ptr<const Machine>>
    create(const HardwareTarget& target, std::span<const MatrixProblem> problems, const Surroundings& around);

    /// Of the first equal layer. Errors: unsupported for a given mapping or a layer that the machine was not
    /// made for.
    [[nodiscard]] Result<MatrixResult> matrix(const MatrixProblem& problem,
                                              const Mapping* given) const override;
    [[nodiscard]] Result<MatrixResult> matrix_at(size_t position, const MatrixProblem& problem,
                                                 const Mapping* given) const override;
    [[nodiscard]] LayerFigures vector(const VectorWork& work) const override;
    [[nodiscard]] LayerFigures vector_at(size_t position, const VectorWork& work) const override;
    [[nodiscard]] std::optional<FpgaResources> vector_resources(size_t position) const override;

    [[nodiscard]] double cycle_s() const override { return 1 / m_target.clock_hz; }
    /// Of all units that are on the device at once, the most of any configuration.
    [[nodiscard]] double macs_per_cycle() const override;
    [[nodiscard]] std::map<std::string, double> area() const override { return {}; }
    /// The most of any configuration, resource by resource.
    [[nodiscard]] std::optional<FpgaResources> resources() const override;
    [[nodiscard]] std::optional<FpgaResources> available() const override;
    [[nodiscard]] NetworkTime network_time(std::span<const LayerCost> layers, int64_t batch) const override;

private:
    struct Place {
        size_t configuration = 0, layer = 0; ///< within the configuration
    };

    FpgaMachine(const HardwareTarget& target, std::span<const MatrixProblem> problems,
                const Surroundings& around);
    void line_up(const Surroundings& around);
    [[nodiscard]] Result<void> design();
    [[nodiscard]] Place place(size_t layer) const;
    [[nodiscard]] LayerFigures figures(size_t layer) const;
    [[nodiscard]] const FittedLayer& fitted(size_t layer) const;
    [[nodiscard]] std::string mapping(size_t layer) const;
    [[nodiscard]] double reconfigure_cycles() const;

    HardwareTarget m_target;
    FpgaLimits m_limits;
    int64_t m_batch = 1;
    std::vector<MatrixProblem> m_problems;
    std::vector<VectorWork> m_works;
    std::vector<std::shared_ptr<const MatrixUnit>> m_units; ///< of m_problems; equal problems share one
    std::vector<DataflowLayer> m_layers;                    ///< in the network's order
    std::vector<std::string_view> m_names;                  ///< of m_layers, while the design is made
    std::vector<size_t> m_matrix_layer, m_vector_layer;     ///< position -> index in m_layers
    FpgaDesign m_design;
};

} // namespace widthwise::cost
