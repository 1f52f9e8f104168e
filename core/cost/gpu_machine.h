#pragma once
// A GPU: a roofline per precision with launch overhead, tile and wave quantization and a cache
// (gpu_kernel.h). Layers run one after another, one kernel each; what rides along (graph_roles.h) costs no
// kernel of its own.
//
// Energy: MACs x pj_per_mac of the units in use (shared memory, registers and instructions are in that
// figure), every bit between L2 and the multiprocessors and between DRAM and L2, static power x latency.
// Nothing is sized: a GPU is as it is, and its area is that of the die.

#include "core/cost/gpu_kernel.h"
#include "core/cost/machine.h"

namespace widthwise::cost {

class GpuMachine final : public Machine {
public:
    /// `target` is of kind gpu whose first memory level is DRAM, the last shared one L2. Errors:
    /// invalid_input without a `gpu` section, peaks or multiprocessors.
    [[nodiscard]] static Result<std::unique_ptr<const Machine>> create(const HardwareTarget& target);

    [[nodiscard]] Result<MatrixResult> matrix(const MatrixProblem& problem,
                                              const Mapping* given) const override;
    [[nodiscard]] LayerFigures vector(const VectorWork& work) const override;
    [[nodiscard]] double cycle_s() const override { return m_cycle_s; }
    /// Of the fastest units (highest_peak()), whatever they multiply.
    [[nodiscard]] double macs_per_cycle() const override;
    [[nodiscard]] std::map<std::string, double> area() const override { return {}; }

private:
    struct Memory {
        std::string name;
        double read_pj_per_bit = 0, write_pj_per_bit = 0;
    };

    explicit GpuMachine(const HardwareTarget& target);
    [[nodiscard]] LayerFigures figures(const GpuKernel& kernel, double macs, const GpuPeak& peak) const;
    void add_time(LayerFigures& figures, double compute_s, double l2_s, double dram_s) const;
    [[nodiscard]] std::string mapping(const GpuGemm& gemm, const GpuKernel& kernel,
                                      const GpuPeak& peak) const;

    HardwareTarget m_target;
    GpuDevice m_device;
    Memory m_dram, m_l2;
    double m_cycle_s = 0;
};

} // namespace widthwise::cost
