#include "core/passes/bias_correction.h"

#include "core/base/format.h"
#include "core/passes/layer_rows.h"
#include "core/passes/prepare.h"

#include <algorithm>
#include <cmath>

namespace widthwise::passes {
namespace {

bool quantized(const PrecisionPlan& plan, const Layer& layer) {
    const LayerPrecision& p = plan.at(layer.name);
    return p.weights.is_quantized() || p.activations.is_quantized();
}

Result<std::vector<ChannelSums>> reference_sums(const Graph& reference, const std::vector<Layer>& layers,
                                                const Images& images, const WorkControl& control) {
    std::vector<ValueId> values;
    for (const Layer& layer : layers) values.push_back(sums_of(reference, layer));
    return channel_sums(reference, PrecisionPlan(), values, images, control);
}

/// The quantized sums of one layer with all values as they stand.
Result<ChannelSums> quantized_sums(const Resolved& at, const std::vector<Layer>& layers, size_t layer,
                                   const Images& images, const WorkControl& control) {
    Result<GraphPtr> graph = with_values(at.graph, with_layers({}, layers));
    if (!graph) return forward_error(graph);
    const ValueId value = sums_of(**graph, layers[layer]);
    auto sums = channel_sums(**graph, at.resolved, {&value, 1}, images, control);
    if (!sums) return forward_error(sums);
    return std::move(sums->front());
}

} // namespace

double bias_shift(std::span<const float> wanted, std::span<const float> quantized, const Clamp& clamp) {
    const auto n = static_cast<double>(wanted.size());
    double target = 0, difference = 0, largest = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
        const double w = wanted[i], q = quantized[i];
        target += std::clamp<double>(w, clamp.lo, clamp.hi);
        difference += w - q;
        largest = std::max({largest, std::abs(w), std::abs(q)});
    }
    if (!std::isfinite(clamp.lo) && !std::isfinite(clamp.hi)) return difference / n;
    // The sum grows with the shift. A sum that is right already stays: a channel that never gets through the
    // activation has many right shifts.
    const auto excess = [&](double shift) {
        double sum = -target;
        for (const float q : quantized) sum += std::clamp<double>(q + shift, clamp.lo, clamp.hi);
        return sum;
    };
    const double now = excess(0);
    if (std::abs(now) <= 1e-6 * largest * n) return 0;
    double lo = now > 0 ? -2 * largest : 0, hi = now > 0 ? 0 : 2 * largest;
    constexpr int halvings = 30;
    for (int i = 0; i < halvings; ++i) {
        const double middle = (lo + hi) / 2;
        (excess(middle) > 0 ? hi : lo) = middle;
    }
    return (lo + hi) / 2;
}

Result<PassResult> correct_bias(const Graph& reference, const Resolved& at, std::vector<Layer>& layers,
                                const Images& images, const WorkControl& control) {
    WorkControl quiet = control;
    quiet.progress = {};
    PassResult result;
    double largest = 0;
    for (size_t l = 0; l < layers.size(); ++l) {
        control.report("correcting biases", static_cast<int64_t>(l), static_cast<int64_t>(layers.size()));
        Layer& layer = layers[l];
        if (!quantized(at.resolved, layer)) continue;
        constexpr size_t most_rows = 65536, most_bytes = size_t{64} << 20;
        const RowSample sample(map_of(reference, layer), images,
                               std::min(most_rows, most_bytes / (layer.out * sizeof(float))), l);
        Result<GraphPtr> graph = with_values(at.graph, with_layers({}, layers));
        if (!graph) return forward_error(graph);
        auto wanted = sampled_sums(reference, PrecisionPlan(), layer, sample, *images.data, quiet);
        if (!wanted) return forward_error(wanted);
        auto sums = sampled_sums(**graph, at.resolved, layer, sample, *images.data, quiet);
        if (!sums) return forward_error(sums);
        std::vector<float> w(sample.rows()), q(sample.rows());
        for (size_t c = 0; c < layer.out; ++c) {
            for (size_t r = 0; r < sample.rows(); ++r) {
                w[r] = (*wanted)[r * layer.out + c];
                q[r] = (*sums)[r * layer.out + c];
            }
            const double shift = bias_shift(w, q, layer.clamp);
            layer.bias[c] = static_cast<float>(layer.bias[c] + shift);
            largest = std::max(largest, std::abs(shift));
        }
        ++result.layers;
    }
    result.summary = std::to_string(result.layers) + " layers, largest shift " + format_number(largest);
    return result;
}

Result<PassResult> reestimate_batch_norm(const Graph& reference, Resolved& at, std::vector<Layer>& layers,
                                         const Images& images, const WorkControl& control) {
    PassResult result;
    if (std::none_of(layers.begin(), layers.end(), [](const Layer& l) { return l.normal.has_value(); })) {
        result.summary = "no layer has a BatchNormalization";
        return result;
    }
    auto wanted = reference_sums(reference, layers, images, control);
    if (!wanted) return forward_error(wanted);
    int scaled = 0;
    for (size_t l = 0; l < layers.size(); ++l) {
        control.report("measuring BatchNormalization", static_cast<int64_t>(l),
                       static_cast<int64_t>(layers.size()));
        Layer& layer = layers[l];
        if (!layer.normal || !quantized(at.resolved, layer)) continue;
        auto sums = quantized_sums(at, layers, l, images, control);
        if (!sums) return forward_error(sums);
        LayerPrecision precision = at.resolved.at(layer.name);
        NumberFormat& weights = precision.weights;
        const bool scales = weights.is_integer() && weights.scale_type == ScaleType::real &&
                            weights.type != FormatType::fixed_point &&
                            weights.type != FormatType::dynamic_fixed_point &&
                            weights.scale.size() == layer.out && layer.out > 1;
        for (size_t c = 0; c < layer.out; ++c) {
            double factor = 1;
            if (scales) {
                const double before = sums->variance(c), after = (*wanted)[l].variance(c);
                // A channel that quantization has all but silenced has no deviation to go by.
                constexpr double most = 2;
                if (before > 0 && after > 0) factor = std::clamp(std::sqrt(after / before), 1 / most, most);
                weights.scale[c] = static_cast<float>(weights.scale[c] * factor);
                if (!weights.threshold.empty())
                    weights.threshold[c] = static_cast<float>(weights.threshold[c] * factor);
                for (size_t i = c * layer.row(); i < (c + 1) * layer.row(); ++i)
                    layer.weights[i] = static_cast<float>(layer.weights[i] * factor);
            }
            // (sum - bias) scales, so the mean without the bias does.
            const double own = sums->mean(c) - layer.bias[c];
            layer.bias[c] = static_cast<float>((*wanted)[l].mean(c) - own * factor);
        }
        at.resolved.set(layer.name, std::move(precision));
        scaled += scales;
        ++result.layers;
    }
    result.summary = std::to_string(result.layers) + " layers, deviations set in " + std::to_string(scaled);
    return result;
}

} // namespace widthwise::passes
