#include "core/cost/machine.h"

#include "core/cost/fpga_machine.h"
#include "core/cost/fpga_overlay.h"
#include "core/cost/gpu_machine.h"
#include "core/cost/spatial_machine.h"

#include <bit>
#include <functional>

namespace widthwise::cost {
namespace {

constexpr size_t k_fewest_levels = 2, k_most_levels = 8;

void mix(size_t& hash, uint64_t value) {
    hash = (hash ^ std::hash<uint64_t>()(value)) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29;
}

uint64_t bits_of(double value) {
    return std::bit_cast<uint64_t>(value);
}

} // namespace

size_t MatrixProblemHash::operator()(const MatrixProblem& problem) const {
    size_t hash = 0;
    const LoopNest& n = problem.nest;
    for (const int64_t extent : {n.out_channels, n.in_channels, n.groups, n.out_height, n.out_width,
                                 n.in_height, n.in_width, n.kernel_height, n.kernel_width, n.stride_height,
                                 n.stride_width, n.dilation_height, n.dilation_width, problem.batch})
        mix(hash, static_cast<uint64_t>(extent));
    const auto packed = [&](OperandFormat f) {
        return static_cast<uint64_t>(f.numeric) << 8 | static_cast<uint64_t>(f.bits);
    };
    mix(hash, packed(problem.operands.weights) << 32 | packed(problem.operands.activations));
    mix(hash,
        static_cast<uint64_t>(problem.stored.weights) << 32 | static_cast<uint32_t>(problem.stored.input));
    mix(hash, static_cast<uint64_t>(problem.stored.output) << 2 | (problem.input_on_chip ? 2U : 0U) |
                  (problem.output_on_chip ? 1U : 0U));
    mix(hash, bits_of(problem.zeros.inputs));
    mix(hash, bits_of(problem.zeros.weights));
    mix(hash, bits_of(problem.epilogue.adds) ^ bits_of(problem.epilogue.multiplies));
    return hash;
}

NetworkTime Machine::network_time(std::span<const LayerCost> layers, int64_t batch) const {
    NetworkTime time;
    double cycles = 0;
    for (const LayerCost& layer : layers) cycles += static_cast<double>(layer.cycles);
    time.latency_s = cycles * cycle_s();
    if (time.latency_s > 0) time.throughput_ips = static_cast<double>(batch) / time.latency_s;
    return time;
}

Demand sizing_demand(const HardwareTarget& target, std::span<const MatrixProblem> problems) {
    Demand demand;
    if (target.sizing == Sizing::to_design)
        for (const MatrixProblem& problem : problems) demand.add(problem);
    return demand;
}

Result<std::unique_ptr<const Machine>> make_machine(const HardwareTarget& target,
                                                    std::span<const MatrixProblem> problems,
                                                    const Surroundings& around) {
    if (target.memory.size() < k_fewest_levels || target.memory.size() > k_most_levels)
        return fail(ErrorCode::invalid_input, "a target needs 2 to 8 memory levels",
                    "target '" + target.name + "'", "name at least the DRAM and one buffer");
    switch (target.kind) {
    case TargetKind::spatial:
        if (target.fpga)
            if (auto fits = check_overlay(target); !fits) return forward_error(fits);
        return std::make_unique<const SpatialMachine>(target, sizing_demand(target, problems));
    case TargetKind::gpu:
        return GpuMachine::create(target);
    case TargetKind::fpga_dataflow:
        break;
    }
    return FpgaMachine::create(target, problems, around);
}

} // namespace widthwise::cost
