// batch_norm over N, H, W of one worker's shard (Ioffe and Szegedy 2015), with the residual add and the ReLU
// or clip that follow it: each pass over memory less counts more than the arithmetic.
//
// y = clamp(gamma (x - mean) / deviation + beta + residual). With g what passes the clamp of the loss's
// gradient by y, m the pixels of a channel and n = (x - mean) / deviation (the paper's section 3):
//   d beta = sum g,  d gamma = sum g n,  dx = gamma / deviation (g - d beta / m - n d gamma / m)

#include "core/train/dnnl_layout.h"
#include "core/train/op_kernels.h"

#include <algorithm>
#include <cmath>

namespace widthwise::train {
namespace {

class BatchNorm final : public TrainOp {
public:
    explicit BatchNorm(const OpSite& site)
        : m_input(*site.inputs[0])
        , m_residual(site.residual)
        , m_output(site.output)
        , m_scale(site.layout.trained(site.node.inputs[1]))
        , m_bias(site.layout.trained(site.node.inputs[2]))
        , m_mean(site.layout.statistics(site.node.inputs[3]))
        , m_variance(site.layout.statistics(site.node.inputs[4]))
        , m_epsilon(static_cast<double>(std::get<BatchNormAttributes>(site.node.attributes).epsilon))
        , m_clamp(site.clamp)
        , m_by_batch(site.batch_statistics) {
        const Desc desc = readable(m_input.desc());
        m_blocks = ChannelBlocks::of(desc);
        m_pixels = {type_of(desc), m_blocks.pixels, m_blocks.lanes};
        m_source = Converted(site.dnnl, m_input.data, desc);
        if (m_residual) m_added = Converted(site.dnnl, m_residual->data, desc);
        m_output.data = site.dnnl.allocate(desc);
        const auto padded = static_cast<size_t>(m_blocks.blocks * m_blocks.lanes);
        for (std::vector<float>* v : {&m_factor, &m_shift, &m_center, &m_sum, &m_sum_x, &m_by_x, &m_constant})
            v->resize(padded);
        m_inverse.resize(padded);
        m_part_mean.resize(static_cast<size_t>(m_blocks.images) * padded);
        m_part_squares.resize(m_part_mean.size());
    }

    void forward(DnnlContext& dnnl, const Numbers& numbers) override {
        m_source.refresh(dnnl);
        if (m_residual) m_added.refresh(dnnl);
        if (m_by_batch)
            measure(numbers);
        else
            for (int64_t c = 0; c < m_scale.size; ++c)
                set_channel(numbers, c, static_cast<double>(numbers.running[m_mean.offset + c]),
                            static_cast<double>(numbers.running[m_variance.offset + c]));
        for_blocks([&](int64_t, size_t first, size_t lane) {
            normalize(m_pixels, at(m_source.memory(), first),
                      m_residual ? at(m_added.memory(), first) : nullptr, at(m_output.data, first),
                      &m_factor[lane], &m_shift[lane], m_clamp);
        });
    }

    [[nodiscard]] bool sums_a_part() const override { return true; }

    void prepare_backward(DnnlContext& dnnl) override {
        if (!m_output.parts.empty()) m_part = m_output.parts.front().memory;
        m_gradient = m_passed = m_output.gradient;
        const bool changes = m_part || cuts(m_clamp);
        if (changes && m_output.gradient_is_shared()) {
            Recycled fresh = dnnl.recycle(m_output.desc());
            m_passed = m_output.gradient = fresh.memory;
            m_output.gradient_owner = std::move(fresh.owner);
        }
        if (!changes) m_passed = {}; // what arrives is what passes
        if (m_residual) {
            const GradientSink sink = GradientSink::same(dnnl, *m_residual, m_output);
            if (sink && !sink.passed_on()) m_to_residual = dnnl.copy(m_output.gradient, sink.target());
        }
        m_sink = GradientSink::in_place(dnnl, m_input, m_output);
        if (m_sink) m_delivered = Delivered(dnnl, m_output.desc(), m_sink.target());
    }

    void backward(DnnlContext& dnnl, const Numbers& numbers) override {
        reduce();
        const Memory& passing = m_passed ? m_passed : m_gradient;
        const double pixels = pixels_of_a_channel();
        for (size_t c = 0; c < static_cast<size_t>(m_scale.size); ++c) {
            const auto inverse = static_cast<double>(m_inverse[c]);
            const double by_bias = m_total[c], by_scale = m_total_x[c] * inverse;
            numbers.gradients[static_cast<size_t>(m_bias.offset) + c] += static_cast<float>(by_bias);
            numbers.gradients[static_cast<size_t>(m_scale.offset) + c] += static_cast<float>(by_scale);
            const auto factor = static_cast<double>(m_factor[c]);
            if (!m_by_batch) continue; // the others stay 0
            const double by_x = -factor * inverse * by_scale / pixels;
            m_by_x[c] = static_cast<float>(by_x);
            m_constant[c] =
                static_cast<float>(-factor * by_bias / pixels - by_x * static_cast<double>(m_center[c]));
        }
        if (m_to_residual.primitive) dnnl.run(m_to_residual);
        if (!m_sink) return;
        for_blocks([&](int64_t, size_t first, size_t lane) {
            input_gradient(m_pixels, at(m_source.memory(), first), at(passing, first),
                           at(m_delivered.memory(), first), &m_factor[lane], &m_by_x[lane],
                           &m_constant[lane]);
        });
        m_delivered.deliver(dnnl);
    }

private:
    /// `visit(image, first element, first lane)` for each image's blocks of channels.
    template <typename Visit> void for_blocks(Visit visit) const {
        for (int64_t image = 0; image < m_blocks.images; ++image)
            for (int64_t block = 0; block < m_blocks.blocks; ++block)
                visit(image,
                      static_cast<size_t>(image * m_blocks.image_stride + block * m_blocks.block_stride),
                      static_cast<size_t>(block * m_blocks.lanes));
    }
    [[nodiscard]] void* at(const Memory& memory, size_t first) const {
        return static_cast<std::byte*>(memory.get_data_handle()) +
               first * Memory::data_type_size(m_pixels.type);
    }
    [[nodiscard]] double pixels_of_a_channel() const {
        return static_cast<double>(m_blocks.images * m_blocks.pixels);
    }

