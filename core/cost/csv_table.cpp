#include "core/cost/csv_table.h"

#include "core/base/input_file.h"
#include "core/base/text.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

constexpr int64_t k_most_bytes = 16 << 20;
constexpr size_t k_most_rows = 100000, k_most_columns = 1000;

/// Takes the record that begins at `at` off the text; what is wrong with it, if anything.
const char* take_record(std::string_view text, size_t& at, size_t& line, std::vector<std::string>& cells) {
    cells.assign(1, {});
    bool quoted = false;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n') ++line;
        if (quoted) {
            if (c == '"' && at + 1 < text.size() && text[at + 1] == '"')
                cells.back() += text[++at];
            else if (c == '"')
                quoted = false;
            else
                cells.back() += c;
        } else if (c == '"') {
            quoted = true;
        } else if (c == ',') {
            if (cells.size() == k_most_columns) return "more than 1000 columns";
            cells.emplace_back();
        } else if (c == '\n') {
            ++at;
            break;
        } else {
            cells.back() += c;
        }
    }
    for (std::string& cell : cells) cell = trim(cell);
    return quoted ? "a quote is not closed" : nullptr;
}

bool is_blank(const std::vector<std::string>& cells) {
    return std::all_of(cells.begin(), cells.end(), [](const std::string& cell) { return cell.empty(); });
}

} // namespace

Result<CsvTable> CsvTable::parse(std::string_view text, std::string where) {
    CsvTable table;
    table.m_where = std::move(where);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    const auto complain = [&](size_t line, std::string message, std::string remedy = {}) {
        return fail(ErrorCode::invalid_input, std::move(message),
                    table.m_where + ": line " + std::to_string(line), std::move(remedy));
    };
    size_t at = 0, next_line = 1;
    std::vector<std::string> cells;
    while (at < text.size()) {
        const size_t line = next_line;
        if (const char* wrong = take_record(text, at, next_line, cells)) return complain(line, wrong);
        if (is_blank(cells) || cells[0].starts_with('#')) continue;
        if (table.m_header.empty()) {
            for (auto name = cells.begin(); name != cells.end(); ++name)
                if (std::find(cells.begin(), name, *name) != name)
                    return complain(line, "the column " + in_quotes(*name) + " stands twice");
            table.m_header = cells;
            continue;
        }
        if (cells.size() != table.m_header.size())
            return complain(line,
                            std::to_string(cells.size()) + " cells where the header has " +
                                std::to_string(table.m_header.size()),
                            "columns are " + join(table.m_header, ", "));
        if (table.m_rows.size() == k_most_rows) return complain(line, "more than 100000 lines");
        table.m_rows.push_back({line, cells});
    }
    if (table.m_rows.empty())
        return fail(ErrorCode::invalid_input,
                    table.m_header.empty() ? "no header line" : "no line of figures", table.m_where,
                    "a header line and one line per figure are needed");
    return table;
}

Result<CsvTable> CsvTable::read(const std::filesystem::path& path) {
    auto text = read_input(path, k_most_bytes);
    if (!text) return forward_error(text);
    return parse(*text, path.string());
}

std::optional<size_t> CsvTable::column(std::string_view name) const {
    const auto found = std::find(m_header.begin(), m_header.end(), name);
    if (found == m_header.end()) return std::nullopt;
    return static_cast<size_t>(found - m_header.begin());
}

Result<size_t> CsvTable::required(std::string_view name) const {
    if (const auto found = column(name)) return *found;
    return fail(ErrorCode::invalid_input, "no column " + in_quotes(name), m_where,
                "its columns are " + join(m_header, ", "));
}

Result<std::optional<double>> CsvTable::number(const CsvRow& row, size_t column, double lo, double hi,
                                               std::string_view what) const {
    const std::string& cell = row.cells[column];
    if (cell.empty()) return std::optional<double>();
    const auto value = parse_double(cell);
    if (!value || !std::isfinite(*value) || *value < lo || *value > hi)
        return complain(row, column,
                        "expected " + std::string(what) + ", not " + in_quotes(cell.substr(0, 40)));
    return value;
}

tl::unexpected<Error> CsvTable::complain(const CsvRow& row, size_t column, std::string message,
                                         std::string remedy) const {
    return fail(ErrorCode::invalid_input, std::move(message),
                m_where + ": line " + std::to_string(row.line) + ", column " + m_header[column],
                std::move(remedy));
}

} // namespace widthwise::cost
