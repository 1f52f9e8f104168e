// relu and clip (ReLU6).

#include "core/train/train_op.h"

#include <cmath>

namespace widthwise::train {
namespace {

struct Activity {
    dnnl::algorithm algorithm = dnnl::algorithm::eltwise_relu;
    float alpha = 0;
    float beta = 0;
};

Activity activity(const Node& node) {
    if (node.op == Op::relu) return {};
    const auto& clip = std::get<ClipAttributes>(node.attributes);
    if (clip.lo == 0 && std::isinf(clip.hi)) return {};
    return {dnnl::algorithm::eltwise_clip, clip.lo, clip.hi};
}

class Eltwise final : public TrainOp {
public:
    explicit Eltwise(const OpSite& site)
        : m_input(*site.inputs[0]), m_output(site.output), m_activity(activity(site.node)) {
        const dnnl::eltwise_forward::desc desc(
            site.training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
            m_activity.algorithm, m_input.desc(), m_activity.alpha, m_activity.beta);
        m_forward_pd = {desc, DnnlContext::attributes(), site.dnnl.engine};
        m_output.data = site.dnnl.allocate(m_forward_pd.dst_desc());
        m_forward =
            site.dnnl.kernel(m_forward_pd, {{DNNL_ARG_SRC, m_input.data}, {DNNL_ARG_DST, m_output.data}});
    }

    void forward(DnnlContext& dnnl, const Numbers&) override { dnnl.run(m_forward); }

    void prepare_backward(DnnlContext& dnnl) override {
        m_sink = GradientSink(dnnl, m_input);
        if (!m_sink) return;
        const dnnl::eltwise_backward::desc desc(m_activity.algorithm, m_output.desc(), m_input.desc(),
                                                m_activity.alpha, m_activity.beta);
        const dnnl::eltwise_backward::primitive_desc pd(desc, DnnlContext::attributes(), dnnl.engine,
                                                        m_forward_pd);
        m_backward = dnnl.kernel(pd, {{DNNL_ARG_SRC, m_input.data},
                                      {DNNL_ARG_DIFF_DST, m_output.gradient},
                                      {DNNL_ARG_DIFF_SRC, m_sink.target()}});
    }

    void backward(DnnlContext& dnnl, const Numbers&) override {
        if (!m_sink) return;
        dnnl.run(m_backward);
        m_sink.commit();
    }

private:
    Activation& m_input;
    Activation& m_output;
    Activity m_activity;
    dnnl::eltwise_forward::primitive_desc m_forward_pd;
    Kernel m_forward, m_backward;
    GradientSink m_sink;
};

} // namespace

TrainOpPtr make_eltwise(const OpSite& site) {
    return std::make_unique<Eltwise>(site);
}

} // namespace widthwise::train
