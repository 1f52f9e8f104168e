#include "core/train/weight_transform.h"

#include "core/engine/layer_weights.h"
#include "core/quant/weight_parts.h"
#include "core/train/fake_quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

namespace widthwise::train {
namespace {

std::span<const float> part_of(std::span<const float> all, std::pair<size_t, size_t> part) {
    return all.subspan(part.first, part.second);
}

/// To whole multiples of scale[o], as the engine's integer layers hold biases.
void round_bias(std::span<float> bias, float activation_scale, const std::vector<float>& weight_scales) {
    for (size_t o = 0; o < bias.size(); ++o) {
        const double unit = static_cast<double>(activation_scale) * static_cast<double>(weight_scales[o]);
        if (unit < std::numeric_limits<float>::min()) continue;
        bias[o] = static_cast<float>(std::nearbyint(bias[o] / unit) * unit);
    }
}

/// The level of each sorted codebook entry among the slots as they are stored.
std::vector<size_t> sorted_levels(std::span<const float> slots) {
    std::vector<size_t> order(slots.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](size_t i) { return slots[i]; });
    return order;
}

/// Each level's gradient is the sum of those of the weights stored as it. A level at 0 stays there: it is
/// that of pruned weights.
void add_level_gradients(const WeightQuantizer& quantizer, std::span<const float> slots,
                         std::span<const float> levels_used, std::span<const float> gradients,
                         std::span<float> slot_gradients) {
    const std::vector<size_t> order = sorted_levels(slots);
    std::vector<double> sums(slots.size());
    for (size_t i = 0; i < levels_used.size(); ++i) {
        const auto found =
            std::ranges::lower_bound(order, levels_used[i], {}, [&](size_t level) { return slots[level]; });
        if (found != order.end()) sums[*found] += static_cast<double>(gradients[i]);
    }
    for (size_t level = 0; level < sums.size(); ++level)
        if (slots[level] != 0)
            slot_gradients[level] += static_cast<float>(sums[level]) * quantizer.gradient_factor[level];
}

} // namespace

WeightTransform::WeightTransform(const ParameterLayout& layout, const Quantization& quantization,
                                 std::span<const float> trained, const Preserve& preserve)
    : m_quantization(&quantization) {
    if (!preserve.zeros && !preserve.sharing) return;
    for (const Slice weights : layout.weights()) {
        const std::span<const float> values = weights.of(trained);
        if (std::ranges::find(values, 0.0F) != values.end()) {
            Kept& kept = m_kept.emplace_back(Kept{weights, std::vector<float>(values.size())});
            std::ranges::transform(values, kept.mask.begin(), [](float w) { return w == 0 ? 0.0F : 1.0F; });
        }
        if (!preserve.sharing) continue;
        Shared shared{weights, std::vector<int32_t>(values.size()), 0};
        std::unordered_map<float, int32_t> groups;
        for (size_t i = 0; i < values.size(); ++i) {
            const auto [entry, fresh] = groups.try_emplace(values[i], shared.groups);
            shared.groups += fresh;
            shared.group[i] = entry->second;
        }
        if (static_cast<size_t>(shared.groups) < values.size()) m_shared.push_back(std::move(shared));
    }
}

void WeightTransform::forward(std::span<const float> trained, std::span<float> effective) const {
    std::ranges::copy(trained, effective.begin());
    if (!m_quantization) return;
    // Scales that the engine's integer layers multiply by, for the biases below.
    std::vector<std::vector<float>> unit_scales(m_quantization->weights().size());
    for (size_t i = 0; i < unit_scales.size(); ++i) {
        const WeightQuantizer& quantizer = m_quantization->weights()[i];
        const Result<QuantizedWeights> rounded = quantizer.quantize(trained);
        if (!rounded) continue; // not finite: left so, for the loss to tell
        std::ranges::copy(rounded->values, quantizer.weights.of(effective).begin());
        if (const auto kernel =
                engine::kernel_weights(*rounded, quantizer.present_format(trained), quantizer.out_channels))
            unit_scales[i] = kernel->scale;
    }
    for (const BiasQuantizer& bias : m_quantization->biases()) {
        if (unit_scales[bias.weights].empty()) continue;
        const NumberFormat activation = m_quantization->activations()[bias.activation].now(trained);
        round_bias(bias.bias.of(effective), activation.scale.front(), unit_scales[bias.weights]);
    }
}

void WeightTransform::pull_back(const WeightQuantizer& quantizer, std::span<const float> trained,
                                std::span<const float> effective, std::span<float> gradients) const {
    // Ternary and binary weights that follow their means pass all gradients.
    if (quantizer.follows_weights) return;
    const std::span<const float> real = quantizer.weights.of(trained),
                                 rounded = quantizer.weights.of(effective);
    const std::span<float> gradient = quantizer.weights.of(gradients);
    const std::span<float> slot_gradients = quantizer.learned.of(gradients);
    const NumberFormat now = quantizer.now(trained);
    if (now.type == FormatType::codebook) {
        if (!slot_gradients.empty())
            add_level_gradients(quantizer, quantizer.learned.of(trained), rounded, gradient, slot_gradients);
        return;
    }
    const WeightParts parts = weight_parts(real.size(), quantizer.out_channels, now);
    for (size_t i = 0; i < parts.count(); ++i) {
        const auto part = parts.at(i);
        const Quantizer rounding(now, i);
        const std::span<float> g = gradient.subspan(part.first, part.second);
        const double sum =
            straight_through(part_of(real, part).data(), part_of(rounded, part).data(), g.data(), g.data(),
                             g.size(), passing_range(rounding), InsideTerm::rounding_error);
        if (!slot_gradients.empty())
            slot_gradients[i] += static_cast<float>(sum / static_cast<double>(rounding.affine().scale)) *
                                 quantizer.gradient_factor[i];
    }
}

void WeightTransform::backward(std::span<const float> trained, std::span<const float> effective,
                               std::span<float> gradients) const {
    if (m_quantization)
        for (const WeightQuantizer& quantizer : m_quantization->weights())
            pull_back(quantizer, trained, effective, gradients);
    for (const Kept& kept : m_kept) {
        const std::span<float> gradient = kept.weights.of(gradients);
        for (size_t i = 0; i < gradient.size(); ++i) gradient[i] *= kept.mask[i];
    }
    for (const Shared& shared : m_shared) {
        const std::span<float> gradient = shared.weights.of(gradients);
        std::vector<double> sums(static_cast<size_t>(shared.groups));
        for (size_t i = 0; i < gradient.size(); ++i)
            sums[static_cast<size_t>(shared.group[i])] += static_cast<double>(gradient[i]);
        for (size_t i = 0; i < gradient.size(); ++i)
            gradient[i] = static_cast<float>(sums[static_cast<size_t>(shared.group[i])]);
    }
}

} // namespace widthwise::train
