#pragma once
// Descriptions of the primitives of this room for oneDNN 2.x (an operation's description, then the
// primitive's) and 3.x (one step). Included only by this room's own .cpp files.

#include "core/train/dnnl_context.h"

namespace widthwise::train {

/// Strides, dilations (0: dense) and pads of a convolution or pooling.
struct Windows {
    Memory::dims strides, dilations, pads_begin, pads_end;
};

[[nodiscard]] inline dnnl::prop_kind forward_kind(bool training) {
    return training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
}

/// `Primitive` is one of oneDNN's classes; `arguments` are those of its operation's description.
#if DNNL_VERSION_MAJOR >= 3
template <typename Primitive, typename... Arguments>
[[nodiscard]] auto describe(const dnnl::engine& engine, Arguments&&... arguments) {
    return typename Primitive::primitive_desc(engine, std::forward<Arguments>(arguments)...,
                                              DnnlContext::attributes());
}
/// With the description of the forward primitive.
template <typename Primitive, typename Forward, typename... Arguments>
[[nodiscard]] auto describe_backward(const dnnl::engine& engine, const Forward& forward,
                                     Arguments&&... arguments) {
    return typename Primitive::primitive_desc(engine, std::forward<Arguments>(arguments)..., forward,
                                              DnnlContext::attributes());
}
#else
template <typename Primitive, typename... Arguments>
[[nodiscard]] auto describe(const dnnl::engine& engine, Arguments&&... arguments) {
    const typename Primitive::desc desc(std::forward<Arguments>(arguments)...);
    return typename Primitive::primitive_desc(desc, DnnlContext::attributes(), engine);
}
template <typename Primitive, typename Forward, typename... Arguments>
[[nodiscard]] auto describe_backward(const dnnl::engine& engine, const Forward& forward,
                                     Arguments&&... arguments) {
    const typename Primitive::desc desc(std::forward<Arguments>(arguments)...);
    return typename Primitive::primitive_desc(desc, DnnlContext::attributes(), engine, forward);
}
#endif

[[nodiscard]] inline dnnl::eltwise_forward::primitive_desc
describe_eltwise(const dnnl::engine& engine, bool training, dnnl::algorithm algorithm, const Desc& data,
                 float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
    return describe<dnnl::eltwise_forward>(engine, forward_kind(training), algorithm, data, data, alpha,
                                           beta);
#else
    return describe<dnnl::eltwise_forward>(engine, forward_kind(training), algorithm, data, alpha, beta);
#endif
}

[[nodiscard]] inline dnnl::eltwise_backward::primitive_desc
describe_eltwise_backward(const dnnl::engine& engine, const dnnl::eltwise_forward::primitive_desc& forward,
                          dnnl::algorithm algorithm, const Desc& data, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
    return describe_backward<dnnl::eltwise_backward>(engine, forward, algorithm, data, data, data, alpha,
                                                     beta);
#else
    return describe_backward<dnnl::eltwise_backward>(engine, forward, algorithm, data, data, alpha, beta);
#endif
}

[[nodiscard]] inline dnnl::pooling_forward::primitive_desc
describe_pooling(const dnnl::engine& engine, bool training, dnnl::algorithm algorithm, const Desc& source,
                 const Desc& destination, const Memory::dims& kernel, const Windows& windows) {
#if DNNL_VERSION_MAJOR >= 3
    return describe<dnnl::pooling_forward>(engine, forward_kind(training), algorithm, source, destination,
                                           windows.strides, kernel, windows.dilations, windows.pads_begin,
                                           windows.pads_end);
#else
    return describe<dnnl::pooling_forward>(engine, forward_kind(training), algorithm, source, destination,
                                           windows.strides, kernel, windows.pads_begin, windows.pads_end);
#endif
}

[[nodiscard]] inline dnnl::pooling_backward::primitive_desc
describe_pooling_backward(const dnnl::engine& engine, const dnnl::pooling_forward::primitive_desc& forward,
                          dnnl::algorithm algorithm, const Desc& source, const Desc& destination,
                          const Memory::dims& kernel, const Windows& windows) {
#if DNNL_VERSION_MAJOR >= 3
    return describe_backward<dnnl::pooling_backward>(engine, forward, algorithm, source, destination,
                                                     windows.strides, kernel, windows.dilations,
                                                     windows.pads_begin, windows.pads_end);
#else
    return describe_backward<dnnl::pooling_backward>(engine, forward, algorithm, source, destination,
                                                     windows.strides, kernel, windows.pads_begin,
                                                     windows.pads_end);
#endif
}

[[nodiscard]] inline dnnl::lrn_forward::primitive_desc describe_lrn(const dnnl::engine& engine, bool training,
                                                                    const Desc& data, int64_t size,
                                                                    float alpha, float beta, float bias) {
    constexpr auto algorithm = dnnl::algorithm::lrn_across_channels;
#if DNNL_VERSION_MAJOR >= 3
    return describe<dnnl::lrn_forward>(engine, forward_kind(training), algorithm, data, data, size, alpha,
                                       beta, bias);
#else
    return describe<dnnl::lrn_forward>(engine, forward_kind(training), algorithm, data, size, alpha, beta,
                                       bias);
#endif
}

[[nodiscard]] inline dnnl::lrn_backward::primitive_desc
describe_lrn_backward(const dnnl::engine& engine, const dnnl::lrn_forward::primitive_desc& forward,
                      const Desc& data, int64_t size, float alpha, float beta, float bias) {
    constexpr auto algorithm = dnnl::algorithm::lrn_across_channels;
#if DNNL_VERSION_MAJOR >= 3
    return describe_backward<dnnl::lrn_backward>(engine, forward, algorithm, data, data, data, size, alpha,
                                                 beta, bias);
#else
    return describe_backward<dnnl::lrn_backward>(engine, forward, algorithm, data, data, size, alpha, beta,
                                                 bias);
#endif
}

} // namespace widthwise::train
