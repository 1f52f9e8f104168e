#include "app/cli/cost_text.h"

#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/base/text.h"
#include "core/report/cost_metrics.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace widthwise::cli {
namespace {

constexpr size_t k_columns = 120, k_name_columns = 26;

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// At most `columns` characters of UTF-8, the rest as "...".
std::string clipped(const std::string& text, size_t columns) {
    size_t characters = 0, end = 0, last = text.size();
    for (size_t i = 0; i < text.size(); ++i) {
        if (continues_character(text[i])) continue;
        if (characters + 3 == columns) end = i;
        if (characters++ == columns) last = i;
    }
    return last == text.size() ? text : text.substr(0, end) + "...";
}

/// Lines of whole words, as long as the page allows.
std::string wrapped(const std::string& text, const std::string& indent) {
    std::string out, line = indent;
    for (const std::string& word : split(text, ' ')) {
        if (line.size() > indent.size() && line.size() + 1 + word.size() > k_columns) {
            out += line + "\n";
            line = indent;
        }
        line += (line.size() > indent.size() ? " " : "") + word;
    }
    return out + line + "\n";
}

/// Each line clipped to the page.
std::string page(const std::string& text) {
    std::string out;
    size_t begin = 0;
    while (begin < text.size()) {
        const size_t end = std::min(text.find('\n', begin), text.size());
        out += clipped(text.substr(begin, end - begin), k_columns) + "\n";
        begin = end + 1;
    }
    return out;
}

/// "4x8", or "4x8>8x8" where the target runs other widths.
std::string widths(const LayerCost& layer) {
    const auto text = [](int weights, int activations) {
        return (weights > 0 ? std::to_string(weights) : "-") + "x" + std::to_string(activations);
    };
    const std::string asked = text(layer.weight_bits, layer.activation_bits);
    const std::string run = text(layer.run_weight_bits, layer.run_activation_bits);
    return layer.macs == 0 || asked == run ? asked : asked + ">" + run;
}

bool costs_nothing(const LayerCost& layer) {
    return layer.macs == 0 && layer.cycles == 0 && layer.energy.total_j() == 0 &&
           !layer.mapping.starts_with("not costed");
}

std::string layers_text(const CostBreakdown& cost) {
    Table table(
        {"layer", "MACs", "WxA", "cycles", "latency", "energy", "DRAM", "used", "bound by", "mapping"});
    int free = 0;
    for (const LayerCost& layer : cost.layers) {
        if (costs_nothing(layer)) {
            ++free;
            continue;
        }
        table.add({clipped(layer.layer, k_name_columns),
                   layer.macs > 0 ? format_si(static_cast<double>(layer.macs), "") : "-", widths(layer),
                   format_si(static_cast<double>(layer.cycles), ""), format_si(layer.latency_s, "s"),
                   format_si(layer.energy.total_j(), "J"), format_bytes(layer.dram_bytes),
                   layer.macs > 0 ? format_percent(layer.utilization, 0) : "-", report::limit_of(layer),
                   layer.mapping});
    }
    std::string text = page(table.to_string());
    if (free > 0)
        text +=
            std::to_string(free) + " layers ride along in others or move no data, at no cost of their own\n";
    return text;
}

std::string components_text(const CostBreakdown& cost) {
    const EnergyBreakdown energy = report::total_energy(cost);
    const double whole = energy.total_j();
    Table table({"energy by", "", "share"});
    for (const auto& [name, joules] : report::component_shares(energy))
        table.add({std::string(name), format_si(joules, "J"),
                   whole > 0 ? format_percent(joules / whole) : std::string("-")});
    std::string text = "\n" + table.to_string();
    const std::vector<report::AreaPart> parts = report::area_parts(cost);
    if (parts.empty()) return text;
    double mm2 = 0;
    for (const report::AreaPart& part : parts) mm2 += part.mm2;
    Table area({"area by", "mm2", "share"});
    for (const report::AreaPart& part : parts)
        area.add({part.name, format_number(part.mm2),
                  mm2 > 0 ? format_percent(part.mm2 / mm2) : std::string("-")});
    return text + "\n" + area.to_string();
}

std::string metrics_text(const CostBreakdown& cost) {
    Table table({"", cost.target + ", batch " + std::to_string(cost.batch), "known as"});
    std::vector<std::string> notes;
    for (const report::Metric& metric : report::cost_metrics(cost)) {
        table.add({metric.name, metric.value, metric.known});
        if (!metric.note.empty() && std::find(notes.begin(), notes.end(), metric.note) == notes.end())
            notes.push_back(metric.note);
    }
    std::string text = "\n" + page(table.to_string());
    for (const std::string& note : notes) text += wrapped(note, "  ");
    return text + "Absolute energies: " + report::known_as(cost, "energy") +
           "; ratios on one target are good to some percent.\n";
}

std::string change(double value, double whole, std::string_view unit) {
    const std::string sign = value > 0 ? "+" : value < 0 ? "-" : "";
    return sign + format_si(std::abs(value), unit) +
           (whole > 0 ? " (" + sign + format_percent(std::abs(value) / whole) + ")" : std::string());
}

std::string options_text(const CostBreakdown& cost) {
    if (cost.options.empty()) return {};
    Table table({"option", "", "latency", "energy", "DRAM", "peak activations"});
    for (const OptionGain& option : cost.options) {
        // Shares of the figure without the option.
        const auto gain = [&](double value, double total, std::string_view unit) {
            return change(value, option.taken ? total - value : total, unit);
        };
        table.add({option.option, option.taken ? "taken" : "not taken",
                   gain(option.latency_s, cost.latency_s, "s"), gain(option.energy_j, cost.energy_j, "J"),
                   gain(option.dram_bytes, cost.dram_bytes, "B"),
                   gain(option.peak_activation_bytes, cost.peak_activation_bytes, "B")});
    }
    return "\n" + table.to_string();
}

/// What runs otherwise than designed, and how many layers do.
std::string fallbacks_text(const CostBreakdown& cost) {
    std::map<std::string, std::vector<std::string>> layers;
    for (const LayerCost& layer : cost.layers)
        if (!layer.fallback.empty()) layers[layer.fallback].push_back(layer.layer);
    std::string text;
    for (const auto& [fallback, names] : layers) {
        const bool one = names.size() == 1;
        text += std::to_string(names.size()) + (one ? " layer" : " layers");
        if (!fallback.starts_with("runs "))
            text += ": " + fallback;
        else
            text += one ? " " + fallback : " run " + fallback.substr(5);
        text += " (" + names.front() + (one ? ")" : ", ...)") + "\n";
    }
    return text.empty() ? text : "\n" + text;
}

/// "fitted 15 %", "estimate x2"
std::string known_briefly(const CostBreakdown& cost) {
    const auto found = cost.confidence.find("energy");
    const Confidence known = found == cost.confidence.end() ? Confidence{} : found->second;
    constexpr double k_largest_percentage = 1.5;
    return std::string(to_string(known.basis)) + (known.factor <= 1 ? ""
                                                  : known.factor <= k_largest_percentage
                                                      ? " " + format_percent(known.factor - 1, 0)
                                                      : " x" + format_number(known.factor, 1));
}

} // namespace

