#pragma once
// Which consecutive weights share one scale.

#include "core/quant/number_format.h"

#include <algorithm>
#include <utility>

namespace widthwise {

/// Runs of elements of O x (anything), in the order of a format's scales.
struct WeightParts {
    size_t channels = 0, per_channel = 0; ///< 1 channel of everything when per tensor
    size_t length = 0;                    ///< of a part; a channel's last may be shorter
    [[nodiscard]] size_t in_channel() const { return length == 0 ? 1 : (per_channel + length - 1) / length; }
    [[nodiscard]] size_t count() const { return channels * in_channel(); }
    /// First element and number of elements.
    [[nodiscard]] std::pair<size_t, size_t> at(size_t part) const {
        const size_t from = part % in_channel() * length;
        return {part / in_channel() * per_channel + from, std::min(length, per_channel - from)};
    }
};

/// Given single scales hold for the tensor, whatever the granularity.
[[nodiscard]] inline WeightParts weight_parts(size_t elements, int64_t out_channels,
                                              const NumberFormat& format) {
    const auto channels = static_cast<size_t>(out_channels);
    if (format.granularity == Granularity::tensor || format.scale.size() == 1 || channels == 0)
        return {1, elements, elements};
    const size_t per_channel = elements / channels;
    if (format.granularity == Granularity::channel) return {channels, per_channel, per_channel};
    return {channels, per_channel, std::min(per_channel, static_cast<size_t>(format.group_size))};
}

} // namespace widthwise
