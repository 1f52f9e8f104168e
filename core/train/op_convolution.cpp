// conv: dense, grouped, depthwise, dilated; with or without bias.

#include "core/train/weight_buffer.h"

namespace widthwise::train {
namespace {

using dnnl::convolution_backward_data;
using dnnl::convolution_backward_weights;
using dnnl::convolution_forward;

class Convolution final : public TrainOp {
public:
    explicit Convolution(const OpSite& site) : m_input(*site.inputs[0]), m_output(site.output) {
        const auto& conv = std::get<ConvAttributes>(site.node.attributes);
        m_strides = {conv.strides[0], conv.strides[1]};
        m_dilations = {conv.dilations[0] - 1, conv.dilations[1] - 1};
        m_pads_begin = {conv.pads[0], conv.pads[1]};
        m_pads_end = {conv.pads[2], conv.pads[3]};

        const Shape& shape = site.graph.value(site.node.inputs[1]).shape;
        Memory::dims weight_dims = shape.dims();
        if (conv.group > 1) weight_dims = {conv.group, shape[0] / conv.group, shape[1], shape[2], shape[3]};
        const bool biased = site.node.inputs.size() > 2;
        m_bias_desc = biased ? f32_desc({shape[0]}, Tag::a) : Desc();
        m_output_dims = output_dims(site);

        const convolution_forward::desc desc(
            site.training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
            dnnl::algorithm::convolution_direct, any(m_input.dims()), any(weight_dims), m_bias_desc,
            any(m_output_dims), m_strides, m_dilations, m_pads_begin, m_pads_end);
        m_forward_pd = {desc, DnnlContext::attributes(), site.dnnl.engine};
        m_source = Converted(site.dnnl, m_input.data, m_forward_pd.src_desc());
        m_weights = {site.dnnl, site.layout.trained(site.node.inputs[1]), weight_dims,
                     m_forward_pd.weights_desc()};
        m_output.data = site.dnnl.allocate(m_forward_pd.dst_desc());
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_source.memory()},
                                                  {DNNL_ARG_WEIGHTS, m_weights.memory()},
                                                  {DNNL_ARG_DST, m_output.data}};
        if (biased) {
            m_bias = {site.dnnl, site.layout.trained(site.node.inputs[2]), {shape[0]}, m_bias_desc};
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
        const Desc weights = any(m_forward_pd.weights_desc().dims());
        const convolution_backward_weights::desc desc(
            dnnl::algorithm::convolution_direct, m_forward_pd.src_desc(), weights, m_bias_desc,
            any(m_output_dims), m_strides, m_dilations, m_pads_begin, m_pads_end);
        const convolution_backward_weights::primitive_desc pd(desc, DnnlContext::attributes(), dnnl.engine,
                                                              m_forward_pd);
        m_weights_error = Converted(dnnl, m_output.gradient, pd.diff_dst_desc());
        m_weights.prepare_gradient(dnnl, pd.diff_weights_desc());
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_source.memory()},
                                                  {DNNL_ARG_DIFF_DST, m_weights_error.memory()},
                                                  {DNNL_ARG_DIFF_WEIGHTS, m_weights.gradient()}};
        if (has_bias()) {
            m_bias.prepare_gradient(dnnl, m_bias_desc);
            arguments[DNNL_ARG_DIFF_BIAS] = m_bias.gradient();
        }
        m_backward_weights = dnnl.kernel(pd, std::move(arguments));

        m_sink = GradientSink(dnnl, m_input);
        if (m_sink) prepare_backward_data(dnnl, weights);
    }

    void backward(DnnlContext& dnnl, const Numbers& numbers) override {
        m_weights_error.refresh(dnnl);
        dnnl.run(m_backward_weights);
        m_weights.add_gradient(dnnl, numbers);
        if (has_bias()) m_bias.add_gradient(dnnl, numbers);
        if (!m_sink) return;
        m_data_error.refresh(dnnl);
        m_data_weights.refresh(dnnl);
        dnnl.run(m_backward_data);
        m_delivered.deliver(dnnl);
        m_sink.commit();
    }

private:
    static Desc any(const Memory::dims& dims) { return f32_desc(dims, Tag::any); }
    [[nodiscard]] bool has_bias() const { return !m_bias_desc.is_zero(); }

    void prepare_backward_data(DnnlContext& dnnl, const Desc& weights) {
        const convolution_backward_data::desc desc(dnnl::algorithm::convolution_direct, any(m_input.dims()),
                                                   weights, any(m_output_dims), m_strides, m_dilations,
                                                   m_pads_begin, m_pads_end);
        const convolution_backward_data::primitive_desc pd(desc, DnnlContext::attributes(), dnnl.engine,
                                                           m_forward_pd);
        m_data_error = Converted(dnnl, m_output.gradient, pd.diff_dst_desc());
        m_data_weights = Converted(dnnl, m_weights.memory(), pd.weights_desc());
        m_delivered = Delivered(dnnl, pd.diff_src_desc(), m_sink.target());
        m_backward_data = dnnl.kernel(pd, {{DNNL_ARG_DIFF_DST, m_data_error.memory()},
                                           {DNNL_ARG_WEIGHTS, m_data_weights.memory()},
                                           {DNNL_ARG_DIFF_SRC, m_delivered.memory()}});
    }

    Activation& m_input;
    Activation& m_output;
    Memory::dims m_strides, m_dilations, m_pads_begin, m_pads_end, m_output_dims;
    Desc m_bias_desc;
    convolution_forward::primitive_desc m_forward_pd;
    Converted m_source, m_weights_error, m_data_error, m_data_weights;
    Delivered m_delivered;
    WeightBuffer m_weights, m_bias;
    Kernel m_forward, m_backward_weights, m_backward_data;
    GradientSink m_sink;
};

} // namespace

TrainOpPtr make_convolution(const OpSite& site) {
    return std::make_unique<Convolution>(site);
}

} // namespace widthwise::train
