// Writes the widthwise-design/1 document.
#include "core/design/format_json.h"
#include "core/design/precision_plan.h"
#include "core/design/values_json.h"

#include <nlohmann/json.hpp>

namespace widthwise {
namespace {

using nlohmann::ordered_json;

/// The accumulator only where it is not the `base`'s, which readers take for it.
ordered_json write_formats(const LayerPrecision& precision, const AccumulatorFormat& base) {
    ordered_json out;
    out["weights"] = write_format(precision.weights);
    out["activations"] = write_format(precision.activations);
    if (precision.accumulator != base) {
        out["accumulator"]["bits"] = precision.accumulator.bits;
        out["accumulator"]["overflow"] = to_string(precision.accumulator.overflow);
    }
    return out;
}

} // namespace

std::string plan_to_json(const PrecisionPlan& plan) {
    ordered_json out;
    out["format"] = "widthwise-design/1";
    if (!plan.passes().empty()) {
        out["passes"] = ordered_json::array();
        for (const Pass pass : plan.passes()) out["passes"].push_back(to_string(pass));
    }
    if (const Requantization& how = plan.requantization(); how != Requantization()) {
        out["requantization"]["mode"] = to_string(how.mode);
        out["requantization"]["rounding"] = to_string(how.rounding);
    }
    if (!plan.folds_batch_norm()) out["fold_batch_norm"] = false;
    out["default"] = write_formats(plan.default_precision(), {});
    std::map<std::string, ordered_json> layers;
    for (const auto& [name, precision] : plan.layers())
        layers[name] = write_formats(precision, plan.default_precision().accumulator);
    for (const auto& [name, values] : plan.values()) layers[name]["values"] = write_values(*values);
    out["layers"] = ordered_json::object();
    for (auto& [name, layer] : layers) out["layers"][name] = std::move(layer);
    // A layer's name may hold bytes that are not UTF-8; replacing them beats refusing to save.
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

} // namespace widthwise
