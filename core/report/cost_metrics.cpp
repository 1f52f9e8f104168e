#include "core/report/cost_metrics.h"

#include "core/base/format.h"
#include "core/base/text.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace widthwise::report {
namespace {

Confidence confidence_in(const CostBreakdown& cost, const std::string& figure) {
    const auto found = cost.confidence.find(figure);
    return found == cost.confidence.end() ? Confidence{} : found->second;
}

std::string share_of(double part, double whole) {
    return whole > 0 ? " (" + format_percent(part / whole, 0) + ")" : std::string();
}

/// "12400 of 63700 (19 %)"
std::string used_of(double used, double available) {
    return format_fixed(used, 0) + " of " + format_fixed(available, 0) + share_of(used, available);
}

class List {
public:
    explicit List(const CostBreakdown& cost) : m_cost(cost) {}

    /// A figure that `figure`'s confidence covers.
    void model(std::string name, std::string value, const std::string& figure) {
        m_metrics.push_back({std::move(name), std::move(value), known_as(m_cost, figure),
                             confidence_in(m_cost, figure).note});
    }
    void exact(std::string name, std::string value) {
        m_metrics.push_back({std::move(name), std::move(value), "exact", {}});
    }
    std::vector<Metric> take() && { return std::move(m_metrics); }

private:
    const CostBreakdown& m_cost;
    std::vector<Metric> m_metrics;
};

void add_area(const CostBreakdown& cost, List& list) {
    if (std::isfinite(cost.area_mm2) && cost.area_mm2 > 0) {
        std::string text = format_number(cost.area_mm2) + " mm²";
        if (const std::vector<AreaPart> parts = area_parts(cost); !parts.empty() && !parts.back().modelled)
            text += ", modelled parts " + format_number(cost.area_mm2 - parts.back().mm2) + " mm²";
        list.model("Area", std::move(text), "area");
    }
    if (!cost.resources || !cost.available) return;
    const FpgaResources &used = *cost.resources, &all = *cost.available;
    list.model("LUT", used_of(used.luts, all.luts), "area");
    list.model("DSP", used_of(used.dsps, all.dsps), "area");
    list.model("BRAM (18 Kbit)", used_of(used.bram18, all.bram18), "area");
    list.model("URAM", used_of(used.urams, all.urams), "area");
}

void add_traffic(const CostBreakdown& cost, List& list) {
    list.model("External memory traffic", format_bytes(cost.dram_bytes), "dram");
    std::string bandwidth = format_bytes(cost.dram_bytes_per_s) + "/s";
    if (cost.dram_peak_bytes_per_s)
        bandwidth += " of " + format_bytes(*cost.dram_peak_bytes_per_s) + "/s" +
                     share_of(cost.dram_bytes_per_s, *cost.dram_peak_bytes_per_s);
    list.model("External bandwidth", bandwidth, "latency");
    if (cost.on_chip_bytes > 0) list.model("On-chip storage used", format_bytes(cost.on_chip_bytes), "dram");
}

/// Of a dataflow design, where every layer has a unit of its own and all of a configuration's run at once:
/// the slowest of each configuration, longest first. Empty on all other targets.
std::vector<const LayerCost*> slowest_units(const CostBreakdown& cost) {
    std::map<std::string, const LayerCost*> slowest; // by "configuration 1 of 3"
    for (const LayerCost& layer : cost.layers) {
        if (layer.pe <= 0) continue;
        const size_t at = layer.mapping.find("; configuration ");
        const LayerCost*& unit = slowest[at == std::string::npos ? "" : layer.mapping.substr(at)];
        if (!unit || layer.latency_s > unit->latency_s) unit = &layer;
    }
    std::vector<const LayerCost*> units;
    for (const auto& [configuration, unit] : slowest) units.push_back(unit);
    std::stable_sort(units.begin(), units.end(),
                     [](const LayerCost* a, const LayerCost* b) { return a->latency_s > b->latency_s; });
    return units;
}

/// "memory 75 %, compute 25 %"; "the slowest unit, layer conv2 (compute)"
std::string limits_text(const CostBreakdown& cost) {
    if (const auto units = slowest_units(cost); !units.empty()) {
        const std::string unit = "layer " + units.front()->layer + " (" + limit_of(*units.front()) + ")";
        return units.size() == 1 ? "the slowest unit, " + unit
                                 : "the slowest unit of each of " + std::to_string(units.size()) +
                                       " configurations, most by " + unit;
    }
    std::string text;
    for (const auto& [limit, share] : time_by_limit(cost))
        text += (text.empty() ? "" : ", ") + limit + " " + format_percent(share, 0);
    return text;
}

} // namespace

std::string rate_text(double per_second) {
    std::string text = format_number(per_second);
    if (text.find_first_not_of("0123456789") != std::string::npos) return text;
    for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
    return text;
}

