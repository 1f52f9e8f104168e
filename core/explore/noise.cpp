#include "core/explore/noise.h"

#include <algorithm>
#include <cmath>

namespace widthwise::explore {
namespace {

/// What is not measurable: far below one changed answer in a million images.
constexpr double k_least_noise = 1e-12;

double noise_of(const SensitivityEntry& entry) {
    double noise = 0;
    if (entry.kl_nat)
        noise = *entry.kl_nat;
    else if (entry.sqnr_db)
        noise = std::pow(10.0, -*entry.sqnr_db / 10);
    return noise > k_least_noise ? noise : k_least_noise; // NaN too
}

/// Few images leave small noises uncertain: neighbours in the wrong order share their geometric mean (pool
/// adjacent violators; Barlow et al. 1972, from memory).
void make_falling(std::vector<double>& noise) {
    struct Block {
        double log_sum = 0;
        size_t count = 0;
        [[nodiscard]] double mean() const { return log_sum / static_cast<double>(count); }
    };
    std::vector<Block> blocks;
    for (const double n : noise) {
        blocks.push_back({std::log(n), 1});
        while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() < blocks.back().mean()) {
            blocks[blocks.size() - 2].log_sum += blocks.back().log_sum;
            blocks[blocks.size() - 2].count += blocks.back().count;
            blocks.pop_back();
        }
    }
    size_t at = 0;
    for (const Block& block : blocks)
        for (size_t i = 0; i < block.count; ++i) noise[at++] = std::exp(block.mean());
}

void add_curve(std::vector<NoiseTable::Curve>& curves, const LayerSensitivity& layer, bool weights) {
    std::map<int, double> by_bits;
    for (const SensitivityEntry& entry : weights ? layer.weights : layer.activations)
        by_bits.emplace(entry.bits, noise_of(entry));
    if (by_bits.empty()) return;
    NoiseTable::Curve curve{layer.layer, weights, {}, {}};
    for (const auto& [bits, noise] : by_bits) {
        curve.bits.push_back(bits);
        curve.noise.push_back(noise);
    }
    make_falling(curve.noise);
    curves.push_back(std::move(curve));
}

} // namespace

int comparable_bits(const NumberFormat& format) {
    switch (format.type) {
    case FormatType::float32:
        return 32;
    case FormatType::float16:
        return 13;
    case FormatType::bfloat16:
        return 10;
    case FormatType::float8_e4m3:
        return 6;
    case FormatType::float8_e5m2:
        return 5;
    case FormatType::power_of_two:
        return std::min(format.bits, 3);
    case FormatType::ternary:
        return 2;
    case FormatType::binary:
        return 1;
    case FormatType::integer:
    case FormatType::fixed_point:
    case FormatType::dynamic_fixed_point:
    case FormatType::codebook:
        return format.bits;
    }
    return format.bits;
}

NoiseTable::NoiseTable(const Sensitivity& sensitivity) {
    for (const LayerSensitivity& layer : sensitivity.layers)
        for (const bool weights : {true, false}) add_curve(m_curves, layer, weights);
    for (const Curve& curve : m_curves)
        m_names.push_back(curve.layer + (curve.weights ? " weights" : " activations"));
}

const std::string& NoiseTable::slot_name(size_t slot) const {
    return m_names[slot];
}

double NoiseTable::at(size_t slot, int bits) const {
    if (bits >= 32) return 0;
    const Curve& curve = m_curves[slot];
    const auto beyond = [&](size_t end) { // 6.02 dB a bit: a factor of 4
        return curve.noise[end] * std::pow(4.0, curve.bits[end] - bits);
    };
    if (bits <= curve.bits.front()) return beyond(0);
    if (bits >= curve.bits.back()) return beyond(curve.bits.size() - 1);
    const auto above = static_cast<size_t>(std::ranges::upper_bound(curve.bits, bits) - curve.bits.begin());
    const double lo = std::log(curve.noise[above - 1]), hi = std::log(curve.noise[above]);
    const double share = static_cast<double>(bits - curve.bits[above - 1]) /
                         static_cast<double>(curve.bits[above] - curve.bits[above - 1]);
    return std::exp(lo + share * (hi - lo));
}

std::vector<double> NoiseTable::features(const PrecisionPlan& plan) const {
    std::vector<double> noise(slot_count());
    for (size_t slot = 0; slot < slot_count(); ++slot) {
        const LayerPrecision& precision = plan.at(m_curves[slot].layer);
        noise[slot] =
            at(slot, comparable_bits(m_curves[slot].weights ? precision.weights : precision.activations));
    }
    return noise;
}

} // namespace widthwise::explore
