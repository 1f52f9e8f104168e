// conv and conv_transpose: dense, grouped, depthwise, dilated; with or without bias.

#include "core/train/dnnl_primitives.h"
#include "core/train/weight_buffer.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace widthwise::train {
namespace {

using dnnl::algorithm;

/// oneDNN's classes for the two of them; convolution and its transposition take the same arguments.
struct Forth {
    using Forward = dnnl::convolution_forward;
    using BackwardData = dnnl::convolution_backward_data;
    using BackwardWeights = dnnl::convolution_backward_weights;
};
struct Transposed {
    using Forward = dnnl::deconvolution_forward;
    using BackwardData = dnnl::deconvolution_backward_data;
    using BackwardWeights = dnnl::deconvolution_backward_weights;
};

using Algorithms = std::vector<algorithm>;

/// What `describe` makes of the first algorithm that oneDNN has for the layer, with the first of the sources
/// for which it has more than its reference loops (hundreds of times slower).
template <typename Describe>
auto first_of(const Algorithms& algorithms, const std::vector<Desc>& sources, const Describe& describe) {
    using Description = decltype(describe(algorithms[0], sources[0]));
    std::optional<Description> slow;
    for (const Desc& source : sources)
        for (const algorithm a : algorithms) {
            try {
                Description found = describe(a, source);
                if (std::string_view(found.impl_info_str()).substr(0, 3) != "ref") return found;
                if (!slow) slow = std::move(found);
            } catch (const dnnl::error& error) {
                if (error.status == dnnl_out_of_memory) throw;
            }
        }
    return slow ? std::move(*slow) : describe(algorithms.back(), sources.front());
}

struct Geometry {
    Windows windows;
    Memory::dims weights; ///< (groups x) outputs x inputs x height x width
    Desc given;           ///< how the network's weights lie, seen so
    int64_t outputs = 0;
    Algorithms forward, backward_weights; ///< the first that exists is taken
};

/// Winograd's F(4x4, 3x3) takes a quarter of the multiplications; measured on AVX-512 it gains from 32
/// channels on, for the gradient of the weights from 16 on. Evaluation keeps to the direct sums.
Geometry geometry_of_conv(const OpSite& site) {
    const auto& conv = std::get<ConvAttributes>(site.node.attributes);
    const Shape& shape = site.graph.value(site.node.inputs[1]).shape;
    Geometry g;
    g.windows = {{conv.strides[0], conv.strides[1]},
                 {conv.dilations[0] - 1, conv.dilations[1] - 1},
                 {conv.pads[0], conv.pads[1]},
                 {conv.pads[2], conv.pads[3]}};
    g.outputs = shape[0];
    g.weights = shape.dims();
    if (conv.group > 1) g.weights = {conv.group, shape[0] / conv.group, shape[1], shape[2], shape[3]};
    g.given = dense_desc(g.weights);
    g.forward = g.backward_weights = {algorithm::convolution_direct};
    const bool square = conv.kernel == std::array<int64_t, 2>{3, 3} &&
                        conv.strides == std::array<int64_t, 2>{1, 1} &&
                        conv.dilations == std::array<int64_t, 2>{1, 1} && conv.group == 1;
    const bool blocks = shape[0] % 16 == 0 && shape[1] % 16 == 0;
    if (!site.training || site.compute != Type::f32 || !square || !blocks) return g;
    g.backward_weights.insert(g.backward_weights.begin(), algorithm::convolution_winograd);
    if (std::min(shape[0], shape[1]) >= 32)
        g.forward.insert(g.forward.begin(), algorithm::convolution_winograd);
    return g;
}

Geometry geometry_of_transposed(const OpSite& site) {
    const auto& conv = std::get<ConvTransposeAttributes>(site.node.attributes).conv;
    const Shape& shape = site.graph.value(site.node.inputs[1]).shape; // inputs x outputs / group x ...
    const Memory::dims in = site.inputs[0]->dims(), out = output_dims(site);
    Geometry g;
    g.windows = {{conv.strides[0], conv.strides[1]},
                 {conv.dilations[0] - 1, conv.dilations[1] - 1},
                 {conv.pads[0], conv.pads[1]},
                 {}};
    for (size_t axis = 0; axis < 2; ++axis) // whatever the output's extra rows leave of the padding
        g.windows.pads_end.push_back((in[axis + 2] - 1) * conv.strides[axis] +
                                     conv.dilations[axis] * (conv.kernel[axis] - 1) + 1 - conv.pads[axis] -
                                     out[axis + 2]);
    g.outputs = shape[1] * conv.group;
    const Memory::dims lies{conv.group, shape[0] / conv.group, shape[1], shape[2], shape[3]};
    g.weights = {conv.group, shape[1], shape[0] / conv.group, shape[2], shape[3]};
    g.given = dense_desc(lies).permute_axes({0, 2, 1, 3, 4});
    g.forward = g.backward_weights = {algorithm::deconvolution_direct};
    return g;
}

template <typename Kind> class Convolution final : public TrainOp {
public:
    Convolution(const OpSite& site, Geometry geometry, Type type)
        : m_input(*site.inputs[0])
        , m_output(site.output)
        , m_geometry(std::move(geometry))
        , m_type(type)
        , m_output_dims(output_dims(site)) {
        const bool biased = site.node.inputs.size() > 2;
        m_bias_desc = biased ? f32_desc({m_geometry.outputs}, Tag::a) : Desc();
        const Windows& w = m_geometry.windows;
        const auto forward_with = [&](const Desc& source, const Desc& destination) {
            return first_of(m_geometry.forward, {source}, [&](algorithm a, const Desc& from) {
                return describe<typename Kind::Forward>(
                    site.dnnl.engine, forward_kind(site.training), a, from, any(m_geometry.weights),
                    m_bias_desc, destination, w.strides, w.dilations, w.pads_begin, w.pads_end);
            });
        };
        const Type output_type = site.last ? Type::f32 : m_type;
        const bool sixteen = is_sixteen_channels(m_input.desc(), m_output_dims, output_type);
        m_forward_pd = sixteen
                           ? forward_with(Desc(m_input.dims(), m_type, Tag::nhwc),
                                          Desc(m_output_dims, output_type, Tag::nhwc))
                           : forward_with(any(m_input.dims()), Desc(m_output_dims, output_type, Tag::any));
        m_source = Converted(site.dnnl, m_input.data, sixteen ? m_input.desc() : m_forward_pd.src_desc());
        m_weights = {site.dnnl, site.layout.trained(site.node.inputs[1]), m_geometry.given,
                     m_forward_pd.weights_desc()};
        m_output.data = site.dnnl.allocate(sixteen ? Desc(m_output_dims, output_type, Tag::nChw16c)
                                                   : m_forward_pd.dst_desc());
        const auto seen = [&](const Memory& memory, const Desc& desc) {
            return site.dnnl.view(desc, memory.get_data_handle());
        };
        std::unordered_map<int, Memory> arguments{
            {DNNL_ARG_SRC, seen(m_source.memory(), m_forward_pd.src_desc())},
            {DNNL_ARG_WEIGHTS, m_weights.memory()},
            {DNNL_ARG_DST, seen(m_output.data, m_forward_pd.dst_desc())}};
        if (biased) {
            m_bias = {site.dnnl, site.layout.trained(site.node.inputs[2]), m_bias_desc, m_bias_desc};
            arguments[DNNL_ARG_BIAS] = m_bias.memory();
        }
        m_forward = site.dnnl.kernel(m_forward_pd, std::move(arguments));
        // The backward kernels exist as well, or the constructor fails and another type is tried.
        if (!site.training) return;
        const std::vector<Desc> sources{m_source.memory().get_desc(), any(m_input.dims()),
                                        dense_desc(m_input.dims(), m_type)};
        m_weights_pd = first_of(m_geometry.backward_weights, sources, [&](algorithm a, const Desc& from) {
            return describe_backward<typename Kind::BackwardWeights>(
                site.dnnl.engine, m_forward_pd, a, from, Desc(m_geometry.weights, Type::f32, Tag::any),
                m_bias_desc, any(m_output_dims), w.strides, w.dilations, w.pads_begin, w.pads_end);
        });
        m_data_pd = first_of(m_geometry.forward, {any(m_input.dims()), dense_desc(m_input.dims(), m_type)},
                             [&](algorithm a, const Desc& to) {
                                 return describe_backward<typename Kind::BackwardData>(
                                     site.dnnl.engine, m_forward_pd, a, to, any(m_geometry.weights),
                                     any(m_output_dims), w.strides, w.dilations, w.pads_begin, w.pads_end);
                             });
    }

    void forward(DnnlContext& dnnl, const Numbers& numbers) override {
        m_source.refresh(dnnl);
        m_weights.load(dnnl, numbers);
        if (has_bias()) m_bias.load(dnnl, numbers);
        dnnl.run(m_forward);
    }

    void prepare_backward(DnnlContext& dnnl) override {
        m_weights_source = Converted(dnnl, m_source.memory(), m_weights_pd.src_desc());
        m_weights_error = Converted(dnnl, m_output.gradient, m_weights_pd.diff_dst_desc());
        m_weights.prepare_gradient(dnnl, m_weights_pd.diff_weights_desc());
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_weights_source.memory()},
                                                  {DNNL_ARG_DIFF_DST, m_weights_error.memory()},
                                                  {DNNL_ARG_DIFF_WEIGHTS, m_weights.gradient()}};
        if (has_bias()) {
            m_bias.prepare_gradient(dnnl, m_bias_desc);
            arguments[DNNL_ARG_DIFF_BIAS] = m_bias.gradient();
        }
        m_backward_weights = dnnl.kernel(m_weights_pd, std::move(arguments));

