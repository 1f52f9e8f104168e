#pragma once
// Numbers as the documents of this room hold them: null for what JSON has no number for.

#include "core/design/evaluation.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <exception>
#include <limits>
#include <type_traits>

namespace widthwise {

/// null for infinities and what is no number.
[[nodiscard]] inline nlohmann::ordered_json number(double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

template <typename T> [[nodiscard]] nlohmann::ordered_json optional(const std::optional<T>& value) {
    if (!value) return nullptr;
    if constexpr (std::is_floating_point_v<T>)
        return number(*value);
    else
        return *value;
}

[[nodiscard]] inline nlohmann::ordered_json interval(const Interval& value) {
    return nlohmann::ordered_json::array({number(value.lo), number(value.hi)});
}

// The readers throw nlohmann's exceptions for a missing key or a value of another type.

/// nlohmann's text names the key or the position; its own prefix means nothing to the user.
[[nodiscard]] inline std::string in_plain_words(const std::exception& error) {
    const std::string what = error.what();
    const size_t bracket = what.find("] ");
    return bracket == std::string::npos ? what : what.substr(bracket + 2);
}

/// `null_value` for null.
[[nodiscard]] inline double read_number(const nlohmann::json& object, const char* key,
                                        double null_value = std::numeric_limits<double>::quiet_NaN()) {
    const nlohmann::json& value = object.at(key);
    return value.is_null() ? null_value : value.get<double>();
}

template <typename T>
[[nodiscard]] std::optional<T> read_optional(const nlohmann::json& object, const char* key) {
    const nlohmann::json& value = object.at(key);
    return value.is_null() ? std::nullopt : std::optional<T>(value.get<T>());
}

[[nodiscard]] inline Interval read_interval(const nlohmann::json& object, const char* key) {
    const nlohmann::json& value = object.at(key);
    const auto end = [&](size_t i) {
        return value.at(i).is_null() ? std::numeric_limits<double>::quiet_NaN() : value.at(i).get<double>();
    };
    return {end(0), end(1)};
}

} // namespace widthwise
