#pragma once
// What a design is judged by: loss of accuracy and costs, all in one row of numbers.

#include "core/design/cost_breakdown.h"

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace widthwise::explore {

/// Of one batch; SI units. All are better when smaller but `throughput`.
enum class Metric {
    drop,       ///< float top-1 minus top-1, fraction; without labels: 1 - agreement with float
    energy,     ///< J
    latency,    ///< s
    area,       ///< mm^2
    size,       ///< bytes of the model: weights, biases, scales
    power,      ///< W
    throughput, ///< images / s
    luts,       ///< of an FPGA; also the next three
    dsps,
    bram18,
    urams,
};
inline constexpr std::array k_metrics = {Metric::drop, Metric::energy, Metric::latency,    Metric::area,
                                         Metric::size, Metric::power,  Metric::throughput, Metric::luts,
                                         Metric::dsps, Metric::bram18, Metric::urams};
/// "drop", "energy", ...: as files and the command line have it.
[[nodiscard]] std::string_view to_string(Metric metric);
[[nodiscard]] std::optional<Metric> metric_from(std::string_view name);
/// "J", "s", "mm2", "bytes", ...; empty for counts and fractions.
[[nodiscard]] std::string_view unit_of(Metric metric);
[[nodiscard]] inline bool larger_is_better(Metric metric) {
    return metric == Metric::throughput;
}
/// As users read it: "1.84 mJ", "12.3 mm²", "0.51 %" (drop), "30 images/s", "53200".
[[nodiscard]] std::string format_figure(Metric metric, double value, int digits = 3);

/// NaN: unknown, or does not apply.
struct Figures {
    std::array<double, k_metrics.size()> values = [] {
        std::array<double, k_metrics.size()> none{};
        none.fill(std::numeric_limits<double>::quiet_NaN());
        return none;
    }();
    [[nodiscard]] double operator[](Metric metric) const { return values[static_cast<size_t>(metric)]; }
    [[nodiscard]] double& operator[](Metric metric) { return values[static_cast<size_t>(metric)]; }
    /// The metric turned so that less is better.
    [[nodiscard]] double loss(Metric metric) const {
        return larger_is_better(metric) ? -(*this)[metric] : (*this)[metric];
    }
};

/// Everything but the drop.
[[nodiscard]] Figures figures_of(const CostBreakdown& cost);

} // namespace widthwise::explore
