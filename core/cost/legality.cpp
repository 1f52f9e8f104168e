#include "core/cost/legality.h"

#include "core/base/text.h"
#include "core/cost/arithmetic.h"
#include "core/cost/gpu_peak.h"
#include "core/cost/graph_roles.h"
#include "core/design/format_pair.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

bool has_zero_point(const NumberFormat& format) {
    if (format.type != FormatType::integer || format.symmetric) return false;
    const auto& given = format.zero_point;
    return given.empty() || std::any_of(given.begin(), given.end(), [](int32_t z) { return z != 0; });
}

bool has_power_of_two_scale(const NumberFormat& format) {
    return format.type == FormatType::fixed_point || format.type == FormatType::dynamic_fixed_point ||
           format.type == FormatType::power_of_two || format.scale_type == ScaleType::power_of_two;
}

std::string type_name(const OperandFormat& operand) {
    switch (operand.numeric) {
    case Numeric::integer:
        return "integer";
    case Numeric::power_of_two:
        return "power_of_two";
    case Numeric::ternary:
        return "ternary";
    case Numeric::binary:
        return "binary";
    case Numeric::codebook:
        return "codebook";
    case Numeric::float8:
        return "float8_e4m3";
    case Numeric::float16:
        return "float16";
    case Numeric::bfloat16:
        return "bfloat16";
    case Numeric::float32:
        break;
    }
    return "float32";
}

std::string text_of(const Operands& operands) {
    const auto support = [](const OperandFormat& f) { return OperandSupport{type_name(f), f.bits}; };
    return to_text(FormatPair{support(operands.weights), support(operands.activations)});
}

/// The pairs that a layer must be run as one of; empty: no such list.
std::vector<FormatPair> listed_pairs(const HardwareTarget& target) {
    std::vector<FormatPair> pairs = target.supports.pairs;
    if (pairs.empty() && target.gpu)
        for (const GpuPeak& peak : target.gpu->peaks) pairs.push_back({peak.format, peak.format});
    return pairs;
}

Operands operands_of(const FormatPair& pair) {
    return {operand_format(pair.weights), operand_format(pair.activations)};
}

/// Narrower first, then integers before floats.
bool narrower(const FormatPair& a, const FormatPair& b) {
    const auto area = [](const FormatPair& p) { return p.weights.bits * p.activations.bits; };
    if (area(a) != area(b)) return area(a) < area(b);
    return !operands_of(a).floating() && operands_of(b).floating();
}

/// The pair to run `wanted` as; null: none holds it.
const FormatPair* narrowest_holding(const std::vector<FormatPair>& pairs, const Operands& wanted) {
    const FormatPair* best = nullptr;
    for (const FormatPair& pair : pairs)
        if (holds(pair.weights, wanted.weights) && holds(pair.activations, wanted.activations) &&
            (!best || narrower(pair, *best)))
            best = &pair;
    return best;
}

/// The widest pair of floats, which rounds wider ones; null: there is none.
const FormatPair* widest_floats(const std::vector<FormatPair>& pairs) {
    const FormatPair* best = nullptr;
    for (const FormatPair& pair : pairs) {
        const Operands operands = operands_of(pair);
        if (is_floating(operands.weights.numeric) && is_floating(operands.activations.numeric) &&
            (!best || narrower(*best, pair)))
            best = &pair;
    }
    return best;
}

void add_reason(std::string& reasons, const std::string& reason) {
    if (!reasons.empty()) reasons += "; ";
    reasons += reason;
}

tl::unexpected<Error> too_wide(const HardwareTarget& target, const Operands& wanted,
                               const std::string& widest) {
    return fail(ErrorCode::invalid_input,
                text_of(wanted) + " does not fit the MACs of target '" + target.name + "' (" + widest + ")",
                {}, "use narrower formats or a target with \"sizing\": \"to_design\"");
}

/// As MACs without other data paths read the operands; a MAC of one bit takes the signs of a binary one.
Operands as_read(const Operands& wanted) {
    Operands read = as_integers(wanted);
    if (wanted.weights.numeric == Numeric::binary) read.weights.bits = 1;
    if (wanted.activations.numeric == Numeric::binary) read.activations.bits = 1;
    return read;
}

