#include "core/quant/number_format.h"

#include <algorithm>
#include <limits>

namespace widthwise {
namespace {

bool is_fixed_point(FormatType type) {
    return type == FormatType::fixed_point || type == FormatType::dynamic_fixed_point;
}

/// The width that a type has by itself, or its usual one.
int usual_bits(FormatType type) {
    switch (type) {
    case FormatType::float32:
        return 32;
    case FormatType::float16:
    case FormatType::bfloat16:
        return 16;
    case FormatType::power_of_two:
        return 4;
    case FormatType::ternary:
        return 2;
    case FormatType::binary:
        return 1;
    default:
        return 8;
    }
}

std::string base_name(const NumberFormat& f) {
    const std::string bits = std::to_string(f.bits);
    switch (f.type) {
    case FormatType::integer:
        return (f.symmetric ? "int" : "uint") + bits;
    case FormatType::fixed_point:
        return "fixed" + bits + "." + std::to_string(f.fraction_bits.value_or(f.bits / 2));
    case FormatType::dynamic_fixed_point:
        return f.fraction_bits ? "fixed" + bits + "." + std::to_string(*f.fraction_bits)
                               : "dynamic fixed" + bits;
    case FormatType::power_of_two:
        return "log" + bits;
    case FormatType::codebook:
        return "codebook" + bits;
    default:
        return std::string(to_string(f.type));
    }
}

NumberFormat format_of(FormatType type, int bits) {
    NumberFormat f;
    f.type = type;
    f.bits = bits > 0 ? bits : usual_bits(type);
    if (type == FormatType::integer && f.bits == 1) f.type = FormatType::binary;
    if (type == FormatType::integer && f.bits == 32) f.type = FormatType::float32;
    f.symmetric = is_fixed_point(type);
    return f;
}

} // namespace

std::string_view to_string(FormatType type) {
    switch (type) {
    case FormatType::float32:
        return "float32";
    case FormatType::float16:
        return "float16";
    case FormatType::bfloat16:
        return "bfloat16";
    case FormatType::float8_e4m3:
        return "float8_e4m3";
    case FormatType::float8_e5m2:
        return "float8_e5m2";
    case FormatType::integer:
        return "integer";
    case FormatType::fixed_point:
        return "fixed_point";
    case FormatType::dynamic_fixed_point:
        return "dynamic_fixed_point";
    case FormatType::power_of_two:
        return "power_of_two";
    case FormatType::ternary:
        return "ternary";
    case FormatType::binary:
        return "binary";
    case FormatType::codebook:
        return "codebook";
    }
    return {};
}

bool NumberFormat::is_integer() const {
    return type == FormatType::integer || is_fixed_point(type) || type == FormatType::ternary ||
           type == FormatType::binary;
}

bool NumberFormat::is_small_float() const {
    return type == FormatType::float16 || type == FormatType::bfloat16 || type == FormatType::float8_e4m3 ||
           type == FormatType::float8_e5m2;
}

bool NumberFormat::has_scale() const {
    return type != FormatType::float32 && type != FormatType::float16 && type != FormatType::bfloat16 &&
           type != FormatType::codebook;
}

int32_t NumberFormat::q_min() const {
    if (type == FormatType::ternary || type == FormatType::binary) return -1;
    if (!symmetric && !is_fixed_point(type)) return 0;
    return static_cast<int32_t>(-(int64_t{1} << (bits - 1)) + (narrow ? 1 : 0));
}

int32_t NumberFormat::q_max() const {
    if (type == FormatType::ternary || type == FormatType::binary) return 1;
    const bool is_signed = symmetric || is_fixed_point(type);
    const int64_t q =
        is_signed ? (int64_t{1} << (bits - 1)) - 1 : (int64_t{1} << bits) - 1 - (narrow ? 1 : 0);
    return static_cast<int32_t>(std::min<int64_t>(q, std::numeric_limits<int32_t>::max()));
}

int NumberFormat::storage_bits() const {
    if (type == FormatType::integer || is_fixed_point(type) || type == FormatType::power_of_two ||
        type == FormatType::codebook)
        return bits;
    return usual_bits(type);
}

std::string NumberFormat::to_string() const {
    std::string name = base_name(*this);
    if (!has_scale()) return name;
    if (granularity == Granularity::channel) name += " per channel";
    if (granularity == Granularity::group) name += " per group of " + std::to_string(group_size);
    return name;
}

NumberFormat float32_format() {
    return {};
}

NumberFormat weight_integer(int bits) {
    return default_weight_format(FormatType::integer, bits);
}

NumberFormat activation_integer(int bits) {
    return default_activation_format(FormatType::integer, bits);
}

NumberFormat default_weight_format(FormatType type, int bits) {
    NumberFormat f = format_of(type, bits);
    if (f.type == FormatType::integer) f.symmetric = f.narrow = true;
    // One position for all tensors is what fixed point means.
    if (f.has_scale() && f.type != FormatType::fixed_point) f.granularity = Granularity::channel;
    return f;
}

NumberFormat default_activation_format(FormatType type, int bits) {
    NumberFormat f = format_of(type, bits);
    if (f.has_scale()) f.range.type = RangeRuleType::percentile;
    return f;
}

bool is_integer_width(int bits) {
    return (bits >= k_min_bits && bits <= k_max_bits) || bits == 32;
}

} // namespace widthwise
