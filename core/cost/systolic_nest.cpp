#include "core/cost/systolic_nest.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

struct Roles {
    Dim rows, columns, streamed;
};

Roles roles(Dataflow dataflow) {
    if (dataflow == Dataflow::output_stationary) return {Dim::p, Dim::k, Dim::c};
    if (dataflow == Dataflow::input_stationary) return {Dim::c, Dim::p, Dim::k};
    return {Dim::c, Dim::k, Dim::p};
}

std::vector<Loop> loops(std::initializer_list<Loop> all) {
    std::vector<Loop> kept;
    std::copy_if(all.begin(), all.end(), std::back_inserter(kept),
                 [](const Loop& l) { return l.extent > 1; });
    return kept;
}

/// What a level gives inwards and takes from there, and what it was given from outside.
LevelAccesses accesses(const std::string& name, const Flow& inner, const Flow* outer) {
    LevelAccesses level;
    level.level = name;
    const auto at = [&](Operand operand) -> OperandAccesses& {
        return level.operands[static_cast<size_t>(operand)];
    };
    at(Operand::weights).reads = inner.weights;
    at(Operand::inputs).reads = inner.inputs;
    at(Operand::outputs).reads = inner.partial_reads;
    at(Operand::outputs).updates = inner.outputs + inner.partial_writes;
    if (outer) {
        at(Operand::weights).fills = outer->weights;
        at(Operand::inputs).fills = outer->inputs;
        at(Operand::outputs).fills = outer->partial_reads;
    }
    return level;
}

} // namespace

std::shared_ptr<const MappedNest> systolic_nest(const MatrixLayer& layer, const Chip& chip,
                                                const MatrixProblem& problem) {
    const Roles role = roles(layer.dataflow);
    const Folding& folding = layer.folding;
    const int64_t tiles = layer.dram.tiles;
    auto nest = std::make_shared<MappedNest>();
    for (size_t i = 0; i < chip.level_count; ++i) {
        nest->mapping.levels.push_back({chip.levels[i].name, {}, {}, {}});
        nest->accesses.push_back(
            accesses(chip.levels[i].name, layer.flows[i], i > 0 ? &layer.flows[i - 1] : nullptr));
    }
    nest->mapping.levels.front().temporal = loops({{Dim::g, problem.nest.groups}, {Dim::p, tiles}});

    // Tiles of pixels make the loop over pixels shorter, wherever it stands.
    const auto shorter = [&](Dim dim, int64_t extent) {
        return dim == Dim::p ? (extent + tiles - 1) / tiles : extent;
    };
    const Loop row_folds{role.rows, shorter(role.rows, folding.row_folds)};
    const Loop column_folds{role.columns, shorter(role.columns, folding.col_folds)};
    const Loop stream{role.streamed, shorter(role.streamed, folding.t)};
    MappingLevel& array = nest->mapping.levels.back();
    array.temporal = layer.dram.rows_inner ? loops({column_folds, row_folds, stream})
                                           : loops({row_folds, column_folds, stream});
    array.spatial_x = loops({{role.columns, std::min(chip.array.cols, folding.s_c)}});
    const int64_t products = chip.mac.rate(problem.operands).products;
    array.spatial_y = loops({{role.rows, std::min(chip.array.rows, folding.s_r)}, {Dim::c, products}});
    const LoopNest& n = problem.nest;
    nest->legend = "C: window of " + std::to_string(n.in_channels / n.groups) + " x " +
                   std::to_string(n.kernel_height) + " x " + std::to_string(n.kernel_width) +
                   ", P: pixels of the batch";
    if (products > 1)
        nest->legend += "; the last C across Y: " + std::to_string(products) + " products of one unit";
    return nest;
}

} // namespace widthwise::cost
