// Precisions in short: "w4a6" and the like, written and read.
#include "core/base/text.h"
#include "core/design/layer_lookup.h"
#include "core/design/precision_plan.h"
#include "core/graph/layer_work.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace widthwise {
namespace {

constexpr std::string_view k_bits_form =
    "write wNaM with widths 1..16 or 32, e.g. w8a8 or w4a32; a type's short name (fp16, bf16, e4m3, e5m2, "
    "ternary, log4, fixed8, dfixed8; weights also cb4, a codebook) in place of a width or alone, e.g. "
    "wlog4a8; or float";

struct ShortName {
    FormatType type;
    std::string_view name;
    bool has_width; ///< the width follows the name
};
constexpr std::array k_short_names = {
    ShortName{FormatType::float16, "fp16", false},
    ShortName{FormatType::bfloat16, "bf16", false},
    ShortName{FormatType::float8_e4m3, "e4m3", false},
    ShortName{FormatType::float8_e5m2, "e5m2", false},
    ShortName{FormatType::fixed_point, "fixed", true},
    ShortName{FormatType::dynamic_fixed_point, "dfixed", true},
    ShortName{FormatType::power_of_two, "log", true},
    ShortName{FormatType::ternary, "ternary", false},
    ShortName{FormatType::codebook, "cb", true},
};

enum class Role { weights, activations };

/// A width that stands for the plain integers, binary and float32.
bool has_plain_width(const NumberFormat& format) {
    return format.type == FormatType::float32 || format.type == FormatType::integer ||
           format.type == FormatType::binary;
}

/// "8", "1", "32", "log4", "bf16".
std::string short_name(const NumberFormat& format) {
    for (const ShortName& known : k_short_names)
        if (known.type == format.type)
            return std::string(known.name) + (known.has_width ? std::to_string(format.bits) : "");
    return std::to_string(format.storage_bits());
}

/// One or two digits.
std::optional<int> parse_width(std::string_view text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || text.size() > 2 || !std::all_of(text.begin(), text.end(), is_digit))
        return std::nullopt;
    return static_cast<int>(*parse_int(text));
}

std::optional<NumberFormat> parse_format(std::string_view text, Role role) {
    const auto valid = [](NumberFormat format) {
        return validate(format) ? std::optional(std::move(format)) : std::nullopt;
    };
    if (const std::optional<int> bits = parse_width(text)) {
        if (!is_integer_width(*bits)) return std::nullopt;
        return role == Role::weights ? weight_integer(*bits) : activation_integer(*bits);
    }
    for (const ShortName& known : k_short_names) {
        if (!text.starts_with(known.name)) continue;
        const std::string_view rest = text.substr(known.name.size());
        const std::optional<int> bits = parse_width(rest);
        if (known.has_width ? bits.value_or(0) == 0 : !rest.empty()) continue;
        return valid(role == Role::weights ? default_weight_format(known.type, bits.value_or(0))
                                           : default_activation_format(known.type, bits.value_or(0)));
    }
    return std::nullopt;
}

std::optional<LayerPrecision> parse_precision(std::string_view text) {
    const auto both = [](std::string_view weights, std::string_view activations) {
        std::optional<LayerPrecision> precision;
        const std::optional<NumberFormat> w = parse_format(weights, Role::weights);
        const std::optional<NumberFormat> a = parse_format(activations, Role::activations);
        if (w && a) precision = LayerPrecision{*w, *a, {}};
        return precision;
    };
    if (!text.starts_with('w')) return parse_width(text) ? std::nullopt : both(text, text);
    // Names hold an 'a' themselves: the one that leaves two formats is meant.
    for (size_t a = text.find('a'); a != std::string_view::npos; a = text.find('a', a + 1))
        if (auto precision = both(trim(text.substr(1, a - 1)), text.substr(a + 1))) return precision;
    return std::nullopt;
}

/// "2-8", "8", "2-8,log4".
std::string span_label(const std::vector<NumberFormat>& formats) {
    int lo = 0, hi = 0;
    std::set<std::string> names;
    for (const NumberFormat& format : formats) {
        if (!has_plain_width(format)) {
            names.insert(short_name(format));
            continue;
        }
        const int bits = format.storage_bits();
        lo = lo == 0 ? bits : std::min(lo, bits);
        hi = std::max(hi, bits);
    }
    std::vector<std::string> parts;
    if (lo > 0)
        parts.push_back(lo == hi ? std::to_string(lo) : std::to_string(lo) + "-" + std::to_string(hi));
    parts.insert(parts.end(), names.begin(), names.end());
    return join(parts, ",");
}

} // namespace

Result<LayerPrecision> parse_bits(std::string_view text) {
    if (text == "float") return LayerPrecision{float32_format(), float32_format(), {}};
    std::optional<LayerPrecision> precision = parse_precision(text);
    if (!precision)
        return fail(ErrorCode::usage, in_quotes(text) + " is not a precision", {}, std::string(k_bits_form));
    if (precision->activations.type == FormatType::codebook)
        return fail(ErrorCode::usage, "activations cannot be a codebook's", in_quotes(text),
                    "codebooks are for weights: give the activations a width, e.g. w" +
                        short_name(precision->weights) + "a8");
    return *precision;
}

std::string bits_label(const LayerPrecision& precision) {
    const NumberFormat &weights = precision.weights, &activations = precision.activations;
    if (!weights.is_quantized() && !activations.is_quantized()) return "float";
    const std::string w = short_name(weights), a = short_name(activations);
    if (has_plain_width(weights) && has_plain_width(activations)) return "w" + w + "a" + a;
    return w == a ? w : "w" + w + " a" + a;
}

std::string plan_label(const PrecisionPlan& plan, const Graph& graph) {
    std::vector<NumberFormat> weights, activations;
    std::set<std::string> labels;
    for (const NodeId id : graph.node_ids()) {
        if (!is_weighted(graph, id)) continue;
        const LayerPrecision& precision = plan.at(graph.node(id).name);
        labels.insert(bits_label(precision));
        weights.push_back(precision.weights);
        activations.push_back(precision.activations);
    }
    if (labels.empty()) return bits_label(plan.default_precision());
    if (labels.size() == 1) return *labels.begin();
    return "mixed w" + span_label(weights) + " a" + span_label(activations);
}

Result<void> apply_layer_option(PrecisionPlan& plan, const Graph& graph, std::string_view option) {
    // Layer names may hold '=', widths never do.
    const size_t equals = option.rfind('=');
    if (equals == std::string_view::npos || equals == 0)
        return fail(ErrorCode::usage, in_quotes(option) + " names no layer and width", {},
                    "write NAME=w4a6, NAME may be a glob");
    const std::string_view pattern = option.substr(0, equals);
    Result<LayerPrecision> precision = parse_bits(option.substr(equals + 1));
    if (!precision) {
        if (precision.error().where.empty()) precision.error().where = in_quotes(option);
        return forward_error(precision);
    }

    const std::vector<std::string> names = precision_layers(graph);
    // A name that is spelled out wins over the same text read as a glob.
    if (std::find(names.begin(), names.end(), pattern) != names.end()) {
        plan.set(std::string(pattern), *precision);
        return {};
    }
    bool any = false;
    for (const std::string& name : names) {
        if (!glob_match(pattern, name)) continue;
        plan.set(name, *precision);
        any = true;
    }
    if (!any) return tl::unexpected<Error>(no_such_layer(graph, pattern, in_quotes(option)));
    return {};
}

} // namespace widthwise