std::vector<AreaPart> area_parts(const CostBreakdown& cost) {
    std::vector<AreaPart> parts;
    double modelled = 0;
    for (const auto& [component, mm2] : cost.area) {
        parts.push_back({component, mm2});
        modelled += mm2;
    }
    constexpr double k_noticed = 5e-3; // of three digits
    if (!parts.empty() && cost.area_mm2 - modelled > k_noticed * cost.area_mm2)
        parts.push_back({"rest of the chip (not modelled)", cost.area_mm2 - modelled, false});
    return parts;
}

std::string limit_of(const LayerCost& layer) {
    if (!layer.limited_by.empty()) return layer.limited_by;
    return layer.bound == Bound::memory ? "memory" : "compute";
}

std::string area_text(const CostBreakdown& cost) {
    if (cost.resources) return format_fixed(cost.resources->luts, 0) + " LUT";
    return std::isfinite(cost.area_mm2) ? format_number(cost.area_mm2) + " mm²" : std::string(k_no_number);
}

double total_macs(const CostBreakdown& cost) {
    double macs = 0;
    for (const LayerCost& layer : cost.layers) macs += static_cast<double>(layer.macs);
    return macs;
}

EnergyBreakdown total_energy(const CostBreakdown& cost) {
    EnergyBreakdown sum;
    for (const LayerCost& layer : cost.layers) {
        sum.compute_j += layer.energy.compute_j;
        sum.registers_j += layer.energy.registers_j;
        sum.noc_j += layer.energy.noc_j;
        sum.buffer_j += layer.energy.buffer_j;
        sum.dram_j += layer.energy.dram_j;
        sum.static_j += layer.energy.static_j;
    }
    return sum;
}

ComponentShares component_shares(const EnergyBreakdown& energy) {
    return {{{"compute", energy.compute_j},
             {"registers", energy.registers_j},
             {"on-chip network", energy.noc_j},
             {"buffer", energy.buffer_j},
             {"DRAM", energy.dram_j},
             {"static", energy.static_j}}};
}

std::vector<std::pair<std::string, double>> time_by_limit(const CostBreakdown& cost) {
    std::map<std::string, double> seconds;
    double all = 0;
    const auto add = [&](const LayerCost& layer) {
        if (!(layer.latency_s > 0)) return;
        seconds[limit_of(layer)] += layer.latency_s;
        all += layer.latency_s;
    };
    if (const auto units = slowest_units(cost); !units.empty())
        for (const LayerCost* unit : units) add(*unit);
    else
        for (const LayerCost& layer : cost.layers) add(layer);
    std::vector<std::pair<std::string, double>> shares(seconds.begin(), seconds.end());
    for (auto& [limit, share] : shares) share /= all;
    std::stable_sort(shares.begin(), shares.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    return shares;
}

std::string known_as(const CostBreakdown& cost, const std::string& figure) {
    const Confidence confidence = confidence_in(cost, figure);
    std::string text(to_string(confidence.basis));
    if (confidence.basis == Basis::exact || !(confidence.factor > 1)) return text;
    constexpr double k_largest_percentage = 1.5;
    if (confidence.factor <= k_largest_percentage)
        return text + ", within " + format_percent(confidence.factor - 1, 0);
    const bool whole = confidence.factor == std::round(confidence.factor);
    return text + ", within a factor of " + format_fixed(confidence.factor, whole ? 0 : 1);
}

std::vector<Metric> cost_metrics(const CostBreakdown& cost) {
    List list(cost);
    const double images = static_cast<double>(std::max<int64_t>(cost.batch, 1));
    const double macs = total_macs(cost);
    list.model("Latency",
               format_si(cost.latency_s, "s") +
                   (cost.batch > 1 ? ", batch of " + std::to_string(cost.batch) : std::string()),
               "latency");
    list.model("Throughput", rate_text(cost.throughput_ips) + " images/s", "latency");
    list.model("Energy per inference", format_si(cost.energy_j / images, "J"), "energy");
    if (macs > 0) list.model("Energy per MAC", format_si(cost.energy_j / macs, "J"), "energy");
    list.model("Power", format_si(cost.power_w, "W"), "energy");
    add_area(cost, list);
    add_traffic(cost, list);
    list.model("MAC units in use",
               "achieved " + format_percent(cost.utilization) + ", by the mapping " +
                   format_percent(cost.mapped_units),
               "latency");
    if (const std::string limits = limits_text(cost); !limits.empty())
        list.model("Time bound by", limits, "latency");
    list.exact("Model size", format_bytes(cost.model_bytes) + ", weights " + format_bytes(cost.weight_bytes));
    list.exact("Bit operations (BOPS)", format_si(cost.bops, ""));
    list.exact("MACs per image", format_si(macs / images, ""));
    if (cost.peak_activation_bytes > 0)
        list.exact("Peak activation memory", format_bytes(cost.peak_activation_bytes));
    return std::move(list).take();
}

} // namespace widthwise::report
