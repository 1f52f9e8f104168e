// Evaluations as the document of `evaluate --json`, in and out.
#include "core/base/text.h"
#include "core/design/json.h"
#include "core/design/json_values.h"
#include "core/design/judged.h"

#include <algorithm>
#include <stdexcept>

namespace widthwise {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

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
    out["observed_accumulator_bits"] = optional(layer.observed_accumulator_bits);
    return out;
}

/// All null without labels or classes; the share of equal predictions is known even then.
void write_accuracy(ordered_json& out, const Evaluation& evaluation) {
    const Accuracy& accuracy = evaluation.accuracy;
    const auto& agreement = evaluation.agreement;
    const bool known = accuracy.samples > 0;
    const auto if_known = [&](ordered_json value) { return known ? value : ordered_json(nullptr); };
    out["samples"] = images_run(evaluation);
    out["top1"] = if_known(number(accuracy.top1));
    out["top1_ci95"] = if_known(interval(accuracy.top1_ci95));
    out["top5"] = if_known(optional(accuracy.top5));
    out["float_top1"] = if_known(number(accuracy.float_top1));
    out["agreement"] = known       ? number(accuracy.agreement)
                       : agreement ? number(agreement->top1_agreement)
                                   : nullptr;
    out["delta_top1"] = if_known(number(accuracy.delta_top1));
    out["delta_ci95"] = if_known(interval(accuracy.delta_ci95));
    out["output_agreement"] = nullptr;
    if (!agreement) return;
    ordered_json& outputs = out["output_agreement"];
    outputs["samples"] = agreement->samples;
    outputs["sqnr_db"] = number(agreement->sqnr_db);
    outputs["psnr_db"] = number(agreement->psnr_db);
    outputs["top1_agreement"] = number(agreement->top1_agreement);
    outputs["top1_agreement_ci95"] = interval(agreement->top1_agreement_ci95);
}

ordered_json write_pass(const PassReport& report) {
    ordered_json out;
    out["pass"] = to_string(report.pass);
    out["layers"] = report.layers;
    out["summary"] = report.summary;
    out["output_sqnr_db_before"] = optional(report.output_sqnr_db_before);
    out["output_sqnr_db_after"] = optional(report.output_sqnr_db_after);
    out["seconds"] = number(report.seconds);
    return out;
}

ordered_json write_provenance(const Provenance& provenance) {
    ordered_json out;
    out["model"] = provenance.model;
    out["model_hash"] = provenance.model_hash;
    out["data"] = provenance.data;
    out["data_hash"] = provenance.data_hash;
    out["preprocessing"] = provenance.preprocessing;
    out["seed"] = provenance.seed;
    out["program_version"] = provenance.program_version;
    out["cpu_isa"] = provenance.cpu_isa;
    out["seed"] = provenance.seed;
    out["created_utc"] = provenance.created_utc;
    return out;
}

/// The layers say their formats in words; the plans hold them in full.
NumberFormat full_format(const std::string& words, const NumberFormat& resolved, const NumberFormat& asked) {
    if (resolved.to_string() == words) return resolved;
    if (asked.to_string() == words) return asked;
    if (words == "float32") return float32_format();
    // A format that neither plan holds: what its words say is all there is to know.
    for (const FormatType type : k_format_types)
        for (int bits = 0; bits <= k_max_bits; ++bits)
            for (NumberFormat format :
                 {default_weight_format(type, bits), default_activation_format(type, bits)})
                for (const Granularity granularity : {Granularity::tensor, Granularity::channel}) {
                    format.granularity = granularity;
                    if (validate(format) && format.to_string() == words) return format;
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
    // Project files of earlier versions do not have it.
    if (object.contains("observed_accumulator_bits"))
        layer.observed_accumulator_bits = read_optional<int>(object, "observed_accumulator_bits");
    return layer;
}

/// Without labels or classes the keys are null.
Accuracy read_accuracy(const json& object) {
    Accuracy accuracy;
    const bool known = !object.at("top1").is_null() || !object.at("top1_ci95").is_null();
    if (!known) return accuracy;
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

/// null stands for infinity: exact.
std::optional<OutputAgreement> read_agreement(const json& object) {
    constexpr double k_exact = std::numeric_limits<double>::infinity();
    OutputAgreement agreement;
    agreement.samples = object.at("samples").get<int64_t>();
    agreement.sqnr_db = read_number(object, "sqnr_db", k_exact);
    agreement.psnr_db = read_number(object, "psnr_db", k_exact);
    agreement.top1_agreement = read_number(object, "top1_agreement");
    agreement.top1_agreement_ci95 = read_interval(object, "top1_agreement_ci95");
    return agreement;
}

PassReport read_pass(const json& object) {
    PassReport report;
    const auto name = object.at("pass").get<std::string>();
    const auto* pass = std::find_if(k_passes.begin(), k_passes.end(),
                                    [&](Pass candidate) { return to_string(candidate) == name; });
    if (pass == k_passes.end()) throw std::invalid_argument("unknown pass " + in_quotes(name));
    report.pass = *pass;
    report.layers = object.at("layers").get<int>();
    report.summary = object.at("summary").get<std::string>();
    report.output_sqnr_db_before = read_optional<double>(object, "output_sqnr_db_before");
    report.output_sqnr_db_after = read_optional<double>(object, "output_sqnr_db_after");
    report.seconds = read_number(object, "seconds");
    return report;
}

Provenance read_provenance(const json& object, const json& calibration) {
    Provenance provenance;
    provenance.model = object.at("model").get<std::string>();
    provenance.model_hash = object.at("model_hash").get<std::string>();
    provenance.data = object.at("data").get<std::string>();
    provenance.data_hash = object.at("data_hash").get<std::string>();
    provenance.preprocessing = object.at("preprocessing").get<std::string>();
    if (object.contains("seed"))
        provenance.seed = object.at("seed").get<uint64_t>(); // not in earlier versions
    provenance.program_version = object.at("program_version").get<std::string>();
    provenance.cpu_isa = object.at("cpu_isa").get<std::string>();
    provenance.seed = object.value("seed", uint64_t{1});
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
    const CalibrationInfo& calibration = evaluation.provenance.calibration;
    ordered_json out;
    write_accuracy(out, evaluation);
    out["seconds"] = number(evaluation.seconds);
    out["images_per_second"] = number(evaluation.images_per_second);
    out["layers"] = ordered_json::array();
    for (const LayerDiagnostics& layer : evaluation.layers) out["layers"].push_back(write_layer(layer));
    out["passes"] = ordered_json::array();
    for (const PassReport& report : evaluation.passes) out["passes"].push_back(write_pass(report));
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
        // Project files of earlier versions have neither of these.
        if (const auto found = object.find("output_agreement"); found != object.end() && !found->is_null())
            evaluation.agreement = read_agreement(*found);
        if (const auto found = object.find("passes"); found != object.end())
            for (const json& pass : *found) evaluation.passes.push_back(read_pass(pass));
        return evaluation;
    } catch (const std::exception& e) {
        return fail(ErrorCode::invalid_input, "this is no evaluation (" + in_plain_words(e) + ")", where);
    }
}

} // namespace widthwise
