#include "core/quant/quantizer.h"

#include "core/quant/rounding.h"
#include "core/quant/small_float.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise {
namespace {

bool is_uniform(FormatType type) {
    return type == FormatType::integer || type == FormatType::fixed_point ||
           type == FormatType::dynamic_fixed_point;
}

bool is_float(FormatType type) {
    return type == FormatType::float32 || type == FormatType::float16 || type == FormatType::bfloat16 ||
           type == FormatType::float8_e4m3 || type == FormatType::float8_e5m2;
}

/// Of `levels`, ascending and at least one; NaN counts as 0.
float nearest(const std::vector<float>& levels, float x) {
    if (std::isnan(x)) x = 0;
    const auto above = std::ranges::lower_bound(levels, x);
    if (above == levels.begin()) return *above;
    if (above == levels.end()) return levels.back();
    const float below = *std::prev(above);
    return static_cast<double>(x) - below <= static_cast<double>(*above) - x ? below : *above;
}

/// As floats, with room for rounding::uniform.
bool has_exact_codes(const AffineParams& p) {
    return p.q_max < (1 << 22);
}

} // namespace

Quantizer::Quantizer(const NumberFormat& format, size_t index) : m_type(format.type) {
    const size_t i = format.scale.size() > 1 ? index : 0;
    if (m_type == FormatType::codebook) m_codebook = format.codebook;
    if (!format.has_scale()) return;
    m_affine.scale = format.scale.empty() ? 1.0F : format.scale[i];
    if (format.is_integer()) {
        m_affine.zero_point = format.zero_point.empty() ? 0 : format.zero_point[i];
        m_affine.q_min = format.q_min();
        m_affine.q_max = format.q_max();
    }
    if (m_type == FormatType::ternary)
        m_threshold = format.threshold.empty() ? m_affine.scale / 2 : format.threshold[i];
    if (m_type == FormatType::power_of_two) m_lowest_exponent = 2 - (1 << (format.bits - 1));
}

float Quantizer::round(float x) const {
    if (is_uniform(m_type) && !has_exact_codes(m_affine))
        return m_affine.dequantize(quantize_value(x, m_affine));
    float y = 0;
    round(std::span(&x, 1), std::span(&y, 1));
    return y;
}

void Quantizer::round(std::span<const float> in, std::span<float> out) const {
    const float scale = m_affine.scale;
    switch (m_type) {
    case FormatType::float32:
        std::copy(in.begin(), in.end(), out.begin());
        return;
    case FormatType::float16:
    case FormatType::bfloat16:
        round_to(small_float(m_type), in, out);
        return;
    case FormatType::float8_e4m3:
    case FormatType::float8_e5m2:
        rounding::divide(in.data(), out.data(), in.size(), scale);
        round_to(small_float(m_type), out, out);
        rounding::multiply(out.data(), in.size(), scale);
        return;
    case FormatType::power_of_two:
        rounding::power_of_two(in.data(), out.data(), in.size(), scale, std::ldexp(1.0, m_lowest_exponent));
        return;
    case FormatType::ternary:
        rounding::ternary(in.data(), out.data(), in.size(), scale, m_threshold);
        return;
    case FormatType::codebook:
        std::transform(in.begin(), in.end(), out.begin(), [&](float x) { return nearest(m_codebook, x); });
        return;
    case FormatType::binary:
        rounding::binary(in.data(), out.data(), in.size(), scale);
        return;
    case FormatType::integer:
    case FormatType::fixed_point:
    case FormatType::dynamic_fixed_point:
        if (has_exact_codes(m_affine))
            rounding::uniform(in.data(), out.data(), in.size(), scale,
                              static_cast<float>(m_affine.q_min - m_affine.zero_point),
                              static_cast<float>(m_affine.q_max - m_affine.zero_point));
        else
            for (size_t i = 0; i < in.size(); ++i) out[i] = round(in[i]);
        return;
    }
}

float Quantizer::lowest() const {
    if (m_type == FormatType::codebook) return m_codebook.front();
    return is_uniform(m_type) ? m_affine.dequantize(m_affine.q_min) : -highest();
}

