// Reads the widthwise-design/1 document.
#include "core/base/text.h"
#include "core/design/key_path.h"
#include "core/design/layer_lookup.h"
#include "core/design/precision_plan.h"
#include "core/graph/layer_work.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

namespace widthwise {
namespace {

using nlohmann::json;

constexpr std::string_view k_format_name = "widthwise-design/1";

// Of the contract, but not run by this version: a clear "not yet" instead of "unknown".
constexpr std::array<std::string_view, 9> k_later_types = {
    "float16",      "bfloat16", "float8_e4m3", "float8_e5m2", "fixed_point", "dynamic_fixed_point",
    "power_of_two", "ternary",  "binary"};
constexpr std::array<std::string_view, 3> k_later_rules = {"moving_average", "mse", "entropy"};
constexpr std::array<std::string_view, 10> k_keys = {"type",        "bits",         "symmetric",  "narrow",
                                                     "granularity", "range",        "scale_type", "scale",
                                                     "zero_point",  "fraction_bits"};

enum class Role { weights, activations };

template <typename Range> bool contains(const Range& range, std::string_view text) {
    return std::find(range.begin(), range.end(), text) != range.end();
}

tl::unexpected<Error> not_run(const KeyPath& at, const std::string& what, std::string remedy = {}) {
    return fail_at(at, "this version does not run " + what, std::move(remedy), ErrorCode::unsupported);
}

Result<void> read_bool(const json& object, const char* name, const KeyPath& at, bool& out) {
    const auto found = object.find(name);
    if (found == object.end()) return {};
    if (!found->is_boolean()) return fail_at(at.key(name), "expected true or false");
    out = found->get<bool>();
    return {};
}

Result<int> read_bits(const json& value, const KeyPath& at) {
    const std::string form = "integers have 2 to 8 bits, 32 is float32";
    if (!value.is_number_integer()) return fail_at(at, "expected a whole number of bits", form);
    const auto bits =
        value.is_number_unsigned() && value.get<uint64_t>() > 1000 ? 1000 : value.get<int64_t>();
    if (bits == 32 || (bits >= k_min_bits && bits <= k_max_bits)) return static_cast<int>(bits);
    if (bits >= 1 && bits <= 16) return not_run(at, std::to_string(bits) + "-bit integers", form);
    return fail_at(at, "a width of " + value.dump() + " bits is outside the format", form);
}

Result<RangeRule> read_range(const json& value, const KeyPath& at) {
    const std::string form = "write \"minmax\", \"percentile:99.99\" or [lo, hi]";
    RangeRule rule;
    if (value.is_array()) {
        if (value.size() != 2 || !value[0].is_number() || !value[1].is_number())
            return fail_at(at, "a given range has two numbers", form);
        rule.type = RangeRuleType::given;
        rule.lo = value[0].get<double>();
        rule.hi = value[1].get<double>();
        return rule;
    }
    if (!value.is_string()) return fail_at(at, "expected the name of a range rule or [lo, hi]", form);
    const auto text = value.get<std::string>();
    if (text == "minmax") return rule;
    if (text.starts_with("percentile:")) {
        const std::optional<double> share = parse_double(std::string_view(text).substr(11));
        if (!share) return fail_at(at, in_quotes(text) + " gives no percentile", form);
        rule.type = RangeRuleType::percentile;
        rule.percentile = *share;
        return rule;
    }
    if (contains(k_later_rules, text)) return not_run(at, "the range rule " + in_quotes(text), form);
    return fail_at(at, "unknown range rule " + in_quotes(text), form);
}

Result<Granularity> read_granularity(const json& value, Role role, const KeyPath& at) {
    const std::string form = "write \"tensor\" or \"channel\"";
    if (!value.is_string()) return fail_at(at, "expected a granularity", form);
    const auto text = value.get<std::string>();
    if (text == "tensor") return Granularity::tensor;
    if (text == "channel") {
        if (role == Role::activations) return not_run(at, "activations per channel", "write \"tensor\"");
        return Granularity::channel;
    }
    if (text.starts_with("group:")) return not_run(at, "the granularity " + in_quotes(text), form);
    return fail_at(at, "unknown granularity " + in_quotes(text), form);
}

/// A number or an array of numbers.
template <typename T>
Result<std::vector<T>> read_numbers(const json& value, const KeyPath& at, bool (*valid)(const json&),
                                    const char* form) {
    const json list = value.is_array() ? value : json::array({value});
    if (list.empty()) return fail_at(at, "expected at least one number");
    std::vector<T> numbers;
    numbers.reserve(list.size());
    for (const json& item : list) {
        if (!valid(item)) return fail_at(at, "expected a number or an array of numbers", form);
        numbers.push_back(static_cast<T>(item.get<double>()));
    }
    return numbers;
}

bool is_scale(const json& value) {
    if (!value.is_number()) return false;
    const auto scale = value.get<double>();
    // What lies below the middle between the largest float and the next power of two still rounds to a float.
    return scale > 0 && scale < 0x1.ffffffp127 && static_cast<float>(scale) > 0;
}

bool is_zero_point(const json& value) {
    return value.is_number_integer() && std::abs(value.get<double>()) <= 65535;
}

/// "type" and "bits" together say which of the two families it is.
Result<int> read_width(const json& object, const KeyPath& at) {
    std::optional<int> bits;
    if (const auto found = object.find("bits"); found != object.end()) {
        Result<int> read = read_bits(*found, at.key("bits"));
        if (!read) return forward_error(read);
        bits = *read;
    }
    const auto type = object.find("type");
    if (type == object.end()) return bits.value_or(8);
    const KeyPath here = at.key("type");
    if (!type->is_string()) return fail_at(here, "expected the name of a number type");
    const auto text = type->get<std::string>();
    if (contains(k_later_types, text))
        return not_run(here, "the number type " + in_quotes(text), "use integer or float32");
    if (text != "integer" && text != "float32")
        return fail_at(here, "unknown number type " + in_quotes(text), "use integer or float32");
    const bool is_float = text == "float32";
    if (bits && (*bits == 32) != is_float)
        return fail_at(at.key("bits"), text + " does not have " + std::to_string(*bits) + " bits",
                       is_float ? "float32 has 32" : "integers have 2 to 8");
    return is_float ? 32 : bits.value_or(8);
}

Result<void> check_keys(const json& object, const KeyPath& at) {
    for (const auto& [key, value] : object.items()) {
        if (key == "codebook" || key == "fraction_bits") return not_run(at.key(key), in_quotes(key));
        if (key == "scale_type") {
            if (value == "power_of_two") return not_run(at.key(key), "power-of-two scales", "use \"float\"");
            if (value != "float")
                return fail_at(at.key(key), "unknown scale type " + value.dump(), "use \"float\"");
        } else if (!contains(k_keys, key)) {
            const std::vector<std::string> known(k_keys.begin(), k_keys.end());
            return fail_at(at.key(key), "unknown key " + in_quotes(key),
                           "known keys are " + join(known, ", "));
        }
    }
    return {};
}

/// A given scale and zero point stand as they are.
Result<void> read_parameters(const json& object, const KeyPath& at, NumberFormat& format) {
    const auto scale = object.find("scale");
    const auto zero_point = object.find("zero_point");
    if (scale == object.end()) {
        if (zero_point == object.end()) return {};
        return fail_at(at.key("zero_point"), "a zero point without a scale", "give both or neither");
    }
    Result<std::vector<float>> scales =
        read_numbers<float>(*scale, at.key("scale"), is_scale, "scales are positive and fit a 32-bit float");
    if (!scales) return forward_error(scales);
    format.scale = std::move(*scales);
    if (zero_point == object.end()) {
        if (!format.symmetric) format.zero_point.assign(format.scale.size(), 0);
        return {};
    }
    Result<std::vector<int32_t>> zeros = read_numbers<int32_t>(
        *zero_point, at.key("zero_point"), is_zero_point, "zero points are whole numbers within the format");
    if (!zeros) return forward_error(zeros);
    if (zeros->size() == 1) zeros->resize(format.scale.size(), zeros->front());
    format.zero_point = std::move(*zeros);
    return {};
}

Result<NumberFormat> read_format(const json& object, Role role, const KeyPath& at) {
    if (!object.is_object()) return fail_at(at, "expected an object such as {\"bits\": 8}");
    if (Result<void> keys = check_keys(object, at); !keys) return forward_error(keys);
    const Result<int> bits = read_width(object, at);
    if (!bits) return tl::unexpected<Error>(bits.error());
    if (*bits == 32) {
        for (const char* key : {"scale", "zero_point"})
            if (object.contains(key)) return fail_at(at.key(key), "float32 has no " + std::string(key));
        return float32_format();
    }
    NumberFormat format = role == Role::weights ? weight_integer(*bits) : activation_integer(*bits);
    if (Result<void> read = read_bool(object, "symmetric", at, format.symmetric); !read)
        return forward_error(read);
    if (role == Role::weights && !format.symmetric)
        return not_run(at.key("symmetric"), "asymmetric weights", "leave it true");
    if (Result<void> read = read_bool(object, "narrow", at, format.narrow); !read) return forward_error(read);
    if (const auto found = object.find("granularity"); found != object.end()) {
        Result<Granularity> read = read_granularity(*found, role, at.key("granularity"));
        if (!read) return forward_error(read);
        format.granularity = *read;
    }
    if (const auto found = object.find("range"); found != object.end()) {
        Result<RangeRule> read = read_range(*found, at.key("range"));
        if (!read) return forward_error(read);
        format.range = *read;
    }
    if (Result<void> read = read_parameters(object, at, format); !read) return forward_error(read);
    if (Result<void> valid = validate(format); !valid) return fail_at(at, valid.error().message);
    if (role == Role::weights && format.granularity == Granularity::tensor && format.scale.size() > 1)
        return fail_at(at.key("scale"), "several scales for a format per tensor",
                       "give one, or granularity channel");
    return format;
}

/// Reads over `base`: what a FORMATS object leaves out keeps the base's format.
Result<LayerPrecision> read_formats(const json& object, const LayerPrecision& base, const KeyPath& at) {
    if (!object.is_object())
        return fail_at(
            at, "expected an object such as {\"weights\": {\"bits\": 4}, \"activations\": {\"bits\": 8}}");
    LayerPrecision precision = base;
    for (const auto& [key, value] : object.items()) {
        if (key == "accumulator") return not_run(at.key(key), "a chosen accumulator", "leave it out");
        if (key != "weights" && key != "activations")
            return fail_at(at.key(key), "unknown key " + in_quotes(key),
                           "known keys are weights, activations, accumulator");
        const Role role = key == "weights" ? Role::weights : Role::activations;
        Result<NumberFormat> format = read_format(value, role, at.key(key));
        if (!format) return forward_error(format);
        (role == Role::weights ? precision.weights : precision.activations) = std::move(*format);
    }
    return precision;
}

/// Given scales must be as many as the layer has output channels (weights) or activation inputs.
Result<void> check_scale_counts(const Graph& graph, NodeId id, const LayerPrecision& precision,
                                const KeyPath& at) {
    const Node& node = graph.node(id);
    const size_t weight_scales = precision.weights.scale.size();
    if (weight_scales > 1 && is_weighted(graph, id)) {
        const auto channels = static_cast<size_t>(graph.value(node.inputs[1]).shape[0]);
        if (weight_scales != channels)
            return fail_at(at.key("weights").key("scale"), std::to_string(weight_scales) + " scales for " +
                                                               std::to_string(channels) + " channels");
    }
    const auto inputs =
        static_cast<size_t>(std::count_if(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
            return graph.value(input).constant == nullptr;
        }));
    const size_t activation_scales = precision.activations.scale.size();
    if (activation_scales > 1 && activation_scales != inputs)
        return fail_at(at.key("activations").key("scale"), std::to_string(activation_scales) +
                                                               " scales for " + std::to_string(inputs) +
                                                               " inputs");
    return {};
}

Result<void> check_passes(const json& value, const KeyPath& at) {
    if (!value.is_array()) return fail_at(at, "expected an array of pass names");
    for (const json& pass : value) {
        if (!pass.is_string()) return fail_at(at, "expected the name of a pass");
        return not_run(at, "the pass " + in_quotes(pass.get<std::string>()), "leave it out");
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
    for (const auto& [key, value] : document->items()) {
        if (key == "passes") {
            if (Result<void> passes = check_passes(value, top.key(key)); !passes)
                return forward_error(passes);
        } else if (key != "format" && key != "default" && key != "layers") {
            return fail_at(top.key(key), "unknown key " + in_quotes(key),
                           "known keys are format, default, layers, passes");
        }
    }

    PrecisionPlan plan;
    if (const auto found = document->find("default"); found != document->end()) {
        Result<LayerPrecision> precision = read_formats(*found, {}, top.key("default"));
        if (!precision) return forward_error(precision);
        plan.set_default(std::move(*precision));
    }
    const auto layers = document->find("layers");
    if (layers == document->end()) return plan;
    if (!layers->is_object()) return fail_at(top.key("layers"), "expected an object of layer names");
    for (const auto& [name, value] : layers->items()) {
        const NodeId id = graph.find_node(name);
        if (!id.valid() || !takes_precision(graph, id))
            return tl::unexpected<Error>(no_such_layer(graph, name, where));
        const KeyPath at = top.key("layers").quoted(name);
        Result<LayerPrecision> precision = read_formats(value, plan.default_precision(), at);
        if (!precision) return forward_error(precision);
        if (Result<void> counts = check_scale_counts(graph, id, *precision, at); !counts)
            return forward_error(counts);
        plan.set(name, std::move(*precision));
    }
    return plan;
}

} // namespace widthwise
