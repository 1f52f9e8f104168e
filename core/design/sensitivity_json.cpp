// The `sensitivity --json` document.
#include "core/design/json.h"
#include "core/design/json_values.h"

namespace widthwise {
namespace {

using nlohmann::ordered_json;

ordered_json write_entries(const std::vector<SensitivityEntry>& entries) {
    ordered_json list = ordered_json::array();
    for (const SensitivityEntry& entry : entries) {
        ordered_json out;
        out["bits"] = entry.bits;
        out["samples"] = entry.samples;
        out["top1"] = number(entry.top1);
        out["delta_ci95"] = interval(entry.delta_ci95);
        out["sqnr_db"] = optional(entry.sqnr_db);
        out["kl"] = optional(entry.kl_nat);
        list.push_back(std::move(out));
    }
    return list;
}

} // namespace

std::string sensitivity_to_json(const Sensitivity& sensitivity) {
    ordered_json out;
    out["baseline_top1"] = number(sensitivity.baseline_top1);
    out["samples"] = sensitivity.samples;
    out["layers"] = ordered_json::array();
    for (const LayerSensitivity& layer : sensitivity.layers)
        out["layers"].push_back({{"name", layer.layer},
                                 {"weights", write_entries(layer.weights)},
                                 {"activations", write_entries(layer.activations)}});
    out["seconds"] = number(sensitivity.seconds);
    out["evaluations"] = sensitivity.evaluations;
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

} // namespace widthwise