std::string cost_text(const CostBreakdown& cost) {
    return layers_text(cost) + fallbacks_text(cost) + components_text(cost) + options_text(cost) +
           metrics_text(cost);
}

std::string nests_text(const CostBreakdown& cost, const std::vector<std::string>& layers) {
    std::string text;
    for (const LayerCost& layer : cost.layers) {
        if (std::find(layers.begin(), layers.end(), layer.layer) == layers.end()) continue;
        text += layer.layer + "  " + layer.mapping + "\n";
        if (layer.nest) {
            text += to_text(*layer.nest);
            if (!text.ends_with('\n')) text += '\n';
        } else if (layer.macs > 0) {
            text += "  in closed form: no loops are mapped\n";
        }
    }
    return text;
}

std::string comparison_text(const std::vector<TargetCost>& targets) {
    Table table({"target", "latency", "images/s", "J/image", "J/MAC", "power", "area", "DRAM", "used",
                 "bound by", "energy is"});
    std::string failures;
    for (const TargetCost& target : targets) {
        if (!target.cost) {
            table.add({target.target, "-", "-", "-", "-", "-", "-", "-", "-", "-", "cannot run it"});
            failures += target.target + ": " + target.cost.error().to_line() + "\n";
            continue;
        }
        const CostBreakdown& cost = *target.cost;
        const double macs = report::total_macs(cost);
        const auto limits = report::time_by_limit(cost);
        table.add({target.target, format_si(cost.latency_s, "s"), report::rate_text(cost.throughput_ips),
                   format_si(cost.energy_j / static_cast<double>(cost.batch), "J"),
                   macs > 0 ? format_si(cost.energy_j / macs, "J") : std::string("-"),
                   format_si(cost.power_w, "W"), report::area_text(cost), format_bytes(cost.dram_bytes),
                   format_percent(cost.utilization, 0),
                   limits.empty() ? std::string("-") : limits.front().first, known_briefly(cost)});
    }
    return page(table.to_string()) + (failures.empty() ? "" : "\n" + failures);
}

} // namespace widthwise::cli
