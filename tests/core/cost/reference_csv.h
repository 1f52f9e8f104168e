#pragma once
// Reads the small CSV tables beside the project: header names to cells, quotes respected.

#include "core/base/text.h"
#include "tests/support/test_data.h"

#include <map>
#include <string>
#include <vector>

namespace widthwise::test {

using CsvRow = std::map<std::string, std::string>;

inline std::vector<std::string> csv_cells(const std::string& line) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            cells.emplace_back();
        else if (c != '\r')
            cells.back() += c;
    }
    return cells;
}

inline std::vector<CsvRow> read_csv(const std::filesystem::path& path) {
    std::vector<CsvRow> rows;
    std::vector<std::string> header;
    for (const std::string& line : split(read_file(path), '\n')) {
        if (trim(line).empty()) continue;
        const std::vector<std::string> cells = csv_cells(line);
        if (header.empty()) {
            header = cells;
            continue;
        }
        CsvRow row;
        for (size_t i = 0; i < cells.size() && i < header.size(); ++i) row[header[i]] = cells[i];
        rows.push_back(std::move(row));
    }
    return rows;
}

inline int64_t integer(const CsvRow& row, const std::string& column) {
    const auto found = row.find(column);
    if (found == row.end()) qFatal("no column %s", column.c_str());
    const auto value = parse_int(found->second);
    if (!value) qFatal("column %s holds '%s'", column.c_str(), found->second.c_str());
    return *value;
}

inline double number(const CsvRow& row, const std::string& column) {
    const auto found = row.find(column);
    if (found == row.end()) qFatal("no column %s", column.c_str());
    const auto value = parse_double(found->second);
    if (!value) qFatal("column %s holds '%s'", column.c_str(), found->second.c_str());
    return *value;
}

} // namespace widthwise::test
