// The page: what was measured and modelled, design by design, in one file without outside resources.
#include "core/base/format.h"
#include "core/design/judged.h"
#include "core/report/cost_metrics.h"
#include "core/report/escape.h"
#include "core/report/html_design.h"
#include "core/report/report.h"
#include "core/report/style.h"

#include <algorithm>
#include <cmath>

namespace widthwise::report {
namespace {

double energy_per_image(const Design& design) {
    return design.cost.energy_j / static_cast<double>(std::max<int64_t>(design.cost.batch, 1));
}

/// Top-1, or how often the float network's answer is kept where accuracy is not known.
double quality(const Design& design) {
    const Evaluation& evaluation = design.evaluation;
    return has_accuracy(evaluation) ? evaluation.accuracy.top1 : top1_agreement(evaluation);
}

/// No other design is at least as good in accuracy and energy and better in one of them.
bool on_front(const Design& design, const std::vector<Design>& all) {
    return std::none_of(all.begin(), all.end(), [&](const Design& other) {
        const double top1 = quality(design), other_top1 = quality(other);
        const double energy = energy_per_image(design), other_energy = energy_per_image(other);
        return other_top1 >= top1 && other_energy <= energy && (other_top1 > top1 || other_energy < energy);
    });
}

/// "42 % of w8a8" under the energy, where a w8a8 design of the same target is there to compare with.
std::string against_w8a8(const Design& design, const std::vector<Design>& all) {
    const auto reference = std::find_if(all.begin(), all.end(), [&](const Design& other) {
        return other.label == "w8a8" && other.cost.target == design.cost.target;
    });
    if (reference == all.end() || reference->id == design.id || !(energy_per_image(*reference) > 0))
        return {};
    return format_percent(energy_per_image(design) / energy_per_image(*reference), 0) + " of w8a8";
}

std::string cell(const std::string& main, const std::string& small = {}) {
    return "<td>" + escape_html(main) + (small.empty() ? "" : "<small>" + escape_html(small) + "</small>") +
           "</td>";
}

std::string range_percent(const Interval& interval) {
    return format_fixed(interval.lo * 100, 1) + " to " + format_percent(interval.hi);
}

std::string range_points(const Interval& interval) {
    return format_points(interval.lo) + " to " + format_points(interval.hi);
}

std::string summary_row(const Design& design, const Report& report) {
    const Accuracy& accuracy = design.evaluation.accuracy;
    const bool known = has_accuracy(design.evaluation);
    const CostBreakdown& cost = design.cost;
    std::string row =
        on_front(design, report.designs) && report.designs.size() > 1 ? "<tr class=\"front\">" : "<tr>";
    row += "<td>" + std::to_string(design.id) + "</td>";
    row += "<td class=\"name\">" + escape_html(design.label) +
           (design.network.empty() ? "" : "<small>" + escape_html(design.network) + "</small>") + "</td>";
    row += known ? cell(format_percent(accuracy.top1), range_percent(accuracy.top1_ci95))
                 : cell(std::string(k_no_number), "no labels");
    // Float against itself is no comparison.
    if (design.evaluation.plan.is_float())
        row += cell(std::string(k_no_number), "the reference");
    else if (known)
        row += cell(format_points(accuracy.delta_top1), range_points(accuracy.delta_ci95));
    else
        row += cell("SQNR " + format_number(design.evaluation.agreement->sqnr_db) + " dB",
                    "PSNR " + format_number(design.evaluation.agreement->psnr_db) + " dB");
    row += cell(format_percent(top1_agreement(design.evaluation)));
    row += cell(format_si(energy_per_image(design), "J"), against_w8a8(design, report.designs));
    row +=
        cell(format_si(cost.latency_s, "s"), cost.batch > 1 ? "batch of " + std::to_string(cost.batch) : "");
    row += cell(area_text(cost), cost.resources ? format_fixed(cost.resources->dsps, 0) + " DSP" : "");
    row += cell(format_bytes(cost.model_bytes));
    return row + "</tr>\n";
}

std::string summary_table(const Report& report) {
    if (report.designs.empty()) return "<p>No design has been evaluated yet.</p>\n";
    std::string table =
        "<div class=\"scroll\"><table>\n<caption>Accuracy: measured, with its 95 % interval. Energy, "
        "latency, area: modelled. ";
    if (report.designs.size() > 1)
        table += "◆ marks designs that no other one here beats in accuracy and energy at once.";
    table +=
        "</caption>\n<thead><tr><th>No.</th><th class=\"name\">Design</th><th>Top-1</th>"
        "<th>Against float, points</th><th>Agrees with float</th><th>Energy per image</th><th>Latency</th>"
        "<th>Area</th><th>Model size</th></tr></thead>\n<tbody>\n";
    for (const Design& design : report.designs) table += summary_row(design, report);
    return table + "</tbody></table></div>\n";
}

/// SVG files begin with a prolog that has no place inside a page; what holds no <svg> at all is left out.
std::string_view svg_element(std::string_view svg) {
    const size_t begin = svg.find("<svg");
    const size_t end = svg.rfind("</svg>");
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
    return svg.substr(begin, end + 6 - begin);
}

std::string pictures(const Report& report) {
    std::string out;
    for (const Picture& picture : report.pictures) {
        const std::string_view svg = svg_element(picture.svg);
        if (svg.empty()) continue;
        out += "<figure>\n<h3>" + escape_html(picture.title) + "</h3>\n<div class=\"picture\">";
        out += svg;
        out += "</div>\n<figcaption>" + escape_html(picture.caption) + "</figcaption>\n</figure>\n";
    }
    return out.empty() ? out : "<h2>Charts</h2>\n" + out;
}

constexpr std::string_view k_uncertainty = R"html(<div class="note">
<p><strong>How sure these figures are.</strong> Accuracy is measured: the quantized network ran on every image. The
interval says where the accuracy on further images of the same kind would lie, with 95 % confidence (Wilson 1927; against
float, paired on the same images, Newcombe 1998, method 10). A difference whose interval holds 0 may be chance.</p>
<p>Energy, latency and area are modelled; each figure says below how it is known.)html";

constexpr std::string_view k_ratios = R"html(Ratios between designs on the same target are good to some
percent. Compare designs; do not quote one energy as a measurement.</p>
</div>
)html";

/// "Absolute energies: estimate, within a factor of 2."
std::string uncertainty(const Report& report) {
    std::string text(k_uncertainty);
    text += ' ';
    if (!report.designs.empty())
        text += "Absolute energies: " + escape_html(known_as(report.designs.front().cost, "energy")) + ". ";
    return text.append(k_ratios);
}

} // namespace

std::string to_html(const Report& report) {
    std::string page = "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
                       "<meta charset=\"utf-8\" />\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n<title>";
    page += escape_html(report.title) + "</title>\n<style>";
    page += k_style;
    page += "</style>\n</head>\n<body>\n<h1>" + escape_html(report.title) + "</h1>\n<p class=\"origin\">";
    page += "Network " + escape_html(report.model) + " · images " + escape_html(report.data) +
            " · hardware " + escape_html(report.target) + "</p>\n";
    page += "<h2>Designs</h2>\n" + summary_table(report);
    page += uncertainty(report);
    page += pictures(report);
    if (!report.designs.empty()) page += "<h2>Layer by layer</h2>\n";
    for (const Design& design : report.designs) page += design_details(design);
    return page + "</body>\n</html>\n";
}

} // namespace widthwise::report
