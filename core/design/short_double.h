#pragma once
// Floats in JSON, short and exact.

#include <array>
#include <charconv>

namespace widthwise {

/// The double whose shortest decimal form is the float's (at most 9 digits), where it reads back exactly.
[[nodiscard]] inline double short_double(float value) {
    std::array<char, 32> text{};
    const auto* end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    double read = 0;
    std::from_chars(text.data(), end, read);
    return static_cast<float>(read) == value ? read : static_cast<double>(value);
}

} // namespace widthwise
