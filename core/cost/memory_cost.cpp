#include "core/cost/memory_cost.h"

namespace widthwise::cost {
namespace {

constexpr double k_joules_per_pj = 1e-12;
constexpr double k_bits_per_byte = 8;

} // namespace

void add_memory(const Chip& chip, const MemoryBits& bits, double edge_bits, int64_t array_cycles,
                LayerFigures& figures) {
    double dram_pj = 0, buffer_pj = 0;
    int64_t longest = array_cycles;
    for (size_t i = 0; i < chip.level_count; ++i) {
        const Level& level = chip.levels[i];
        const auto [reads, writes] = bits[i];
        const double pj = reads * level.read_pj_per_bit + writes * level.write_pj_per_bit;
        const double bytes = (reads + writes) / k_bits_per_byte;
        if (level.bytes_per_cycle > 0) {
            const int64_t busy = whole_cycles(bytes / level.bytes_per_cycle);
            if (busy > longest) {
                longest = busy;
                figures.bound = Bound::memory;
                figures.limited_by = level.name;
            }
        }
        (i == 0 ? dram_pj : buffer_pj) += pj;
        (i == 0 ? figures.dram_bytes : figures.buffer_bytes) += bytes;
    }
    figures.cycles = longest;
    figures.energy.dram_j = dram_pj * k_joules_per_pj;
    figures.energy.buffer_j = buffer_pj * k_joules_per_pj;
    figures.energy.noc_j = edge_bits * chip.noc_pj_per_bit * k_joules_per_pj;
    figures.energy.static_j = chip.static_power_w * static_cast<double>(longest) * chip.cycle_s;
}

} // namespace widthwise::cost
