#include "core/report/html_design.h"

#include "core/base/format.h"
#include "core/design/judged.h"
#include "core/report/cost_metrics.h"
#include "core/report/escape.h"
#include "core/report/html_cost.h"

#include <algorithm>
#include <map>
#include <utility>

namespace widthwise::report {
namespace {

std::string cell(const std::string& text) {
    return "<td>" + escape_html(text) + "</td>";
}

std::string decibels(const std::optional<double>& value) {
    return value ? format_fixed(*value, 1) : std::string(k_no_number);
}

std::string measured_cells(const LayerDiagnostics* layer) {
    if (!layer) {
        const std::string none(k_no_number);
        return cell(none) + cell(none) + cell(none) + cell(none) + cell(none) + cell(none);
    }
    return cell(layer->weight_format ? layer->weight_format->to_string() : std::string(k_no_number)) +
           cell(layer->activation_format.to_string()) + cell(decibels(layer->weight_sqnr_db)) +
           cell(decibels(layer->activation_sqnr_db)) + cell(std::string(to_string(layer->execution))) +
           cell(layer->accumulator_bits ? std::to_string(*layer->accumulator_bits)
                                        : std::string(k_no_number));
}

std::string modelled_cells(const LayerCost* layer, double total_energy_j) {
    const bool free =
        layer && layer->energy.total_j() == 0 && layer->latency_s == 0; // fused, or moves nothing
    if (!layer || free) {
        const std::string none(k_no_number);
        return cell(none) + cell(none) + cell(none) + cell(none) + cell(none) + cell(none) +
               "<td class=\"name\">" + (layer ? escape_html(layer->mapping) : std::string()) + "</td>";
    }
    const double energy = layer->energy.total_j();
    return cell(layer->macs > 0 ? format_si(static_cast<double>(layer->macs), "")
                                : std::string(k_no_number)) +
           cell(format_si(energy, "J")) +
           cell(total_energy_j > 0 ? format_percent(energy / total_energy_j) : std::string(k_no_number)) +
           cell(format_si(layer->latency_s, "s")) +
           cell(layer->macs > 0 ? format_percent(layer->utilization, 0) : std::string(k_no_number)) +
           cell(limit_of(*layer)) + "<td class=\"name\">" + escape_html(layer->mapping) + "</td>";
}

std::string layer_table(const Design& design) {
    // In the network's order, which the cost keeps; a layer that was measured but not costed follows at the
    // end.
    std::map<std::string_view, const LayerDiagnostics*> measured;
    for (const LayerDiagnostics& layer : design.evaluation.layers) measured[layer.layer] = &layer;
    const double total = total_energy(design.cost).total_j();
    std::string table = "<div class=\"scroll\"><table>\n<thead><tr><th "
                        "class=\"name\">Layer</th><th>Weights</th><th>Activations</th>"
                        "<th>Weight SQNR, dB</th><th>Activation SQNR, dB</th><th>Runs as</th><th>Accumulator "
                        "bits</th><th>MACs</th>"
                        "<th>Energy</th><th>Share</th><th>Latency</th><th>Utilization</th><th>Bound by</th>"
                        "<th class=\"name\">Mapping</th></tr></thead>\n<tbody>\n";
    const auto row = [&](const std::string& name, const LayerDiagnostics* diagnostics,
                         const LayerCost* cost) {
        table += "<tr><td class=\"name\">" + escape_html(name) + "</td>" + measured_cells(diagnostics) +
                 modelled_cells(cost, total) + "</tr>\n";
    };
    for (const LayerCost& layer : design.cost.layers) {
        const auto found = measured.find(layer.layer);
        const LayerDiagnostics* diagnostics = found == measured.end() ? nullptr : found->second;
        if (diagnostics) measured.erase(found);
        row(layer.layer, diagnostics, &layer);
    }
    for (const LayerDiagnostics& layer : design.evaluation.layers)
        if (measured.contains(layer.layer)) row(layer.layer, &layer, nullptr);
    return table + "</tbody></table></div>\n";
}

std::string calibration_text(const CalibrationInfo& calibration) {
    if (calibration.data.empty()) return "none needed";
    std::string text = std::to_string(calibration.samples) + " images of " + calibration.data;
    if (calibration.shared_with_evaluation) text += ", which were evaluated as well";
    return text;
}

std::string passes_text(const std::vector<PassReport>& passes) {
    std::string text;
    for (const PassReport& pass : passes) {
        text += (text.empty() ? "" : "; ") + std::string(to_string(pass.pass)) + ": " + pass.summary;
        if (pass.output_sqnr_db_before && pass.output_sqnr_db_after)
            text += ", output SQNR " + format_number(*pass.output_sqnr_db_before) + " to " +
                    format_number(*pass.output_sqnr_db_after) + " dB";
    }
    return text;
}

std::string provenance(const Design& design) {
    const Provenance& p = design.evaluation.provenance;
    const std::pair<const char*, std::string> entries[] = {
        {"Network", p.model},
        {"Version", design.network},
        {"Network SHA-256", p.model_hash},
        {"Images", std::to_string(images_run(design.evaluation)) + " of " + p.data},
        {"Images SHA-256", p.data_hash},
        {"Preprocessing", p.preprocessing},
        {"Calibration", calibration_text(p.calibration)},
        {"Passes", passes_text(design.evaluation.passes)},
        {"Hardware target", design.cost.target},
        {"Program", p.program_version},
        {"CPU instructions", p.cpu_isa},
        {"Evaluated", p.created_utc},
        {"Took", format_si(design.evaluation.seconds, "s") + ", " +
                     format_number(design.evaluation.images_per_second) + " images per second"},
    };
    std::string list = "<h3>Where the figures come from</h3>\n<dl>\n";
    for (const auto& [name, value] : entries)
        if (!value.empty()) list += "<dt>" + escape_html(name) + "</dt><dd>" + escape_html(value) + "</dd>\n";
    return list + "</dl>\n";
}

} // namespace

std::string design_details(const Design& design) {
    const Accuracy& accuracy = design.evaluation.accuracy;
    std::string out = "<details>\n<summary>" + std::to_string(design.id) + " · " + escape_html(design.label) +
                      (design.network.empty() ? "" : " (" + escape_html(design.network) + ")") +
                      "<span class=\"quiet\">" +
                      (has_accuracy(design.evaluation)
                           ? format_percent(accuracy.top1) + " top-1"
                           : format_percent(top1_agreement(design.evaluation)) + " agree with float");
    if (accuracy.top5) out += ", " + format_percent(*accuracy.top5) + " top-5";
    out += "</span></summary>\n";
    return out + layer_table(design) + cost_details(design.cost) + provenance(design) + "</details>\n";
}

} // namespace widthwise::report
