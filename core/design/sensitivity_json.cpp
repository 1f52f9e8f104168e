// The `sensitivity --json` document, in and out.
#include "core/design/json.h"
#include "core/design/json_values.h"
#include "core/design/object_reader.h"

#include <set>
#include <stdexcept>

namespace widthwise {
namespace {

using nlohmann::json;
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
        out["loss"] = optional(entry.loss_nat);
        out["hessian"] = optional(entry.hessian_nat);
        list.push_back(std::move(out));
    }
    return list;
}

int64_t read_whole(const json& object, const char* key, int64_t lo, int64_t hi) {
    const json& value = object.at(key);
    const int64_t read = value.is_number_integer() ? value.get<int64_t>() : lo - 1;
    if (read < lo || read > hi || (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX))
        throw std::invalid_argument(std::string(key) + " is out of range");
    return read;
}

/// null, and keys that earlier versions did not write: nullopt.
std::optional<double> read_known(const json& object, const char* key) {
    return object.contains(key) ? read_optional<double>(object, key) : std::nullopt;
}

SensitivityEntry read_entry(const json& object) {
    SensitivityEntry entry;
    entry.bits = static_cast<int>(read_whole(object, "bits", 1, 32));
    if (!is_integer_width(entry.bits)) throw std::invalid_argument("bits is no width");
    entry.samples = read_whole(object, "samples", 0, INT64_MAX);
    entry.top1 = read_number(object, "top1");
    entry.delta_ci95 = read_interval(object, "delta_ci95");
    entry.sqnr_db = read_number(object, "sqnr_db", std::numeric_limits<double>::infinity());
    entry.kl_nat = read_optional<double>(object, "kl");
    entry.loss_nat = read_known(object, "loss");
    entry.hessian_nat = read_known(object, "hessian");
    return entry;
}

std::vector<SensitivityEntry> read_entries(const json& list) {
    if (!list.is_array()) throw std::invalid_argument("entries are no array");
    std::vector<SensitivityEntry> entries;
    std::set<int> seen;
    for (const json& entry : list)
        if (!seen.insert(entries.emplace_back(read_entry(entry)).bits).second)
            throw std::invalid_argument("a width stands twice");
    return entries;
}

Sensitivity read(const json& object) {
    Sensitivity sensitivity;
    sensitivity.baseline_top1 = read_number(object, "baseline_top1");
    sensitivity.baseline_loss_nat = read_known(object, "baseline_loss");
    sensitivity.samples = read_whole(object, "samples", 0, INT64_MAX);
    if (!object.at("layers").is_array()) throw std::invalid_argument("layers is no array");
    std::set<std::string> names;
    for (const json& layer : object.at("layers")) {
        LayerSensitivity& read = sensitivity.layers.emplace_back();
        read.layer = layer.at("name").get<std::string>();
        if (!names.insert(read.layer).second) throw std::invalid_argument("a layer stands twice");
        read.weight_trace = read_known(layer, "hessian_trace");
        read.weight_trace_error = read_known(layer, "hessian_trace_error");
        read.weights = read_entries(layer.at("weights"));
        read.activations = read_entries(layer.at("activations"));
    }
    sensitivity.seconds = read_number(object, "seconds");
    sensitivity.evaluations = read_whole(object, "evaluations", 0, INT64_MAX);
    return sensitivity;
}

} // namespace

std::string sensitivity_to_json(const Sensitivity& sensitivity) {
    ordered_json out;
    out["baseline_top1"] = number(sensitivity.baseline_top1);
    out["baseline_loss"] = optional(sensitivity.baseline_loss_nat);
    out["samples"] = sensitivity.samples;
    out["layers"] = ordered_json::array();
    for (const LayerSensitivity& layer : sensitivity.layers)
        out["layers"].push_back({{"name", layer.layer},
                                 {"hessian_trace", optional(layer.weight_trace)},
                                 {"hessian_trace_error", optional(layer.weight_trace_error)},
                                 {"weights", write_entries(layer.weights)},
                                 {"activations", write_entries(layer.activations)}});
    out["seconds"] = number(sensitivity.seconds);
    out["evaluations"] = sensitivity.evaluations;
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<Sensitivity> sensitivity_from_json(std::string_view text, const std::string& where) {
    const Result<json> document = parse_document(text, {where, {}});
    if (!document) return tl::unexpected<Error>(document.error());
    try {
        return read(*document);
    } catch (const std::exception& e) {
        return fail(ErrorCode::invalid_input, "this is no sensitivity (" + in_plain_words(e) + ")", where,
                    "measure it again");
    }
}

} // namespace widthwise
