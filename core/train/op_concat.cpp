// concat: each input is copied into its part of a dense output, and its gradient out of it.

#include "core/train/train_op.h"

namespace widthwise::train {
namespace {

class Concat final : public TrainOp {
public:
    explicit Concat(const OpSite& site)
        : m_inputs(site.inputs)
        , m_output(site.output)
        , m_axis(static_cast<size_t>(std::get<ConcatAttributes>(site.node.attributes).axis)) {
        m_output.data = site.dnnl.allocate(dense_desc(output_dims(site)));
        for_each_part([&](Activation& input, const Desc& part) {
            m_forward.push_back(site.dnnl.copy(input.data, site.dnnl.view(part, floats(m_output.data))));
        });
    }

    void forward(DnnlContext& dnnl, const Numbers&) override {
        for (Kernel& kernel : m_forward) dnnl.run(kernel);
    }

    void prepare_backward(DnnlContext& dnnl) override {
        for_each_part([&](Activation& input, const Desc& part) {
            GradientSink sink(dnnl, input);
            if (!sink) return;
            const Memory from = dnnl.view(part, floats(m_output.gradient));
            m_shares.push_back({sink, dnnl.copy(from, sink.target())});
        });
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
    template <typename Visit> void for_each_part(Visit visit) {
        Memory::dims offset(m_output.dims().size(), 0);
        for (Activation* input : m_inputs) {
            visit(*input, m_output.desc().submemory_desc(input->dims(), offset));
            offset[m_axis] += input->dims()[m_axis];
        }
    }

    std::vector<Activation*> m_inputs;
    Activation& m_output;
    size_t m_axis;
    std::vector<Kernel> m_forward;
    std::vector<Share> m_shares;
};

} // namespace

TrainOpPtr make_concat(const OpSite& site) {
    return std::make_unique<Concat>(site);
}

} // namespace widthwise::train
