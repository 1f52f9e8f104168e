// relu, leaky_relu, clip, sigmoid, tanh.

#include "core/train/dnnl_primitives.h"
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
    switch (node.op) {
    case Op::sigmoid:
        return {dnnl::algorithm::eltwise_logistic};
    case Op::tanh:
        return {dnnl::algorithm::eltwise_tanh};
    case Op::leaky_relu:
        return {dnnl::algorithm::eltwise_relu, std::get<LeakyReluAttributes>(node.attributes).alpha};
    default:
        break;
    }
    const Clamp clamp = clamp_of(node);
    if (clamp.lo == 0 && std::isinf(clamp.hi)) return {};
    return {dnnl::algorithm::eltwise_clip, clamp.lo, clamp.hi};
}

class Eltwise final : public TrainOp {
public:
    explicit Eltwise(const OpSite& site)
        : m_input(*site.inputs[0]), m_output(site.output), m_activity(activity(site.node)) {
        m_forward_pd = describe_eltwise(site.dnnl.engine, site.training, m_activity.algorithm, m_input.desc(),
                                        m_activity.alpha, m_activity.beta);
        m_output.data = site.dnnl.allocate(m_forward_pd.dst_desc());
        m_forward =
            site.dnnl.kernel(m_forward_pd, {{DNNL_ARG_SRC, m_input.data}, {DNNL_ARG_DST, m_output.data}});
    }

    void forward(DnnlContext& dnnl, const Numbers&) override { dnnl.run(m_forward); }

    void prepare_backward(DnnlContext& dnnl) override {
        m_sink = GradientSink::in_place(dnnl, m_input, m_output);
        if (!m_sink) return;
        const auto pd = describe_eltwise_backward(dnnl.engine, m_forward_pd, m_activity.algorithm,
                                                  m_input.desc(), m_activity.alpha, m_activity.beta);
        m_backward = dnnl.kernel(pd, {{DNNL_ARG_SRC, m_input.data},
                                      {DNNL_ARG_DIFF_DST, m_output.gradient},
                                      {DNNL_ARG_DIFF_SRC, m_sink.target()}});
    }

    void backward(DnnlContext& dnnl, const Numbers&) override {
        if (m_sink) dnnl.run(m_backward);
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
