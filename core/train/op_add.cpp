// add of two activations of one shape, the residual, with the ReLU or clip that follows it.

#include "core/train/op_kernels.h"

namespace widthwise::train {
namespace {

class Add final : public TrainOp {
public:
    explicit Add(const OpSite& site) : m_inputs(site.inputs), m_output(site.output), m_clamp(site.clamp) {
        const Desc desc = m_inputs[0]->desc();
        m_right = Converted(site.dnnl, m_inputs[1]->data, desc);
        m_output.data = site.dnnl.allocate(desc);
    }

    void forward(DnnlContext& dnnl, const Numbers&) override {
        m_right.refresh(dnnl);
        add_clamped(type_of(m_output.desc()), m_inputs[0]->data.get_data_handle(),
                    m_right.memory().get_data_handle(), m_output.data.get_data_handle(),
                    physical_elements(m_output.data), m_clamp);
    }

    void prepare_backward(DnnlContext& dnnl) override {
        m_gradient = m_output.gradient;
        if (cuts(m_clamp) && m_output.gradient_is_shared()) {
            Recycled fresh = dnnl.recycle(m_output.desc());
            m_output.gradient = fresh.memory;
            m_output.gradient_owner = std::move(fresh.owner);
        }
        for (Activation* input : m_inputs) {
            const GradientSink sink = GradientSink::same(dnnl, *input, m_output);
            if (sink && !sink.passed_on()) m_copies.push_back(dnnl.copy(m_output.gradient, sink.target()));
        }
    }

    void backward(DnnlContext& dnnl, const Numbers&) override {
        if (cuts(m_clamp))
            pass_inside(type_of(m_output.desc()), m_gradient.get_data_handle(),
                        m_output.data.get_data_handle(), m_output.gradient.get_data_handle(),
                        physical_elements(m_output.data), m_clamp);
        for (Kernel& copy : m_copies) dnnl.run(copy);
    }

private:
    std::vector<Activation*> m_inputs;
    Activation& m_output;
    Clamp m_clamp;
    Converted m_right;
    Memory m_gradient; ///< as it arrives
    std::vector<Kernel> m_copies;
};

} // namespace

TrainOpPtr make_add(const OpSite& site) {
    return std::make_unique<Add>(site);
}

} // namespace widthwise::train
