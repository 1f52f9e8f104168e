#include "core/engine/direct_sums.h"

#include "core/engine/kernels.h"

#include <algorithm>

namespace widthwise::engine {

DirectSums::DirectSums(const ConvStep& step, const Buffer& in, const Buffer& out)
    : m_attributes(step.attributes)
    , m_group_in(step.in_channels / step.attributes.group)
    , m_group_out(step.out_channels / step.attributes.group)
    , m_in(in.extent)
    , m_out(out.extent)
    , m_code_offset(step.saturate_bits ? in.representation.code_offset : 0)
    , m_saturate(step.saturate_bits.has_value())
    , m_weights(step.weights_q.size()) {
    if (m_saturate) {
        m_highest = static_cast<int32_t>((int64_t{1} << (*step.saturate_bits - 1)) - 1);
        m_lowest = -m_highest - 1;
    }
    const int64_t taps = m_attributes.kernel[0] * m_attributes.kernel[1];
    const auto& zero = step.weight_zero_points;
    for (int64_t o = 0; o < step.out_channels; ++o)
        for (int64_t c = 0; c < m_group_in; ++c)
            for (int64_t t = 0; t < taps; ++t) {
                const int w = step.weights_q[static_cast<size_t>((o * m_group_in + c) * taps + t)] -
                              (zero.empty() ? 0 : zero[zero.size() == 1 ? 0 : static_cast<size_t>(o)]);
                m_weights[static_cast<size_t>((t * m_group_in + c) * step.out_channels + o)] =
                    static_cast<int16_t>(w);
            }
}

void DirectSums::sums(const uint8_t* image, int32_t* acc, void*) const {
    const ConvAttributes& a = m_attributes;
    const int64_t outputs = m_out.channels;
    const kernels::Saturation cut{m_lowest, m_highest};
    for (int64_t y = 0; y < m_out.height; ++y)
        for (int64_t x = 0; x < m_out.width; ++x, acc += outputs) {
            std::fill_n(acc, outputs, 0);
            const int16_t* weights = m_weights.data();
            for (int64_t ky = 0; ky < a.kernel[0]; ++ky)
                for (int64_t kx = 0; kx < a.kernel[1]; ++kx, weights += m_group_in * outputs) {
                    const int64_t iy = y * a.strides[0] - a.pads[0] + ky * a.dilations[0];
                    const int64_t ix = x * a.strides[1] - a.pads[1] + kx * a.dilations[1];
                    if (iy < 0 || iy >= m_in.height || ix < 0 || ix >= m_in.width) continue;
                    const uint8_t* pixel = image + (iy * m_in.width + ix) * m_in.channels;
                    if (m_group_in == 1 && m_group_out == 1) {
                        kernels::multiply_add(acc, weights, pixel, m_code_offset, outputs,
                                              m_saturate ? &cut : nullptr);
                        continue;
                    }
                    for (int64_t c = 0; c < m_group_in; ++c)
                        for (int64_t g = 0; g < a.group; ++g)
                            kernels::multiply_add(acc + g * m_group_out,
                                                  weights + c * outputs + g * m_group_out,
                                                  pixel[g * m_group_in + c] + m_code_offset, m_group_out,
                                                  m_saturate ? &cut : nullptr);
                }
        }
}

} // namespace widthwise::engine
