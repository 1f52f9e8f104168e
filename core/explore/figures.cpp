#include "core/explore/figures.h"

#include "core/base/format.h"

#include <algorithm>

namespace widthwise::explore {
namespace {

struct Named {
    std::string_view name, unit;
};
constexpr std::array<Named, k_metrics.size()> k_names{{{"drop", ""},
                                                       {"energy", "J"},
                                                       {"latency", "s"},
                                                       {"area", "mm2"},
                                                       {"size", "bytes"},
                                                       {"power", "W"},
                                                       {"throughput", "images/s"},
                                                       {"luts", ""},
                                                       {"dsps", ""},
                                                       {"bram18", ""},
                                                       {"urams", ""}}};

} // namespace

std::string_view to_string(Metric metric) {
    return k_names[static_cast<size_t>(metric)].name;
}

std::string_view unit_of(Metric metric) {
    return k_names[static_cast<size_t>(metric)].unit;
}

std::optional<Metric> metric_from(std::string_view name) {
    const auto found = std::ranges::find(k_names, name, &Named::name);
    if (found == k_names.end()) return std::nullopt;
    return k_metrics[static_cast<size_t>(found - k_names.begin())];
}

std::string format_figure(Metric metric, double value, int digits) {
    switch (metric) {
    case Metric::drop:
        return format_number(value * 100, digits) + " %";
    case Metric::energy:
    case Metric::latency:
    case Metric::power:
        return format_si(value, unit_of(metric), digits);
    case Metric::area:
        return format_number(value, digits) + " mm²";
    case Metric::size:
        return format_bytes(value);
    case Metric::throughput:
        return format_number(value, digits) + " images/s";
    case Metric::luts:
    case Metric::dsps:
    case Metric::bram18:
    case Metric::urams:
        return format_fixed(value, 0);
    }
    return format_number(value, digits);
}

Figures figures_of(const CostBreakdown& cost) {
    Figures figures;
    figures[Metric::energy] = cost.energy_j;
    figures[Metric::latency] = cost.latency_s;
    figures[Metric::area] = cost.area_mm2;
    figures[Metric::size] = cost.model_bytes;
    figures[Metric::power] = cost.power_w;
    figures[Metric::throughput] = cost.throughput_ips;
    if (cost.resources) {
        figures[Metric::luts] = cost.resources->luts;
        figures[Metric::dsps] = cost.resources->dsps;
        figures[Metric::bram18] = cost.resources->bram18;
        figures[Metric::urams] = cost.resources->urams;
    }
    return figures;
}

} // namespace widthwise::explore
