// Reads the widthwise-design/1 document.
#include "core/base/text.h"
#include "core/design/format_json.h"
#include "core/design/layer_lookup.h"
#include "core/design/precision_plan.h"
#include "core/design/scale_counts.h"
#include "core/design/values_json.h"
#include "core/graph/layer_work.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace widthwise {
namespace {

using nlohmann::json;

constexpr std::string_view k_format_name = "widthwise-design/1";

/// The one of `values` that the text names.
template <typename Enum, size_t N>
Result<Enum> read_choice(const json& value, const std::array<Enum, N>& values, const char* what,
                         const KeyPath& at) {
    std::vector<std::string> names;
    for (const Enum v : values) names.emplace_back(to_string(v));
    if (!value.is_string())
        return fail_at(at, "expected " + std::string(what), "known are " + join(names, ", "));
    const auto text = value.get<std::string>();
    const auto found = std::find(names.begin(), names.end(), text);
    if (found != names.end()) return values[static_cast<size_t>(found - names.begin())];
    const std::vector<std::string> near = nearest_names(text, names);
    return fail_at(at, "unknown " + std::string(what) + " " + in_quotes(text),
                   near.empty() ? "known are " + join(names, ", ")
                                : "did you mean " + join(near, ", ") + "?");
}

Result<void> check_keys(const json& object, const std::vector<std::string>& known, const KeyPath& at) {
    if (!object.is_object()) return fail_at(at, "expected an object of " + join(known, ", "));
    for (const auto& item : object.items())
        if (std::find(known.begin(), known.end(), item.key()) == known.end())
            return fail_at(at.key(item.key()), "unknown key " + in_quotes(item.key()),
                           "known keys are " + join(known, ", "));
    return {};
}

Result<AccumulatorFormat> read_accumulator(const json& object, AccumulatorFormat base, const KeyPath& at) {
    if (Result<void> keys = check_keys(object, {"bits", "overflow"}, at); !keys) return forward_error(keys);
    if (const auto bits = object.find("bits"); bits != object.end()) {
        const double value = bits->is_number_integer() ? bits->get<double>() : 0;
        if (value < k_min_accumulator_bits || value > k_max_accumulator_bits)
            return fail_at(at.key("bits"), "expected a whole number of bits from 2 to 32");
        base.bits = bits->get<int>();
    }
    if (const auto found = object.find("overflow"); found != object.end()) {
        auto overflow = read_choice(*found, std::array{Overflow::wrap, Overflow::saturate},
                                    "way of overflowing", at.key("overflow"));
        if (!overflow) return forward_error(overflow);
        base.overflow = *overflow;
    }
    return base;
}

/// Reads over `base`: what a FORMATS object leaves out keeps the base's format.
Result<LayerPrecision> read_formats(const json& object, const LayerPrecision& base, const KeyPath& at) {
    LayerPrecision precision = base;
    for (const auto& [key, value] : object.items()) {
        if (key == "values") continue;
        if (key == "accumulator") {
            auto accumulator = read_accumulator(value, base.accumulator, at.key(key));
            if (!accumulator) return forward_error(accumulator);
            precision.accumulator = *accumulator;
            continue;
        }
        const FormatRole role = key == "weights" ? FormatRole::weights : FormatRole::activations;
        Result<NumberFormat> format = read_format(value, role, at.key(key));
        if (!format) return forward_error(format);
        (role == FormatRole::weights ? precision.weights : precision.activations) = std::move(*format);
    }
    return precision;
}

Result<Requantization> read_requantization(const json& object, const KeyPath& at) {
    if (Result<void> keys = check_keys(object, {"mode", "rounding"}, at); !keys) return forward_error(keys);
    Requantization how;
    if (const auto found = object.find("mode"); found != object.end()) {
        auto mode = read_choice(*found, k_requantization_modes, "requantization", at.key("mode"));
        if (!mode) return forward_error(mode);
        how.mode = *mode;
    }
    if (const auto found = object.find("rounding"); found != object.end()) {
        auto rounding = read_choice(*found, k_roundings, "rounding", at.key("rounding"));
        if (!rounding) return forward_error(rounding);
        how.rounding = *rounding;
    }
    if (Result<void> valid = validate(how); !valid)
        return fail_at(at.key("rounding"), valid.error().message, valid.error().remedy);
    return how;
}

Result<std::vector<Pass>> read_passes(const json& value, const KeyPath& at) {
    if (!value.is_array()) return fail_at(at, "expected an array of pass names");
    std::vector<Pass> passes;
    for (const json& item : value) {
        auto pass = read_choice(item, k_passes, "pass", at);
        if (!pass) return forward_error(pass);
        passes.push_back(*pass);
    }
    return passes;
}

Result<void> read_layer(const json& object, const std::string& name, const Graph& graph, const KeyPath& at,
                        PrecisionPlan& plan) {
    if (Result<void> keys = check_keys(object, {"weights", "activations", "accumulator", "values"}, at);
        !keys)
        return keys;
    const NodeId id = graph.find_node(name);
    if (!id.valid() || !takes_precision(graph, id))
        return tl::unexpected<Error>(no_such_layer(graph, name, at.file));
    const auto values = object.find("values");
    if (values != object.end()) {
        if (!is_weighted(graph, id))
            return fail_at(at.key("values"), "a layer without weights has no values");
        Result<LayerValues> read = read_values(*values, graph, id, at.key("values"));
        if (!read) return forward_error(read);
        plan.set_values(name, std::make_shared<const LayerValues>(std::move(*read)));
        if (object.size() == 1) return {}; // its precision stays the default's
    }
    Result<LayerPrecision> precision = read_formats(object, plan.default_precision(), at);
    if (!precision) return forward_error(precision);
    if (Result<void> counts = check_scale_counts(graph, id, *precision, at); !counts) return counts;
    plan.set(name, std::move(*precision));
    return {};
}

/// What holds for the whole network.
Result<void> read_top(const json& document, const KeyPath& top, PrecisionPlan& plan) {
    if (const auto found = document.find("default"); found != document.end()) {
        const KeyPath at = top.key("default");
        if (Result<void> keys = check_keys(*found, {"weights", "activations", "accumulator"}, at); !keys)
            return keys;
        Result<LayerPrecision> precision = read_formats(*found, {}, at);
        if (!precision) return forward_error(precision);
        plan.set_default(std::move(*precision));
    }
    if (const auto found = document.find("passes"); found != document.end()) {
        auto passes = read_passes(*found, top.key("passes"));
        if (!passes) return forward_error(passes);
        plan.set_passes(std::move(*passes));
    }
    if (const auto found = document.find("requantization"); found != document.end()) {
        auto how = read_requantization(*found, top.key("requantization"));
        if (!how) return forward_error(how);
        plan.set_requantization(*how);
    }
    if (const auto found = document.find("fold_batch_norm"); found != document.end()) {
        if (!found->is_boolean()) return fail_at(top.key("fold_batch_norm"), "expected true or false");
        plan.set_folds_batch_norm(found->get<bool>());
    }
    return {};
}

/// Parses; a key that stands twice is an error, since silently taking the last one would hide a slip.
Result<json> parse_document(std::string_view text, const std::string& where) {
    std::vector<std::set<std::string>> seen;
    std::string duplicate;
    const auto watch = [&](int, json::parse_event_t event, json& parsed) {
        if (event == json::parse_event_t::object_start) seen.emplace_back();
        if (event == json::parse_event_t::object_end) seen.pop_back();
        if (event == json::parse_event_t::key && !seen.back().insert(parsed.get<std::string>()).second)
            duplicate = parsed.get<std::string>();
        return true;
    };
    try {
        json document = json::parse(text, watch);
        if (!duplicate.empty())
            return fail(ErrorCode::invalid_input, "key " + in_quotes(duplicate) + " stands twice", where);
        return document;
    } catch (const json::parse_error& e) {
        const auto lines = std::count(text.begin(), text.begin() + std::min(e.byte, text.size()), '\n');
        return fail(ErrorCode::invalid_input, "not valid JSON near line " + std::to_string(lines + 1), where);
    } catch (const json::exception&) { // 1e999
        return fail(ErrorCode::invalid_input, "not valid JSON: a number is out of range", where);
    }
}

} // namespace

