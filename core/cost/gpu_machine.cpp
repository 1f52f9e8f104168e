#include "core/cost/gpu_machine.h"

#include "core/cost/energy_law.h"
#include "core/cost/gpu_peak.h"
#include "core/cost/objective.h"
#include "core/cost/technology.h"
#include "core/cost/traffic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

namespace widthwise::cost {
namespace {

constexpr double k_joules_per_pj = 1e-12;
constexpr double k_bits_per_byte = 8;
constexpr int64_t k_smallest_tile = 32; ///< results on a side, of one thread block (CUTLASS's smallest)
constexpr int k_halvings = 2;           ///< of the target's own tile, in each direction
constexpr int64_t k_most_splits = 64;
constexpr double k_few_vectors = 8; ///< that a matrix-vector kernel serves in one pass over the matrix

int64_t whole_cycles(double seconds, double cycle_s) {
    // A product that should be whole may lie a hair above.
    return static_cast<int64_t>(std::min(9e18, std::ceil(seconds / cycle_s * (1 - 1e-12))));
}

GpuGemm gemm_of(const MatrixProblem& problem, double element_bits) {
    const LoopNest& nest = problem.nest;
    const Gemm group = group_gemm(nest, problem.batch);
    GpuGemm gemm;
    gemm.groups = static_cast<double>(nest.groups);
    gemm.m = static_cast<double>(group.m);
    gemm.n = static_cast<double>(group.n);
    gemm.k = static_cast<double>(group.k);
    gemm.inputs = static_cast<double>(nest.in_channels / nest.groups) *
                  static_cast<double>(touched_plane(nest)) * static_cast<double>(problem.batch);
    gemm.input_bits = std::max<double>(problem.stored.input, element_bits);
    gemm.weight_bits = std::max<double>(problem.stored.weights, element_bits);
    gemm.output_bits = std::max<double>(problem.stored.output, element_bits);
    return gemm;
}

/// The target's own tile and smaller ones, each with its K split over 1, 2, 4, ... blocks.
std::vector<GpuTile> tiles(const GpuPeak& peak, double k) {
    std::vector<GpuTile> all;
    for (int64_t m = peak.tile_m, i = 0; i <= k_halvings && (i == 0 || m >= k_smallest_tile); ++i, m /= 2)
        for (int64_t n = peak.tile_n, j = 0; j <= k_halvings && (j == 0 || n >= k_smallest_tile); ++j, n /= 2)
            for (int64_t splits = 1; splits <= k_most_splits; splits *= 2) {
                if (splits > 1 && static_cast<double>(splits * peak.tile_k) > k) break;
                all.push_back({m, n, peak.tile_k, splits});
            }
    return all;
}

} // namespace

Result<std::unique_ptr<const Machine>> GpuMachine::create(const HardwareTarget& target) {
    if (!target.gpu || target.gpu->peaks.empty() || target.gpu->multiprocessors < 1)
        return fail(ErrorCode::invalid_input,
                    "a GPU needs its multiprocessors and the peak of each precision",
                    "target '" + target.name + "'", "give it a \"gpu\" section");
    return std::unique_ptr<const Machine>(new GpuMachine(target));
}

GpuMachine::GpuMachine(const HardwareTarget& target) : m_target(target), m_cycle_s(1 / target.clock_hz) {
    const auto shared = std::find_if(target.memory.rbegin(), target.memory.rend(),
                                     [](const MemoryLevel& level) { return !level.per_pe; });
    const MemoryLevel& dram = target.memory.front();
    const MemoryLevel& l2 = shared == target.memory.rend() ? dram : *shared;
    const double scale = energy_scale(target.node_nm, target.voltage_v);
    const auto memory = [](const MemoryLevel& level, double law) {
        return Memory{level.name, level.read_energy_pj_per_bit.value_or(law),
                      level.write_energy_pj_per_bit.value_or(law)};
    };
    m_dram = memory(dram, k_dram_pj_per_bit);
    m_l2 = memory(l2, sram_pj_per_bit(l2.bytes.value_or(0)) * scale);
    m_device.multiprocessors = target.gpu->multiprocessors;
    m_device.launch_s = target.gpu->launch_overhead_s;
    m_device.achievable = target.gpu->achievable;
    m_device.dram_bits_per_s = dram.bytes_per_cycle.value_or(0) * target.clock_hz * k_bits_per_byte;
    m_device.l2_bits_per_s = l2.bytes_per_cycle.value_or(0) * target.clock_hz * k_bits_per_byte;
    m_device.l2_bits = static_cast<double>(l2.bytes.value_or(0)) * k_bits_per_byte;
}

double GpuMachine::macs_per_cycle() const {
    return highest_peak(*m_target.gpu)->macs_per_s * m_cycle_s;
}

void GpuMachine::add_time(LayerFigures& figures, double compute_s, double l2_s, double dram_s) const {
    const double memory_s = std::max(l2_s, dram_s);
    const double busy_s = std::max(compute_s, memory_s);
    figures.compute_cycles = whole_cycles(m_device.launch_s + compute_s, m_cycle_s);
    figures.cycles = whole_cycles(m_device.launch_s + busy_s, m_cycle_s);
    figures.bound = memory_s > compute_s ? Bound::memory : Bound::compute;
    figures.limited_by = memory_s <= compute_s ? std::string_view("compute")
                         : dram_s >= l2_s      ? std::string_view(m_dram.name)
                                               : std::string_view(m_l2.name);
    if (m_device.launch_s > busy_s) figures.limited_by = "launch";
    figures.energy.static_j = m_target.static_power_w * static_cast<double>(figures.cycles) * m_cycle_s;
}

LayerFigures GpuMachine::figures(const GpuKernel& kernel, double macs, const GpuPeak& peak) const {
    LayerFigures figures;
    add_time(figures, kernel.compute_s, kernel.l2_s, kernel.dram_s);
    const double dram_reads = kernel.dram_input_bits + kernel.dram_weight_bits + kernel.dram_partial_bits / 2;
    const double dram_writes = kernel.dram_output_bits + kernel.dram_partial_bits / 2;
    figures.energy.compute_j = macs * peak.pj_per_mac * k_joules_per_pj;
    figures.energy.buffer_j = ((kernel.l2_bits - kernel.l2_write_bits) * m_l2.read_pj_per_bit +
                               kernel.l2_write_bits * m_l2.write_pj_per_bit) *
                              k_joules_per_pj;
    figures.energy.dram_j =
        (dram_reads * m_dram.read_pj_per_bit + dram_writes * m_dram.write_pj_per_bit) * k_joules_per_pj;
    figures.dram_bytes = kernel.dram_bits() / k_bits_per_byte;
    figures.buffer_bytes = kernel.l2_bits / k_bits_per_byte;
    figures.on_chip_bytes = std::min(m_device.l2_bits, kernel.l2_bits) / k_bits_per_byte;
    return figures;
}

Result<MatrixResult> GpuMachine::matrix(const MatrixProblem& problem, const Mapping* given) const {
    if (given)
        return fail(ErrorCode::unsupported, "a GPU maps no loops of a given nest", {},
                    "leave the mapping out, or choose a spatial target");
    const Gpu& gpu = *m_target.gpu;
    const GpuPeak* peak = fastest_peak(gpu, problem.operands);
    if (!peak) {
        std::string names;
        for (const GpuPeak& p : gpu.peaks) names += (names.empty() ? "" : ", ") + unit_name(p.format);
        return fail(ErrorCode::invalid_input,
                    "no units of target '" + m_target.name + "' multiply w" +
                        std::to_string(problem.operands.weights.bits) + "a" +
                        std::to_string(problem.operands.activations.bits),
                    {}, "choose formats that fit its " + names);
    }
    const GpuPeak& general = *general_peak(gpu);
    const GpuGemm gemm = gemm_of(problem, m_target.memory.front().element_bits);
    const double macs = problem.macs();
    const double after = problem.epilogue.operations();
    const double after_s = after / (general.macs_per_s * gpu.achievable);

    const GpuPeak* used = nullptr;
    GpuKernel best;
    MatrixResult result;
    const auto consider = [&](GpuKernel kernel, const GpuPeak& units) {
        const double issued = kernel.compute_s * units.macs_per_s * gpu.achievable;
        kernel.compute_s += after_s;
        LayerFigures candidate = figures(kernel, macs, units);
        if (used && !better(m_target.objective, candidate, result.figures)) return;
        candidate.mapped_units = issued > 0 ? std::min(1.0, macs / issued) : 0;
        used = &units;
        best = kernel;
        result.figures = candidate;
    };
    for (const GpuTile& tile : tiles(*peak, gemm.k))
        consider(gemm_kernel(m_device, gemm, tile, peak->macs_per_s, problem.input_on_chip,
                             problem.output_on_chip),
                 *peak);
    if (gemm.groups > 1 || gemm.n <= k_few_vectors || gemm.m <= k_few_vectors)
        consider(
            direct_kernel(m_device, gemm, general.macs_per_s, problem.input_on_chip, problem.output_on_chip),
            general);
    result.figures.peak_macs_per_cycle = peak->macs_per_s * m_cycle_s;
    result.figures.energy.compute_j += after * general.pj_per_mac / 2 * k_joules_per_pj;
    result.mapping = mapping(gemm, best, *used);
    return result;
}

LayerFigures GpuMachine::vector(const VectorWork& work) const {
    const GpuPeak& units = *general_peak(*m_target.gpu);
    LayerFigures figures;
    const double l2_bits = work.read_bits + work.write_bits;
    const auto seconds = [](double bits, double per_s) { return per_s > 0 ? bits / per_s : 0; };
    add_time(figures, work.operations() / (units.macs_per_s * m_device.achievable),
             seconds(l2_bits, m_device.l2_bits_per_s),
             seconds(work.dram_read_bits + work.dram_write_bits, m_device.dram_bits_per_s));
    // An addition or a multiplication is half a multiply and accumulate.
    figures.energy.compute_j = work.operations() * units.pj_per_mac / 2 * k_joules_per_pj;
    figures.energy.buffer_j =
        (work.read_bits * m_l2.read_pj_per_bit + work.write_bits * m_l2.write_pj_per_bit) * k_joules_per_pj;
    figures.energy.dram_j =
        (work.dram_read_bits * m_dram.read_pj_per_bit + work.dram_write_bits * m_dram.write_pj_per_bit) *
        k_joules_per_pj;
    figures.dram_bytes = (work.dram_read_bits + work.dram_write_bits) / k_bits_per_byte;
    figures.buffer_bytes = l2_bits / k_bits_per_byte;
    figures.on_chip_bytes = std::min(m_device.l2_bits, l2_bits) / k_bits_per_byte;
    return figures;
}

std::string GpuMachine::mapping(const GpuGemm& gemm, const GpuKernel& kernel, const GpuPeak& peak) const {
    std::array<char, 200> text;
    const auto print = [&](const char* format, auto... values) {
        const int length = std::snprintf(text.data(), text.size(), format, values...);
        return std::string(text.data(), std::min(static_cast<size_t>(length), text.size() - 1));
    };
    std::string line = kernel.direct ? "direct: " : "implicit GEMM ";
    if (gemm.groups > 1) line += print("%.0f groups of ", gemm.groups);
    line += print("%.0f x %.0f x %.0f", gemm.m, gemm.n, gemm.k);
    if (!kernel.direct)
        line +=
            print(", tiles %lldx%lld: %.0f of %.0f SMs, %.0f wave%s", static_cast<long long>(kernel.tile.m),
                  static_cast<long long>(kernel.tile.n), std::min(kernel.blocks, m_device.multiprocessors),
                  m_device.multiprocessors, kernel.waves, kernel.waves == 1 ? "" : "s");
    if (kernel.tile.splits > 1)
        line += print(", K split %lld ways", static_cast<long long>(kernel.tile.splits));
    return line + ", " + unit_name(peak.format);
}

} // namespace widthwise::cost
