#include "core/cost/map_space.h"

#include "core/cost/nest_mapping.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

constexpr LoopOrder k_weights_stay = {Dim::g, Dim::k, Dim::c, Dim::r, Dim::s, Dim::n, Dim::p, Dim::q};
constexpr LoopOrder k_inputs_stay = {Dim::g, Dim::n, Dim::c, Dim::p, Dim::q, Dim::r, Dim::s, Dim::k};
constexpr LoopOrder k_outputs_stay = {Dim::g, Dim::p, Dim::q, Dim::n, Dim::k, Dim::c, Dim::r, Dim::s};
constexpr LoopOrder k_rows = {Dim::g, Dim::c, Dim::p, Dim::r, Dim::s, Dim::k, Dim::n, Dim::q};

constexpr int64_t k_long_row = 256; ///< output columns; no built-in network has more

/// The scratchpad that holds the operand, else the level beside the array.
size_t pad(const HardwareTarget& target, Operand operand) {
    for (size_t level = target.memory.size(); level-- > 0;)
        if (target.memory[level].per_pe && target.memory[level].holds.has(operand)) return level;
    return array_level(target);
}

bool has_pad(const HardwareTarget& target, Operand operand) {
    return target.memory[pad(target, operand)].per_pe;
}

/// What each dimension may do at the array and inside it.
struct Rules {
    std::string_view x, y;          ///< letters of the spatial loops
    std::string_view weights, sums; ///< in the weights' and in the outputs' scratchpad
    std::string_view inputs;        ///< in the inputs' scratchpad
    bool whole_rows = false;        ///< Q stands beside the array, whole
};

Rules rules(Dataflow dataflow) {
    switch (dataflow) {
    case Dataflow::row_stationary:
        return {"PKG", "RCKG", "SC", "K", "", true};
    case Dataflow::output_stationary:
        return {"KQG", "PCG", "", "KPQ", "", false};
    case Dataflow::input_stationary:
        return {"CQG", "PRG", "", "", "CPQRS", false};
    case Dataflow::no_local_reuse:
        return {"KG", "CG", "", "", "", false};
    case Dataflow::weight_stationary:
    case Dataflow::best:
        break;
    }
    return {"KQG", "CRSG", "KCRS", "", "", false};
}

} // namespace

bool can_run(const HardwareTarget& target, Dataflow dataflow) {
    switch (dataflow) {
    case Dataflow::row_stationary:
        return has_pad(target, Operand::weights) && has_pad(target, Operand::inputs) &&
               has_pad(target, Operand::outputs);
    case Dataflow::output_stationary:
        return has_pad(target, Operand::outputs);
    case Dataflow::input_stationary:
        return has_pad(target, Operand::inputs);
    case Dataflow::weight_stationary:
        return has_pad(target, Operand::weights);
    case Dataflow::no_local_reuse:
    case Dataflow::best:
        break;
    }
    return true;
}

MapSpace map_space(const HardwareTarget& target, Dataflow dataflow) {
    const Rules rule = rules(dataflow);
    const size_t array = array_level(target);
    MapSpace space;
    for (size_t d = 0; d < k_dims; ++d) {
        const char letter = to_char(static_cast<Dim>(d));
        auto& places = space.places[d];
        const auto may = [&](std::string_view letters) {
            return letters.find(letter) != std::string_view::npos;
        };
        if (may(rule.sums)) places.push_back({pad(target, Operand::outputs), Slot::temporal});
        if (may(rule.weights)) places.push_back({pad(target, Operand::weights), Slot::temporal});
        if (may(rule.inputs)) places.push_back({pad(target, Operand::inputs), Slot::temporal});
        if (may(rule.y)) places.push_back({array, Slot::y});
        if (may(rule.x)) places.push_back({array, Slot::x});
        const bool rows = rule.whole_rows;
        const bool beside = !rows || may("KNQRS");
        const bool outside = !rows || may("GNKCPQ");
        if (rows && letter == 'Q') space.whole[d] = k_long_row;
        if (beside)
            for (size_t level = array; level > 0; --level) places.push_back({level, Slot::temporal});
        if (outside || places.empty()) places.push_back({0, Slot::temporal});
    }
    for (size_t level = 0; level < k_most_levels; ++level) {
        const bool beside = level == array && dataflow != Dataflow::no_local_reuse;
        if (level > array)
            space.orders[level] = {k_outputs_stay};
        else if (dataflow == Dataflow::row_stationary)
            space.orders[level] = {beside ? k_rows : k_outputs_stay};
        else if (beside)
            space.orders[level] = {dataflow == Dataflow::output_stationary  ? k_outputs_stay
                                   : dataflow == Dataflow::input_stationary ? k_inputs_stay
                                                                            : k_weights_stay};
        else
            space.orders[level] = {k_weights_stay, k_inputs_stay, k_outputs_stay};
    }
    return space;
}

} // namespace widthwise::cost
