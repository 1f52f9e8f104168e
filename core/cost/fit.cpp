#include "core/cost/fit.h"

#include "core/base/format.h"
#include "core/base/text.h"
#include "core/cost/fit_terms.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

/// Fitted constants may change which mapping is best, and that what they are fitted to.
constexpr int k_most_rounds = 4;
constexpr double k_unchanged = 1e-3;

struct Part {
    std::vector<FittedConstant> constants;
    FitQuality quality;
};

double file_value(const Constant& constant, double x) {
    return constant.inverse ? 1 / x : x;
}

/// Sets what was fitted; true: it changed the target noticeably.
bool apply(const std::vector<Constant>& constants, const TermsFit& fit, HardwareTarget& target) {
    bool changed = false;
    for (size_t k = 0; k < constants.size(); ++k) {
        if (!fit.constants[k].fitted) continue;
        const auto before = constants[k].value(target);
        constants[k].set(target, fit.constants[k].x);
        const double after = *constants[k].value(target);
        if (!before || std::abs(after - *before) > k_unchanged * std::abs(*before)) changed = true;
    }
    return changed;
}

Result<TermsFit> fit_terms(const Probe& probe, Figure figure, const std::vector<Constant>& constants,
                           const HardwareTarget& original) {
    if (figure == Figure::latency) {
        auto terms = probe.time_terms(constants);
        if (!terms) return forward_error(terms);
        return fit_latency(constants, original, *terms, probe.measured());
    }
    auto terms = probe.energy_terms(constants, original);
    if (!terms) return forward_error(terms);
    return fit_energy(constants, *terms, probe.measured());
}

/// Sum of log^2(modelled / measured).
double misfit(const Probe& probe) {
    double sum = 0;
    for (size_t i = 0; i < probe.measured().size(); ++i) {
        const double error = std::log(probe.modelled()[i] / probe.measured()[i]);
        sum += error * error;
    }
    return sum;
}

FitQuality quality_of(const Probe& probe, const LayerValues& before, const LayerValues& left_out) {
    FitQuality quality;
    const LayerValues& after = probe.modelled();
    const auto count = static_cast<double>(after.size());
    for (size_t i = 0; i < after.size(); ++i) {
        const double measured = probe.measured()[i];
        const LayerFit layer{probe.layers()[i], measured, before[i], after[i], left_out[i]};
        const double error = std::abs(after[i] / measured - 1);
        const double out = std::abs(left_out[i] / measured - 1);
        quality.mean += error / count;
        quality.mean_left_out += out / count;
        quality.mean_before += std::abs(before[i] / measured - 1) / count;
        quality.worst_left_out = std::max(quality.worst_left_out, out);
        if (error >= quality.worst) {
            quality.worst = error;
            quality.worst_layer = layer.layer;
        }
        quality.layers.push_back(layer);
    }
    return quality;
}

