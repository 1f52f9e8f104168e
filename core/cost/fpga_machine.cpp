#include "core/cost/fpga_machine.h"

#include "core/cost/energy_law.h"
#include "core/cost/fpga_overlay.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <unordered_map>

namespace widthwise::cost {
namespace {

constexpr double k_joules_per_pj = 1e-12;
constexpr double k_bits_per_byte = 8;
constexpr double k_bram18_bytes = 2304, k_uram_bytes = 36864;

int64_t counted(double cycles) {
    return static_cast<int64_t>(std::min(9e18, std::ceil(cycles)));
}

} // namespace

std::vector<bool> streamed_values(const Graph& graph) {
    std::vector<bool> streamed(graph.values().size(), true);
    for (const ValueId in : graph.inputs()) streamed[in.position()] = false;
    for (const ValueId out : graph.outputs()) streamed[out.position()] = false;
    return streamed;
}

FpgaMachine::FpgaMachine(const HardwareTarget& target, std::span<const MatrixProblem> problems,
                         const Surroundings& around)
    : m_target(target)
    , m_batch(around.batch)
    , m_problems(problems.begin(), problems.end())
    , m_works(around.vectors.begin(), around.vectors.end()) {
    const Fpga& fpga = *target.fpga;
    m_limits = {may_fill(fpga), fpga.dsp,
                target.memory.front().bytes_per_cycle.value_or(0) * k_bits_per_byte};
    std::unordered_map<MatrixProblem, std::shared_ptr<const MatrixUnit>, MatrixProblemHash> known;
    for (const MatrixProblem& problem : m_problems) {
        auto& unit = known[problem];
        if (!unit)
            unit = std::make_shared<const MatrixUnit>(
                matrix_unit(problem, m_batch, fpga.dsp, target.mac.accumulator_bits));
        m_units.push_back(unit);
    }
}

/// The layers in the network's order.
void FpgaMachine::line_up(const Surroundings& around) {
    const double images = static_cast<double>(m_batch);
    const auto add_vectors = [&](size_t matrices_before) {
        while (m_vector_layer.size() < m_works.size()) {
            const size_t next = m_vector_layer.size();
            const size_t place = next < around.places.size() ? around.places[next] : m_problems.size();
            if (place > matrices_before) break;
            const VectorWork& work = m_works[next];
            m_vector_layer.push_back(m_layers.size());
            if (work == VectorWork()) continue; // nothing to do: no unit
            m_layers.push_back({nullptr, &work, work.dram_read_bits / images, work.dram_write_bits / images});
            m_names.emplace_back("(element-wise)");
        }
    };
    for (size_t i = 0; i < m_problems.size(); ++i) {
        add_vectors(i);
        m_matrix_layer.push_back(m_layers.size());
        const MatrixUnit& unit = *m_units[i];
        m_layers.push_back({&unit, nullptr, m_problems[i].input_on_chip ? 0 : unit.input_bits,
                            m_problems[i].output_on_chip ? 0 : unit.output_bits});
        m_names.push_back(i < around.names.size() ? around.names[i] : std::string_view("(unnamed)"));
    }
    add_vectors(m_problems.size());
}

Result<void> FpgaMachine::design() {
    const Fpga& fpga = *m_target.fpga;
    DesignRequest request{m_batch, m_limits, std::nullopt, std::nullopt, m_names};
    if (fpga.target_fps) request.interval = std::floor(m_target.clock_hz / *fpga.target_fps);
    if (fpga.reconfigure_s) request.reconfigure_cycles = *fpga.reconfigure_s * m_target.clock_hz;
    auto design = design_dataflow(m_layers, request);
    m_names.clear(); // borrowed from the caller
    if (!design) return forward_error(design);
    m_design = std::move(*design);
    return {};
}

Result<std::unique_ptr<const Machine>> FpgaMachine::create(const HardwareTarget& target,
                                                           std::span<const MatrixProblem> problems,
                                                           const Surroundings& around) {
    if (!target.fpga)
        return fail(ErrorCode::invalid_input, "a dataflow design needs to know its device",
                    "target '" + target.name + "'", "give the target a section \"fpga\"");
    std::unique_ptr<FpgaMachine> machine(new FpgaMachine(target, problems, around));
    machine->line_up(around);
    if (auto done = machine->design(); !done) {
        done.error().where = "target '" + target.name + "'";
        return forward_error(done);
    }
    return machine;
}

FpgaMachine::Place FpgaMachine::place(size_t layer) const {
    size_t c = 0;
    while (m_design.configurations[c].last <= layer) ++c;
    return {c, layer - m_design.configurations[c].first};
}

const FittedLayer& FpgaMachine::fitted(size_t layer) const {
    const Place at = place(layer);
    return m_design.configurations[at.configuration].fit.layers[at.layer];
}

LayerFigures FpgaMachine::figures(size_t layer) const {
    const Place at = place(layer);
    const Configuration& configuration = m_design.configurations[at.configuration];
    const FittedLayer& fitted = configuration.fit.layers[at.layer];
    const Fpga& fpga = *m_target.fpga;
    const double images = static_cast<double>(m_batch);
    const DataflowLayer& own = m_layers[layer];
    DataflowLayer crossed = own;
    if (at.layer == 0 && at.configuration > 0) crossed.dram_reads += input_bits(own, m_batch);
    if (layer + 1 == configuration.last && layer + 1 < m_layers.size())
        crossed.dram_writes += output_bits(own, m_batch);

    LayerFigures figures;
    figures.compute_cycles = counted(fitted.cycles * images);
    const double waiting = waiting_cycles(crossed, fitted, configuration.fit, m_limits.dram_bits_per_cycle);
    figures.cycles = counted(waiting * images);
    if (figures.cycles > figures.compute_cycles) {
        figures.bound = Bound::memory;
        figures.limited_by = m_target.memory.front().name;
    }
    const double busy = fitted.cycles * images * k_joules_per_pj;
    const FpgaResources& taken = fitted.resources;
    figures.energy.compute_j = (taken.luts * fpga.lut_pj + taken.dsps * fpga.dsp_pj) * busy;
    figures.energy.buffer_j = (taken.bram18 * fpga.bram18_pj + taken.urams * fpga.uram_pj) * busy;
    const double reads = (crossed.dram_reads + fitted.weight_dram_bits) * images;
    const double writes = crossed.dram_writes * images;
    const MemoryLevel& dram = m_target.memory.front();
    figures.energy.dram_j = (reads * dram.read_energy_pj_per_bit.value_or(k_dram_pj_per_bit) +
                             writes * dram.write_energy_pj_per_bit.value_or(k_dram_pj_per_bit)) *
                            k_joules_per_pj;
    double seconds = m_design.batch_cycles * cycle_s();
    if (m_design.configurations.size() > 1)
        seconds *= (configuration.batch_cycles(m_batch) + reconfigure_cycles()) / m_design.batch_cycles;
    figures.energy.static_j = m_target.static_power_w * seconds * taken.luts / configuration.fit.total.luts;
    figures.dram_bytes = (reads + writes) / k_bits_per_byte;
    figures.on_chip_bytes = taken.bram18 * k_bram18_bytes + taken.urams * k_uram_bytes;
    figures.mapped_units = 1;
    if (fitted.choice) {
        const double products = static_cast<double>(fitted.choice->pe * fitted.choice->simd);
        figures.peak_macs_per_cycle = products;
        figures.buffer_bytes =
            own.unit->macs * images / k_bits_per_byte * (fitted.choice->weight_width / products);
    } else {
        figures.buffer_bytes = (own.work->read_bits + own.work->write_bits) / k_bits_per_byte;
    }
    return figures;
}

std::string FpgaMachine::mapping(size_t layer) const {
    const FittedLayer& unit = fitted(layer);
    const MatrixUnit& matrix = *m_layers[layer].unit;
    std::array<char, 160> text;
    std::snprintf(text.data(), text.size(), "PE %lld, SIMD %lld: %lld x %lld, %.0f cycles",
                  static_cast<long long>(unit.choice->pe), static_cast<long long>(unit.choice->simd),
                  static_cast<long long>(matrix.mw), static_cast<long long>(matrix.mh), unit.cycles);
    std::string line = text.data();
    if (unit.store == WeightStore::lutram) line += "; weights in LUTs";
    if (unit.store == WeightStore::streamed) line += "; weights streamed from DRAM";
    if (unit.store == WeightStore::on_chip)
        line += unit.resources.urams > 0 ? "; weights in URAM" : "; weights in BRAM";
    if (unit.dsp_share > 0 && unit.dsp_share < 1) {
        std::snprintf(text.data(), text.size(), "; %.0f %% of the products in DSPs", 100 * unit.dsp_share);
        line += text.data();
    } else {
        line += unit.dsp_share > 0 ? "; DSPs multiply" : "; LUTs multiply";
    }
    const size_t count = m_design.configurations.size();
    if (count > 1)
        line += "; configuration " + std::to_string(place(layer).configuration + 1) + " of " +
                std::to_string(count);
    return line;
}

Result<MatrixResult> FpgaMachine::matrix_at(size_t position, const MatrixProblem& problem,
                                            const Mapping* given) const {
    if (given)
        return fail(ErrorCode::unsupported, "a dataflow design maps no loops", {},
                    "choose a spatial target for given mappings");
    if (position >= m_problems.size() || !(m_problems[position] == problem))
        return fail(ErrorCode::unsupported, "this dataflow design has no unit for the layer");
    const size_t layer = m_matrix_layer[position];
    const FittedLayer& unit = fitted(layer);
    MatrixResult result;
    result.figures = figures(layer);
    result.mapping = mapping(layer);
    result.resources = unit.resources;
    result.pe = unit.choice->pe;
    result.simd = unit.choice->simd;
    return result;
}

Result<MatrixResult> FpgaMachine::matrix(const MatrixProblem& problem, const Mapping* given) const {
    const auto found = std::find(m_problems.begin(), m_problems.end(), problem);
    return matrix_at(static_cast<size_t>(found - m_problems.begin()), problem, given);
}

LayerFigures FpgaMachine::vector_at(size_t position, const VectorWork& /*work*/) const {
    return m_works[position] == VectorWork() ? LayerFigures{} : figures(m_vector_layer[position]);
}

LayerFigures FpgaMachine::vector(const VectorWork& work) const {
    const auto found = std::find(m_works.begin(), m_works.end(), work);
    return found == m_works.end() ? LayerFigures{}
                                  : vector_at(static_cast<size_t>(found - m_works.begin()), work);
}

std::optional<FpgaResources> FpgaMachine::vector_resources(size_t position) const {
    if (m_works[position] == VectorWork()) return std::nullopt;
    return fitted(m_vector_layer[position]).resources;
}

double FpgaMachine::reconfigure_cycles() const {
    return m_target.fpga->reconfigure_s.value_or(0) * m_target.clock_hz;
}

double FpgaMachine::macs_per_cycle() const {
    double most = 0;
    for (const Configuration& configuration : m_design.configurations) {
        double own = 0;
        for (const FittedLayer& layer : configuration.fit.layers)
            if (layer.choice) own += static_cast<double>(layer.choice->pe * layer.choice->simd);
        most = std::max(most, own);
    }
    return most;
}

std::optional<FpgaResources> FpgaMachine::resources() const {
    FpgaResources most;
    for (const Configuration& configuration : m_design.configurations) {
        const FpgaResources& own = configuration.fit.total;
        most = {std::max(most.luts, own.luts), std::max(most.dsps, own.dsps),
                std::max(most.bram18, own.bram18), std::max(most.urams, own.urams)};
    }
    return most;
}

std::optional<FpgaResources> FpgaMachine::available() const {
    return m_limits.most;
}

NetworkTime FpgaMachine::network_time(std::span<const LayerCost> /*layers*/, int64_t batch) const {
    NetworkTime time;
    time.concurrent = true;
    time.latency_s = m_design.latency_cycles * cycle_s();
    const double batch_s = m_design.batch_cycles * cycle_s();
    if (batch_s > 0) time.throughput_ips = static_cast<double>(batch) / batch_s;
    return time;
}

} // namespace widthwise::cost
