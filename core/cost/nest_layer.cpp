#include "core/cost/nest_layer.h"

#include "core/cost/mapper.h"
#include "core/cost/nest_mapping.h"
#include "core/cost/objective.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

constexpr std::array k_dataflows = {Dataflow::row_stationary, Dataflow::weight_stationary,
                                    Dataflow::output_stationary, Dataflow::input_stationary,
                                    Dataflow::no_local_reuse};

Result<FoundMapping> as_given(const HardwareTarget& target, const NestShape& shape,
                              const NestPricing& pricing, const Mapping& mapping) {
    auto tiling = tiling_of(mapping, target, shape);
    if (!tiling) return forward_error(tiling);
    if (auto fits = check_fit(*tiling, target, shape, pricing); !fits) return forward_error(fits);
    FoundMapping found{*tiling, count_accesses(shape, NestHierarchy(target), *tiling), {}};
    found.figures = pricing.price(found.counts);
    return found;
}

/// The best of the target's dataflows; `ran` is the winner.
Result<FoundMapping> search(const HardwareTarget& target, const NestShape& shape, const NestPricing& pricing,
                            Dataflow& ran) {
    if (target.dataflow != Dataflow::best)
        return best_mapping(target, shape, pricing, ran = target.dataflow, target.objective);
    Result<FoundMapping> best = fail(ErrorCode::invalid_input, "the target can run no dataflow");
    for (const Dataflow dataflow : k_dataflows) {
        if (!can_run(target, dataflow)) continue;
        auto found = best_mapping(target, shape, pricing, dataflow, target.objective);
        if (!found && best) continue;
        if (!best || better(target.objective, found->figures, best->figures)) {
            best = std::move(found);
            ran = dataflow;
        }
    }
    return best;
}

/// "rs: GLB K3 Q55, X P11, Y R11, weights S11, sums K16": the loops by level, DRAM first.
std::string line(const Mapping& mapping, std::string_view how) {
    std::string text(how);
    const char* separator = ": ";
    const auto append = [&](const std::string& name, const std::vector<Loop>& loops) {
        if (loops.empty()) return;
        text += separator + name;
        for (const Loop& loop : loops) (text += ' ') += to_char(loop.dim) + std::to_string(loop.extent);
        separator = ", ";
    };
    for (const MappingLevel& level : mapping.levels) {
        append(level.level, level.temporal);
        append("columns", level.spatial_x);
        append("rows", level.spatial_y);
    }
    return text;
}

} // namespace

bool maps_nests(const HardwareTarget& target) {
    return target.dataflow == Dataflow::row_stationary || target.dataflow == Dataflow::no_local_reuse ||
           std::any_of(target.memory.begin(), target.memory.end(),
                       [](const MemoryLevel& level) { return level.per_pe; });
}

Result<MatrixResult> nest_layer(const HardwareTarget& target, const Chip& chip, const MatrixProblem& problem,
                                const Mapping* given) {
    const NestShape shape(problem);
    const NestPricing pricing(target, chip, problem);
    Dataflow ran = target.dataflow;
    auto found = given ? as_given(target, shape, pricing, *given) : search(target, shape, pricing, ran);
    if (!found) return forward_error(found);

    MatrixResult result;
    result.figures = found->figures;
    auto nest = std::make_shared<MappedNest>();
    nest->mapping = mapping_of(found->tiling, target);
    nest->searched = !given;
    nest->examined = found->examined;
    nest->gap = found->gap;
    for (size_t i = 0; i < found->tiling.levels; ++i) {
        const NestCounts::Level& level = found->counts.levels[i];
        nest->accesses.push_back({target.memory[i].name, level.instances, level.operands});
    }
    result.mapping = line(nest->mapping, given ? "given" : to_string(ran));
    result.nest = std::move(nest);
    return result;
}

} // namespace widthwise::cost
