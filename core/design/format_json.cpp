// Reads one FORMAT object of a design.
#include "core/design/format_json.h"

#include "core/base/text.h"
#include "core/design/range_names.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace widthwise {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 12> k_keys = {"type",        "bits",      "symmetric",     "narrow",
                                                     "granularity", "range",     "scale_type",    "scale",
                                                     "zero_point",  "threshold", "fraction_bits", "codebook"};

constexpr const char* k_range_form = "write \"minmax\", \"moving_average\", \"percentile:99.99\", \"mse\", "
                                     "\"entropy\", \"dynamic\" or [lo, hi]";

template <typename Range> bool contains(const Range& range, std::string_view text) {
    return std::find(range.begin(), range.end(), text) != range.end();
}

template <typename Range> std::string listed(const Range& range) {
    return join(std::vector<std::string>(range.begin(), range.end()), ", ");
}

NumberFormat default_format(FormatType type, int bits, FormatRole role) {
    return role == FormatRole::weights ? default_weight_format(type, bits)
                                       : default_activation_format(type, bits);
}

Result<void> read_bool(const json& object, const char* name, const KeyPath& at, bool& out) {
    const auto found = object.find(name);
    if (found == object.end()) return {};
    if (!found->is_boolean()) return fail_at(at.key(name), "expected true or false");
    out = found->get<bool>();
    return {};
}

Result<int> read_bits(const json& value, const KeyPath& at) {
    const std::string form = "widths are 1 to 16 or 32 bits";
    if (!value.is_number_integer()) return fail_at(at, "expected a whole number of bits", form);
    const auto bits =
        value.is_number_unsigned() && value.get<uint64_t>() > 1000 ? 1000 : value.get<int64_t>();
    if (bits < 1 || (bits > 16 && bits != 32))
        return fail_at(at, "a width of " + value.dump() + " bits is outside the format", form);
    return static_cast<int>(bits);
}

/// The usual format of the "type" and "bits" named: integers without a type, binary where they have one bit,
/// float32 where a width alone is 32.
Result<NumberFormat> read_type(const json& object, FormatRole role, const KeyPath& at) {
    std::optional<int> bits;
    if (const auto found = object.find("bits"); found != object.end()) {
        Result<int> read = read_bits(*found, at.key("bits"));
        if (!read) return forward_error(read);
        bits = *read;
    }
    const auto named = object.find("type");
    if (named == object.end())
        return role == FormatRole::weights ? weight_integer(bits.value_or(8))
                                           : activation_integer(bits.value_or(8));
    if (!named->is_string()) return fail_at(at.key("type"), "expected the name of a number type");
    const auto name = named->get<std::string>();
    const auto* type = std::find_if(k_format_types.begin(), k_format_types.end(),
                                    [&](FormatType t) { return to_string(t) == name; });
    if (type == k_format_types.end()) {
        std::vector<std::string> names;
        for (const FormatType t : k_format_types) names.emplace_back(to_string(t));
        return fail_at(at.key("type"), "unknown number type " + in_quotes(name),
                       "known types are " + join(names, ", "));
    }
    const bool is_integer = *type == FormatType::integer;
    // One bit: {-1, +1} unless said to be unsigned, {0, 1}.
    const auto symmetric = object.find("symmetric");
    if (is_integer && bits == 1 && (symmetric == object.end() || *symmetric == true))
        return default_format(FormatType::binary, 0, role);
    NumberFormat format = default_format(*type, is_integer ? 8 : 0, role);
    format.bits = bits.value_or(format.bits);
    // Unsigned integers of 32 bits would not fit the engine's own.
    if (is_integer && format.bits == 32) format.symmetric = true;
    if (is_integer && format.bits == 1) format.symmetric = format.narrow = false;
    if (*type == FormatType::float32 && format.bits != 32)
        return fail_at(at.key("bits"), "float32 has 32 bits");
    if (Result<void> valid = validate(format); !valid)
        return fail_at(at.key("bits"), valid.error().message, valid.error().remedy);
    return format;
}

