// batch_norm over N, H, W of one worker's shard (Ioffe and Szegedy 2015), optionally with the ReLU that
// follows it.

#include "core/train/train_op.h"

#include <algorithm>

namespace widthwise::train {
namespace {

using dnnl::batch_normalization_backward;
using dnnl::batch_normalization_forward;
using Flags = dnnl::normalization_flags;

class BatchNorm final : public TrainOp {
public:
    explicit BatchNorm(const OpSite& site)
        : m_input(*site.inputs[0])
        , m_output(site.output)
        , m_scale(site.layout.trained(site.node.inputs[1]))
        , m_bias(site.layout.trained(site.node.inputs[2]))
        , m_mean(site.layout.statistics(site.node.inputs[3]))
        , m_variance(site.layout.statistics(site.node.inputs[4]))
        , m_epsilon(std::get<BatchNormAttributes>(site.node.attributes).epsilon)
        , m_training(site.training) {
        m_flags = Flags::use_scale_shift;
        if (site.fused_relu) m_flags |= Flags::fuse_norm_relu;
        if (!m_training) m_flags |= Flags::use_global_stats;
        const Memory::dims dims = m_input.dims();
        const auto per_channel = static_cast<double>(dims[0] * dims[2] * dims[3]);
        m_unbias = per_channel > 1 ? per_channel / (per_channel - 1) : 1.0;

        const batch_normalization_forward::desc desc(m_training ? dnnl::prop_kind::forward_training
                                                                : dnnl::prop_kind::forward_inference,
                                                     m_input.desc(), m_epsilon, m_flags);
        m_forward_pd = {desc, DnnlContext::attributes(), site.dnnl.engine};
        m_output.data = site.dnnl.allocate(m_forward_pd.dst_desc());
        m_scale_shift = site.dnnl.allocate(f32_desc({2, m_scale.size}, Tag::ab));
        m_batch_mean = site.dnnl.allocate(f32_desc({m_scale.size}, Tag::a));
        m_batch_variance = site.dnnl.allocate(f32_desc({m_scale.size}, Tag::a));
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_input.data},
                                                  {DNNL_ARG_DST, m_output.data},
                                                  {DNNL_ARG_SCALE_SHIFT, m_scale_shift},
                                                  {DNNL_ARG_MEAN, m_batch_mean},
                                                  {DNNL_ARG_VARIANCE, m_batch_variance}};
        if (m_training && site.fused_relu) {
            m_workspace = site.dnnl.allocate(m_forward_pd.workspace_desc());
            arguments[DNNL_ARG_WORKSPACE] = m_workspace;
        }
        m_forward = site.dnnl.kernel(m_forward_pd, std::move(arguments));
    }

    void forward(DnnlContext& dnnl, const Numbers& numbers) override {
        float* scale_shift = floats(m_scale_shift);
        std::copy_n(numbers.trained + m_scale.offset, m_scale.size, scale_shift);
        std::copy_n(numbers.trained + m_bias.offset, m_bias.size, scale_shift + m_scale.size);
        if (!m_training) {
            std::copy_n(numbers.running + m_mean.offset, m_mean.size, floats(m_batch_mean));
            std::copy_n(numbers.running + m_variance.offset, m_variance.size, floats(m_batch_variance));
        }
        dnnl.run(m_forward);
        if (!m_training) return;
        std::copy_n(floats(m_batch_mean), m_mean.size, numbers.batch_statistics + m_mean.offset);
        // The running variance estimates the population's: N / (N - 1) times the sample's.
        std::transform(floats(m_batch_variance), floats(m_batch_variance) + m_variance.size,
                       numbers.batch_statistics + m_variance.offset,
                       [this](float v) { return static_cast<float>(v * m_unbias); });
    }

    void prepare_backward(DnnlContext& dnnl) override {
        m_sink = GradientSink(dnnl, m_input);
        m_input_gradient =
            m_sink ? m_sink.target() : dnnl.allocate(m_input.desc()); // oneDNN computes it anyway
        m_scale_shift_gradient = dnnl.allocate(m_scale_shift.get_desc());
        const batch_normalization_backward::desc desc(dnnl::prop_kind::backward, m_output.desc(),
                                                      m_input.desc(), m_epsilon, m_flags);
        const batch_normalization_backward::primitive_desc pd(desc, DnnlContext::attributes(), dnnl.engine,
                                                              m_forward_pd);
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_input.data},
                                                  {DNNL_ARG_MEAN, m_batch_mean},
                                                  {DNNL_ARG_VARIANCE, m_batch_variance},
                                                  {DNNL_ARG_SCALE_SHIFT, m_scale_shift},
                                                  {DNNL_ARG_DIFF_DST, m_output.gradient},
                                                  {DNNL_ARG_DIFF_SRC, m_input_gradient},
                                                  {DNNL_ARG_DIFF_SCALE_SHIFT, m_scale_shift_gradient}};
        if (m_workspace) arguments[DNNL_ARG_WORKSPACE] = m_workspace;
        m_backward = dnnl.kernel(pd, std::move(arguments));
    }

    void backward(DnnlContext& dnnl, const Numbers& numbers) override {
        dnnl.run(m_backward);
        const float* gradient = floats(m_scale_shift_gradient);
        for (int64_t c = 0; c < m_scale.size; ++c) {
            numbers.gradients[m_scale.offset + c] += gradient[c];
            numbers.gradients[m_bias.offset + c] += gradient[m_scale.size + c];
        }
        if (m_sink) m_sink.commit();
    }

private:
    Activation& m_input;
    Activation& m_output;
    Slice m_scale, m_bias, m_mean, m_variance;
    float m_epsilon;
    bool m_training;
    Flags m_flags = Flags::none;
    double m_unbias = 1;
    batch_normalization_forward::primitive_desc m_forward_pd;
    Memory m_scale_shift, m_scale_shift_gradient, m_batch_mean, m_batch_variance, m_workspace,
        m_input_gradient;
    Kernel m_forward, m_backward;
    GradientSink m_sink;
};

} // namespace

TrainOpPtr make_batch_norm(const OpSite& site) {
    return std::make_unique<BatchNorm>(site);
}

} // namespace widthwise::train
