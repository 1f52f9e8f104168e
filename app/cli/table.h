#pragma once
// Plain-text tables for people: words to the left, numbers to the right.

#include <optional>
#include <string>
#include <vector>

namespace widthwise::cli {

class Table {
public:
    explicit Table(std::vector<std::string> headers) { m_rows.push_back(std::move(headers)); }
    void add(std::vector<std::string> cells) { m_rows.push_back(std::move(cells)); }
    /// Columns are as wide as their widest cell; a column of numbers is right-aligned.
    [[nodiscard]] std::string to_string() const;

private:
    std::vector<std::vector<std::string>> m_rows;
};

/// Three significant digits with an SI prefix: "1.84 mJ".
[[nodiscard]] std::string engineering(double value, const char* unit);
/// "91.73 %" of a fraction.
[[nodiscard]] std::string percent(double fraction, int decimals = 2);
/// "31.2 dB", or "-".
[[nodiscard]] std::string decibels(std::optional<double> value);
/// Thousands apart: "40 813 184".
[[nodiscard]] std::string grouped(long long value);
[[nodiscard]] std::string fixed(double value, int decimals);

} // namespace widthwise::cli
