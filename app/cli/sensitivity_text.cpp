#include "app/cli/sensitivity_text.h"

#include "app/cli/table.h"
#include "core/base/format.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cli {
namespace {

/// "-": not known.
std::string cell(const SensitivityEntry& entry, const Sensitivity& all, SensitivityMetric metric) {
    const auto nats = [](const std::optional<double>& value) {
        return value ? format_fixed(*value, 4) : std::string("-");
    };
    switch (metric) {
    case SensitivityMetric::top1:
        return all.baseline_loss_nat ? format_percent(entry.top1, 2) : "-";
    case SensitivityMetric::loss:
        return entry.loss_nat ? nats(*entry.loss_nat - all.baseline_loss_nat.value_or(0)) : "-";
    case SensitivityMetric::kl:
        return nats(entry.kl_nat);
    case SensitivityMetric::sqnr:
        if (!entry.sqnr_db) return "-";
        return std::isinf(*entry.sqnr_db) ? "exact" : format_fixed(*entry.sqnr_db, 1);
    case SensitivityMetric::hessian:
        return nats(entry.hessian_nat);
    }
    return {};
}

std::string explanation(const Sensitivity& all, SensitivityMetric metric) {
    const std::string images = " of " + grouped(all.samples) + " images";
    switch (metric) {
    case SensitivityMetric::top1:
        return all.baseline_loss_nat ? "top-1 with one layer's weights (W) or activations (A) at that width; "
                                       "without, " +
                                           format_percent(all.baseline_top1, 2) + images
                                     : "without labels there is no top-1: see --metric kl or sqnr";
    case SensitivityMetric::loss:
        return all.baseline_loss_nat
                   ? "mean cross-entropy in nat that one layer's weights (W) or activations (A) at that "
                     "width add; without, " +
                         format_fixed(*all.baseline_loss_nat, 4) + images
                   : "without labels there is no cross-entropy: see --metric kl or sqnr";
    case SensitivityMetric::kl:
        return "Kullback-Leibler divergence in nat of the classes' probabilities from those without, mean" +
               images;
    case SensitivityMetric::sqnr:
        return "signal to quantization noise of the network's outputs in dB," + images;
    case SensitivityMetric::hessian:
        return "cross-entropy in nat that quantized weights should add: half the average Hessian trace times "
               "the squared error (HAWQ-V2)";
    }
    return {};
}

} // namespace

std::string sensitivity_text(const Sensitivity& sensitivity, const std::vector<int>& widths,
                             SensitivityMetric metric) {
    const bool weights_only = metric == SensitivityMetric::hessian;
    std::vector<std::string> headers{"layer"};
    for (const char* operand : {"W", "A"})
        for (const int bits : widths)
            if (*operand == 'W' || !weights_only) headers.push_back(operand + std::to_string(bits));
    if (weights_only) headers.insert(headers.end(), {"trace", "+-"});
    Table table(std::move(headers));
    for (const LayerSensitivity& layer : sensitivity.layers) {
        if (weights_only && layer.weights.empty()) continue;
        std::vector<std::string> row{layer.layer};
        const auto add = [&](const std::vector<SensitivityEntry>& entries) {
            for (const int bits : widths) {
                const auto found = std::ranges::find(entries, bits, &SensitivityEntry::bits);
                row.push_back(found == entries.end() ? "-" : cell(*found, sensitivity, metric));
            }
        };
        add(layer.weights);
        if (!weights_only) add(layer.activations);
        if (weights_only)
            for (const auto& value : {layer.weight_trace, layer.weight_trace_error})
                row.push_back(value ? format_fixed(*value, 2) : "-");
        table.add(std::move(row));
    }
    return table.to_string() + "\n" + explanation(sensitivity, metric) + "\n" +
           grouped(sensitivity.evaluations) + " evaluations in " + format_si(sensitivity.seconds, "s") + "\n";
}

} // namespace widthwise::cli
