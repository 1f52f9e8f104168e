// Evaluations as the document of `evaluate --json`, in and out.
#include "core/base/text.h"
#include "core/design/json.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace widthwise {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// null for what JSON cannot hold.
ordered_json number(double value) {
    return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
}

template <typename T> ordered_json optional(const std::optional<T>& value) {
    if (!value) return nullptr;
    if constexpr (std::is_floating_point_v<T>)
        return number(*value);
    else
        return *value;
}

ordered_json interval(const Interval& value) {
    return ordered_json::array({number(value.lo), number(value.hi)});
}

double read_number(const json& object, const char* key) {
    const json& value = object.at(key);
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

template <typename T> std::optional<T> read_optional(const json& object, const char* key) {
    const json& value = object.at(key);
    return value.is_null() ? std::nullopt : std::optional<T>(value.get<T>());
}

Interval read_interval(const json& object, const char* key) {
    const json& value = object.at(key);
    const auto end = [&](size_t i) {
        return value.at(i).is_null() ? std::numeric_limits<double>::quiet_NaN() : value.at(i).get<double>();
    };
    return {end(0), end(1)};
}

ordered_json write_layer(const LayerDiagnostics& layer) {
    ordered_json out;
    out["name"] = layer.layer;
    out["weight_format"] =
        layer.weight_format ? ordered_json(layer.weight_format->to_string()) : ordered_json();
    out["activation_format"] = layer.activation_format.to_string();
    out["weight_sqnr_db"] = optional(layer.weight_sqnr_db);
    out["activation_sqnr_db"] = optional(layer.activation_sqnr_db);
    out["execution"] = to_string(layer.execution);
    out["accumulator_bits"] = optional(layer.accumulator_bits);
    return out;
}

ordered_json write_provenance(const Provenance& provenance) {
    ordered_json out;
    out["model"] = provenance.model;
    out["model_hash"] = provenance.model_hash;
    out["data"] = provenance.data;
    out["data_hash"] = provenance.data_hash;
    out["preprocessing"] = provenance.preprocessing;
    out["program_version"] = provenance.program_version;
    out["cpu_isa"] = provenance.cpu_isa;
    out["created_utc"] = provenance.created_utc;
    return out;
}

/// The layers say their formats in words; the plans hold them in full.
NumberFormat full_format(const std::string& words, const NumberFormat& resolved, const NumberFormat& asked) {
    if (resolved.to_string() == words) return resolved;
    if (asked.to_string() == words) return asked;
    if (words == "float32") return float32_format();
    // A format that neither plan holds: what its words say is all there is to know.
    for (int bits = k_min_bits; bits <= k_max_bits; ++bits) {
        NumberFormat per_tensor = weight_integer(bits);
        per_tensor.granularity = Granularity::tensor;
        for (const NumberFormat& format : {weight_integer(bits), per_tensor, activation_integer(bits)})
            if (format.to_string() == words) return format;
    }
    throw std::invalid_argument("unknown format " + in_quotes(words));
}

Execution read_execution(const std::string& word) {
    for (const Execution e : {Execution::int8, Execution::simulated, Execution::float32})
        if (word == to_string(e)) return e;
    throw std::invalid_argument("unknown execution " + in_quotes(word));
}

LayerDiagnostics read_layer(const json& object, const Evaluation& evaluation) {
    LayerDiagnostics layer;
    layer.layer = object.at("name").get<std::string>();
    const LayerPrecision& resolved = evaluation.resolved.at(layer.layer);
    const LayerPrecision& asked = evaluation.plan.at(layer.layer);
    if (const json& words = object.at("weight_format"); !words.is_null())
        layer.weight_format = full_format(words.get<std::string>(), resolved.weights, asked.weights);
    layer.activation_format = full_format(object.at("activation_format").get<std::string>(),
                                          resolved.activations, asked.activations);
    layer.weight_sqnr_db = read_optional<double>(object, "weight_sqnr_db");
    layer.activation_sqnr_db = read_optional<double>(object, "activation_sqnr_db");
    layer.execution = read_execution(object.at("execution").get<std::string>());
    layer.accumulator_bits = read_optional<int>(object, "accumulator_bits");
    return layer;
}

Accuracy read_accuracy(const json& object) {
    Accuracy accuracy;
    accuracy.samples = object.at("samples").get<int64_t>();
    accuracy.top1 = read_number(object, "top1");
    accuracy.top1_ci95 = read_interval(object, "top1_ci95");
    accuracy.top5 = read_optional<double>(object, "top5");
    accuracy.float_top1 = read_number(object, "float_top1");
    accuracy.agreement = read_number(object, "agreement");
    accuracy.delta_top1 = read_number(object, "delta_top1");
    accuracy.delta_ci95 = read_interval(object, "delta_ci95");
    return accuracy;
}

Provenance read_provenance(const json& object, const json& calibration) {
    Provenance provenance;
    provenance.model = object.at("model").get<std::string>();
    provenance.model_hash = object.at("model_hash").get<std::string>();
    provenance.data = object.at("data").get<std::string>();
    provenance.data_hash = object.at("data_hash").get<std::string>();
    provenance.preprocessing = object.at("preprocessing").get<std::string>();
    provenance.program_version = object.at("program_version").get<std::string>();
    provenance.cpu_isa = object.at("cpu_isa").get<std::string>();
    provenance.created_utc = object.at("created_utc").get<std::string>();
    provenance.calibration.data =
        calibration.at("data").is_null() ? "" : calibration.at("data").get<std::string>();
    provenance.calibration.samples = calibration.at("samples").get<int64_t>();
    provenance.calibration.data_hash = calibration.at("data_hash").get<std::string>();
    provenance.calibration.shared_with_evaluation = calibration.at("shared_with_evaluation").get<bool>();
    return provenance;
}

} // namespace