/// On a target without a list.
Result<void> check_width(const HardwareTarget& target, RunFormats& run) {
    const Operands& wanted = run.operands;
    if (target.sizing != Sizing::fixed || target.kind != TargetKind::spatial) return {};
    if (wanted.floating()) {
        add_reason(run.fallback, "floating-point units are assumed: the target has none");
        return {};
    }
    const Operands read = as_read(wanted);
    if (read.weights.bits > target.mac.weight_bits || read.activations.bits > target.mac.activation_bits)
        return too_wide(target, wanted,
                        std::to_string(target.mac.weight_bits) + " x " +
                            std::to_string(target.mac.activation_bits) + " bits");
    return {};
}

/// On a target with one.
Result<void> choose_pair(const HardwareTarget& target, const std::vector<FormatPair>& pairs,
                         RunFormats& run) {
    const Operands wanted = run.operands;
    const FormatPair* pair = narrowest_holding(pairs, wanted);
    // Without units that look levels up, they are decoded to the integers that a table's entries are.
    if (!pair && !wanted.floating() && wanted.weights.numeric == Numeric::codebook)
        pair = narrowest_holding(pairs, as_integers(wanted));
    if (!pair && wanted.floating()) {
        pair = widest_floats(pairs);
        if (!pair) {
            add_reason(run.fallback, "floating-point units are assumed: the target has none");
            return {};
        }
    }
    if (!pair) {
        std::vector<std::string> texts;
        for (const FormatPair& each : pairs) texts.push_back(to_text(each));
        return too_wide(target, wanted, join(texts, ", "));
    }
    run.operands = operands_of(*pair);
    if (!(run.operands == wanted))
        add_reason(run.fallback,
                   "runs as " + to_text(*pair) + ": the target multiplies no " + text_of(wanted));
    return {};
}

void choose_scales(const HardwareTarget& target, const NumberFormat& weights, const NumberFormat& activations,
                   RunFormats& run) {
    const Capabilities& supports = target.supports;
    RunScales& scales = run.scales;
    scales.power_of_two = has_power_of_two_scale(weights) && has_power_of_two_scale(activations);
    if (weights.has_scale()) scales.weights = weights.granularity;
    const Granularity asked = scales.weights;
    if (scales.weights == Granularity::group && !supports.per_group) scales.weights = Granularity::channel;
    if (scales.weights == Granularity::channel && !supports.per_channel) scales.weights = Granularity::tensor;
    if (scales.weights == Granularity::group) scales.weight_group = weights.group_size;
    if (activations.has_scale()) scales.inputs = activations.granularity;
    if (scales.inputs == Granularity::group) scales.input_group = activations.group_size;
    if (scales.weights != asked)
        add_reason(run.fallback, std::string("weights take one scale per ") +
                                     (scales.weights == Granularity::channel ? "channel" : "tensor") +
                                     ": the target has none per " +
                                     (asked == Granularity::group ? "group" : "channel"));
    scales.weight_zero_point = has_zero_point(weights) && supports.weight_zero_points;
    scales.input_zero_point = has_zero_point(activations) && supports.input_zero_points;
    if (scales.weight_zero_point != has_zero_point(weights))
        add_reason(run.fallback, "weights run symmetric: the target has no zero points of weights");
    if (scales.input_zero_point != has_zero_point(activations))
        add_reason(run.fallback, "inputs run symmetric: the target has no zero points of inputs");
}

} // namespace

OperandFormat operand_format(const NumberFormat& format) {
    const int bits = operand_bits(format);
    switch (format.type) {
    case FormatType::float32:
        return {Numeric::float32, bits};
    case FormatType::float16:
        return {Numeric::float16, bits};
    case FormatType::bfloat16:
        return {Numeric::bfloat16, bits};
    case FormatType::float8_e4m3:
    case FormatType::float8_e5m2:
        return {Numeric::float8, bits};
    case FormatType::power_of_two:
        return {Numeric::power_of_two, bits};
    case FormatType::ternary:
        return {Numeric::ternary, bits};
    case FormatType::binary:
        return {Numeric::binary, bits};
    case FormatType::codebook:
        return {Numeric::codebook, bits};
    case FormatType::integer:
    case FormatType::fixed_point:
    case FormatType::dynamic_fixed_point:
        break;
    }
    return {bits == 32 ? Numeric::float32 : Numeric::integer, bits};
}

OperandFormat operand_format(const OperandSupport& operand) {
    for (const Numeric numeric : {Numeric::integer, Numeric::power_of_two, Numeric::ternary, Numeric::binary,
                                  Numeric::codebook, Numeric::float16, Numeric::bfloat16, Numeric::float32})
        if (type_name({numeric, operand.bits}) == operand.type) return {numeric, operand.bits};
    return {Numeric::float8, operand.bits};
}

