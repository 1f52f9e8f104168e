#pragma once
// Small layers and an array with scratchpads for the tests of mapped nests.

#include "core/cost/machine.h"
#include "core/cost/nest_layer.h"
#include "tests/core/cost/small_networks.h"

namespace widthwise::test {

struct Convolution {
    int64_t filters = 4, channels = 3, out = 4, kernel = 2, stride = 1, groups = 1, batch = 1;
};

inline cost::MatrixProblem problem(const Convolution& c, int bits = 8) {
    cost::MatrixProblem p;
    LoopNest& n = p.nest;
    n.out_channels = c.filters;
    n.in_channels = c.channels;
    n.groups = c.groups;
    n.out_height = n.out_width = c.out;
    n.kernel_height = n.kernel_width = c.kernel;
    n.stride_height = n.stride_width = c.stride;
    n.in_height = n.in_width = (c.out - 1) * c.stride + c.kernel;
    p.batch = c.batch;
    p.operands = {{cost::Numeric::integer, bits}, {cost::Numeric::integer, bits}};
    p.stored = {bits, bits, bits};
    return p;
}

inline MemoryLevel memory(const char* name, int64_t bytes, double pj_per_bit, OperandSet holds = {},
                          bool per_pe = false) {
    MemoryLevel level;
    level.name = name;
    if (bytes > 0) level.bytes = bytes;
    level.read_energy_pj_per_bit = level.write_energy_pj_per_bit = pj_per_bit;
    level.holds = holds;
    level.per_pe = per_pe;
    return level;
}

/// 2 x 3 elements with scratchpads of 8 inputs, 16 weights and 4 sums (8 bits each) beside a buffer of 256
/// bytes.
inline HardwareTarget padded_target(Dataflow dataflow, Objective objective) {
    HardwareTarget target;
    target.name = "padded";
    target.rows = 2;
    target.cols = 3;
    target.dataflow = dataflow;
    target.objective = objective;
    target.mac.accumulator_bits = 8;
    target.memory = {memory("DRAM", 0, 10), memory("buffer", 256, 0.5),
                     memory("inputs", 8, 0.02, {false, true, false}, true),
                     memory("weights", 16, 0.05, {true, false, false}, true),
                     memory("sums", 4, 0.03, {false, false, true}, true)};
    return target;
}

inline cost::Chip chip_of(const HardwareTarget& target, const cost::MatrixProblem& p) {
    cost::Demand demand;
    demand.add(p);
    return cost::Chip(target, demand);
}

} // namespace widthwise::test