std::string evaluation_to_json(const Evaluation& evaluation) {
    const Accuracy& accuracy = evaluation.accuracy;
    const CalibrationInfo& calibration = evaluation.provenance.calibration;
    ordered_json out;
    out["samples"] = accuracy.samples;
    out["top1"] = number(accuracy.top1);
    out["top1_ci95"] = interval(accuracy.top1_ci95);
    out["top5"] = optional(accuracy.top5);
    out["float_top1"] = number(accuracy.float_top1);
    out["agreement"] = number(accuracy.agreement);
    out["delta_top1"] = number(accuracy.delta_top1);
    out["delta_ci95"] = interval(accuracy.delta_ci95);
    out["seconds"] = number(evaluation.seconds);
    out["images_per_second"] = number(evaluation.images_per_second);
    out["layers"] = ordered_json::array();
    for (const LayerDiagnostics& layer : evaluation.layers) out["layers"].push_back(write_layer(layer));
    out["calibration"]["data"] =
        calibration.data.empty() ? ordered_json(nullptr) : ordered_json(calibration.data);
    out["calibration"]["samples"] = calibration.samples;
    out["calibration"]["data_hash"] = calibration.data_hash;
    out["calibration"]["shared_with_evaluation"] = calibration.shared_with_evaluation;
    out["design"] = ordered_json::parse(plan_to_json(evaluation.plan));
    out["resolved_design"] = ordered_json::parse(plan_to_json(evaluation.resolved));
    out["provenance"] = write_provenance(evaluation.provenance);
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<Evaluation> evaluation_from_json(std::string_view text, const Graph& graph, const std::string& where) {
    try {
        const json object = json::parse(text);
        Evaluation evaluation;
        Result<PrecisionPlan> plan = plan_from_json(object.at("design").dump(), graph, where);
        if (!plan) return forward_error(plan);
        evaluation.plan = std::move(*plan);
        Result<PrecisionPlan> resolved = plan_from_json(object.at("resolved_design").dump(), graph, where);
        if (!resolved) return forward_error(resolved);
        evaluation.resolved = std::move(*resolved);
        evaluation.accuracy = read_accuracy(object);
        evaluation.provenance = read_provenance(object.at("provenance"), object.at("calibration"));
        evaluation.seconds = read_number(object, "seconds");
        evaluation.images_per_second = read_number(object, "images_per_second");
        for (const json& layer : object.at("layers"))
            evaluation.layers.push_back(read_layer(layer, evaluation));
        return evaluation;
    } catch (const std::exception& e) {
        // nlohmann's text names the key or the position; its own prefix means nothing to the user.
        std::string what = e.what();
        if (const size_t bracket = what.find("] "); bracket != std::string::npos)
            what = what.substr(bracket + 2);
        return fail(ErrorCode::invalid_input, "this is no evaluation (" + what + ")", where);
    }
}

} // namespace widthwise