        m_sink = GradientSink(dnnl, m_input);
        if (!m_sink) return;
        m_data_weights = Converted(dnnl, m_weights.memory(), m_data_pd.weights_desc());
        m_data_error = Converted(dnnl, m_weights_error.memory(), m_data_pd.diff_dst_desc());
        m_delivered = Delivered(dnnl, m_data_pd.diff_src_desc(), m_sink.target());
        m_backward_data = dnnl.kernel(m_data_pd, {{DNNL_ARG_DIFF_DST, m_data_error.memory()},
                                                  {DNNL_ARG_WEIGHTS, m_data_weights.memory()},
                                                  {DNNL_ARG_DIFF_SRC, m_delivered.memory()}});
    }

    void backward(DnnlContext& dnnl, const Numbers& numbers) override {
        m_weights_source.refresh(dnnl);
        m_weights_error.refresh(dnnl);
        dnnl.run(m_backward_weights);
        m_weights.add_gradient(dnnl, numbers);
        if (has_bias()) m_bias.add_gradient(dnnl, numbers);
        if (!m_sink) return;
        m_data_error.refresh(dnnl);
        m_data_weights.refresh(dnnl);
        dnnl.run(m_backward_data);
        m_delivered.deliver(dnnl);
    }

private:
    [[nodiscard]] Desc any(const Memory::dims& dims) const { return {dims, m_type, Tag::any}; }
    [[nodiscard]] bool has_bias() const { return !m_bias_desc.is_zero(); }
    /// One block of channels on either side: N x H x W x C is then the same memory as nChw16c, and oneDNN's
    /// forward kernel for it (brgconv) takes three quarters of the time of the blocked one.
    [[nodiscard]] bool is_sixteen_channels(const Desc& in, const Memory::dims& out, Type type) const {
        const Memory::dims dims = dims_of(in);
        return m_type == Type::f32 && type == Type::f32 && dims[1] == 16 && out[1] == 16 &&
               m_geometry.forward.back() == algorithm::convolution_direct && m_geometry.weights.size() == 4 &&
               in == Desc(dims, Type::f32, Tag::nChw16c);
    }

    Activation& m_input;
    Activation& m_output;
    Geometry m_geometry;
    Type m_type;
    Memory::dims m_output_dims;
    Desc m_bias_desc;
    typename Kind::Forward::primitive_desc m_forward_pd;
    typename Kind::BackwardWeights::primitive_desc m_weights_pd;
    typename Kind::BackwardData::primitive_desc m_data_pd;
    Converted m_source, m_weights_source, m_weights_error, m_data_error, m_data_weights;
    Delivered m_delivered;
    WeightBuffer m_weights, m_bias;
    Kernel m_forward, m_backward_weights, m_backward_data;
    GradientSink m_sink;
};

/// In f32 where oneDNN has no kernel for the type that is asked for.
template <typename Kind> TrainOpPtr in_type(const OpSite& site, const Geometry& geometry) {
    if (site.compute != Type::f32) {
        try {
            return std::make_unique<Convolution<Kind>>(site, geometry, site.compute);
        } catch (const dnnl::error& error) {
            if (error.status != dnnl_unimplemented) throw;
        }
    }
    return std::make_unique<Convolution<Kind>>(site, geometry, Type::f32);
}

} // namespace

TrainOpPtr make_convolution(const OpSite& site) {
    if (site.node.op == Op::conv_transpose) return in_type<Transposed>(site, geometry_of_transposed(site));
    return in_type<Forth>(site, geometry_of_conv(site));
}

} // namespace widthwise::train