    /// The shard's own mean and variance; images are merged in double precision (Chan et al. 1979), so that
    /// large means cost no digits.
    void measure(const Numbers& numbers) {
        const size_t padded = m_factor.size();
        for_blocks([&](int64_t image, size_t first, size_t lane) {
            const size_t part = static_cast<size_t>(image) * padded + lane;
            moments(m_pixels, at(m_source.memory(), first), &m_part_mean[part], &m_part_squares[part]);
        });
        const double images = static_cast<double>(m_blocks.images), all = pixels_of_a_channel();
        const double unbias = all > 1 ? all / (all - 1) : 1.0;
        for (int64_t c = 0; c < m_scale.size; ++c) {
            double mean = 0, squares = 0;
            for (size_t i = static_cast<size_t>(c); i < m_part_mean.size(); i += padded)
                mean += static_cast<double>(m_part_mean[i]) / images;
            for (size_t i = static_cast<size_t>(c); i < m_part_mean.size(); i += padded) {
                const double away = static_cast<double>(m_part_mean[i]) - mean;
                squares += static_cast<double>(m_part_squares[i]) +
                           static_cast<double>(m_blocks.pixels) * away * away;
            }
            const double variance = squares / all;
            set_channel(numbers, c, mean, variance);
            numbers.batch_statistics[m_mean.offset + c] = static_cast<float>(mean);
            // The running variance estimates the population's.
            numbers.batch_statistics[m_variance.offset + c] = static_cast<float>(variance * unbias);
        }
    }

    void set_channel(const Numbers& numbers, int64_t channel, double mean, double variance) {
        const auto c = static_cast<size_t>(channel);
        const double inverse = 1 / std::sqrt(variance + m_epsilon);
        const double factor = static_cast<double>(numbers.trained[m_scale.offset + channel]) * inverse;
        m_center[c] = static_cast<float>(mean);
        m_inverse[c] = static_cast<float>(inverse);
        m_factor[c] = static_cast<float>(factor);
        m_shift[c] =
            static_cast<float>(static_cast<double>(numbers.trained[m_bias.offset + channel]) - mean * factor);
    }

    void reduce() {
        m_total.assign(m_factor.size(), 0);
        m_total_x.assign(m_factor.size(), 0);
        const bool cut = cuts(m_clamp);
        for_blocks([&](int64_t, size_t first, size_t lane) {
            const auto lanes = static_cast<size_t>(m_blocks.lanes);
            std::fill_n(m_sum.begin(), lanes, 0.0F);
            std::fill_n(m_sum_x.begin(), lanes, 0.0F);
            const GradientPixels in{
                at(m_source.memory(), first), at(m_gradient, first), m_part ? at(m_part, first) : nullptr,
                cut ? at(m_output.data, first) : nullptr, m_passed ? at(m_passed, first) : nullptr};
            reduce_gradient(m_pixels, in, &m_center[lane], m_clamp, m_sum.data(), m_sum_x.data());
            for (size_t l = 0; l < lanes; ++l) {
                m_total[lane + l] += static_cast<double>(m_sum[l]);
                m_total_x[lane + l] += static_cast<double>(m_sum_x[l]);
            }
        });
    }

    Activation& m_input;
    Activation* m_residual;
    Activation& m_output;
    Slice m_scale, m_bias, m_mean, m_variance;
    double m_epsilon;
    Clamp m_clamp;
    bool m_by_batch; ///< else running statistics, which are constants on the way back
    ChannelBlocks m_blocks;
    Pixels m_pixels;
    Converted m_source, m_added;
    // Per channel, paddings 0.
    std::vector<float> m_factor, m_shift, m_center,
        m_inverse; ///< gamma / deviation, beta - ..., mean, 1 / deviation
    std::vector<float> m_sum, m_sum_x, m_by_x, m_constant;
    std::vector<double> m_total, m_total_x;
    std::vector<float> m_part_mean, m_part_squares; ///< by image
    Memory m_gradient, m_part, m_passed;
    Kernel m_to_residual;
    GradientSink m_sink;
    Delivered m_delivered;
};

} // namespace

TrainOpPtr make_batch_norm(const OpSite& site) {
    return std::make_unique<BatchNorm>(site);
}

} // namespace widthwise::train
