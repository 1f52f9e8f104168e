#pragma once
// A small CSV table with a header line, as people write it by hand or save it from a spreadsheet.

#include "core/base/result.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise::cost {

/// Cells of one record and the line it begins in (the header is line 1).
struct CsvRow {
    size_t line = 0;
    std::vector<std::string> cells; ///< as many as the header has, blanks around them removed
};

class CsvTable {
public:
    /// Comma-separated, RFC 4180's quotes, LF or CRLF, a UTF-8 byte order mark allowed; empty lines and lines
    /// that begin with '#' are passed over. At most 100 000 records. Errors: invalid_input naming the line: a
    /// record of another length than the header's, an open quote, more than 1000 columns, a column twice, no
    /// header, no record.
    [[nodiscard]] static Result<CsvTable> parse(std::string_view text, std::string where);
    /// The same of a file of at most 16 MiB.
    [[nodiscard]] static Result<CsvTable> read(const std::filesystem::path& path);

    [[nodiscard]] const std::vector<CsvRow>& rows() const { return m_rows; }
    [[nodiscard]] const std::vector<std::string>& header() const { return m_header; }
    /// Position of a column by its exact name.
    [[nodiscard]] std::optional<size_t> column(std::string_view name) const;
    /// The same; errors: invalid_input naming the missing column and those that are there.
    [[nodiscard]] Result<size_t> required(std::string_view name) const;
    /// nullopt for an empty cell. Errors: invalid_input naming line and column where it holds no finite
    /// number from `lo` to `hi`: "expected `what`, not 'x'".
    [[nodiscard]] Result<std::optional<double>> number(const CsvRow& row, size_t column, double lo, double hi,
                                                       std::string_view what) const;
    /// An error about one cell: FILE: line 3, column energy_j.
    [[nodiscard]] tl::unexpected<Error> complain(const CsvRow& row, size_t column, std::string message,
                                                 std::string remedy = {}) const;

private:
    std::string m_where;
    std::vector<std::string> m_header;
    std::vector<CsvRow> m_rows;
};

} // namespace widthwise::cost
