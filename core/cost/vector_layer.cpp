#include "core/cost/vector_layer.h"

#include "core/cost/memory_cost.h"

namespace widthwise::cost {

double vector_pj(const Chip& chip, const VectorWork& work) {
    return work.adds * chip.vector_add_pj(work.bits, work.is_float) +
           work.multiplies * chip.vector_multiply_pj(work.bits, work.is_float);
}

LayerFigures vector_layer(const Chip& chip, const VectorWork& work) {
    LayerFigures figures;
    figures.compute_cycles =
        whole_cycles(std::max(work.operations(), work.written) / static_cast<double>(chip.array.cols));
    figures.energy.compute_j = vector_pj(chip, work) * 1e-12;

    // The outermost level's width is in the work's bits already; others that store wider elements take more.
    const double stored = chip.levels[0].stored(work.bits);
    MemoryBits bits;
    bits[0] = {work.dram_read_bits, work.dram_write_bits};
    double from_outside = work.dram_read_bits, to_outside = work.dram_write_bits;
    double edge_bits = work.dram_read_bits + work.dram_write_bits;
    for (size_t i = 1; i < chip.level_count; ++i) {
        const Level& level = chip.levels[i];
        if (!level.shared || !(level.holds_inputs || level.holds_outputs)) continue;
        const double widened = std::max(1.0, level.element_bits / stored);
        if (level.holds_inputs) {
            bits[i].reads += work.read_bits * widened;
            bits[i].writes += from_outside * widened;
            from_outside = work.read_bits;
        }
        if (level.holds_outputs) {
            bits[i].writes += work.write_bits * widened;
            bits[i].reads += to_outside * widened;
            to_outside = work.write_bits;
        }
        edge_bits = (work.read_bits + work.write_bits) * widened;
    }
    add_memory(chip, bits, edge_bits, figures.compute_cycles, figures);
    return figures;
}

} // namespace widthwise::cost
