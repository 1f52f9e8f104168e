#include "core/design/precision_plan.h"

#include "core/base/text.h"
#include "core/design/layer_lookup.h"
#include "core/graph/layer_work.h"

#include <algorithm>
#include <optional>

namespace widthwise {
namespace {

constexpr std::string_view k_bits_form = "write wNaM with widths 2..8 or 32, e.g. w8a8 or w4a32, or float";

struct Widths {
    int weights = 32, activations = 32;
};

/// "w8a8" -> {8, 8}; nullopt when the text has another form.
std::optional<Widths> split_bits(std::string_view text) {
    const size_t a = text.find('a');
    if (!text.starts_with('w') || a == std::string_view::npos) return std::nullopt;
    const std::string_view digits[] = {text.substr(1, a - 1), text.substr(a + 1)};
    int bits[2] = {};
    for (size_t i = 0; i < 2; ++i) {
        if (digits[i].empty() || digits[i].size() > 2 || digits[i].front() == '-') return std::nullopt;
        const std::optional<long long> value = parse_int(digits[i]);
        if (!value) return std::nullopt;
        bits[i] = static_cast<int>(*value);
    }
    return Widths{bits[0], bits[1]};
}

bool runs(int bits) {
    return bits == 32 || (bits >= k_min_bits && bits <= k_max_bits);
}

/// In the command line's contract, though this version does not run it.
bool in_contract(int bits) {
    return (bits >= 1 && bits <= 16) || bits == 32;
}

std::string span_label(int lo, int hi) {
    return lo == hi ? std::to_string(lo) : std::to_string(lo) + "-" + std::to_string(hi);
}

} // namespace

const LayerPrecision& PrecisionPlan::at(std::string_view layer) const {
    const auto found = m_layers.find(layer);
    return found == m_layers.end() ? m_default : found->second;
}

void PrecisionPlan::set(std::string layer, LayerPrecision precision) {
    m_layers.insert_or_assign(std::move(layer), std::move(precision));
}

bool PrecisionPlan::is_float() const {
    const auto is_float = [](const LayerPrecision& p) {
        return !p.weights.is_integer() && !p.activations.is_integer();
    };
    return is_float(m_default) && std::all_of(m_layers.begin(), m_layers.end(),
                                              [&](const auto& item) { return is_float(item.second); });
}

Result<LayerPrecision> parse_bits(std::string_view text) {
    if (text == "float") return LayerPrecision{float32_format(), float32_format()};
    const std::optional<Widths> widths = split_bits(text);
    if (!widths || !in_contract(widths->weights) || !in_contract(widths->activations))
        return fail(ErrorCode::usage, in_quotes(text) + " is not a precision", {}, std::string(k_bits_form));
    for (const int bits : {widths->weights, widths->activations})
        if (!runs(bits))
            return fail(ErrorCode::unsupported,
                        "this version does not run " + std::to_string(bits) + "-bit integers",
                        in_quotes(text), std::string(k_bits_form));
    return LayerPrecision{widths->weights == 32 ? float32_format() : weight_integer(widths->weights),
                          widths->activations == 32 ? float32_format()
                                                    : activation_integer(widths->activations)};
}

std::string bits_label(const LayerPrecision& precision) {
    if (!precision.weights.is_integer() && !precision.activations.is_integer()) return "float";
    return "w" + std::to_string(precision.weights.bits) + "a" + std::to_string(precision.activations.bits);
}

std::string plan_label(const PrecisionPlan& plan, const Graph& graph) {
    std::vector<int> weights, activations;
    const LayerPrecision* first = nullptr;
    for (const NodeId id : graph.node_ids()) {
        if (!is_weighted(graph, id)) continue;
        const LayerPrecision& precision = plan.at(graph.node(id).name);
        if (!first) first = &precision;
        weights.push_back(precision.weights.bits);
        activations.push_back(precision.activations.bits);
    }
    if (!first) return bits_label(plan.default_precision());
    const auto [w_lo, w_hi] = std::minmax_element(weights.begin(), weights.end());
    const auto [a_lo, a_hi] = std::minmax_element(activations.begin(), activations.end());
    if (*w_lo == *w_hi && *a_lo == *a_hi) return bits_label(*first);
    return "mixed w" + span_label(*w_lo, *w_hi) + " a" + span_label(*a_lo, *a_hi);
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
