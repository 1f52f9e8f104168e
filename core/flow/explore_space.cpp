#include "core/base/text.h"
#include "core/cost/legality.h"
#include "core/design/format_json.h"
#include "core/design/layer_lookup.h"
#include "core/design/target_parameter.h"
#include "core/flow/explore.h"
#include "core/graph/layer_work.h"

#include <algorithm>
#include <set>

namespace widthwise::flow {
namespace {

using explore::Variable;
using Formats = std::vector<NumberFormat>;

constexpr size_t k_most_choices = 255;
/// Integers up to here take the range with the least squared error where that is asked for.
constexpr int k_few_bits = 4;

bool by_width(const NumberFormat& a, const NumberFormat& b) {
    return a.storage_bits() < b.storage_bits();
}

/// What one operand may be written as, narrowest first.
Result<Formats> formats_of(FormatRole role, const SpaceOptions& options) {
    const bool weights = role == FormatRole::weights;
    Formats formats;
    for (const int bits : weights ? options.weight_widths : options.activation_widths) {
        if (!is_integer_width(bits))
            return fail(ErrorCode::usage, std::to_string(bits) + " is no width",
                        weights ? "weight widths" : "activation widths", "integers of 1 to 16 bits, or 32");
        NumberFormat format = weights ? weight_integer(bits) : activation_integer(bits);
        if (options.least_error_for_few_bits && bits <= k_few_bits && format.type == FormatType::integer)
            format.range = {RangeRuleType::mse};
        formats.push_back(std::move(format));
    }
    for (const std::string& name : weights ? options.weight_formats : options.activation_formats) {
        auto parsed = parse_bits(weights ? "w" + name + "a8" : "w8a" + name);
        if (!parsed) {
            parsed.error().where = in_quotes(name);
            return forward_error(parsed);
        }
        formats.push_back(weights ? parsed->weights : parsed->activations);
    }
    std::ranges::stable_sort(formats, by_width);
    Formats distinct;
    for (NumberFormat& format : formats)
        if (std::ranges::find(distinct, format) == distinct.end()) distinct.push_back(std::move(format));
    if (distinct.size() > k_most_choices)
        return fail(ErrorCode::usage, "more than 255 formats to choose from", {}, "name fewer");
    return distinct;
}

/// JSON texts: numbers, smallest first, then all others as they stood; each value once ("8" is "8.0").
std::vector<std::string> in_order(const std::vector<std::string>& values) {
    std::vector<std::pair<double, std::string>> numbers;
    std::vector<std::string> ordered, others;
    for (const std::string& value : values) {
        const auto number = parse_double(value);
        if (number &&
            std::ranges::find(numbers, *number, &std::pair<double, std::string>::first) == numbers.end())
            numbers.emplace_back(*number, value);
        if (!number && std::ranges::find(others, value) == others.end()) others.push_back(value);
    }
    std::ranges::stable_sort(numbers, {}, &std::pair<double, std::string>::first);
    for (auto& number : numbers) ordered.push_back(std::move(number.second));
    std::ranges::move(others, std::back_inserter(ordered));
    return ordered;
}

Result<Variable> hardware_variable(const HardwareTarget& target, const HardwareVariable& asked) {
    Variable variable;
    variable.kind = Variable::Kind::hardware;
    variable.name = variable.parameter = asked.key;
    if (auto known = target_parameter(target, asked.key); !known) return forward_error(known);
    variable.values = asked.values;
    if (variable.values.empty())
        for (const TargetParameter& parameter : target_parameters(target))
            if (parameter.key == asked.key) variable.values = parameter.suggestions;
    if (variable.values.empty())
        return fail(ErrorCode::usage, "no values to choose from", asked.key, "name some");
    for (const std::string& value : variable.values)
        if (auto changed = with_target_parameter(target, asked.key, value); !changed)
            return fail(ErrorCode::usage, changed.error().message, asked.key + " = " + value,
                        changed.error().remedy);
    variable.values = in_order(variable.values);
    if (variable.values.size() > k_most_choices)
        return fail(ErrorCode::usage, "more than 255 values to choose from", asked.key, "name fewer");
    return variable;
}

/// The base target, and it with each value of each hardware variable: what a width may be meant for.
std::vector<HardwareTarget> targets_of(const HardwareTarget& base, const std::vector<Variable>& hardware) {
    std::vector<HardwareTarget> targets{base};
    for (const Variable& variable : hardware)
        for (const std::string& value : variable.values)
            if (auto changed = with_target_parameter(base, variable.parameter, value))
                targets.push_back(std::move(*changed));
    return targets;
}

bool can_run(const std::vector<HardwareTarget>& targets, const NumberFormat& weights,
             const NumberFormat& activations) {
    return std::ranges::any_of(targets, [&](const HardwareTarget& target) {
        return cost::run_formats(target, weights, activations).has_value();
    });
}

/// Leaves out what no target can multiply with any format of the other operand.
void keep_legal(const std::vector<HardwareTarget>& targets, Formats& weights, Formats& activations) {
    const Formats all = weights;
    std::erase_if(weights, [&](const NumberFormat& w) {
        return std::ranges::none_of(activations, [&](const auto& a) { return can_run(targets, w, a); });
    });
    std::erase_if(activations, [&](const NumberFormat& a) {
        return std::ranges::none_of(all, [&](const auto& w) { return can_run(targets, w, a); });
    });
}

Result<std::set<std::string>> frozen_layers(const Graph& graph, const std::vector<std::string>& globs) {
    std::set<std::string> frozen;
    const std::vector<std::string> layers = precision_layers(graph);
    for (const std::string& glob : globs) {
        bool any = false;
        for (const std::string& layer : layers)
            if (layer == glob || glob_match(glob, layer)) {
                frozen.insert(layer);
                any = true;
            }
        if (any) continue;
        Error error = no_such_layer(graph, glob, in_quotes(glob));
        error.code = ErrorCode::usage;
        return tl::unexpected<Error>(std::move(error));
    }
    return frozen;
}

Variable width_variable(Variable::Kind kind, const std::string& layer, Formats formats) {
    Variable variable;
    variable.kind = kind;
    variable.name = layer;
    if (kind == Variable::Kind::weights) variable.name += " weights";
    if (kind == Variable::Kind::activations) variable.name += " activations";
    variable.layers = {layer};
    variable.formats = std::move(formats);
    return variable;
}

/// Pairs of one width, narrowest first.
Variable tied(const std::string& layer, const Formats& weights, const Formats& activations,
              const std::vector<HardwareTarget>& targets) {
    Variable variable = width_variable(Variable::Kind::both, layer, {});
    for (const NumberFormat& w : weights)
        for (const NumberFormat& a : activations)
            if (w.storage_bits() == a.storage_bits() && can_run(targets, w, a)) {
                variable.formats.push_back(w);
                variable.activation_formats.push_back(a);
                break;
            }
    return variable;
}

} // namespace

Result<explore::Space> make_space(const Graph& graph, const PrecisionPlan& base, const HardwareTarget& target,
                                  const SpaceOptions& options) {
    explore::Space space{base, target, {}};
    auto weights = formats_of(FormatRole::weights, options);
    if (!weights) return forward_error(weights);
    auto activations = formats_of(FormatRole::activations, options);
    if (!activations) return forward_error(activations);
    auto frozen = frozen_layers(graph, options.frozen);
    if (!frozen) return forward_error(frozen);
    std::vector<Variable> hardware;
    for (const HardwareVariable& asked : options.hardware) {
        auto variable = hardware_variable(target, asked);
        if (!variable) return forward_error(variable);
        if (std::ranges::find(hardware, variable->name, &Variable::name) != hardware.end())
            return fail(ErrorCode::usage, "the parameter is named twice", variable->name);
        hardware.push_back(std::move(*variable));
    }
    const std::vector<HardwareTarget> targets = targets_of(target, hardware);
    // Where only one operand is searched the other one is the base plan's, which differs by layer.
    if (!weights->empty() && !activations->empty()) keep_legal(targets, *weights, *activations);

    for (const NodeId id : graph.node_ids()) {
        const std::string& layer = graph.node(id).name;
        if (frozen->contains(layer)) continue;
        const bool weighted = is_weighted(graph, id), reads = reads_activations(graph, id);
        if (weighted && reads && options.tie_operands) {
            space.variables.push_back(tied(layer, *weights, *activations, targets));
            continue;
        }
        if (weighted) space.variables.push_back(width_variable(Variable::Kind::weights, layer, *weights));
        if (reads)
            space.variables.push_back(width_variable(Variable::Kind::activations, layer, *activations));
    }
    std::ranges::move(hardware, std::back_inserter(space.variables));
    std::erase_if(space.variables, [](const Variable& variable) { return variable.size() == 0; });
    if (std::ranges::none_of(space.variables, [](const Variable& v) { return v.size() > 1; }))
        return fail(ErrorCode::invalid_input, "nothing is left to choose", "target '" + target.name + "'",
                    "name more widths, freeze fewer layers, or choose another target");
    return space;
}

} // namespace widthwise::flow
