// gemm: y = x W^T + b.

#include "core/train/weight_buffer.h"

namespace widthwise::train {
namespace {

using dnnl::inner_product_backward_data;
using dnnl::inner_product_backward_weights;
using dnnl::inner_product_forward;

class FullyConnected final : public TrainOp {
public:
    explicit FullyConnected(const OpSite& site) : m_input(*site.inputs[0]), m_output(site.output) {
        const Memory::dims weight_dims = site.graph.value(site.node.inputs[1]).shape.dims();
        const bool biased = site.node.inputs.size() > 2;
        m_bias_desc = biased ? f32_desc({weight_dims[0]}, Tag::a) : Desc();
        m_source_desc = dense_desc(m_input.dims());
        m_output_desc = dense_desc(output_dims(site));

        const inner_product_forward::desc desc(
            site.training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
            m_source_desc, f32_desc(weight_dims, Tag::any), m_bias_desc, m_output_desc);
        m_forward_pd = {desc, DnnlContext::attributes(), site.dnnl.engine};
        m_source = Converted(site.dnnl, m_input.data, m_source_desc);
        m_weights = {site.dnnl, site.layout.trained(site.node.inputs[1]), weight_dims,
                     m_forward_pd.weights_desc()};
        m_output.data = site.dnnl.allocate(m_output_desc);
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_source.memory()},
                                                  {DNNL_ARG_WEIGHTS, m_weights.memory()},
                                                  {DNNL_ARG_DST, m_output.data}};
        if (biased) {
            m_bias = {site.dnnl, site.layout.trained(site.node.inputs[2]), {weight_dims[0]}, m_bias_desc};
            arguments[DNNL_ARG_BIAS] = m_bias.memory();
        }
        m_forward = site.dnnl.kernel(m_forward_pd, std::move(arguments));
    }

    void forward(DnnlContext& dnnl, const Numbers& numbers) override {
        m_source.refresh(dnnl);
        m_weights.load(dnnl, numbers);
        if (has_bias()) m_bias.load(dnnl, numbers);
        dnnl.run(m_forward);
    }

    void prepare_backward(DnnlContext& dnnl) override {
        const Desc weights = f32_desc(m_forward_pd.weights_desc().dims(), Tag::any);
        const inner_product_backward_weights::desc desc(m_source_desc, weights, m_bias_desc, m_output_desc);
        const inner_product_backward_weights::primitive_desc pd(desc, DnnlContext::attributes(), dnnl.engine,
                                                                m_forward_pd);
        m_weights.prepare_gradient(dnnl, pd.diff_weights_desc());
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_source.memory()},
                                                  {DNNL_ARG_DIFF_DST, m_output.gradient},
                                                  {DNNL_ARG_DIFF_WEIGHTS, m_weights.gradient()}};
        if (has_bias()) {
            m_bias.prepare_gradient(dnnl, m_bias_desc);
            arguments[DNNL_ARG_DIFF_BIAS] = m_bias.gradient();
        }
        m_backward_weights = dnnl.kernel(pd, std::move(arguments));

        m_sink = GradientSink(dnnl, m_input);
        if (!m_sink) return;
        const inner_product_backward_data::desc data_desc(m_source_desc, weights, m_output_desc);
        const inner_product_backward_data::primitive_desc data_pd(data_desc, DnnlContext::attributes(),
                                                                  dnnl.engine, m_forward_pd);
        m_data_weights = Converted(dnnl, m_weights.memory(), data_pd.weights_desc());
        m_delivered = Delivered(dnnl, m_source_desc, m_sink.target());
        m_backward_data = dnnl.kernel(data_pd, {{DNNL_ARG_DIFF_DST, m_output.gradient},
                                                {DNNL_ARG_WEIGHTS, m_data_weights.memory()},
                                                {DNNL_ARG_DIFF_SRC, m_delivered.memory()}});
    }

    void backward(DnnlContext& dnnl, const Numbers& numbers) override {
        dnnl.run(m_backward_weights);
        m_weights.add_gradient(dnnl, numbers);
        if (has_bias()) m_bias.add_gradient(dnnl, numbers);
        if (!m_sink) return;
        m_data_weights.refresh(dnnl);
        dnnl.run(m_backward_data);
        m_delivered.deliver(dnnl);
        m_sink.commit();
    }

private:
    [[nodiscard]] bool has_bias() const { return !m_bias_desc.is_zero(); }

    Activation& m_input;
    Activation& m_output;
    Desc m_bias_desc, m_source_desc, m_output_desc;
    inner_product_forward::primitive_desc m_forward_pd;
    Converted m_source, m_data_weights;
    Delivered m_delivered;
    WeightBuffer m_weights, m_bias;
    Kernel m_forward, m_backward_weights, m_backward_data;
    GradientSink m_sink;
};

} // namespace

TrainOpPtr make_fully_connected(const OpSite& site) {
    return std::make_unique<FullyConnected>(site);
}

} // namespace widthwise::train
