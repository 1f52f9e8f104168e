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

/// "31.2 dB", or "-".
[[nodiscard]] std::string decibels(std::optional<double> value);
/// Thousands apart: "40 813 184".
[[nodiscard]] std::string grouped(long long value);

} // namespace widthwise::cli