bool holds(const OperandSupport& unit, const OperandFormat& operand) {
    const bool signs = operand.numeric == Numeric::ternary || operand.numeric == Numeric::binary;
    if (unit.type == "power_of_two")
        return signs || (operand.numeric == Numeric::power_of_two && operand.bits <= unit.bits);
    if (unit.type == "ternary") return signs;
    if (unit.type == "codebook") return operand.numeric == Numeric::codebook && operand.bits <= unit.bits;
    if (unit.type == "integer" && operand.numeric == Numeric::power_of_two)
        return operand.bits <= 6 && 1 << (operand.bits - 1) <= unit.bits;
    return unit_takes(unit, operand);
}

Result<RunFormats> run_formats(const HardwareTarget& target, const NumberFormat& weights,
                               const NumberFormat& activations) {
    RunFormats run;
    const Operands wanted{operand_format(weights), operand_format(activations)};
    run.operands = wanted;
    const std::vector<FormatPair> pairs = listed_pairs(target);
    auto chosen = pairs.empty() ? check_width(target, run) : choose_pair(target, pairs, run);
    if (!chosen) return forward_error(chosen);
    choose_scales(target, weights, activations, run);
    // A GPU's kernels unpack narrow weights in registers; elsewhere memory holds what the multipliers read.
    run.stored_weight_bits = target.kind == TargetKind::gpu ? wanted.weights.bits : run.operands.weights.bits;
    return run;
}

int stored_activation_bits(const HardwareTarget& target, const NumberFormat& format) {
    const OperandFormat operand = operand_format(format);
    int bits = 0; // 0: no listed format holds it
    const auto consider = [&](const OperandSupport& listed) {
        if (holds(listed, operand) && (bits == 0 || listed.bits < bits)) bits = listed.bits;
    };
    for (const FormatPair& pair : target.supports.pairs) consider(pair.activations);
    if (target.supports.pairs.empty() && target.gpu)
        for (const GpuPeak& peak : target.gpu->peaks) consider(peak.format);
    if (bits == 0 && is_floating(operand.numeric)) {
        const std::vector<FormatPair> pairs = listed_pairs(target);
        if (const FormatPair* pair = widest_floats(pairs)) bits = pair->activations.bits;
    }
    const int outermost = target.memory.empty() ? 1 : target.memory.front().element_bits;
    return std::max(outermost, bits > 0 ? bits : operand.bits);
}

LegalFormats legal_formats(const HardwareTarget& target) {
    LegalFormats legal;
    legal.pairs = listed_pairs(target);
    const Capabilities& supports = target.supports;
    legal.per_channel = supports.per_channel;
    legal.per_group = supports.per_group;
    legal.weight_zero_points = supports.weight_zero_points;
    legal.input_zero_points = supports.input_zero_points;
    if (legal.pairs.empty()) {
        const bool bounded = target.kind == TargetKind::spatial && target.sizing == Sizing::fixed;
        constexpr int k_widest = 16; ///< of NumberFormat's integers
        legal.widest_weights = bounded ? std::min(k_widest, target.mac.weight_bits) : k_widest;
        legal.widest_activations = bounded ? std::min(k_widest, target.mac.activation_bits) : k_widest;
        legal.floats = !bounded;
        return legal;
    }
    for (const FormatPair& pair : legal.pairs) {
        if (operands_of(pair).floating()) {
            legal.floats = true;
            continue;
        }
        legal.widest_weights = std::max(legal.widest_weights, pair.weights.bits);
        legal.widest_activations = std::max(legal.widest_activations, pair.activations.bits);
    }
    return legal;
}

std::string to_text(const LegalFormats& legal) {
    std::vector<std::string> parts;
    for (const FormatPair& pair : legal.pairs) parts.push_back(to_text(pair));
    std::string text = join(parts, ", ");
    if (legal.pairs.empty())
        text = "integers up to w" + std::to_string(legal.widest_weights) + "a" +
               std::to_string(legal.widest_activations) + (legal.floats ? ", floating point" : "");
    std::vector<std::string> scales = {"tensor"};
    if (legal.per_channel) scales.emplace_back("channel");
    if (legal.per_group) scales.emplace_back("group");
    text += "; scales per " + join(scales, " or ");
    if (legal.weight_zero_points && legal.input_zero_points) return text;
    if (!legal.weight_zero_points && !legal.input_zero_points) return text + "; no zero points";
    return text + "; zero points of " + (legal.weight_zero_points ? "weights" : "inputs") + " only";
}

} // namespace widthwise::cost
