// relu, leaky_relu, clip, sigmoid, tanh and some more functions of one number.

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

/// Of Op::function; training_scope() let no other function pass.
Activity activity(const FunctionAttributes& function) {
    switch (function.function) {
    case Function::hard_swish:
        return {dnnl::algorithm::eltwise_hardswish, 1.0F / 6, 0.5F}; // 2.x takes the constants as given
    case Function::silu:
        return {dnnl::algorithm::eltwise_swish, 1};
    case Function::gelu:
        return {dnnl::algorithm::eltwise_gelu_erf};
    case Function::gelu_tanh:
        return {dnnl::algorithm::eltwise_gelu_tanh};
    default:
        return {dnnl::algorithm::eltwise_elu, function.alpha};
    }
}

Activity activity(const Node& node) {
    switch (node.op) {
    case Op::sigmoid:
        return {dnnl::algorithm::eltwise_logistic};
    case Op::tanh:
        return {dnnl::algorithm::eltwise_tanh};
    case Op::leaky_relu:
        return {dnnl::algorithm::eltwise_relu, std::get<LeakyReluAttributes>(node.attributes).alpha};
    case Op::function:
        return activity(std::get<FunctionAttributes>(node.attributes));
    default:
        break;
    }
    const Clamp clamp = clamp_of(node);
    if (clamp.lo == 0 && std::isinf(clamp.hi)) return {};
    return {dnnl::algorithm::eltwise_clip, clamp.lo, clamp.hi};
}

class Eltwise final : public TrainOp {
public:
    Eltwise(const OpSite& site, Activation& input, Activation& output, Activity activity)
        : m_input(input), m_output(output), m_activity(activity) {
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

/// hard_sigmoid, which oneDNN 2.x does not have: max(0, min(1, a x + b)) is a x + b of x clipped.
class HardSigmoid final : public TrainOp {
public:
    HardSigmoid(const OpSite& site, float slope, float offset)
        : m_clip(site, *site.inputs[0], m_clipped,
                 {dnnl::algorithm::eltwise_clip, -offset / slope, (1 - offset) / slope})
        , m_line(site, m_clipped, site.output, {dnnl::algorithm::eltwise_linear, slope, offset}) {
        m_clipped.needs_gradient = site.inputs[0]->needs_gradient;
    }
    void forward(DnnlContext& dnnl, const Numbers& numbers) override {
        m_clip.forward(dnnl, numbers);
        m_line.forward(dnnl, numbers);
    }
    void prepare_backward(DnnlContext& dnnl) override {
        m_line.prepare_backward(dnnl);
        if (!m_clipped.gradient) return;
        m_clip.prepare_backward(dnnl);
        m_clipped.gradient_owner.reset();
    }
    void backward(DnnlContext& dnnl, const Numbers& numbers) override {
        m_line.backward(dnnl, numbers);
        m_clip.backward(dnnl, numbers);
    }

private:
    Activation m_clipped;
    Eltwise m_clip, m_line;
};

} // namespace

TrainOpPtr make_eltwise(const OpSite& site) {
    const auto* function = std::get_if<FunctionAttributes>(&site.node.attributes);
    if (function && function->function == Function::hard_sigmoid)
        return std::make_unique<HardSigmoid>(site, function->alpha, function->beta);
    return std::make_unique<Eltwise>(site, *site.inputs[0], site.output, activity(site.node));
}

} // namespace widthwise::train