Result<PrecisionPlan> plan_from_json(std::string_view text, const Graph& graph, const std::string& where) {
    const Result<json> document = parse_document(text, where);
    if (!document) return tl::unexpected<Error>(document.error());
    const KeyPath top{where, {}};
    if (!document->is_object())
        return fail_at(top, "a design is a JSON object", "begin with {\"format\": \"widthwise-design/1\"}");
    const auto format = document->find("format");
    if (format == document->end() || !format->is_string())
        return fail_at(top, "this is no design", "its \"format\" must be \"widthwise-design/1\"");
    if (*format != std::string(k_format_name))
        return fail_at(top.key("format"), "cannot read the format " + in_quotes(format->get<std::string>()),
                       "this version reads widthwise-design/1");
    if (Result<void> keys = check_keys(
            *document, {"format", "default", "layers", "passes", "requantization", "fold_batch_norm"}, top);
        !keys)
        return forward_error(keys);

    PrecisionPlan plan;
    if (Result<void> read = read_top(*document, top, plan); !read) return forward_error(read);
    const auto layers = document->find("layers");
    if (layers == document->end()) return plan;
    if (!layers->is_object()) return fail_at(top.key("layers"), "expected an object of layer names");
    for (const auto& [name, value] : layers->items())
        if (Result<void> read = read_layer(value, name, graph, top.key("layers").quoted(name), plan); !read)
            return forward_error(read);
    return plan;
}

} // namespace widthwise
