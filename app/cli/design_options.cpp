#include "app/cli/design_options.h"

#include "core/base/input_file.h"
#include "core/base/text.h"
#include "core/design/range_names.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace widthwise::cli {
namespace {

/// The one of `values` that the text names.
template <typename Enum, size_t N>
Result<Enum> named(std::string_view text, const std::array<Enum, N>& values, const char* what,
                   const char* option) {
    std::vector<std::string> names;
    for (const Enum v : values) {
        if (text == to_string(v)) return v;
        names.emplace_back(to_string(v));
    }
    const auto near = nearest_names(text, names);
    return fail(ErrorCode::usage, std::string("unknown ") + what + " " + in_quotes(text), option,
                near.empty() ? "known are " + join(names, ", ") : "did you mean " + join(near, ", ") + "?");
}

/// Calls `change` with the default precision and with each layer's own.
template <typename Change> void change_all(PrecisionPlan& plan, const Change& change) {
    LayerPrecision everywhere = plan.default_precision();
    change(everywhere);
    plan.set_default(std::move(everywhere));
    const auto layers = plan.layers();
    for (const auto& [name, precision] : layers) {
        LayerPrecision changed = precision;
        change(changed);
        plan.set(name, std::move(changed));
    }
}

/// Scales that are given stand as they are.
void set_range(NumberFormat& format, const RangeRule& rule) {
    if (format.is_quantized() && format.has_scale() && format.scale.empty()) format.range = rule;
}

Result<void> apply_ranges(PrecisionPlan& plan, const std::string& weights, const std::string& activations) {
    for (const bool of_weights : {true, false}) {
        const std::string& text = of_weights ? weights : activations;
        if (text.empty()) continue;
        const char* option = of_weights ? "--weights-range" : "--activations-range";
        const auto rule = range_rule_from_text(text);
        if (!rule || (of_weights && rule->type == RangeRuleType::dynamic))
            return fail(ErrorCode::usage, in_quotes(text) + " is no range rule for it", option,
                        "write minmax, moving_average, percentile:99.99, mse, entropy or, for activations, "
                        "dynamic");
        change_all(plan,
                   [&](LayerPrecision& p) { set_range(of_weights ? p.weights : p.activations, *rule); });
    }
    Result<void> valid;
    change_all(plan, [&](LayerPrecision& p) {
        for (const NumberFormat* format : {&p.weights, &p.activations})
            if (valid) valid = validate(*format);
    });
    if (!valid) valid.error().code = ErrorCode::usage;
    return valid;
}

/// MODE[:ROUNDING]
Result<Requantization> parse_requantization(const std::string& text) {
    const char* option = "--requantization";
    const size_t colon = text.find(':');
    auto mode = named(text.substr(0, colon), k_requantization_modes, "requantization", option);
    if (!mode) return forward_error(mode);
    Requantization how;
    how.mode = *mode;
    if (colon != std::string::npos) {
        auto rounding = named(text.substr(colon + 1), k_roundings, "rounding", option);
        if (!rounding) return forward_error(rounding);
        how.rounding = *rounding;
    }
    if (auto valid = validate(how); !valid)
        return fail(ErrorCode::usage, valid.error().message, option, valid.error().remedy);
    return how;
}

} // namespace

void DesignOptions::declare(CLI::App& command, bool executed) {
    CLI::Option* uniform = command.add_option(
        "--bits", bits,
        "Widths of weights and activations everywhere: w8a8, w4a6, w1a1 (binary), w4a32 (32: float), float; "
        "or a type's short name for either or both: wlog4a8, we4m3a8, bf16 [what a quantized MODEL carries, "
        "else float]");
    command
        .add_option("--layer", layers,
                    "NAME=w4a6: the same of one layer, or of all that match a glob (conv*); repeatable")
        ->type_name("NAME=BITS")
        ->allow_extra_args(false);
    command
        .add_option("--design", file, "A design document (widthwise-design/1), as --save-design writes it")
        ->type_name("FILE.json")
        ->excludes(uniform);
    uniform->type_name("wNaM");
    if (!executed) return;
    command
        .add_option("--weights-range", weights_range,
                    "How weight ranges are chosen where the design gives no scale: minmax, percentile:99.99, "
                    "mse, entropy")
        ->type_name("RULE");
    command
        .add_option("--activations-range", activations_range,
                    "The same for activations: also moving_average, dynamic (each image's own)")
        ->type_name("RULE");
    command
        .add_option("--accumulator-bits", accumulator_bits,
                    "Simulate accumulators of this width in all layers that run on integers")
        ->check(CLI::Range(k_min_accumulator_bits, k_max_accumulator_bits))
        ->type_name("N");
    command.add_option("--overflow", overflow, "What they do beyond their range: wrap or saturate")
        ->type_name("HOW");
    command
        .add_option("--requantization", requantization,
                    "How sums become integers again: float, integer_multiplier or power_of_two_shift; the "
                    "last two with a rounding, e.g. integer_multiplier:half_up")
        ->type_name("MODE[:ROUNDING]");
    command
        .add_option("--pass", passes,
                    "Apply equalize, absorb_bias, reestimate_batch_norm, adaround, bias_correction_analytic "
                    "or bias_correction first; repeatable")
        ->type_name("NAME")
        ->allow_extra_args(false);
    command.add_flag("--keep-batch-norm", keep_batch_norm,
                     "Quantize weights as they are, BatchNormalization not folded into them");
}

Result<PrecisionPlan> DesignOptions::plan(const Graph& graph,
                                          const std::optional<PrecisionPlan>& carried) const {
    PrecisionPlan plan;
    if (!file.empty()) {
        auto text = read_input(file);
        if (!text) return forward_error(text);
        auto read = plan_from_json(*text, graph, file);
        if (!read) return forward_error(read);
        plan = std::move(*read);
    } else if (!bits.empty()) {
        auto everywhere = parse_bits(bits);
        if (!everywhere) return forward_error(everywhere);
        plan.set_default(std::move(*everywhere));
    } else if (carried) {
        plan = *carried;
    }
    for (const std::string& option : layers)
        if (auto applied = apply_layer_option(plan, graph, option); !applied) return forward_error(applied);
    if (auto ranges = apply_ranges(plan, weights_range, activations_range); !ranges)
        return forward_error(ranges);
    if (!requantization.empty()) {
        auto how = parse_requantization(requantization);
        if (!how) return forward_error(how);
        plan.set_requantization(*how);
    }
    std::optional<Overflow> how;
    if (!overflow.empty()) {
        auto read = named(overflow, std::array{Overflow::wrap, Overflow::saturate}, "way of overflowing",
                          "--overflow");
        if (!read) return forward_error(read);
        how = *read;
    }
    change_all(plan, [&](LayerPrecision& p) {
        if (accumulator_bits) p.accumulator.bits = *accumulator_bits;
        if (how) p.accumulator.overflow = *how;
    });
    std::vector<Pass> all = plan.passes();
    for (const std::string& name : passes) {
        auto pass = named(name, k_passes, "pass", "--pass");
        if (!pass) return forward_error(pass);
        all.push_back(*pass);
    }
    plan.set_passes(std::move(all));
    if (keep_batch_norm) plan.set_folds_batch_norm(false);
    return plan;
}

} // namespace widthwise::cli
