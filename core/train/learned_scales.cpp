#include "core/train/learned_scales.h"

#include <algorithm>
#include <cmath>

namespace widthwise::train {
namespace {

/// Scales stay positive: far below any useful ratio.
constexpr float k_least_ratio = 1.0F / 1024;

/// The format's largest magnitude in units of its scale.
double largest_code(const NumberFormat& format) {
    const Quantizer quantizer(format, 0);
    return std::max(-static_cast<double>(quantizer.lowest()), static_cast<double>(quantizer.highest())) /
           static_cast<double>(format.scale.front());
}

bool has_learnable_scale(const NumberFormat& format) {
    return format.has_scale() && !format.scale.empty() && !format.is_dynamic() &&
           format.type != FormatType::fixed_point && !format.fraction_bits;
}

bool needs_power_of_two(const NumberFormat& format) {
    return format.scale_type == ScaleType::power_of_two || format.type == FormatType::power_of_two ||
           format.type == FormatType::dynamic_fixed_point;
}

float nearest_power_of_two(float x) {
    return std::exp2(std::round(std::log2(x)));
}

} // namespace

void learn_scales(TrainedScales& scales, double elements, ParameterLayout& layout) {
    const NumberFormat& format = scales.format;
    if (format.type == FormatType::codebook && scales.learning != ScaleLearning::fixed) {
        const auto levels = static_cast<double>(format.codebook.size());
        scales.learned = layout.claim_slots(std::ssize(format.codebook));
        scales.gradient_factor.assign(format.codebook.size(),
                                      static_cast<float>(1 / std::sqrt(std::max(1.0, elements / levels))));
        return;
    }
    if (!has_learnable_scale(format)) scales.learning = ScaleLearning::fixed;
    if (scales.learning == ScaleLearning::fixed) return;
    const bool pact = scales.learning == ScaleLearning::pact;
    scales.learned = layout.claim_slots(std::ssize(format.scale), pact);
    const double q = largest_code(format);
    const double g = pact ? 1 / (q * q) : 1 / std::sqrt(std::max(1.0, elements * q));
    for (const float scale : format.scale)
        scales.gradient_factor.push_back(static_cast<float>(g / static_cast<double>(scale)));
}

void initialize_slots(const TrainedScales& scales, std::span<float> trained) {
    const std::span<float> slots = scales.learned.of(trained);
    if (slots.empty()) return;
    if (scales.format.type == FormatType::codebook)
        std::ranges::copy(scales.format.codebook, slots.begin());
    else
        std::ranges::fill(slots, 1.0F);
}

NumberFormat TrainedScales::now(std::span<const float> trained) const {
    const std::span<const float> numbers = learned.of(trained);
    if (numbers.empty()) return format;
    NumberFormat f = format;
    if (f.type == FormatType::codebook) {
        // Levels that met or passed each other stand in order, each once.
        f.codebook.assign(numbers.begin(), numbers.end());
        std::ranges::sort(f.codebook);
        f.codebook.erase(std::unique(f.codebook.begin(), f.codebook.end()), f.codebook.end());
        return f;
    }
    for (size_t i = 0; i < f.scale.size(); ++i) {
        // A ratio that is not a number becomes the least one; the loss tells of it.
        const float ratio = numbers[i] > k_least_ratio ? numbers[i] : k_least_ratio;
        f.scale[i] *= ratio;
        if (needs_power_of_two(f)) f.scale[i] = nearest_power_of_two(f.scale[i]);
        if (!f.threshold.empty()) f.threshold[i] *= f.scale[i] / format.scale[i];
    }
    return f;
}

NumberFormat WeightQuantizer::present_format(std::span<const float> trained) const {
    NumberFormat f = now(trained);
    if (!follows_weights) return f;
    f.scale.clear();
    f.zero_point.clear();
    f.threshold.clear();
    return resolve_weight_format(weights.of(trained), out_channels, f).value_or(now(trained));
}

Result<QuantizedWeights> WeightQuantizer::quantize(std::span<const float> trained) const {
    return quantize_weights(weights.of(trained), out_channels, present_format(trained));
}

} // namespace widthwise::train
