// add of two activations of one shape: the residual.

#include "core/train/train_op.h"

namespace widthwise::train {
namespace {

class Add final : public TrainOp {
public:
    explicit Add(const OpSite& site) : m_inputs(site.inputs), m_output(site.output) {
        Activation& left = *m_inputs[0];
        m_right = Converted(site.dnnl, m_inputs[1]->data, left.desc());
        m_output.data = site.dnnl.allocate(left.desc());
        const dnnl::binary::desc desc(dnnl::algorithm::binary_add, left.desc(), left.desc(), left.desc());
        const dnnl::binary::primitive_desc pd(desc, DnnlContext::attributes(), site.dnnl.engine);
        m_forward = site.dnnl.kernel(
            pd,
            {{DNNL_ARG_SRC_0, left.data}, {DNNL_ARG_SRC_1, m_right.memory()}, {DNNL_ARG_DST, m_output.data}});
    }

    void forward(DnnlContext& dnnl, const Numbers&) override {
        m_right.refresh(dnnl);
        dnnl.run(m_forward);
    }

    void prepare_backward(DnnlContext& dnnl) override {
        for (Activation* input : m_inputs) {
            GradientSink sink(dnnl, *input);
            if (sink) m_shares.push_back({sink, dnnl.copy(m_output.gradient, sink.target())});
        }
    }

    void backward(DnnlContext& dnnl, const Numbers&) override {
        for (Share& share : m_shares) {
            dnnl.run(share.copy);
            share.sink.commit();
        }
    }

private:
    struct Share {
        GradientSink sink;
        Kernel copy;
    };
    std::vector<Activation*> m_inputs;
    Activation& m_output;
    Converted m_right;
    Kernel m_forward;
    std::vector<Share> m_shares;
};

} // namespace

TrainOpPtr make_add(const OpSite& site) {
    return std::make_unique<Add>(site);
}

} // namespace widthwise::train
