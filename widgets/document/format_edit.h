#pragma once
// Edits of one number format, field by field, as pure functions: what a change makes of a format, why it
// cannot be made, and what several formats have in common.

#include "core/quant/number_format.h"

#include <QString>

#include <algorithm>
#include <optional>
#include <vector>

namespace widthwise::gui {

enum class LayerOperand { weights, activations };

/// The fields that a user sets.
enum class FormatField { type, bits, symmetric, narrow, granularity, scale_type, range, fraction_bits };
/// Whether formats of this type have the field to set at all.
[[nodiscard]] bool has_field(FormatType type, FormatField field);

/// Only what is set is changed.
struct FormatChange {
    std::optional<FormatType> type;
    std::optional<int> bits;
    std::optional<bool> symmetric, narrow;
    std::optional<Granularity> granularity;
    std::optional<int> group_size;
    std::optional<ScaleType> scale_type;
    std::optional<RangeRuleType> rule;
    std::optional<double> percentile, lo, hi;
    std::optional<std::optional<int>> fraction_bits; ///< the inner nullopt: chosen from the range
};

/// The format with the change; scales that stood in it are dropped, for they belonged to the old one. Another
/// type brings its usual width where the present one does not fit, and keeps granularity and range rule where
/// it can. Errors: the format has no such field, or the combination is invalid: `message` says why.
[[nodiscard]] Result<NumberFormat> changed(const NumberFormat& format, const FormatChange& change,
                                           LayerOperand operand);
/// Scales, zero points, thresholds and levels open again, to be found for other numbers.
[[nodiscard]] NumberFormat without_parameters(NumberFormat format);
/// Why no one of `formats` can take the change; empty where at least one can.
[[nodiscard]] QString why_not(const std::vector<NumberFormat>& formats, const FormatChange& change,
                              LayerOperand operand);

/// One field of several formats.
template <typename T> struct Common {
    std::optional<T> value; ///< that all formats with this field have
    bool mixed = false;     ///< they differ; neither: no format has the field
};

template <typename Get>
[[nodiscard]] auto common(const std::vector<NumberFormat>& formats, FormatField field, Get get) {
    Common<std::decay_t<decltype(get(NumberFormat()))>> result;
    for (const NumberFormat& format : formats) {
        if (!has_field(format.type, field) || result.mixed) continue;
        const auto value = get(format);
        if (result.value && *result.value != value) {
            result.mixed = true;
            result.value.reset();
        } else {
            result.value = value;
        }
    }
    return result;
}

/// Names as the window shows them.
[[nodiscard]] QString type_name(FormatType type);
/// "8", "float", "ternary", "log 4", "fixed 8": short enough for a column.
[[nodiscard]] QString short_label(const NumberFormat& format);
[[nodiscard]] QString rule_name(RangeRuleType rule);
/// "99.99 % of the values", "fixed by the network" where scales are given, "mean of the magnitudes".
[[nodiscard]] QString range_text(const NumberFormat& format);
/// Range, step, levels, dynamic range and relative error, one fact a line; empty for float32.
[[nodiscard]] QString facts_text(const NumberFormat& format);

} // namespace widthwise::gui
