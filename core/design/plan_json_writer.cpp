// Writes the widthwise-design/1 document.
#include "core/design/precision_plan.h"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>

namespace widthwise {
namespace {

using nlohmann::ordered_json;

/// The double whose shortest decimal form is the float's (at most 9 digits), where it reads back exactly.
double short_double(float value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    double read = 0;
    std::from_chars(text.data(), end, read);
    return static_cast<float>(read) == value ? read : static_cast<double>(value);
}

ordered_json write_range(const RangeRule& rule) {
    if (rule.type == RangeRuleType::given) return ordered_json::array({rule.lo, rule.hi});
    if (rule.type == RangeRuleType::percentile) return "percentile:" + ordered_json(rule.percentile).dump();
    return "minmax";
}

ordered_json write_format(const NumberFormat& format) {
    ordered_json out;
    if (!format.is_integer()) {
        out["type"] = "float32";
        out["bits"] = 32;
        return out;
    }
    out["type"] = "integer";
    out["bits"] = format.bits;
    out["symmetric"] = format.symmetric;
    out["narrow"] = format.narrow;
    out["granularity"] = format.granularity == Granularity::channel ? "channel" : "tensor";
    out["range"] = write_range(format.range);
    if (!format.scale.empty()) {
        ordered_json scales = ordered_json::array();
        for (const float scale : format.scale) scales.push_back(short_double(scale));
        out["scale"] = std::move(scales);
    }
    if (!format.zero_point.empty()) out["zero_point"] = format.zero_point;
    return out;
}

ordered_json write_formats(const LayerPrecision& precision) {
    ordered_json out;
    out["weights"] = write_format(precision.weights);
    out["activations"] = write_format(precision.activations);
    return out;
}

} // namespace

std::string plan_to_json(const PrecisionPlan& plan) {
    ordered_json out;
    out["format"] = "widthwise-design/1";
    out["default"] = write_formats(plan.default_precision());
    ordered_json layers = ordered_json::object();
    for (const auto& [name, precision] : plan.layers()) layers[name] = write_formats(precision);
    out["layers"] = std::move(layers);
    // A layer's name may hold bytes that are not UTF-8; replacing them beats refusing to save.
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

} // namespace widthwise
