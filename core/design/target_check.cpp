#include "core/design/target_check.h"

#include "core/design/format_pair.h"
#include "core/design/target_names.h"

#include <algorithm>

namespace widthwise {
namespace {

bool per_pe_levels(const HardwareTarget& target) {
    return std::any_of(target.memory.begin(), target.memory.end(),
                       [](const MemoryLevel& level) { return level.per_pe; });
}

std::string text_of(Operand operand) {
    return std::string(k_operand_names[static_cast<size_t>(operand)]);
}

KeyPath level_path(const ObjectReader& document, size_t i) {
    return element(document.path("memory"), i);
}

void check_order(ObjectReader& document, const HardwareTarget& target) {
    const auto& levels = target.memory;
    if (levels.front().per_pe)
        return document.complain(level_path(document, 0).key("per_pe"),
                                 "the outermost level is the DRAM of the whole device",
                                 "name the DRAM first");
    if (!(levels.front().holds == OperandSet{}))
        return document.complain(level_path(document, 0).key("holds"),
                                 "the DRAM holds weights, inputs and outputs", "leave the key out");
    for (size_t i = 1; i + 1 < levels.size(); ++i)
        if (levels[i].per_pe && !levels[i + 1].per_pe)
            return document.complain(level_path(document, i).key("per_pe"),
                                     "\"" + levels[i].name + "\" is in every processing element but \"" +
                                         levels[i + 1].name + "\" inside it is shared",
                                     "name the shared levels first");
    if (levels[1].per_pe)
        document.complain(level_path(document, 1),
                          "no shared memory between the DRAM and the processing elements",
                          "name a buffer before the scratchpads");
}

/// While a tile of operands is at work in the array, the next one must fit beside it; a scratchpad needs to
/// hold one element of everything that it keeps.
void check_sizes(ObjectReader& document, const HardwareTarget& target) {
    const int widest = std::max(target.mac.weight_bits, target.mac.activation_bits);
    for (size_t i = 1; i < target.memory.size(); ++i) {
        const MemoryLevel& level = target.memory[i];
        const auto stored = [&](int bits) { return std::max(bits, level.element_bits); };
        int64_t bits = 2 * target.rows * target.cols * stored(widest);
        if (level.per_pe) {
            bits = 0;
            if (level.holds.weights) bits += stored(target.mac.weight_bits);
            if (level.holds.inputs) bits += stored(target.mac.activation_bits);
            if (level.holds.outputs) bits += stored(target.mac.accumulator_bits);
        }
        const int64_t needed = (bits + 7) / 8;
        if (*level.bytes < needed)
            return document.complain(level_path(document, i).key("bytes"),
                                     "\"" + level.name + "\" holds " + std::to_string(*level.bytes) +
                                         " bytes but " +
                                         (level.per_pe ? "one element of each operand that it holds needs "
                                                       : "two tiles of the array need ") +
                                         std::to_string(needed),
                                     level.per_pe ? "make it larger or its elements narrower"
                                                  : "make it larger or the array smaller");
    }
}

/// Operands that the dataflow keeps in the processing elements.
std::vector<Operand> kept_operands(Dataflow dataflow) {
    switch (dataflow) {
    case Dataflow::weight_stationary:
        return {Operand::weights};
    case Dataflow::output_stationary:
        return {Operand::outputs};
    case Dataflow::input_stationary:
        return {Operand::inputs};
    case Dataflow::row_stationary:
        return {Operand::weights, Operand::inputs, Operand::outputs};
    case Dataflow::no_local_reuse:
    case Dataflow::best:
        break;
    }
    return {};
}

void check_operands(ObjectReader& document, const HardwareTarget& target) {
    const std::string dataflow(to_string(target.dataflow));
    const bool scratchpads = per_pe_levels(target);
    if (target.dataflow == Dataflow::row_stationary && !scratchpads)
        return document.complain(document.path("dataflow"),
                                 "rs keeps rows of weights, inputs and outputs in the processing elements, "
                                 "which have no memory",
                                 "add levels with \"per_pe\": true or choose ws, os, is or best");
    if (scratchpads)
        for (const Operand operand : kept_operands(target.dataflow))
            if (std::none_of(target.memory.begin(), target.memory.end(), [&](const MemoryLevel& level) {
                    return level.per_pe && level.holds.has(operand);
                }))
                return document.complain(
                    document.path("memory"),
                    dataflow + " keeps " + text_of(operand) +
                        " in the processing elements, but no \"per_pe\" level holds them",
                    "add them to a level's \"holds\"");
    if (scratchpads || target.dataflow == Dataflow::no_local_reuse) return;
    for (size_t i = 1; i < target.memory.size(); ++i)
        if (!(target.memory[i].holds == OperandSet{}))
            return document.complain(level_path(document, i).key("holds"),
                                     "a systolic array takes and leaves all operands in every level",
                                     "leave \"holds\" out, or give the processing elements scratchpads");
}

void check_mac(ObjectReader& document, const HardwareTarget& target) {
    const MacUnit& mac = target.mac;
    if (mac.style == MacStyle::bit_composable)
        for (const auto& [key, bits] :
             {std::pair{"weight_bits", mac.weight_bits}, {"activation_bits", mac.activation_bits}}) {
            int built = mac.min_bits;
            while (built < bits) built *= 2;
            if (built != bits)
                return document.complain(document.path("mac").key(key),
                                         std::to_string(bits) + " bits are not composed of elements of " +
                                             std::to_string(mac.min_bits),
                                         "give \"min_bits\" times a power of two");
        }
    const bool maps_nests = per_pe_levels(target) || target.dataflow == Dataflow::no_local_reuse ||
                            target.dataflow == Dataflow::row_stationary;
    if (mac.style == MacStyle::bit_composable && maps_nests)
        return document.complain(document.path("mac").key("style"),
                                 "bit_composable units make several products a cycle, which mapped loop "
                                 "nests (rs, nlr and scratchpads) do not model",
                                 "choose ws, os, is or best without \"per_pe\" levels, or bit_parallel "
                                 "units");
    if (target.sizing != Sizing::fixed) return;
    for (size_t i = 0; i < target.supports.pairs.size(); ++i) {
        const FormatPair& pair = target.supports.pairs[i];
        const auto too_wide = [](const OperandSupport& operand, int bits) {
            return operand.type == "integer" && operand.bits > bits;
        };
        if (too_wide(pair.weights, mac.weight_bits) || too_wide(pair.activations, mac.activation_bits)) {
            return document.complain(element(document.path("supports").key("formats"), i),
                                     to_text(pair) + " does not fit MACs of " +
                                         std::to_string(mac.weight_bits) + " x " +
                                         std::to_string(mac.activation_bits) + " bits",
                                     "widen \"mac\" or leave the format out");
        }
    }
}

/// One configuration serves all networks.
void check_overlay(ObjectReader& document, const HardwareTarget& target) {
    if (target.fpga && target.sizing == Sizing::to_design)
        document.complain(document.path("sizing"),
                          "an array that is loaded into an FPGA is not built for one design",
                          "write \"fixed\", or choose the kind \"fpga_dataflow\"");
}

/// What only arrays have levels for.
void check_levels(ObjectReader& document, const HardwareTarget& target) {
    const auto useless = [&](size_t i, const std::vector<const char*>& keys) {
        if (!document.has("memory")) return;
        for (const char* key : keys)
            if (document.at("memory")[i].contains(key))
                document.complain(level_path(document, i).key(key),
                                  "means nothing for a target of kind \"" +
                                      std::string(to_string(target.kind)) + "\"",
                                  "leave the key out");
    };
    for (size_t i = 0; i < target.memory.size(); ++i) {
        if (target.memory[i].per_pe)
            document.complain(level_path(document, i).key("per_pe"),
                              "only a spatial target has memory in its processing elements",
                              "leave the key out");
        useless(i, {"holds"});
    }
    if (target.kind == TargetKind::gpu) {
        if (target.memory.size() > 2)
            document.complain(level_path(document, 1), "a GPU has two levels, its DRAM and its L2 cache",
                              "leave the level out");
        return useless(target.memory.size() - 1, {"element_bits"});
    }
    for (size_t i = 1; i < target.memory.size(); ++i)
        useless(i, {"bandwidth_bytes_per_s", "bytes_per_cycle", "energy_pj_per_bit", "read_energy_pj_per_bit",
                    "write_energy_pj_per_bit", "area_mm2", "element_bits"});
}

} // namespace

void check_kind(ObjectReader& document, const HardwareTarget& target) {
    const std::string kind(to_string(target.kind));
    const auto useless = [&](const std::vector<const char*>& keys) {
        for (const char* key : keys)
            if (document.has(key))
                document.complain(document.path(key), "means nothing for a target of kind \"" + kind + "\"",
                                  "leave the key out");
    };
    switch (target.kind) {
    case TargetKind::spatial:
        return useless({"gpu"});
    case TargetKind::fpga_dataflow:
        useless({"array", "dataflow", "objective", "mac_efficiency", "mac_pj", "zeros", "noc_pj_per_bit",
                 "diagonal_multicast", "keeps_feature_maps", "gpu"});
        if (document.has("sizing") && target.sizing == Sizing::fixed)
            document.complain(document.path("sizing"), "its units are built for each design",
                              "write \"to_design\"");
        return document.missing("fpga", "say what the device has");
    case TargetKind::gpu:
        useless({"array", "dataflow", "objective", "mac", "mac_efficiency", "mac_pj", "zeros",
                 "noc_pj_per_bit", "diagonal_multicast", "fpga"});
        if (target.sizing == Sizing::to_design)
            document.complain(document.path("sizing"), "a GPU is not built for one design",
                              "write \"fixed\"");
        document.missing("gpu", "give its peaks");
        return document.missing("memory", "give the bandwidth of its DRAM and the size of its L2 cache");
    }
}

void check_consistent(ObjectReader& document, const HardwareTarget& target) {
    if (target.kind == TargetKind::spatial) {
        check_order(document, target);
        check_sizes(document, target);
        check_operands(document, target);
        check_mac(document, target);
        check_overlay(document, target);
        return;
    }
    if (target.kind == TargetKind::fpga_dataflow && target.mac.style != MacStyle::bit_parallel)
        document.complain(document.path("mac").key("style"),
                          "an FPGA's dataflow units multiply in LUTs and DSPs", "leave the key out");
    check_levels(document, target);
}

} // namespace widthwise
