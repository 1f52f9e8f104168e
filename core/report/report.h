#pragma once
// A design report from values; pictures are handed in as SVG text.

#include "core/base/result.h"
#include "core/design/cost_breakdown.h"
#include "core/design/evaluation.h"

#include <filesystem>
#include <string>
#include <vector>

namespace widthwise::report {

struct Design {
    int64_t id = 0;
    std::string label; ///< "w4a8", "mixed w2-8 a4-8"
    Evaluation evaluation;
    CostBreakdown cost;
    int64_t version = 0;      ///< of the network that was measured: a StoredVersion; 0: the project's own
    std::string network = {}; ///< the version's label, "QAT w3a3"; empty: version 0
};

struct Picture {
    std::string title;
    std::string caption;
    std::string svg;
};

struct Report {
    std::string title;
    std::string model, data, target;
    std::vector<Design> designs;
    std::vector<Picture> pictures;
};

/// One self-contained page: summary table, pictures, per-layer tables, provenance. Text is escaped.
[[nodiscard]] std::string to_html(const Report& report);
/// The same without pictures, as GitHub-flavoured Markdown: summary, metrics, layers, provenance.
[[nodiscard]] std::string to_markdown(const Report& report);
/// One row per design (RFC 4180), header with units.
[[nodiscard]] std::string to_csv(const Report& report);
[[nodiscard]] std::string to_json(const Report& report);

/// By the extension of `path` (.html, .md, .csv, .json); written to a temporary file in the same folder and
/// renamed. Returns bytes. Errors: usage for another extension; io.
[[nodiscard]] Result<int64_t> write(const Report& report, const std::filesystem::path& path);

} // namespace widthwise::report
