#pragma once
// What a chip's memory levels add to a layer: energy, bytes and the time that their bandwidth takes.

#include "core/cost/chip.h"
#include "core/cost/machine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace widthwise::cost {

/// Bits that a level reads and writes, on both its sides.
struct LevelBits {
    double reads = 0, writes = 0;
};
using MemoryBits = std::array<LevelBits, std::tuple_size_v<decltype(Chip::levels)>>;

/// Sets cycles, what bounds them, bytes and the energy of memory, network and standing by. `array_cycles`:
/// how long the array is busy; `edge_bits`: between it and the level beside it. A layer is bound by the
/// level whose bandwidth takes longest, and by compute where none takes longer than the array.
void add_memory(const Chip& chip, const MemoryBits& bits, double edge_bits, int64_t array_cycles,
                LayerFigures& figures);

inline int64_t whole_cycles(double cycles) {
    return static_cast<int64_t>(std::min(9e18, std::ceil(cycles)));
}

} // namespace widthwise::cost
