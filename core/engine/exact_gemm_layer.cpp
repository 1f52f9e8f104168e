#include "core/engine/exact_gemm_layer.h"

#include "core/engine/kernels.h"

#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <cstdlib>

namespace widthwise::engine {
namespace {

constexpr size_t k_alignment = 64;
size_t aligned(size_t bytes) {
    return (bytes + k_alignment - 1) / k_alignment * k_alignment;
}

} // namespace

bool ExactGemmLayer::would_saturate(const ConvStep& step, const Representation& in) {
    int largest = 0;
    for (const int8_t w : step.weights_q) largest = std::max(largest, std::abs(int{w}));
    return 2 * largest * in.q_max > 32767;
}

ExactGemmLayer::ExactGemmLayer(const ConvStep& step, const Buffer& in, const Buffer& out, int batch)
    : m_step(step)
    , m_in(in.extent)
    , m_out(out.extent)
    , m_to(out.representation)
    , m_batch(batch)
    , m_depth(step.in_channels / step.attributes.group * step.attributes.kernel[0] *
              step.attributes.kernel[1]) {
    const int64_t group_out = step.out_channels / step.attributes.group;
    const int64_t group_in = step.in_channels / step.attributes.group;
    const int64_t taps = step.attributes.kernel[0] * step.attributes.kernel[1];
    for (auto& half : m_halves) half.resize(step.weights_q.size());
    for (int64_t o = 0; o < step.out_channels; ++o)
        for (int64_t c = 0; c < group_in; ++c)
            for (int64_t t = 0; t < taps; ++t) {
                const int w = step.weights_q[static_cast<size_t>((o * group_in + c) * taps + t)];
                const int64_t group = o / group_out,
                              k = t * group_in + c; // columns are gathered channels last
                const auto to = static_cast<size_t>((group * m_depth + k) * group_out + o % group_out);
                m_halves[0][to] = static_cast<int8_t>(w / 2);
                m_halves[1][to] = static_cast<int8_t>(w - w / 2);
            }
    m_step.weights_q.clear();
}

size_t ExactGemmLayer::scratch_bytes() const {
    const auto pixels = static_cast<size_t>(m_out.height * m_out.width);
    return aligned(pixels * static_cast<size_t>(m_depth)) +
           aligned(pixels * static_cast<size_t>(m_step.out_channels) * sizeof(int32_t));
}

void ExactGemmLayer::gather_columns(const uint8_t* image, int64_t group, uint8_t* columns) const {
    const ConvAttributes& a = m_step.attributes;
    const int64_t group_in = m_step.in_channels / a.group;
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

void ExactGemmLayer::run(const uint8_t* in, void* out, void* scratch) const {
    const int64_t pixels = m_out.height * m_out.width;
    const int64_t group_out = m_step.out_channels / m_step.attributes.group;
    auto* columns = static_cast<uint8_t*>(scratch);
    auto* acc = static_cast<int32_t*>(
        static_cast<void*>(columns + aligned(static_cast<size_t>(pixels) * static_cast<size_t>(m_depth))));
    for (int image = 0; image < m_batch; ++image) {
        for (int64_t group = 0; group < m_step.attributes.group; ++group) {
            gather_columns(in + image * m_in.elements(), group, columns);
            for (size_t half = 0; half < 2; ++half) {
                const int32_t no_offset = 0;
                dnnl_gemm_u8s8s32('N', 'N', 'F', pixels, group_out, m_depth, 1.0F, columns, m_depth, 0,
                                  m_halves[half].data() + group * m_depth * group_out, group_out, 0,
                                  half == 0 ? 0.0F : 1.0F, acc + group * group_out, m_step.out_channels,
                                  &no_offset);
            }
        }
        const auto count = static_cast<size_t>(pixels);
        if (m_to.element == Element::u8) {
            kernels::requantize(acc, count, m_step, static_cast<uint8_t*>(out) + image * m_out.elements(),
                                m_to.zero_point);
        } else {
            kernels::requantize(acc, count, m_step, static_cast<float*>(out) + image * m_out.elements());
        }
    }
}

} // namespace widthwise::engine
