#include "core/cost/fit_probe.h"

#include <cmath>
#include <map>

namespace widthwise::cost {
namespace {

double figure_of(const LayerCost& layer, Figure figure) {
    return figure == Figure::latency ? layer.latency_s : layer.energy.total_j();
}

} // namespace

Result<Probe> Probe::create(const HardwareTarget& target, std::span<const MeasuredRun> runs, Figure figure) {
    Probe probe;
    probe.m_target = target;
    probe.m_runs = runs;
    probe.m_figure = figure;
    for (const MeasuredRun& run : runs) {
        probe.m_frozen.push_back(run.options);
        for (const MeasuredLayer& layer : run.layers) {
            const auto& value = figure == Figure::latency ? layer.latency_s : layer.energy_j;
            if (!value) continue;
            probe.m_layers.push_back(layer.layer);
            probe.m_measured.push_back(*value);
            probe.m_measured_latency.push_back(layer.latency_s);
        }
    }
    if (auto frozen = probe.freeze(); !frozen) return forward_error(frozen);
    return probe;
}

Result<void> Probe::freeze() {
    bool maps_loops = true;
    for (size_t r = 0; r < m_runs.size(); ++r) {
        auto cost = estimate(*m_runs[r].graph, m_runs[r].plan, m_target, m_frozen[r]);
        if (!cost) return forward_error(cost);
        if (auto taken = take(m_runs[r], *cost, m_modelled); !taken) return taken;
        Options frozen = m_frozen[r];
        for (const LayerCost& layer : cost->layers) {
            if (layer.nest)
                frozen.mappings[layer.layer] = layer.nest->mapping;
            else if (layer.macs > 0)
                maps_loops = false;
        }
        // Where a closed form chooses the mapping, none can be given, and none is needed.
        if (estimate(*m_runs[r].graph, m_runs[r].plan, m_target, frozen))
            m_frozen[r] = std::move(frozen);
        else
            maps_loops = false;
    }
    if (maps_loops || m_target.kind != TargetKind::spatial || m_target.dataflow != Dataflow::best) return {};
    m_dataflow.assign(m_modelled.size(), 0);
    for (size_t d = 0; d < std::size(k_dataflows); ++d) {
        HardwareTarget one = m_target;
        one.dataflow = k_dataflows[d];
        const auto values = evaluate(one);
        if (!values) return tl::unexpected<Error>(values.error());
        for (size_t i = 0; i < values->size(); ++i)
            if ((*values)[i] == m_modelled[i]) m_dataflow[i] = d;
    }
    return {};
}

Result<void> Probe::take(const MeasuredRun& run, const CostBreakdown& cost, LayerValues& values) const {
    std::map<std::string, const LayerCost*> by_name;
    for (const LayerCost& layer : cost.layers) by_name[layer.layer] = &layer;
    for (const MeasuredLayer& measured : run.layers) {
        if (!(m_figure == Figure::latency ? measured.latency_s : measured.energy_j)) continue;
        const auto found = by_name.find(measured.layer);
        const LayerCost* layer = found == by_name.end() ? nullptr : found->second;
        if (!layer || layer->cycles == 0)
            return fail(ErrorCode::invalid_input,
                        "the model gives this layer no cost of its own" +
                            (layer && !layer->mapping.empty() ? " (" + layer->mapping + ")" : std::string()),
                        run.source + ": layer '" + measured.layer + "'",
                        "add its figure to the layer that it rides along in");
        values.push_back(figure_of(*layer, m_figure));
    }
    return {};
}

Result<LayerValues> Probe::evaluate(const HardwareTarget& target) const {
    LayerValues values;
    for (size_t r = 0; r < m_runs.size(); ++r) {
        auto cost = estimate(*m_runs[r].graph, m_runs[r].plan, target, m_frozen[r]);
        if (!cost) return forward_error(cost);
        if (auto taken = take(m_runs[r], *cost, values); !taken) return forward_error(taken);
    }
    return values;
}

Result<LayerValues> Probe::frozen(HardwareTarget target) const {
    if (m_dataflow.empty()) return evaluate(target);
    LayerValues chosen(m_dataflow.size());
    for (size_t d = 0; d < std::size(k_dataflows); ++d) {
        target.dataflow = k_dataflows[d];
        auto values = evaluate(target);
        if (!values) return forward_error(values);
        for (size_t i = 0; i < chosen.size(); ++i)
            if (m_dataflow[i] == d) chosen[i] = (*values)[i];
    }
    return chosen;
}

Result<std::vector<TimeTerms>> Probe::time_terms(const std::vector<Constant>& constants) const {
    const size_t n = constants.size();
    const std::vector<double> zeros(n, 0);
    std::vector<TimeTerms> terms(m_measured.size(), TimeTerms{zeros, zeros, zeros});
    HardwareTarget silent = m_target;
    for (const Constant& constant : constants) constant.silence(silent);
    const auto at = [&](const Constant& constant, double x) {
        HardwareTarget target = silent;
        constant.set(target, x);
        return frozen(std::move(target));
    };
    for (size_t k = 0; k < n; ++k) {
        const Constant& constant = constants[k];
        const bool compute = constant.least > 0; // full efficiency is no silence: time remains
        const double x1 = constant.probe, x2 = 1.5 * x1;
        const auto first = at(constant, x1), second = at(constant, x2);
        if (!first) return tl::unexpected<Error>(first.error());
        if (!second) return tl::unexpected<Error>(second.error());
        for (size_t i = 0; i < terms.size(); ++i) {
            const double slope = ((*second)[i] - (*first)[i]) / (x2 - x1);
            if (constant.role == ConstantRole::added) {
                terms[i].added[k] = slope;
            } else if (slope > 0 || compute) {
                terms[i].slope[k] = slope;
                terms[i].offset[k] = std::max(0.0, (*first)[i] - slope * x1);
            }
        }
    }
    // A GPU chooses a kernel by all its constants at once: what the terms then miss is taken as it is now,
    // and the next round begins from there.
    std::vector<double> now;
    for (const Constant& constant : constants) {
        const auto value = constant.value(m_target);
        now.push_back(!value ? 0 : constant.inverse ? 1 / *value : *value);
    }
    for (size_t i = 0; i < terms.size(); ++i) {
        const double missed = m_modelled[i] / terms[i].at(now);
        for (auto* part : {&terms[i].added, &terms[i].offset, &terms[i].slope})
            for (double& value : *part) value *= missed;
    }
    return terms;
}

Result<Probe::EnergyTerms> Probe::energy_terms(const std::vector<Constant>& constants,
                                               const HardwareTarget& original) const {
    HardwareTarget silent = m_target;
    for (const Constant& constant : constants) constant.silence(silent);
    auto base = frozen(silent);
    if (!base) return forward_error(base);
    EnergyTerms terms;
    const std::vector<double> zeros(constants.size(), 0);
    terms.slopes.assign(base->size(), zeros);
    terms.present.assign(base->size(), zeros);
    // Where all layers run at once, their static energy is not by their own latency.
    const bool follows_latency = m_target.kind != TargetKind::fpga_dataflow;
    for (size_t k = 0; k < constants.size(); ++k) {
        HardwareTarget one = silent, alone = original;
        constants[k].set(one, 1);
        for (size_t other = 0; other < constants.size(); ++other)
            if (other != k) constants[other].silence(alone);
        const auto with_one = frozen(std::move(one)), with_own = frozen(std::move(alone));
        for (const auto* values : {&with_one, &with_own})
            if (!*values) return tl::unexpected<Error>(values->error());
        for (size_t i = 0; i < base->size(); ++i) {
            double slope = (*with_one)[i] - (*base)[i];
            if (std::abs(slope) < 1e-12 * (*base)[i]) slope = 0; // the difference of equal sums
            if (follows_latency && slope > 0 && constants[k].key == "static_power_w" && m_measured_latency[i])
                slope = *m_measured_latency[i];
            terms.slopes[i][k] = slope;
            terms.present[i][k] = (*with_own)[i] - (*base)[i];
        }
    }
    terms.fixed = std::move(*base);
    return terms;
}

} // namespace widthwise::cost
