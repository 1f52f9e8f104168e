// lrn across channels (Krizhevsky et al. 2012).

#include "core/train/dnnl_primitives.h"
#include "core/train/train_op.h"

namespace widthwise::train {
namespace {

class Lrn final : public TrainOp {
public:
    explicit Lrn(const OpSite& site)
        : m_input(*site.inputs[0])
        , m_output(site.output)
        , m_attributes(std::get<LrnAttributes>(site.node.attributes)) {
        const auto& [size, alpha, beta, bias] = m_attributes;
        m_forward_pd = describe_lrn(site.dnnl.engine, site.training, m_input.desc(), size, alpha, beta, bias);
        m_output.data = site.dnnl.allocate(m_forward_pd.dst_desc());
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_input.data},
                                                  {DNNL_ARG_DST, m_output.data}};
        if (const Desc workspace = m_forward_pd.workspace_desc(); site.training && workspace.get_size() > 0) {
            m_workspace = Memory(workspace, site.dnnl.engine);
            arguments[DNNL_ARG_WORKSPACE] = m_workspace;
        }
        m_forward = site.dnnl.kernel(m_forward_pd, std::move(arguments));
    }

    void forward(DnnlContext& dnnl, const Numbers&) override { dnnl.run(m_forward); }

    void prepare_backward(DnnlContext& dnnl) override {
        m_sink = GradientSink(dnnl, m_input);
        if (!m_sink) return;
        const auto& [size, alpha, beta, bias] = m_attributes;
        const auto pd =
            describe_lrn_backward(dnnl.engine, m_forward_pd, m_input.desc(), size, alpha, beta, bias);
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_input.data},
                                                  {DNNL_ARG_DIFF_DST, m_output.gradient},
                                                  {DNNL_ARG_DIFF_SRC, m_sink.target()}};
        if (m_workspace) arguments[DNNL_ARG_WORKSPACE] = m_workspace;
        m_backward = dnnl.kernel(pd, std::move(arguments));
    }

    void backward(DnnlContext& dnnl, const Numbers&) override {
        if (m_sink) dnnl.run(m_backward);
    }

private:
    Activation& m_input;
    Activation& m_output;
    LrnAttributes m_attributes;
    dnnl::lrn_forward::primitive_desc m_forward_pd;
    Memory m_workspace;
    Kernel m_forward, m_backward;
    GradientSink m_sink;
};

} // namespace

TrainOpPtr make_lrn(const OpSite& site) {
    return std::make_unique<Lrn>(site);
}

} // namespace widthwise::train
