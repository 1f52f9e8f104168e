#include "core/cost/cost_model.h"

#include "core/cost/machine.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

void copy_figures(const LayerFigures& figures, const Machine& machine, LayerCost& layer) {
    layer.compute_cycles = figures.compute_cycles;
    layer.cycles = figures.cycles;
    layer.latency_s = static_cast<double>(figures.cycles) * machine.cycle_s();
    layer.energy = figures.energy;
    layer.dram_bytes = figures.dram_bytes;
    layer.buffer_bytes = figures.buffer_bytes;
    layer.on_chip_bytes = figures.on_chip_bytes;
    layer.mapped_units = figures.mapped_units;
    layer.bound = figures.bound;
    layer.limited_by = figures.limited_by;
    const double peak =
        figures.peak_macs_per_cycle > 0 ? figures.peak_macs_per_cycle : machine.macs_per_cycle();
    const double slots = static_cast<double>(figures.cycles) * peak;
    layer.utilization = slots > 0 ? static_cast<double>(layer.macs) / slots : 0;
    layer.peak_macs_per_s = peak / machine.cycle_s();
}

Result<LayerCost> price(const Machine& machine, const NetworkProblem& network, size_t node,
                        const std::string& name, const Options& options) {
    const NodeProblem& problem = network.nodes[node];
    LayerCost layer;
    layer.layer = name;
    layer.weight_bits = problem.weight_bits;
    layer.activation_bits = problem.activation_bits;
    layer.run_weight_bits = problem.weight_bits;
    layer.run_activation_bits = problem.activation_bits;
    switch (problem.kind) {
    case NodeProblem::Kind::matrix: {
        const MatrixProblem& matrix = network.matrices[problem.position];
        const auto given = options.mappings.find(name);
        auto result = machine.matrix(matrix, given == options.mappings.end() ? nullptr : &given->second);
        if (!result) {
            result.error().where = "layer '" + name + "'";
            return forward_error(result);
        }
        layer.macs = static_cast<int64_t>(matrix.macs());
        layer.run_weight_bits = matrix.operands.weights.bits;
        layer.run_activation_bits = matrix.operands.activations.bits;
        layer.fallback = problem.note;
        copy_figures(result->figures, machine, layer);
        layer.mapping = std::move(result->mapping);
        layer.nest = std::move(result->nest);
        layer.resources = result->resources;
        layer.pe = result->pe;
        layer.simd = result->simd;
        break;
    }
    case NodeProblem::Kind::vector:
        copy_figures(machine.vector(network.vectors[problem.position]), machine, layer);
        [[fallthrough]];
    case NodeProblem::Kind::fused:
    case NodeProblem::Kind::free:
    case NodeProblem::Kind::unpriced:
        layer.mapping = problem.note;
        break;
    }
    return layer;
}

void add_totals(CostBreakdown& cost, const Machine& machine) {
    double ideal_s = 0, cycles = 0, compute_cycles = 0, mapped = 0;
    for (const LayerCost& layer : cost.layers) {
        if (layer.peak_macs_per_s > 0) ideal_s += static_cast<double>(layer.macs) / layer.peak_macs_per_s;
        cycles += static_cast<double>(layer.cycles);
        compute_cycles += static_cast<double>(layer.compute_cycles);
        mapped += layer.mapped_units * static_cast<double>(layer.compute_cycles);
        cost.energy_j += layer.energy.total_j();
        cost.dram_bytes += layer.dram_bytes;
        cost.on_chip_bytes = std::max(cost.on_chip_bytes, layer.on_chip_bytes);
    }
    const NetworkTime time = machine.network_time(cost.layers, cost.batch);
    cost.latency_s = time.latency_s;
    cost.throughput_ips = time.throughput_ips;
    if (cost.throughput_ips > 0) {
        const double batch_s = static_cast<double>(cost.batch) / cost.throughput_ips;
        cost.power_w = cost.energy_j / batch_s;
        cost.dram_bytes_per_s = cost.dram_bytes / batch_s;
    }
    if (cycles > 0) cost.utilization = ideal_s / (cycles * machine.cycle_s());
    if (compute_cycles > 0) cost.mapped_units = mapped / compute_cycles;
    cost.peak_macs_per_s = machine.macs_per_cycle() / machine.cycle_s();
}

void add_area(CostBreakdown& cost, const Machine& machine, const HardwareTarget& target) {
    cost.resources = machine.resources();
    cost.available = machine.available();
    cost.area = machine.area();
    cost.area_mm2 = 0;
    for (const auto& [component, mm2] : cost.area) cost.area_mm2 += mm2;
    if (cost.area.empty()) cost.area_mm2 = std::nan("");
    if (target.area_mm2) cost.area_mm2 = *target.area_mm2;
}

} // namespace

Result<CostBreakdown> estimate(const Graph& graph, const PrecisionPlan& plan, const HardwareTarget& target,
                               const Options& options) {
    auto network = network_problem(graph, plan, target, options);
    if (!network) return forward_error(network);
    auto machine = make_machine(target, network->matrices);
    if (!machine) return forward_error(machine);

    CostBreakdown cost;
    cost.target = target.name;
    cost.batch = options.batch;
    cost.weight_bytes = network->weight_bytes;
    cost.model_bytes = network->model_bytes;
    cost.bops = network->bops;
    cost.confidence = target.confidence;
    if (const auto& bandwidth = target.memory.front().bytes_per_cycle)
        cost.dram_peak_bytes_per_s = *bandwidth * target.clock_hz;
    cost.layers.reserve(graph.nodes().size());
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
        auto layer = price(**machine, *network, i, graph.nodes()[i].name, options);
        if (!layer) return forward_error(layer);
        cost.layers.push_back(std::move(*layer));
    }
    add_totals(cost, **machine);
    add_area(cost, **machine, target);
    return cost;
}

} // namespace widthwise::cost
