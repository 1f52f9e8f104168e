#include "core/base/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace widthwise {
namespace {

constexpr std::array<std::string_view, 13> k_prefixes = {"a", "f", "p", "n", "µ", "m", "",
                                                         "k", "M", "G", "T", "P", "E"};
constexpr int k_smallest_prefix = -18;

std::string to_text(double value, std::chars_format form, int precision) {
    // 1e308 in fixed form needs 309 digits.
    std::array<char, 400> buffer{};
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, form, std::max(precision, 0));
    return {buffer.data(), end.ptr};
}

/// Decimal exponent after rounding to `digits` significant digits: 999.9 has 3 at three digits. `value` > 0.
int rounded_exponent(double value, int digits) {
    const std::string text = to_text(value, std::chars_format::scientific, digits - 1);
    const size_t e = text.find('e');
    int exponent = 0;
    const char* begin = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
    std::from_chars(begin, text.data() + text.size(), exponent);
    return exponent;
}

int floor_to_thousands(int exponent) {
    return (exponent >= 0 ? exponent / 3 : -((2 - exponent) / 3)) * 3;
}

std::string with_unit(std::string number, std::string_view prefix, std::string_view unit) {
    if (prefix.empty() && unit.empty()) return number;
    number += ' ';
    number += prefix;
    number += unit;
    return number;
}

} // namespace

std::string format_fixed(double value, int decimals) {
    if (!std::isfinite(value)) return std::string(k_no_number);
    std::string text = to_text(value, std::chars_format::fixed, decimals);
    if (text.starts_with('-') && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
    return text;
}

std::string format_number(double value, int digits) {
    if (!std::isfinite(value)) return std::string(k_no_number);
    if (value == 0) return "0";
    const int exponent = rounded_exponent(std::abs(value), digits);
    if (exponent < -4 || exponent > 15) return to_text(value, std::chars_format::scientific, digits - 1);
    if (exponent < digits) return to_text(value, std::chars_format::fixed, digits - 1 - exponent);
    const double unit = std::pow(10.0, exponent - digits + 1);
    return to_text(std::round(value / unit) * unit, std::chars_format::fixed, 0);
}

std::string format_si(double value, std::string_view unit, int digits) {
    if (!std::isfinite(value)) return std::string(k_no_number);
    if (value == 0) return with_unit("0", "", unit);
    digits = std::max(digits, 3);
    const int exponent = rounded_exponent(std::abs(value), digits);
    const int thousands = floor_to_thousands(exponent);
    const int index = (thousands - k_smallest_prefix) / 3;
    if (thousands < k_smallest_prefix || index >= static_cast<int>(k_prefixes.size()))
        return with_unit(to_text(value, std::chars_format::scientific, digits - 1), "", unit);
    // Dividing by a power that is exact beats multiplying by one that is not.
    const double scaled =
        thousands >= 0 ? value / std::pow(10.0, thousands) : value * std::pow(10.0, -thousands);
    return with_unit(to_text(scaled, std::chars_format::fixed, digits - 1 - (exponent - thousands)),
                     k_prefixes[static_cast<size_t>(index)], unit);
}

std::string format_bytes(double bytes) {
    if (std::isfinite(bytes) && std::abs(bytes) < 999.5) return format_fixed(bytes, 0) + " B";
    return format_si(bytes, "B");
}

std::string format_percent(double share, int decimals) {
    if (!std::isfinite(share)) return std::string(k_no_number);
    return format_fixed(share * 100, decimals) + " %";
}

std::string format_points(double difference, int decimals) {
    if (!std::isfinite(difference)) return std::string(k_no_number);
    std::string text = format_fixed(difference * 100, decimals);
    if (text.starts_with('-')) return "−" + text.substr(1);
    if (text.find_first_not_of("0.") == std::string::npos) return text;
    return "+" + text;
}

} // namespace widthwise
