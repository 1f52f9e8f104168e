// gemm: y = x W^T + b. The output and its gradient are f32 whatever the kernels' operands are: the logits'
// rounding would go straight into the loss.

#include "core/train/dnnl_primitives.h"
#include "core/train/weight_buffer.h"

namespace widthwise::train {
namespace {

using dnnl::inner_product_backward_data;
using dnnl::inner_product_backward_weights;
using dnnl::inner_product_forward;

class FullyConnected final : public TrainOp {
public:
    FullyConnected(const OpSite& site, Type type) : m_input(*site.inputs[0]), m_output(site.output) {
        const Memory::dims weight_dims = site.graph.value(site.node.inputs[1]).shape.dims();
        const bool biased = site.node.inputs.size() > 2;
        m_bias_desc = biased ? f32_desc({weight_dims[0]}, Tag::a) : Desc();
        const Memory::dims out = output_dims(site);
        const Desc source = dense_desc(m_input.dims(), type), weights(weight_dims, type, Tag::any);
        const Desc error = dense_desc(out, type);

        m_forward_pd = describe<inner_product_forward>(site.dnnl.engine, forward_kind(site.training), source,
                                                       weights, m_bias_desc, dense_desc(out));
        m_source = Converted(site.dnnl, m_input.data, source);
        m_weights = {site.dnnl, site.layout.trained(site.node.inputs[1]), dense_desc(weight_dims),
                     m_forward_pd.weights_desc()};
        m_output.data = site.dnnl.allocate(dense_desc(out));
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_source.memory()},
                                                  {DNNL_ARG_WEIGHTS, m_weights.memory()},
                                                  {DNNL_ARG_DST, m_output.data}};
        if (biased) {
            m_bias = {site.dnnl, site.layout.trained(site.node.inputs[2]), m_bias_desc, m_bias_desc};
            arguments[DNNL_ARG_BIAS] = m_bias.memory();
        }
        m_forward = site.dnnl.kernel(m_forward_pd, std::move(arguments));
        if (!site.training) return;
        m_weights_pd = describe_backward<inner_product_backward_weights>(
            site.dnnl.engine, m_forward_pd, source, Desc(weight_dims, Type::f32, Tag::any), m_bias_desc,
            error);
        m_data_pd = describe_backward<inner_product_backward_data>(site.dnnl.engine, m_forward_pd, source,
                                                                   weights, error);
    }

    void forward(DnnlContext& dnnl, const Numbers& numbers) override {
        m_source.refresh(dnnl);
        m_weights.load(dnnl, numbers);
        if (has_bias()) m_bias.load(dnnl, numbers);
        dnnl.run(m_forward);
    }

    void prepare_backward(DnnlContext& dnnl) override {
        m_error = Converted(dnnl, m_output.gradient, m_weights_pd.diff_dst_desc());
        m_weights.prepare_gradient(dnnl, m_weights_pd.diff_weights_desc());
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_source.memory()},
                                                  {DNNL_ARG_DIFF_DST, m_error.memory()},
                                                  {DNNL_ARG_DIFF_WEIGHTS, m_weights.gradient()}};
        if (has_bias()) {
            m_bias.prepare_gradient(dnnl, m_bias_desc);
            arguments[DNNL_ARG_DIFF_BIAS] = m_bias.gradient();
        }
        m_backward_weights = dnnl.kernel(m_weights_pd, std::move(arguments));

        m_sink = GradientSink(dnnl, m_input);
        if (!m_sink) return;
        m_data_weights = Converted(dnnl, m_weights.memory(), m_data_pd.weights_desc());
        m_delivered = Delivered(dnnl, m_data_pd.diff_src_desc(), m_sink.target());
        m_backward_data = dnnl.kernel(m_data_pd, {{DNNL_ARG_DIFF_DST, m_error.memory()},
                                                  {DNNL_ARG_WEIGHTS, m_data_weights.memory()},
                                                  {DNNL_ARG_DIFF_SRC, m_delivered.memory()}});
    }

    void backward(DnnlContext& dnnl, const Numbers& numbers) override {
        m_error.refresh(dnnl);
        dnnl.run(m_backward_weights);
        m_weights.add_gradient(dnnl, numbers);
        if (has_bias()) m_bias.add_gradient(dnnl, numbers);
        if (!m_sink) return;
        m_data_weights.refresh(dnnl);
        dnnl.run(m_backward_data);
        m_delivered.deliver(dnnl);
    }

private:
    [[nodiscard]] bool has_bias() const { return !m_bias_desc.is_zero(); }

    Activation& m_input;
    Activation& m_output;
    Desc m_bias_desc;
    inner_product_forward::primitive_desc m_forward_pd;
    inner_product_backward_weights::primitive_desc m_weights_pd;
    inner_product_backward_data::primitive_desc m_data_pd;
    Converted m_source, m_error, m_data_weights;
    Delivered m_delivered;
    WeightBuffer m_weights, m_bias;
    Kernel m_forward, m_backward_weights, m_backward_data;
    GradientSink m_sink;
};

} // namespace

TrainOpPtr make_fully_connected(const OpSite& site) {
    if (site.compute != Type::f32) {
        try {
            return std::make_unique<FullyConnected>(site, site.compute);
        } catch (const dnnl::error& error) {
            if (error.status != dnnl_unimplemented) throw;
        }
    }
    return std::make_unique<FullyConnected>(site, Type::f32);
}

} // namespace widthwise::train