float Quantizer::highest() const {
    if (m_type == FormatType::codebook) return m_codebook.back();
    if (is_uniform(m_type)) return m_affine.dequantize(m_affine.q_max);
    if (is_float(m_type)) return m_affine.scale * small_float(m_type).largest;
    return m_affine.scale;
}

std::vector<float> Quantizer::levels(size_t limit) const {
    std::vector<float> levels;
    const auto add = [&](float level) { // tiny scales let the smallest levels underflow and coincide
        if (level > (levels.empty() ? 0.0F : levels.back())) levels.push_back(level);
    };
    const auto mirror = [&] { // positive ones, ascending, become all
        const size_t n = levels.size();
        std::vector<float> all;
        if (2 * n + 1 > limit) return all;
        for (size_t i = n; i-- > 0;) all.push_back(-levels[i]);
        all.push_back(0);
        all.insert(all.end(), levels.begin(), levels.end());
        return all;
    };
    switch (m_type) {
    case FormatType::float32:
        return {};
    case FormatType::float16:
    case FormatType::bfloat16:
    case FormatType::float8_e4m3:
    case FormatType::float8_e5m2: {
        // Every step of the mantissa from the smallest subnormal on, in one run: codes are ordered.
        const SmallFloat format = small_float(m_type);
        const double smallest = format.smallest();
        for (double x = smallest; x <= static_cast<double>(format.largest);) {
            add(m_affine.scale * static_cast<float>(x));
            x += std::max(smallest, std::ldexp(1.0, std::ilogb(x) - format.mantissa_bits));
        }
        return mirror();
    }
    case FormatType::power_of_two:
        for (int e = m_lowest_exponent; e <= 0; ++e) add(std::ldexp(m_affine.scale, e));
        return mirror();
    case FormatType::binary:
        return {-m_affine.scale, m_affine.scale};
    case FormatType::codebook:
        return m_codebook.size() <= limit ? m_codebook : std::vector<float>();
    case FormatType::integer:
    case FormatType::fixed_point:
    case FormatType::dynamic_fixed_point:
    case FormatType::ternary:
        if (static_cast<int64_t>(m_affine.q_max) - m_affine.q_min >= static_cast<int64_t>(limit)) return {};
        for (int32_t q = m_affine.q_min; q <= m_affine.q_max; ++q) levels.push_back(m_affine.dequantize(q));
        return levels;
    }
    return {};
}

double Quantizer::max_error(float x) const {
    const double scale = m_affine.scale, magnitude = std::fabs(static_cast<double>(x));
    // The products and quotients with the scale round once each in f32.
    const double in_f32 = magnitude * std::ldexp(1.0, -22);
    switch (m_type) {
    case FormatType::float32:
        return 0;
    case FormatType::float16:
    case FormatType::bfloat16:
    case FormatType::float8_e4m3:
    case FormatType::float8_e5m2: {
        const SmallFloat format = small_float(m_type);
        const double relative = std::ldexp(1.0, -format.mantissa_bits - 1);
        return std::max(format.smallest() * scale / 2, magnitude * relative) + (scale == 1 ? 0 : in_f32);
    }
    case FormatType::integer:
    case FormatType::fixed_point:
    case FormatType::dynamic_fixed_point:
        return scale / 2 + in_f32;
    case FormatType::power_of_two: {
        constexpr double up = 0.41421356237309504880; // sqrt(2) - 1, just above a boundary
        const double smallest = std::ldexp(scale, m_lowest_exponent);
        return magnitude < smallest * std::sqrt(0.5) ? magnitude : magnitude * up;
    }
    case FormatType::ternary:
        return magnitude <= static_cast<double>(m_threshold) ? magnitude : std::fabs(scale - magnitude);
    case FormatType::binary:
        return std::fabs(scale - magnitude);
    case FormatType::codebook:
        return std::fabs(static_cast<double>(x) - static_cast<double>(nearest(m_codebook, x)));
    }
    return 0;
}

} // namespace widthwise
