#include "core/engine/representation.h"

#include "core/engine/layer_weights.h"
#include "core/quant/affine.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine {
namespace {

/// Of scales that stand once, per input, per channel, or per input and channel.
Grid grid_of(const NumberFormat& format, size_t input, int64_t channels) {
    Grid grid;
    const int64_t each = format.granularity == Granularity::channel ? 1 : format.group_size;
    if (!format.has_scale() || format.granularity == Granularity::tensor) {
        grid.quantizers.emplace_back(format, format.scale.size() > 1 ? input : 0);
        return grid;
    }
    const auto groups = static_cast<size_t>((channels + each - 1) / each);
    const size_t first = format.scale.size() > groups ? input * groups : 0;
    if (format.scale.size() == 1) {
        grid.quantizers.emplace_back(format, 0);
        return grid;
    }
    grid.channels_each = each;
    for (size_t g = 0; g < groups; ++g) grid.quantizers.emplace_back(format, first + g);
    return grid;
}

} // namespace

Result<void> check_activation_format(const NumberFormat& format) {
    if (Result<void> ok = validate(format); !ok) return ok;
    if (format.type != FormatType::codebook) return {};
    return fail(ErrorCode::invalid_input, "activations cannot be a codebook's", {},
                "codebooks are for weights: choose another type for the activations");
}

Representation representation_of(const NumberFormat& format, size_t input, int64_t channels) {
    if (!format.is_quantized()) return {};
    Representation r;
    if (!activations_fit_kernels(format)) {
        r.grid = grid_of(format, input, channels);
        return r;
    }
    r.element = Element::u8;
    r.code_offset = format.q_min();
    r.q_max = format.q_max() - format.q_min();
    if (format.is_dynamic()) {
        r.dynamic = true;
        return r;
    }
    const size_t i = format.scale.size() > 1 ? input : 0;
    r.scale = format.scale[i];
    r.zero_point = (format.zero_point.empty() ? 0 : format.zero_point[i]) - format.q_min();
    if (format.type == FormatType::ternary) {
        r.coding = Coding::ternary;
        r.threshold = format.threshold.empty() ? r.scale / 2 : format.threshold[i];
    }
    if (format.type == FormatType::binary || format.bits == 1) r.coding = Coding::binary;
    return r;
}

uint8_t stored(float real, const Representation& r) {
    switch (r.coding) {
    case Coding::binary:
        return real >= 0 ? 2 : 0;
    case Coding::ternary:
        return static_cast<uint8_t>(1 + (real > r.threshold) - (real < -r.threshold));
    case Coding::affine:
        break;
    }
    return static_cast<uint8_t>(quantize_value(real, {r.scale, r.zero_point, 0, r.q_max}));
}

DynamicScale dynamic_scale(std::span<const float> image) {
    float lo = 0, hi = 0;
    for (const float x : image) {
        lo = x < lo ? x : lo;
        hi = x > hi ? x : hi;
    }
    constexpr float steps = 255;
    if (lo == hi) return {};
    const float scale = (hi - lo) / steps;
    if (!(scale > 0) || !std::isfinite(scale)) return {};
    return {scale, static_cast<int32_t>(std::clamp(std::nearbyint(-lo / scale), 0.0F, steps))};
}

} // namespace widthwise::engine
