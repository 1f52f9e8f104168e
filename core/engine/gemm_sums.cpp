#include "core/engine/gemm_sums.h"

#include "core/engine/onednn_layer.h"

#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <cstdlib>

namespace widthwise::engine {
namespace {

constexpr size_t k_alignment = 64;
size_t aligned(size_t bytes) {
    return (bytes + k_alignment - 1) / k_alignment * k_alignment;
}

int weight_at(const ConvStep& step, size_t i, int64_t channel) {
    if (step.weight_zero_points.empty()) return step.weights_q[i];
    const bool one = step.weight_zero_points.size() == 1;
    return step.weights_q[i] - step.weight_zero_points[one ? 0 : static_cast<size_t>(channel)];
}

} // namespace

GemmSums::GemmSums(const ConvStep& step, const Buffer& in, const Buffer& out)
    : m_attributes(step.attributes)
    , m_in_channels(step.in_channels)
    , m_out_channels(step.out_channels)
    , m_in(in.extent)
    , m_out(out.extent)
    , m_depth(step.in_channels / step.attributes.group * step.attributes.kernel[0] *
              step.attributes.kernel[1]) {
    const int64_t group_out = m_out_channels / m_attributes.group,
                  group_in = m_in_channels / m_attributes.group;
    const int64_t taps = m_attributes.kernel[0] * m_attributes.kernel[1];
    // Columns are gathered channels last.
    std::vector<int> weights(step.weights_q.size());
    int largest = 1;
    for (int64_t o = 0; o < m_out_channels; ++o)
        for (int64_t c = 0; c < group_in; ++c)
            for (int64_t t = 0; t < taps; ++t) {
                const int w = weight_at(step, static_cast<size_t>((o * group_in + c) * taps + t), o);
                const int64_t k = t * group_in + c;
                weights[static_cast<size_t>((o / group_out * m_depth + k) * group_out + o % group_out)] = w;
                largest = std::max(largest, std::abs(w));
            }
    const int limit = onednn_has_vnni() ? 127 : std::min(127, 32767 / (2 * in.representation.q_max));
    const int parts = (largest + limit - 1) / limit;
    for (int part = 0; part < parts; ++part) {
        std::vector<int8_t> share(weights.size());
        for (size_t i = 0; i < weights.size(); ++i) {
            share[i] = static_cast<int8_t>(weights[i] / (parts - part));
            weights[i] -= share[i];
        }
        m_parts.push_back(std::move(share));
    }
}

size_t GemmSums::scratch_bytes() const {
    return aligned(static_cast<size_t>(m_out.height * m_out.width) * static_cast<size_t>(m_depth));
}

void GemmSums::gather_columns(const uint8_t* image, int64_t group, uint8_t* columns) const {
    const ConvAttributes& a = m_attributes;
    const int64_t group_in = m_in_channels / a.group;
    for (int64_t y = 0; y < m_out.height; ++y)
        for (int64_t x = 0; x < m_out.width; ++x)
            for (int64_t ky = 0; ky < a.kernel[0]; ++ky)
                for (int64_t kx = 0; kx < a.kernel[1]; ++kx, columns += group_in) {
                    const int64_t iy = y * a.strides[0] - a.pads[0] + ky * a.dilations[0];
                    const int64_t ix = x * a.strides[1] - a.pads[1] + kx * a.dilations[1];
                    if (iy < 0 || iy >= m_in.height || ix < 0 || ix >= m_in.width) {
                        std::fill_n(columns, group_in, uint8_t{0});
                    } else {
                        std::copy_n(image + (iy * m_in.width + ix) * m_in.channels + group * group_in,
                                    group_in, columns);
                    }
                }
}

void GemmSums::sums(const uint8_t* image, int32_t* acc, void* scratch) const {
    const int64_t pixels = m_out.height * m_out.width, group_out = m_out_channels / m_attributes.group;
    const ConvAttributes pointwise{};
    ConvAttributes ungrouped = m_attributes;
    ungrouped.group = 1;
    const int32_t no_offset = 0;
    for (int64_t group = 0; group < m_attributes.group; ++group) {
        const uint8_t* columns = image;
        if (ungrouped != pointwise || m_attributes.group > 1) {
            gather_columns(image, group, static_cast<uint8_t*>(scratch));
            columns = static_cast<uint8_t*>(scratch);
        }
        for (size_t part = 0; part < m_parts.size(); ++part)
            dnnl_gemm_u8s8s32('N', 'N', 'F', pixels, group_out, m_depth, 1.0F, columns, m_depth, 0,
                              m_parts[part].data() + group * m_depth * group_out, group_out, 0,
                              part == 0 ? 0.0F : 1.0F, acc + group * group_out, m_out_channels, &no_offset);
    }
}

} // namespace widthwise::engine
