#pragma once
// The cost model against measurements and other simulators: one row a figure, asserted by tst_validation and
// printed as one table by bench_cost. Large sources give one row per file, that of the worst error.
//
// A source is a file validation_NAME.cpp here with one function that computes its rows, and a line in
// validation.cpp.

#include <filesystem>
#include <string>
#include <vector>

namespace widthwise::test {

struct ValidationRow {
    std::string source; ///< "SCALE-Sim v2"
    std::string row;    ///< "resnet18_ws_32x32: cycles, worst of 21 layers"
    double theirs = 0, ours = 0;
    double limit = 0; ///< relative to theirs; 0: exactly equal
    /// Why the row cannot be met: it is printed and not asserted. Empty: it must hold.
    std::string note = {};
    bool at_most = false; ///< ours may also lie below theirs by any share ("no more energy than theirs")
};

/// (ours - theirs) / |theirs|; 0 where they are equal, infinite where theirs alone is 0.
[[nodiscard]] double relative_error(const ValidationRow& row);
[[nodiscard]] bool holds(const ValidationRow& row);
/// Of rows with equal limits the one that is furthest off; its `row` gains ", worst of N". Not for none.
[[nodiscard]] ValidationRow worst_of(const std::vector<ValidationRow>& rows);
/// One line: source, row, theirs, ours, error, limit, "ok", "explained: ..." or "FAILS".
[[nodiscard]] std::string to_line(const ValidationRow& row);

/// `reference` is the folder of reference numbers (test_data.h); a source whose file is not there gives no
/// rows.
std::vector<ValidationRow> validation_scalesim(const std::filesystem::path& reference);
std::vector<ValidationRow> validation_bitfusion(const std::filesystem::path& reference);
std::vector<ValidationRow> validation_hawq(const std::filesystem::path& reference);
std::vector<ValidationRow> validation_tpu(const std::filesystem::path& reference);
std::vector<ValidationRow> validation_gpu(const std::filesystem::path& reference); ///< needs no file
std::vector<ValidationRow> validation_finn(const std::filesystem::path& reference);
std::vector<ValidationRow> validation_eyeriss(const std::filesystem::path& reference);
std::vector<ValidationRow> validation_timeloop(const std::filesystem::path& reference);
std::vector<ValidationRow> validation_workloads(const std::filesystem::path& reference);

struct ValidationSource {
    const char* name;
    std::vector<ValidationRow> (*rows)(const std::filesystem::path& reference);
};
/// Those that are there, in the table's order.
[[nodiscard]] const std::vector<ValidationSource>& validation_sources();

} // namespace widthwise::test