Result<RangeRule> read_range(const json& value, const KeyPath& at) {
    if (value.is_string()) {
        const auto text = value.get<std::string>();
        const std::optional<RangeRule> named = range_rule_from_text(text);
        if (named) return *named;
        return fail_at(at, in_quotes(text) + " is no range rule", k_range_form);
    }
    if (!value.is_array()) return fail_at(at, "expected the name of a range rule or [lo, hi]", k_range_form);
    if (value.size() != 2 || !value[0].is_number() || !value[1].is_number())
        return fail_at(at, "a given range has two numbers", k_range_form);
    RangeRule rule;
    rule.type = RangeRuleType::given;
    rule.lo = value[0].get<double>();
    rule.hi = value[1].get<double>();
    return rule;
}

Result<void> read_granularity(const json& value, const KeyPath& at, NumberFormat& format) {
    const std::string form = "write \"tensor\", \"channel\" or \"group:N\"";
    if (!value.is_string()) return fail_at(at, "expected a granularity", form);
    const auto text = value.get<std::string>();
    format.group_size = 0;
    if (text == "tensor") {
        format.granularity = Granularity::tensor;
    } else if (text == "channel") {
        format.granularity = Granularity::channel;
    } else if (text.starts_with("group:")) {
        constexpr long long k_largest = 1 << 24;
        const std::optional<long long> size = parse_int(std::string_view(text).substr(6));
        if (!size || *size < 1 || *size > k_largest)
            return fail_at(at, in_quotes(text) + " gives no group size",
                           "groups have 1 to " + std::to_string(k_largest) + " elements, e.g. \"group:64\"");
        format.granularity = Granularity::group;
        format.group_size = static_cast<int>(*size);
    } else {
        return fail_at(at, "unknown granularity " + in_quotes(text), form);
    }
    return {};
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

/// What lies below the middle between the largest float and the next power of two still rounds to a float.
constexpr double k_float_limit = 0x1.ffffffp127;

bool is_scale(const json& value) {
    if (!value.is_number()) return false;
    const auto scale = value.get<double>();
    return scale > 0 && scale<k_float_limit&& static_cast<float>(scale)> 0;
}

bool is_threshold(const json& value) {
    return value.is_number() && value.get<double>() >= 0 && value.get<double>() < k_float_limit;
}

bool is_level(const json& value) {
    return value.is_number() && std::abs(value.get<double>()) < k_float_limit;
}

bool is_zero_point(const json& value) {
    return value.is_number_integer() && std::abs(value.get<double>()) <= 2147483647;
}

/// One number stands for all scales.
template <typename T> void spread(std::vector<T>& numbers, size_t count) {
    if (numbers.size() == 1) numbers.resize(count, numbers.front());
}

/// A given scale, with its zero point or threshold, stands as it is.
Result<void> read_parameters(const json& object, const KeyPath& at, NumberFormat& format) {
    const auto scale = object.find("scale");
    const auto zero_point = object.find("zero_point");
    const auto threshold = object.find("threshold");
    if (scale == object.end()) {
        if (zero_point != object.end())
            return fail_at(at.key("zero_point"), "a zero point without a scale", "give both or neither");
        if (threshold != object.end())
            return fail_at(at.key("threshold"), "a threshold without a scale", "give both or neither");
        return {};
    }
    auto scales =
        read_numbers<float>(*scale, at.key("scale"), is_scale, "scales are positive and fit a 32-bit float");
    if (!scales) return forward_error(scales);
    format.scale = std::move(*scales);
    if (zero_point != object.end()) {
        auto zeros = read_numbers<int32_t>(*zero_point, at.key("zero_point"), is_zero_point,
                                           "zero points are whole numbers within the format");
        if (!zeros) return forward_error(zeros);
        spread(*zeros, format.scale.size());
        format.zero_point = std::move(*zeros);
    } else if (format.type == FormatType::integer && !format.symmetric) {
        format.zero_point.assign(format.scale.size(), 0);
    }
    if (threshold != object.end()) {
        auto thresholds = read_numbers<float>(*threshold, at.key("threshold"), is_threshold,
                                              "thresholds are not negative and fit a 32-bit float");
        if (!thresholds) return forward_error(thresholds);
        spread(*thresholds, format.scale.size());
        format.threshold = std::move(*thresholds);
    } else if (format.type == FormatType::ternary) {
        // Without one, what is nearer to the scale than to 0.
        for (const float s : format.scale) format.threshold.push_back(s / 2);
    }
    return {};
}

Result<void> read_fraction_bits(const json& value, const KeyPath& at, NumberFormat& format) {
    if (!value.is_number_integer() || std::abs(value.get<double>()) > 1000)
        return fail_at(at, "expected a whole number of fraction bits");
    format.fraction_bits = value.get<int>();
    return {};
}

/// A codebook, too.
Result<void> read_codebook(const json& object, FormatRole role, const KeyPath& at, NumberFormat& format) {
    if (format.type != FormatType::codebook) return {};
    if (role == FormatRole::activations)
        return fail_at(at, "activations cannot be a codebook's",
                       "codebooks are for weights; write another type, such as {\"bits\": 8}");
    const auto levels = object.find("codebook");
    if (levels == object.end()) return {};
    auto read = read_numbers<float>(*levels, at.key("codebook"), is_level,
                                    "levels are finite and fit a 32-bit float");
    if (!read) return forward_error(read);
    format.codebook = std::move(*read);
    return {};
}

/// Keys that are unknown, or mean nothing for the type.
Result<void> check_keys(const json& object, const NumberFormat& format, const KeyPath& at) {
    const bool is_fixed =
        format.type == FormatType::fixed_point || format.type == FormatType::dynamic_fixed_point;
    for (const auto& item : object.items()) {
        const std::string& key = item.key();
        const bool fits = key == "type" || key == "bits" ? true
                          : key == "symmetric"           ? format.type == FormatType::integer
                          : key == "narrow"              ? format.type == FormatType::integer || is_fixed
                          : key == "fraction_bits"       ? is_fixed
                          : key == "threshold"           ? format.type == FormatType::ternary
                          : key == "zero_point"          ? format.is_integer()
                          : key == "codebook"            ? format.type == FormatType::codebook
                                                         : format.has_scale();
        if (!fits)
            return fail_at(at.key(key), std::string(to_string(format.type)) + " has no " + key,
                           "leave it out");
    }
    return {};
}

} // namespace

