#include "core/report/html_cost.h"

#include "core/base/format.h"
#include "core/report/cost_metrics.h"
#include "core/report/escape.h"

#include <algorithm>
#include <cmath>

namespace widthwise::report {
namespace {

std::string cell(const std::string& text) {
    return "<td>" + escape_html(text) + "</td>";
}

std::string name_cell(const std::string& text) {
    return "<td class=\"name\">" + escape_html(text) + "</td>";
}

/// "Energy goes to compute 75 %, DRAM 25 %."
std::string energy_sentence(const CostBreakdown& cost) {
    const EnergyBreakdown sum = total_energy(cost);
    const double total = sum.total_j();
    if (!(total > 0)) return {};
    std::string text;
    for (const auto& [name, joules] : component_shares(sum)) {
        if (!(joules > 0)) continue;
        text += text.empty() ? "Energy goes to " : ", ";
        text += std::string(name) + " " + format_percent(joules / total, 0);
    }
    return "<p>" + escape_html(text) + ".</p>\n";
}

std::string metrics_table(const CostBreakdown& cost) {
    std::string table =
        "<h3>Modelled cost</h3>\n<div class=\"scroll\"><table>\n<thead><tr><th "
        "class=\"name\">Figure</th><th class=\"name\">Value</th><th class=\"name\">Known as</th>"
        "</tr></thead>\n<tbody>\n";
    for (const Metric& metric : cost_metrics(cost)) {
        table += "<tr>" + name_cell(metric.name) + name_cell(metric.value) + "<td class=\"name\">" +
                 escape_html(metric.known);
        if (!metric.note.empty()) table += "<small>" + escape_html(metric.note) + "</small>";
        table += "</td></tr>\n";
    }
    return table + "</tbody></table></div>\n";
}

/// A bar of the shares, in the components' order; as long as this layer's part of the largest layer.
std::string bar(const ComponentShares& shares, double largest) {
    std::string bar = "<td class=\"bar\">";
    for (size_t i = 0; i < shares.size(); ++i) {
        const double percent = largest > 0 ? shares[i].joules / largest * 100 : 0;
        if (percent >= 0.05)
            bar += "<i class=\"part" + std::to_string(i) + "\" style=\"width:" + format_fixed(percent, 1) +
                   "%\"></i>";
    }
    return bar + "</td>";
}

/// "0.6 ms, 38 % waiting for DRAM", "5 µs, launch"
std::string time_text(const LayerCost& layer) {
    std::string text = format_si(layer.latency_s, "s");
    // The launch hides the computing, whose cycles hold it.
    if (limit_of(layer) == "launch") return text + ", launch";
    if (layer.cycles > layer.compute_cycles && layer.cycles > 0)
        text += ", " +
                format_percent(
                    1 - static_cast<double>(layer.compute_cycles) / static_cast<double>(layer.cycles), 0) +
                " waiting for " + limit_of(layer);
    return text;
}

std::string layer_table(const CostBreakdown& cost) {
    double largest = 0;
    for (const LayerCost& layer : cost.layers) largest = std::max(largest, layer.energy.total_j());
    if (!(largest > 0)) return {};
    std::string table =
        "<h3>Energy by layer and component</h3>\n<div class=\"scroll\"><table>\n<thead><tr><th "
        "class=\"name\">Layer</th><th>Energy</th><th class=\"bar\"></th>";
    size_t part = 0;
    for (const auto& [name, joules] : component_shares({}))
        table += "<th><i class=\"key part" + std::to_string(part++) + "\"></i> " +
                 escape_html(std::string(name)) + "</th>";
    table += "<th>Time</th></tr></thead>\n<tbody>\n";
    for (const LayerCost& layer : cost.layers) {
        const double energy = layer.energy.total_j();
        if (!(energy > 0) && !(layer.latency_s > 0)) continue;
        const ComponentShares shares = component_shares(layer.energy);
        table += "<tr>" + name_cell(layer.layer) + cell(format_si(energy, "J")) + bar(shares, largest);
        for (const auto& [name, joules] : shares)
            table += cell(joules > 0 ? format_percent(joules / energy, 0) : std::string(k_no_number));
        table += cell(time_text(layer)) + "</tr>\n";
    }
    return table + "</tbody></table></div>\n";
}

} // namespace

std::string cost_details(const CostBreakdown& cost) {
    return energy_sentence(cost) + metrics_table(cost) + layer_table(cost);
}

} // namespace widthwise::report
