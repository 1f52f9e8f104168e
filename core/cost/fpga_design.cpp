#include "core/cost/fpga_design.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace widthwise::cost {
namespace {

constexpr double k_step = 1.02;

std::string number(double value) {
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), value >= 100 ? "%.0f" : "%.3g", value);
    return text.data();
}

/// What the smallest unit takes.
double least_luts(const DataflowLayer& layer, int64_t batch) {
    constexpr double k_unhurried = 1e300;
    if (!layer.unit) return vector_unit(*layer.work, batch, k_unhurried).resources.luts;
    const UnitChoice& smallest = layer.unit->choices.front();
    return smallest.around.luts + std::min(smallest.lut_luts, smallest.dsp_luts);
}

/// Where each configuration begins, and the end.
std::vector<size_t> cuts(std::span<const DataflowLayer> layers, int64_t batch, size_t count) {
    double all = 0, so_far = 0;
    for (const DataflowLayer& layer : layers) all += least_luts(layer, batch);
    std::vector<size_t> begins = {0};
    for (size_t i = 0; i < layers.size(); ++i) {
        if (i > begins.back() &&
            so_far >= all * static_cast<double>(begins.size()) / static_cast<double>(count))
            begins.push_back(i);
        so_far += least_luts(layers[i], batch);
    }
    begins.push_back(layers.size());
    return begins;
}

std::optional<Fit> fastest(const Fitter& fitter) {
    const double most = fitter.most_cycles() * k_step * k_step;
    double power = std::floor(std::log(fitter.fewest_cycles()) / std::log(k_step));
    for (double cycles = 0; cycles < most; ++power) {
        cycles = std::pow(k_step, power);
        if (auto fit = fitter.fit(cycles)) return fit;
    }
    return std::nullopt;
}

/// 2, 3, 4, 6, 8, 12, 16, ...
size_t after(size_t count) {
    return count % 3 == 0 ? count / 3 * 4 : count / 2 * 3;
}

class Designer {
public:
    Designer(std::span<const DataflowLayer> layers, const DesignRequest& request)
        : m_layers(layers), m_request(request) {}

    /// In `count` configurations.
    std::optional<FpgaDesign> at(size_t count) const {
        const std::vector<size_t> begins = cuts(m_layers, m_request.batch, count);
        FpgaDesign design;
        for (size_t c = 0; c + 1 < begins.size(); ++c) {
            const std::vector<DataflowLayer> part = layers_of(begins[c], begins[c + 1]);
            const Fitter fitter(part, m_request.batch, m_request.limits);
            auto fit = m_request.interval ? fitter.fit(*m_request.interval) : fastest(fitter);
            if (!fit) return std::nullopt;
            Configuration configuration{begins[c], begins[c + 1], std::move(*fit), 0};
            configuration.latency_cycles =
                pipeline_cycles(part, configuration.fit, m_request.limits.dram_bits_per_cycle);
            design.latency_cycles += configuration.batch_cycles(m_request.batch);
            design.configurations.push_back(std::move(configuration));
        }
        if (design.configurations.size() > 1) {
            design.latency_cycles +=
                static_cast<double>(design.configurations.size()) * m_request.reconfigure_cycles.value_or(0);
            design.batch_cycles = design.latency_cycles;
        } else {
            design.batch_cycles =
                static_cast<double>(m_request.batch) * design.configurations.front().fit.interval;
        }
        return design;
    }

    [[nodiscard]] tl::unexpected<Error> does_not_fit() const {
        const Fitter fitter(m_layers, m_request.batch, m_request.limits);
        const double cycles = m_request.interval.value_or(fitter.most_cycles());
        if (m_request.interval && *m_request.interval < fitter.fewest_cycles())
            return fail(ErrorCode::invalid_input,
                        "the target's throughput needs an image every " + number(*m_request.interval) +
                            " cycles, a layer takes " + number(fitter.fewest_cycles()) + " fully unfolded",
                        {}, "lower \"target_fps\" or raise the clock");
        const Shortage shortage = fitter.shortage(cycles);
        std::string layer = "layer " + std::to_string(shortage.layer);
        if (shortage.layer < m_request.names.size())
            layer = "layer '" + std::string(m_request.names[shortage.layer]) + "'";
        return fail(ErrorCode::invalid_input,
                    "the network does not fit: " + number(shortage.needed) + " " + shortage.what +
                        " needed, " + number(shortage.available) + " may be filled, " +
                        number(shortage.needed - shortage.available) + " short; most are for " + layer +
                        " (" + number(shortage.layer_needs) + ")",
                    {}, remedy());
    }

private:
    [[nodiscard]] const char* remedy() const {
        if (m_request.interval) return "lower \"target_fps\", use narrower formats or a larger device";
        if (m_request.reconfigure_cycles) return "use narrower formats, a larger device or a shared array";
        return "use narrower formats, a larger device, or give the time to load another configuration "
               "(\"reconfigure_s\")";
    }

    /// With what crosses the cuts.
    [[nodiscard]] std::vector<DataflowLayer> layers_of(size_t first, size_t last) const {
        std::vector<DataflowLayer> part(m_layers.begin() + static_cast<std::ptrdiff_t>(first),
                                        m_layers.begin() + static_cast<std::ptrdiff_t>(last));
        if (part.empty()) return part;
        if (first > 0) part.front().dram_reads += input_bits(part.front(), m_request.batch);
        if (last < m_layers.size()) part.back().dram_writes += output_bits(part.back(), m_request.batch);
        return part;
    }

    std::span<const DataflowLayer> m_layers;
    const DesignRequest& m_request;
};

} // namespace

double input_bits(const DataflowLayer& layer, int64_t batch) {
    return layer.unit ? layer.unit->input_bits : layer.work->read_bits / static_cast<double>(batch);
}

double output_bits(const DataflowLayer& layer, int64_t batch) {
    return layer.unit ? layer.unit->output_bits : layer.work->write_bits / static_cast<double>(batch);
}

double waiting_cycles(const DataflowLayer& layer, const FittedLayer& fitted, const Fit& fit,
                      double dram_bits_per_cycle) {
    if (dram_bits_per_cycle <= 0) return fitted.cycles;
    const double bits = fitted.weight_dram_bits > 0 ? fit.dram_bits : layer.dram_bits();
    return std::max(fitted.cycles, bits / dram_bits_per_cycle);
}

double pipeline_cycles(std::span<const DataflowLayer> layers, const Fit& fit, double dram_bits_per_cycle) {
    double start = 0, finish = 0;
    for (size_t i = 0; i < layers.size(); ++i) {
        const double window = layers[i].unit ? layers[i].unit->first_window : 0;
        start += window * (finish - start);
        finish = std::max(finish, start + waiting_cycles(layers[i], fit.layers[i], fit, dram_bits_per_cycle));
    }
    return finish;
}

Result<FpgaDesign> design_dataflow(std::span<const DataflowLayer> layers, const DesignRequest& request) {
    const Designer designer(layers, request);
    std::optional<FpgaDesign> best = designer.at(1);
    if (request.reconfigure_cycles && !request.interval)
        for (size_t count = 2; count <= layers.size(); count = after(count)) {
            if (best && static_cast<double>(count) * *request.reconfigure_cycles >= best->batch_cycles) break;
            auto design = designer.at(count);
            if (design && (!best || design->batch_cycles < best->batch_cycles)) best = std::move(design);
        }
    if (!best) return designer.does_not_fit();
    return std::move(*best);
}

} // namespace widthwise::cost