Result<NumberFormat> read_format(const json& object, FormatRole role, const KeyPath& at) {
    if (!object.is_object()) return fail_at(at, "expected an object such as {\"bits\": 8}");
    for (const auto& item : object.items()) {
        if (!contains(k_keys, item.key()))
            return fail_at(at.key(item.key()), "unknown key " + in_quotes(item.key()),
                           "known keys are " + listed(k_keys));
    }
    Result<NumberFormat> format = read_type(object, role, at);
    if (!format) return format;
    if (Result<void> keys = check_keys(object, *format, at); !keys) return forward_error(keys);
    if (Result<void> read = read_bool(object, "symmetric", at, format->symmetric); !read)
        return forward_error(read);
    if (Result<void> read = read_bool(object, "narrow", at, format->narrow); !read)
        return forward_error(read);
    // Weights' usual range is narrow; that of unsigned ones is not.
    if (!format->symmetric && !object.contains("narrow")) format->narrow = false;
    if (const auto found = object.find("granularity"); found != object.end())
        if (Result<void> read = read_granularity(*found, at.key("granularity"), *format); !read)
            return forward_error(read);
    if (const auto found = object.find("range"); found != object.end()) {
        Result<RangeRule> read = read_range(*found, at.key("range"));
        if (!read) return forward_error(read);
        format->range = *read;
    }
    if (const auto found = object.find("scale_type"); found != object.end()) {
        if (*found != "float" && *found != "power_of_two")
            return fail_at(at.key("scale_type"), "unknown scale type " + found->dump(),
                           "write \"float\" or \"power_of_two\"");
        format->scale_type = *found == "float" ? ScaleType::real : ScaleType::power_of_two;
    }
    if (const auto found = object.find("fraction_bits"); found != object.end())
        if (Result<void> read = read_fraction_bits(*found, at.key("fraction_bits"), *format); !read)
            return forward_error(read);
    if (Result<void> read = read_parameters(object, at, *format); !read) return forward_error(read);
    if (Result<void> read = read_codebook(object, role, at, *format); !read) return forward_error(read);
    if (Result<void> valid = validate(*format); !valid)
        return fail_at(at, valid.error().message, valid.error().remedy);
    if (role == FormatRole::weights && format->range.type == RangeRuleType::dynamic)
        return fail_at(at.key("range"), "weights have no dynamic range", k_range_form);
    return format;
}

} // namespace widthwise
