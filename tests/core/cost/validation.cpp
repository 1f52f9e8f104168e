#include "tests/core/cost/validation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

namespace widthwise::test {

double relative_error(const ValidationRow& row) {
    if (row.ours == row.theirs) return 0;
    if (row.theirs == 0) return std::numeric_limits<double>::infinity();
    return (row.ours - row.theirs) / std::abs(row.theirs);
}

bool holds(const ValidationRow& row) {
    if (!std::isfinite(row.ours)) return false;
    const double error = relative_error(row);
    return error <= row.limit && (row.at_most || -error <= row.limit);
}

ValidationRow worst_of(const std::vector<ValidationRow>& rows) {
    const auto distance = [](const ValidationRow& row) {
        const double error = relative_error(row);
        if (std::isnan(error)) return std::numeric_limits<double>::infinity();
        return row.at_most ? error : std::abs(error);
    };
    ValidationRow worst =
        *std::max_element(rows.begin(), rows.end(), [&](const ValidationRow& a, const ValidationRow& b) {
            return distance(a) < distance(b);
        });
    worst.row += ", worst of " + std::to_string(rows.size());
    return worst;
}

std::string to_line(const ValidationRow& row) {
    std::array<char, 256> text;
    std::array<char, 32> limit;
    if (row.limit == 0)
        std::snprintf(limit.data(), limit.size(), "%s", row.at_most ? "<= theirs" : "exact");
    else
        std::snprintf(limit.data(), limit.size(), "%s%.1f %%", row.at_most ? "+" : "", 100 * row.limit);
    std::snprintf(text.data(), text.size(), "%-14s %-58s %13.6g %13.6g %+9.2f %% %9s  ", row.source.c_str(),
                  row.row.c_str(), row.theirs, row.ours, 100 * relative_error(row), limit.data());
    std::string line = text.data();
    if (!row.note.empty()) return line + (holds(row) ? "ok: " : "explained: ") + row.note;
    return line + (holds(row) ? "ok" : "FAILS");
}

const std::vector<ValidationSource>& validation_sources() {
    static const std::vector<ValidationSource> sources = {
        {"SCALE-Sim", validation_scalesim},  {"BitFusion", validation_bitfusion},
        {"HAWQ-V3", validation_hawq},        {"Eyeriss JSSC 2017", validation_eyeriss},
        {"Workloads", validation_workloads}, {"Timeloop v2.0", validation_timeloop},
        {"TPU v1", validation_tpu},          {"GPU served", validation_gpu},
        {"FINN", validation_finn},
    };
    return sources;
}

} // namespace widthwise::test
