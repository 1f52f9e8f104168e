// The report as Markdown, for issue trackers and wikis.
#include "core/base/format.h"
#include "core/design/judged.h"
#include "core/report/cost_metrics.h"
#include "core/report/escape.h"
#include "core/report/report.h"

#include <algorithm>

namespace widthwise::report {
namespace {

std::string row(const std::vector<std::string>& cells) {
    std::string line = "|";
    for (const std::string& cell : cells) line += " " + escape_markdown(cell) + " |";
    return line + "\n";
}

/// The first column to the left, the others to the right.
std::string header(const std::vector<std::string>& names) {
    std::string rule = "|---|";
    for (size_t i = 1; i < names.size(); ++i) rule += "---:|";
    return row(names) + rule + "\n";
}

/// "3: w3a3 (QAT w3a3, 10 epochs)".
std::string name_of(const Design& design) {
    return std::to_string(design.id) + ": " + design.label +
           (design.network.empty() ? "" : " (" + design.network + ")");
}

std::string summary(const Report& report) {
    std::string text = header({"Design", "Top-1", "Against float, points", "Energy per image", "Latency",
                               "Area", "Model size", "Energy known as"});
    for (const Design& design : report.designs) {
        const Accuracy& accuracy = design.evaluation.accuracy;
        const CostBreakdown& cost = design.cost;
        const bool known = has_accuracy(design.evaluation);
        const std::string none(k_no_number);
        text += row({name_of(design),
                     known ? format_percent(accuracy.top1) + " (" + format_percent(accuracy.top1_ci95.lo) +
                                 " to " + format_percent(accuracy.top1_ci95.hi) + ")"
                           : none,
                     known && !design.evaluation.plan.is_float() ? format_points(accuracy.delta_top1) : none,
                     format_si(cost.energy_j / static_cast<double>(std::max<int64_t>(cost.batch, 1)), "J"),
                     format_si(cost.latency_s, "s"), area_text(cost), format_bytes(cost.model_bytes),
                     known_as(cost, "energy")});
    }
    return text;
}

std::string layers(const CostBreakdown& cost) {
    std::vector<std::string> names{"Layer", "MACs", "W x A", "Latency", "Bound by", "Energy"};
    for (const auto& [name, joules] : component_shares({})) names.emplace_back(name);
    std::string text = header(names);
    for (const LayerCost& layer : cost.layers) {
        const double energy = layer.energy.total_j();
        if (!(energy > 0) && !(layer.latency_s > 0)) continue;
        std::vector<std::string> cells{layer.layer,
                                       layer.macs > 0 ? format_si(static_cast<double>(layer.macs), "") : "–",
                                       std::to_string(layer.run_weight_bits) + " x " +
                                           std::to_string(layer.run_activation_bits),
                                       format_si(layer.latency_s, "s"),
                                       limit_of(layer),
                                       format_si(energy, "J")};
        for (const auto& [name, joules] : component_shares(layer.energy))
            cells.push_back(joules > 0 ? format_percent(joules / energy, 0) : "–");
        text += row(cells);
    }
    return text;
}

} // namespace

std::string to_markdown(const Report& report) {
    std::string text = "# " + escape_markdown(report.title) + "\n\nNetwork " + escape_markdown(report.model) +
                       ", images " + escape_markdown(report.data) + ", hardware " +
                       escape_markdown(report.target) + ".\n\n";
    if (report.designs.empty()) return text + "No design has been evaluated yet.\n";
    text += summary(report) +
            "\nAccuracy is measured, with its 95 % interval; energy, latency and area are modelled. Absolute "
            "energies: " +
            known_as(report.designs.front().cost, "energy") +
            "; ratios on one target are good to some percent.\n";
    for (const Design& design : report.designs) {
        text += "\n## " + escape_markdown(name_of(design)) + "\n\n" + header({"Figure", "Value", "Known as"});
        for (const Metric& metric : cost_metrics(design.cost))
            text += row(
                {metric.name, metric.value, metric.known + (metric.note.empty() ? "" : ": " + metric.note)});
        text += "\n" + layers(design.cost);
        const Provenance& from = design.evaluation.provenance;
        text += "\nNetwork " + escape_markdown(from.model) + " (" + escape_markdown(from.model_hash) +
                "), images " + escape_markdown(from.data) + ", evaluated " +
                escape_markdown(from.created_utc) + " by version " + escape_markdown(from.program_version) +
                ".\n";
    }
    return text;
}

} // namespace widthwise::report
