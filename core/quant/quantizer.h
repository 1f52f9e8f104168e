#pragma once
// Rounding to a format's own values, for every number type. Integers go through affine.h; results are the
// same on every ISA.

#include "core/quant/affine.h"

#include <span>
#include <vector>

namespace widthwise {

/// One tensor's, channel's or group's resolved quantizer: what fake quantization needs.
class Quantizer {
public:
    /// float32: passes values on.
    Quantizer() = default;
    /// Of a resolved format; `index` chooses among its scales (0 where there is one).
    Quantizer(const NumberFormat& format, size_t index);

    /// The nearest value of the format; NaN counts as 0 (float32 passes it on).
    ///  integers      half to even; 32 bits: to f32 precision
    ///  floats        half to even
    ///  power_of_two  nearest in the logarithm, so between 2^-k-1 and 2^-k from 2^-k / sqrt(2) on; below the
    ///                smallest level / sqrt(2): 0
    ///  ternary       0 for |x| <= threshold (none given: scale / 2)
    ///  binary        by sign, 0 is positive
    ///  codebook      the nearest level, of two equally near ones the lower
    [[nodiscard]] float round(float x) const;
    void round(std::span<const float> in, std::span<float> out) const; ///< may be in place
    /// Every representable value in ascending order where there are at most `limit`, else empty: for drawing
    /// levels.
    [[nodiscard]] std::vector<float> levels(size_t limit = 65536) const;
    /// |x - round(x)| is at most this for x within [lowest(), highest()].
    [[nodiscard]] double max_error(float x) const;
    [[nodiscard]] float lowest() const;
    [[nodiscard]] float highest() const;
    [[nodiscard]] const AffineParams& affine() const { return m_affine; } ///< integer types
    [[nodiscard]] FormatType type() const { return m_type; }
    bool operator==(const Quantizer&) const = default;

private:
    FormatType m_type = FormatType::float32;
    AffineParams m_affine{1.0F, 0, 0, 0}; ///< of the types that are no integers: the scale alone
    float m_threshold = 0;                ///< ternary
    std::vector<float> m_codebook;        ///< codebook: levels, ascending
    int m_lowest_exponent = 0; ///< power_of_two: of the smallest level, relative to the scale; <= 0
};

/// Weights in their format.
struct QuantizedWeights {
    std::vector<float> values;        ///< what the format makes of them, real; same layout
    std::vector<int16_t> q;           ///< integer types of at most 8 bits: the codes; else empty
    std::vector<AffineParams> params; ///< with q: one, or one per output channel or group (channel-major)
    std::vector<Quantizer> quantizers;
    /// With q, per tensor or channel only.
    [[nodiscard]] const AffineParams& channel(size_t c) const { return params[params.size() == 1 ? 0 : c]; }
};

/// Chooses what the format leaves open from the weights themselves: scale, zero_point, threshold. `weights`
/// is O x (anything), f32. Errors: as quantize_weights.
[[nodiscard]] Result<NumberFormat> resolve_weight_format(std::span<const float> weights, int64_t out_channels,
                                                         const NumberFormat& format);
/// `weights` is O x (anything), f32; `out_channels` = O. A resolved format is taken as it is. Errors:
/// invalid_input when a given scale has neither one element nor one per channel or group, or weights are not
/// finite.
[[nodiscard]] Result<QuantizedWeights> quantize_weights(std::span<const float> weights, int64_t out_channels,
                                                        const NumberFormat& format);

} // namespace widthwise
