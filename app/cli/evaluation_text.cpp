#include "app/cli/evaluation_text.h"

#include "app/cli/table.h"
#include "core/base/format.h"

#include <algorithm>

namespace widthwise::cli {
namespace {

std::string bits_text(const std::optional<int>& bits) {
    return bits ? std::to_string(*bits) + " bits" : "-";
}

std::string layers_text(const std::vector<LayerDiagnostics>& layers) {
    const bool observed = std::any_of(layers.begin(), layers.end(),
                                      [](const auto& l) { return l.observed_accumulator_bits.has_value(); });
    std::vector<std::string> headers{"layer",       "weights",         "activations", "runs as",
                                     "weight SQNR", "activation SQNR", "accumulator"};
    if (observed) headers.emplace_back("seen");
    Table table(std::move(headers));
    for (const LayerDiagnostics& layer : layers) {
        std::vector<std::string> row{layer.layer,
                                     layer.weight_format ? layer.weight_format->to_string() : "-",
                                     layer.activation_format.to_string(),
                                     std::string(to_string(layer.execution)),
                                     decibels(layer.weight_sqnr_db),
                                     decibels(layer.activation_sqnr_db),
                                     bits_text(layer.accumulator_bits)};
        if (observed) row.push_back(bits_text(layer.observed_accumulator_bits));
        table.add(std::move(row));
    }
    return table.to_string();
}

std::string passes_text(const std::vector<PassReport>& passes) {
    if (passes.empty()) return {};
    Table table({"pass", "layers", "what it did", "output SQNR before", "after", "time"});
    for (const PassReport& pass : passes)
        table.add({std::string(to_string(pass.pass)), std::to_string(pass.layers), pass.summary,
                   decibels(pass.output_sqnr_db_before), decibels(pass.output_sqnr_db_after),
                   format_si(pass.seconds, "s")});
    return table.to_string() + "\n";
}

std::string accuracy_text(const Accuracy& accuracy) {
    std::string text = "top-1       " + format_percent(accuracy.top1, 2) + "  95 % " +
                       interval_text(accuracy.top1_ci95) + " of " + grouped(accuracy.samples) + " images\n";
    if (accuracy.top5) text += "top-5       " + format_percent(*accuracy.top5, 2) + "\n";
    text += "float       " + format_percent(accuracy.float_top1, 2) + ", difference " +
            format_points(accuracy.delta_top1) + " points" + "  95 % " + interval_text(accuracy.delta_ci95) +
            "\n";
    return text + "agreement   " + format_percent(accuracy.agreement, 2) +
           " of the images get the float network's answer\n";
}

std::string agreement_text(const OutputAgreement& agreement) {
    return "outputs     SQNR " + decibels(agreement.sqnr_db) + ", PSNR " + decibels(agreement.psnr_db) +
           " against float, " + grouped(agreement.samples) + " images\n" + "same top-1  " +
           format_percent(agreement.top1_agreement, 2) + "  95 % " +
           interval_text(agreement.top1_agreement_ci95) + "\n";
}

} // namespace

std::string interval_text(const Interval& interval) {
    return "[" + format_percent(interval.lo, 2) + ", " + format_percent(interval.hi, 2) + "]";
}

std::string evaluation_text(const Evaluation& evaluation) {
    const CalibrationInfo& calibration = evaluation.provenance.calibration;
    std::string text = layers_text(evaluation.layers) + "\n" + passes_text(evaluation.passes);
    if (evaluation.accuracy.samples > 0) text += accuracy_text(evaluation.accuracy);
    if (evaluation.agreement) text += agreement_text(*evaluation.agreement);
    if (calibration.samples > 0)
        text += "calibrated  on " + grouped(calibration.samples) + " images of " + calibration.data +
                (calibration.shared_with_evaluation ? " (the data that are evaluated)" : "") + "\n";
    text += "speed       " + grouped(static_cast<long long>(evaluation.images_per_second)) + " images/s, " +
            format_si(evaluation.seconds, "s") + "\n";
    return text;
}

} // namespace widthwise::cli
