#include "app/cli/table.h"

#include "core/base/format.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace widthwise::cli {
namespace {

/// Characters, not bytes, of UTF-8.
size_t width_of(const std::string& text) {
    return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Starts with a digit, after a sign if any (ASCII's or U+2212), or stands for no number.
bool is_number(std::string_view cell) {
    if (cell == "-" || cell == k_no_number) return true;
    for (const std::string_view sign : {"-", "+", "\u2212"})
        if (cell.starts_with(sign)) cell.remove_prefix(sign.size());
    return !cell.empty() && cell.front() >= '0' && cell.front() <= '9';
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

std::string decibels(std::optional<double> value) {
    if (!value) return "-";
    return std::isinf(*value) ? "exact" : format_fixed(*value, 1) + " dB";
}

std::string grouped(long long value) {
    std::string digits = std::to_string(value);
    for (auto position = static_cast<long long>(digits.size()) - 3; position > (value < 0 ? 1 : 0);
         position -= 3)
        digits.insert(static_cast<size_t>(position), " ");
    return digits;
}

} // namespace widthwise::cli
