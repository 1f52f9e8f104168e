// reshape, transpose and identity: the same numbers, copied once into a dense output.

#include "core/train/train_op.h"

namespace widthwise::train {
namespace {

class Rearrange final : public TrainOp {
public:
    explicit Rearrange(const OpSite& site) : m_input(*site.inputs[0]), m_output(site.output) {
        const Memory::dims out = output_dims(site);
        m_output.data = site.dnnl.allocate(dense_desc(out));
        // The output's buffer, seen with the input's axes.
        m_seen = dense_desc(out);
        if (site.node.op == Op::reshape) m_seen = dense_desc(m_input.dims());
        if (site.node.op == Op::transpose) {
            const auto& perm = std::get<TransposeAttributes>(site.node.attributes).perm;
            m_seen = m_seen.permute_axes(std::vector<int>(perm.begin(), perm.end()));
        }
        m_forward = site.dnnl.copy(m_input.data, site.dnnl.view(m_seen, floats(m_output.data)));
    }

    void forward(DnnlContext& dnnl, const Numbers&) override { dnnl.run(m_forward); }

    void prepare_backward(DnnlContext& dnnl) override {
        m_sink = GradientSink(dnnl, m_input);
        if (!m_sink) return;
        m_backward = dnnl.copy(dnnl.view(m_seen, floats(m_output.gradient)), m_sink.target());
    }

    void backward(DnnlContext& dnnl, const Numbers&) override {
        if (!m_sink) return;
        dnnl.run(m_backward);
        m_sink.commit();
    }

private:
    Activation& m_input;
    Activation& m_output;
    Desc m_seen;
    Kernel m_forward, m_backward;
    GradientSink m_sink;
};

} // namespace

TrainOpPtr make_rearrange(const OpSite& site) {
    return std::make_unique<Rearrange>(site);
}

} // namespace widthwise::train
