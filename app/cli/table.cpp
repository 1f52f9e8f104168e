#include "app/cli/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace widthwise::cli {
namespace {

/// Characters, not bytes, of UTF-8.
size_t width_of(const std::string& text) {
    return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_number(const std::string& cell) {
    return !cell.empty() &&
           (cell == "-" || (cell[0] >= '0' && cell[0] <= '9') ||
            ((cell[0] == '-' || cell[0] == '+') && cell.size() > 1 && cell[1] >= '0' && cell[1] <= '9'));
}

} // namespace

std::string Table::to_string() const {
    const size_t columns = m_rows.front().size();
    std::vector<size_t> widths(columns, 0);
    std::vector<bool> numbers(columns, m_rows.size() > 1);
    for (size_t row = 0; row < m_rows.size(); ++row)
        for (size_t column = 0; column < columns; ++column) {
            widths[column] = std::max(widths[column], width_of(m_rows[row][column]));
            if (row > 0 && !is_number(m_rows[row][column])) numbers[column] = false;
        }
    std::string text;
    for (const auto& row : m_rows) {
        std::string line;
        for (size_t column = 0; column < columns; ++column) {
            const std::string pad(widths[column] - width_of(row[column]), ' ');
            if (column > 0) line += "  ";
            line += numbers[column] ? pad + row[column] : row[column] + pad;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string engineering(double value, const char* unit) {
    struct Prefix {
        double factor;
        const char* text;
    };
    constexpr std::array<Prefix, 10> prefixes{{{1e12, "T"},
                                               {1e9, "G"},
                                               {1e6, "M"},
                                               {1e3, "k"},
                                               {1, ""},
                                               {1e-3, "m"},
                                               {1e-6, "u"},
                                               {1e-9, "n"},
                                               {1e-12, "p"},
                                               {1e-15, "f"}}};
    if (value == 0 || !std::isfinite(value)) return fixed(value, 0) + " " + unit;
    const auto* prefix = std::ranges::find_if(
        prefixes, [&](const Prefix& candidate) { return std::abs(value) >= candidate.factor * 0.9995; });
    if (prefix == prefixes.end()) --prefix;
    const double scaled = value / prefix->factor;
    const int decimals = std::abs(scaled) >= 99.95 ? 0 : std::abs(scaled) >= 9.995 ? 1 : 2;
    return fixed(scaled, decimals) + " " + prefix->text + unit;
}

std::string percent(double fraction, int decimals) {
    return fixed(fraction * 100, decimals) + " %";
}

std::string decibels(std::optional<double> value) {
    if (!value) return "-";
    return std::isinf(*value) ? "exact" : fixed(*value, 1) + " dB";
}

std::string grouped(long long value) {
    std::string digits = std::to_string(value);
    for (auto position = static_cast<long long>(digits.size()) - 3; position > (value < 0 ? 1 : 0);
         position -= 3)
        digits.insert(static_cast<size_t>(position), " ");
    return digits;
}

std::string fixed(double value, int decimals) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

} // namespace widthwise::cli