/// Fits the figure's constants into `target`; nullopt: it was not measured. `first`: the target before
/// anything was fitted.
Result<std::optional<Part>> fit_figure(Figure figure, const HardwareTarget& first, HardwareTarget& target,
                                       std::span<const MeasuredRun> runs) {
    const HardwareTarget original = target;
    const std::vector<Constant> constants =
        figure == Figure::latency ? latency_constants(target) : energy_constants(target);
    size_t measured = 0;
    for (const MeasuredRun& run : runs)
        for (const MeasuredLayer& layer : run.layers)
            measured += (figure == Figure::latency ? layer.latency_s : layer.energy_j) ? 1 : 0;
    if (measured == 0) return std::optional<Part>();
    if (measured < 2)
        return fail(ErrorCode::invalid_input, "one measured layer tells no constant from another",
                    runs.front().source, "measure two layers or more");
    auto unfitted = Probe::create(first, runs, figure);
    if (!unfitted) return forward_error(unfitted);
    TermsFit fit;
    double first_misfit = 0;
    for (int round = 0; round < k_most_rounds; ++round) {
        auto probe = Probe::create(target, runs, figure);
        if (!probe) return forward_error(probe);
        if (round == 0) first_misfit = misfit(*probe);
        auto terms = fit_terms(*probe, figure, constants, original);
        if (!terms) return forward_error(terms);
        fit = std::move(*terms);
        HardwareTarget next = original; // what is left alone keeps its own value
        apply(constants, fit, next);
        const bool settled = !apply(constants, fit, target);
        target = std::move(next);
        if (settled) break;
    }
    auto probe = Probe::create(target, runs, figure);
    if (!probe) return forward_error(probe);
    if (misfit(*probe) > first_misfit) {
        target = original;
        probe = Probe::create(target, runs, figure);
        if (!probe) return forward_error(probe);
        for (ConstantFit& constant : fit.constants)
            constant = {false, 0, std::nan(""), "the file's own value explains the measurements better"};
        fit.within = fit.left_out = probe->modelled();
    }
    // The terms stand for the model near the fit, with each layer's own latency where that was measured; told
    // is what the model itself says, so that both columns are of the same target.
    for (size_t i = 0; i < fit.left_out.size(); ++i)
        if (fit.within[i] > 0) fit.left_out[i] *= probe->modelled()[i] / fit.within[i];
    Part part;
    part.quality = quality_of(*probe, unfitted->modelled(), fit.left_out);
    for (size_t k = 0; k < constants.size(); ++k) {
        const ConstantFit& found = fit.constants[k];
        part.constants.push_back(
            {constants[k].key, constants[k].unit, constants[k].value(original),
             found.fitted ? file_value(constants[k], found.x) : constants[k].value(original), found.fitted,
             found.relative_error, found.note});
    }
    return std::optional<Part>(std::move(part));
}

std::string sources_of(std::span<const MeasuredRun> runs) {
    std::vector<std::string> names;
    for (const MeasuredRun& run : runs) {
        const std::string name = std::filesystem::path(run.source).filename().string();
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return join(names, ", ");
}

/// "18 layers of chip.csv: mean 2.1 %, worst 11.8 % (conv5); left out of the fit: mean 2.5 %, worst 13.0 %"
std::string note_of(const FitQuality& quality, const std::string& sources) {
    return std::to_string(quality.layers.size()) + " layers of " + sources + ": mean " +
           format_percent(quality.mean) + ", worst " + format_percent(quality.worst) + " (" +
           quality.worst_layer + "); each predicted from the others: mean " +
           format_percent(quality.mean_left_out) + ", worst " + format_percent(quality.worst_left_out);
}

void record(const Part& part, const std::string& figure, const std::string& sources, TargetFit& fit) {
    Confidence confidence{Basis::fitted, 1, note_of(part.quality, sources)};
    for (const LayerFit& layer : part.quality.layers)
        for (const double value : {layer.after, layer.left_out})
            if (value > 0)
                confidence.factor =
                    std::max(confidence.factor, std::exp(std::abs(std::log(value / layer.measured))));
    fit.target.confidence[figure] = confidence;
    for (const FittedConstant& constant : part.constants) {
        if (constant.fitted)
            fit.target.sources[constant.key] =
                "fitted to the measured " + figure + " of " + std::to_string(part.quality.layers.size()) +
                " layers of " + sources + (constant.note.empty() ? "" : " (" + constant.note + ")");
        fit.constants.push_back(constant);
    }
}

} // namespace

Result<TargetFit> fit_target(const HardwareTarget& target, std::span<const MeasuredRun> runs) {
    TargetFit fit;
    fit.target = target;
    if (runs.empty())
        return fail(ErrorCode::invalid_input, "no measurements", target.name, "give a CSV of them");
    const std::string sources = sources_of(runs);
    // Latency first: static energy depends on it.
    for (const Figure figure : {Figure::latency, Figure::energy}) {
        auto part = fit_figure(figure, target, fit.target, runs);
        if (!part) return forward_error(part);
        if (!*part) continue;
        record(**part, figure == Figure::latency ? "latency" : "energy", sources, fit);
        (figure == Figure::latency ? fit.latency : fit.energy) = std::move((*part)->quality);
    }
    return fit;
}

} // namespace widthwise::cost
