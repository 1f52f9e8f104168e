// Writes one FORMAT object of a design.
#include "core/design/format_json.h"
#include "core/design/range_names.h"
#include "core/design/short_double.h"

#include <nlohmann/json.hpp>

namespace widthwise {
namespace {

using nlohmann::ordered_json;

ordered_json write_range(const RangeRule& rule) {
    const std::optional<std::string> name = range_rule_text(rule);
    return name ? ordered_json(*name) : ordered_json::array({rule.lo, rule.hi});
}

std::string write_granularity(const NumberFormat& format) {
    if (format.granularity == Granularity::channel) return "channel";
    return format.granularity == Granularity::group ? "group:" + std::to_string(format.group_size) : "tensor";
}

ordered_json write_floats(const std::vector<float>& values) {
    ordered_json list = ordered_json::array();
    for (const float value : values) list.push_back(short_double(value));
    return list;
}

} // namespace

ordered_json write_format(const NumberFormat& format) {
    ordered_json out;
    out["type"] = to_string(format.type);
    out["bits"] = format.bits;
    if (!format.codebook.empty()) out["codebook"] = write_floats(format.codebook);
    if (!format.has_scale()) return out;
    const bool is_fixed =
        format.type == FormatType::fixed_point || format.type == FormatType::dynamic_fixed_point;
    if (format.type == FormatType::integer) out["symmetric"] = format.symmetric;
    if (format.type == FormatType::integer || is_fixed) out["narrow"] = format.narrow;
    out["granularity"] = write_granularity(format);
    out["range"] = write_range(format.range);
    if (format.scale_type == ScaleType::power_of_two) out["scale_type"] = "power_of_two";
    if (format.fraction_bits) out["fraction_bits"] = *format.fraction_bits;
    if (!format.scale.empty()) out["scale"] = write_floats(format.scale);
    if (!format.zero_point.empty()) out["zero_point"] = format.zero_point;
    if (!format.threshold.empty()) out["threshold"] = write_floats(format.threshold);
    return out;
}

} // namespace widthwise
