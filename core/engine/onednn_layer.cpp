#include "core/engine/onednn_layer.h"

#include "core/engine/exact_sums.h"
#include "core/engine/kernels.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>
#include <limits>

namespace widthwise::engine {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using tag = dnnl::memory::format_tag;
using type = dnnl::memory::data_type;

const dnnl::engine& cpu_engine() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

dnnl::stream& thread_stream() {
    thread_local dnnl::stream stream(cpu_engine());
    return stream;
}

type data_type(Element element) {
    switch (element) {
    case Element::u8:
        return type::u8;
    case Element::s32:
        return type::s32;
    case Element::f32:
        break;
    }
    return type::f32;
}

memory constant_memory(const memory::desc& desc, const void* data) {
    memory m(desc, cpu_engine());
    std::copy_n(static_cast<const std::byte*>(data), desc.get_size(),
                static_cast<std::byte*>(m.get_data_handle()));
    return m;
}

void append_eltwise(dnnl::post_ops& ops, algorithm kind, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
    ops.append_eltwise(kind, alpha, beta);
#else
    ops.append_eltwise(1.0F, kind, alpha, beta);
#endif
}

/// `kind`: oneDNN 2.6 keeps the parameters of a chain by algorithm, so a second clip must be another one.
void append_clip(dnnl::post_ops& ops, float lo, float hi, algorithm kind = algorithm::eltwise_clip) {
    constexpr float infinity = std::numeric_limits<float>::infinity(),
                    largest = std::numeric_limits<float>::max();
    if (lo == 0 && hi == infinity) {
        append_eltwise(ops, algorithm::eltwise_relu, 0, 0);
    } else if (lo != -infinity || hi != infinity) {
        append_eltwise(ops, kind, std::max(lo, -largest), std::min(hi, largest));
    }
}

/// Cuts and shifts a result in output steps; the store itself rounds half to even and saturates to u8.
void append_store_u8(dnnl::post_ops& ops, float lo, float hi, int32_t zero_point) {
    if (zero_point == 0 && lo == 0 && hi == 255) return; // saturation cuts the same
    append_clip(ops, lo, hi);
    if (zero_point == 0) return;
    // Round before the shift, as the convention says; after it ties could fall the other way.
    append_eltwise(ops, algorithm::eltwise_round, 0, 0);
    append_eltwise(ops, algorithm::eltwise_linear, 1, static_cast<float>(zero_point));
}

void append_output_ops(dnnl::post_ops& ops, const ConvStep& step, const Representation& out,
                       const FusedAdd* add) {
    if (out.element == Element::s32) return;
    if (out.element == Element::f32) return append_clip(ops, step.clamp_lo, step.clamp_hi);
    if (!add) return append_store_u8(ops, step.clamp_lo, step.clamp_hi, out.zero_point);
    append_clip(ops, step.clamp_lo, step.clamp_hi);
    append_eltwise(ops, algorithm::eltwise_round, 0, 0);
    append_eltwise(ops, algorithm::eltwise_linear, add->own_multiplier, 0);
    ops.append_sum(add->other_multiplier);
    if (add->clamp_lo != 0 || add->clamp_hi != 255)
        append_clip(ops, add->clamp_lo, add->clamp_hi, algorithm::eltwise_clip_v2);
}

/// oneDNN's kernels round a product and the sum that it enters once, as AddIntegersStep says.
bool has_fused_multiply_add() {
    const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
    return isa != dnnl::cpu_isa::sse41 && isa != dnnl::cpu_isa::avx;
}

/// Exact sums, then what the convolution kernel would have done on its way out.
struct ExactLayer {
    std::unique_ptr<ExactSums> sums;
    ConvStep step; ///< weights dropped
    Extent in, out;
    Representation to;
    int batch;

    [[nodiscard]] size_t pixels() const { return static_cast<size_t>(out.height * out.width); }
    [[nodiscard]] size_t sums_bytes() const {
        const size_t bytes = pixels() * static_cast<size_t>(step.out_channels) * sizeof(int32_t);
        return to.element == Element::s32 ? 0 : (bytes + 63) / 64 * 64;
    }
    void run(const uint8_t* images, void* results, std::byte* scratch) const {
        for (int image = 0; image < batch; ++image) {
            const uint8_t* from = images + image * in.elements();
            const auto at = [&](auto* results_as) { return results_as + image * out.elements(); };
            if (to.element == Element::s32) {
                sums->sums(from, at(static_cast<int32_t*>(results)), scratch);
                continue;
            }
            auto* acc = static_cast<int32_t*>(static_cast<void*>(scratch));
            sums->sums(from, acc, scratch + sums_bytes());
            if (to.element == Element::u8)
                kernels::requantize(acc, pixels(), step, at(static_cast<uint8_t*>(results)), to.zero_point);
            else
                kernels::requantize(acc, pixels(), step, at(static_cast<float*>(results)));
        }
    }
};

} // namespace

struct OnednnLayer::Impl {
    dnnl::primitive primitive;
    memory::desc in, out, scratch;
    std::vector<std::pair<int, memory>> constants; ///< weights, bias, multipliers
    std::unique_ptr<ExactLayer> exact;             ///< where oneDNN's convolution kernels would not do
    std::string implementation;

    template <typename PrimitiveDesc> void adopt(const PrimitiveDesc& desc) {
        in = desc.src_desc();
        out = desc.dst_desc();
        scratch = desc.scratchpad_desc();
        implementation = desc.impl_info_str();
    }
    void build(const ConvStep& step, const Buffer& from, const Buffer& to, int batch, const FusedAdd* add);
};

void OnednnLayer::Impl::build(const ConvStep& step, const Buffer& from, const Buffer& to, int batch,
                              const FusedAdd* add) {
    const dnnl::engine& engine = cpu_engine();
    const ConvAttributes& a = step.attributes;
    const bool integer = step.is_integer(), scaled = integer && to.representation.element != Element::s32;
    const type weight_type = integer ? type::s8 : type::f32;
    const bool grouped = a.group > 1;
    const int64_t group_in = step.in_channels / a.group, group_out = step.out_channels / a.group;

    memory::dims in_dims, out_dims, weight_dims;
    tag activation_tag = tag::nhwc, plain_weights = grouped ? tag::goihw : tag::oihw;
    if (step.fully_connected) {
        in_dims = {batch, step.in_channels};
        out_dims = {batch, step.out_channels};
        weight_dims = {step.out_channels, step.in_channels};
        activation_tag = tag::nc;
        plain_weights = tag::oi;
    } else {
        in_dims = {batch, step.in_channels, from.extent.height, from.extent.width};
        out_dims = {batch, step.out_channels, to.extent.height, to.extent.width};
        weight_dims = grouped ? memory::dims{a.group, group_out, group_in, a.kernel[0], a.kernel[1]}
                              : memory::dims{step.out_channels, group_in, a.kernel[0], a.kernel[1]};
    }
    const memory::desc in_md(in_dims, data_type(from.representation.element), activation_tag);
    const memory::desc out_md(out_dims, data_type(to.representation.element), activation_tag);
    const memory::desc any_weights(weight_dims, weight_type, tag::any);
    const memory::desc bias_md({step.out_channels}, type::f32, tag::x);
    const memory::dims strides{a.strides[0], a.strides[1]}, dilates{a.dilations[0] - 1, a.dilations[1] - 1};
    const memory::dims pad_begin{a.pads[0], a.pads[1]};
    // The least end padding that gives the output's size: what the file pads beyond it meets no kernel.
    const auto end_pad = [&](int64_t in_size, int64_t out_size, size_t axis) {
        const int64_t covered =
            (out_size - 1) * a.strides[axis] + (a.kernel[axis] - 1) * a.dilations[axis] + 1;
        return std::max<int64_t>(0, covered - in_size - pad_begin[axis]);
    };
    const memory::dims pad_end{end_pad(from.extent.height, to.extent.height, 0),
                               end_pad(from.extent.width, to.extent.width, 1)};

    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::post_ops ops;
    const auto kind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
    // 3.x adds the bias after scaling; we state (acc + bias) * multiplier, so both become post-operations.
    const memory::desc channel_md(step.fully_connected ? memory::dims{1, step.out_channels}
                                                       : memory::dims{1, step.out_channels, 1, 1},
                                  type::f32, activation_tag);
    if (scaled) {
        for (const auto& [op, values] : {std::pair{algorithm::binary_add, &step.bias},
                                         std::pair{algorithm::binary_mul, &step.multiplier}}) {
            constants.emplace_back(DNNL_ARG_ATTR_MULTIPLE_POST_OP(ops.len()) | DNNL_ARG_SRC_1,
                                   constant_memory(channel_md, values->data()));
            ops.append_binary(op, channel_md);
        }
    }
    append_output_ops(ops, step, to.representation, add);
    attr.set_post_ops(ops);
    const bool has_bias = !integer;
    const memory::desc native_bias = has_bias ? bias_md : memory::desc();
    memory::desc weights_md;
    if (step.fully_connected) {
        const dnnl::inner_product_forward::primitive_desc desc(engine, kind, in_md, any_weights, native_bias,
                                                               out_md, attr);
        adopt(desc);
        weights_md = desc.weights_desc();
        primitive = dnnl::inner_product_forward(desc);
    } else {
        const dnnl::convolution_forward::primitive_desc desc(engine, kind, algorithm::convolution_direct,
                                                             in_md, any_weights, native_bias, out_md, strides,
                                                             dilates, pad_begin, pad_end, attr);
        adopt(desc);
        weights_md = desc.weights_desc();
        primitive = dnnl::convolution_forward(desc);
    }
#else
    if (scaled) attr.set_output_scales(1 << 1, step.multiplier);
    append_output_ops(ops, step, to.representation, add);
    attr.set_post_ops(ops);
    const bool has_bias = !integer || scaled;
    const memory::desc native_bias = has_bias ? bias_md : memory::desc();
    memory::desc weights_md;
    if (step.fully_connected) {
        const dnnl::inner_product_forward::primitive_desc desc(
            {kind, in_md, any_weights, native_bias, out_md}, attr, engine);
        adopt(desc);
        weights_md = desc.weights_desc();
        primitive = dnnl::inner_product_forward(desc);
    } else {
        const dnnl::convolution_forward::primitive_desc desc({kind, algorithm::convolution_direct, in_md,
                                                              any_weights, native_bias, out_md, strides,
                                                              dilates, pad_begin, pad_end},
                                                             attr, engine);
        adopt(desc);
        weights_md = desc.weights_desc();
        primitive = dnnl::convolution_forward(desc);
    }
#endif
    memory plain = constant_memory(memory::desc(weight_dims, weight_type, plain_weights),
                                   integer ? static_cast<const void*>(step.weights_q.data())
                                           : static_cast<const void*>(step.weights_f32.data()));
    memory packed(weights_md, engine);
    dnnl::reorder(plain, packed).execute(thread_stream(), plain, packed);
    thread_stream().wait();
    constants.emplace_back(DNNL_ARG_WEIGHTS, packed);
    if (has_bias) constants.emplace_back(DNNL_ARG_BIAS, constant_memory(bias_md, step.bias.data()));
}

bool OnednnLayer::can_fuse_add(const ConvStep& step, const Buffer& in) {
    const int64_t group = step.attributes.group;
    return step.is_integer() && has_fused_multiply_add() && (group == 1 || group == step.in_channels) &&
           !needs_exact_sums(step, in.representation, Element::u8);
}

OnednnLayer::OnednnLayer() : m_impl(std::make_unique<Impl>()) {}
OnednnLayer::~OnednnLayer() = default;

Result<std::unique_ptr<OnednnLayer>> OnednnLayer::create(const ConvStep& step, const Buffer& in,
                                                         const Buffer& out, int batch, const FusedAdd* add) {
    std::unique_ptr<OnednnLayer> layer(new OnednnLayer);
    Impl& impl = *layer->m_impl;
    bool exact = needs_exact_sums(step, in.representation, out.representation.element);
    if (!exact) {
        try {
            impl.build(step, in, out, batch, add);
        } catch (const dnnl::error& e) {
            // Some grouped int8 convolutions have a description but no kernel (2.6, 4 to 8 channels a group).
            if (!step.is_integer() || add)
                return fail(ErrorCode::failed, std::string("oneDNN cannot run this layer: ") + e.what());
            exact = true;
        }
    }
    if (exact) {
        impl.constants.clear();
        impl.exact = std::make_unique<ExactLayer>(ExactLayer{make_exact_sums(step, in, out), step, in.extent,
                                                             out.extent, out.representation, batch});
        impl.exact->step.weights_q = {};
        impl.implementation = impl.exact->sums->name();
    }
    return layer;
}

void OnednnLayer::run(const void* in, void* out, void* scratch) const {
    const Impl& impl = *m_impl;
    if (impl.exact)
        return impl.exact->run(static_cast<const uint8_t*>(in), out, static_cast<std::byte*>(scratch));
    // oneDNN's memory takes a mutable pointer for what it only reads.
    std::unordered_map<int, memory> args(impl.constants.begin(), impl.constants.end());
    args.insert_or_assign(DNNL_ARG_SRC, memory(impl.in, cpu_engine(), const_cast<void*>(in)));
    args.insert_or_assign(DNNL_ARG_DST, memory(impl.out, cpu_engine(), out));
    args.insert_or_assign(DNNL_ARG_SCRATCHPAD, memory(impl.scratch, cpu_engine(), scratch));
    impl.primitive.execute(thread_stream(), args);
}

size_t OnednnLayer::scratch_bytes() const {
    if (m_impl->exact) return m_impl->exact->sums_bytes() + m_impl->exact->sums->scratch_bytes();
    return m_impl->scratch.get_size();
}

const std::string& OnednnLayer::implementation() const {
    return m_impl->implementation;
}

std::string onednn_isa() {
    switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
        return "sse41";
    case dnnl::cpu_isa::avx:
        return "avx";
    case dnnl::cpu_isa::avx2:
        return "avx2";
    case dnnl::cpu_isa::avx2_vnni:
        return "avx2_vnni";
    case dnnl::cpu_isa::avx512_core:
        return "avx512_core";
    case dnnl::cpu_isa::avx512_core_vnni:
        return "avx512_core_vnni";
    case dnnl::cpu_isa::avx512_core_bf16:
        return "avx512_core_bf16";
    default:
        return "avx512_core_bf16 or newer";
    }
}

bool onednn_mixes_up_groups() {
#if DNNL_VERSION_MAJOR >= 3
    switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
    case dnnl::cpu_isa::avx:
    case dnnl::cpu_isa::avx2:
    case dnnl::cpu_isa::avx2_vnni:
        return true;
    default:
        return false;
    }
#else
    return false;
#endif
}

bool onednn_has_vnni() {
    switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
    case dnnl::cpu_isa::avx:
    case dnnl::cpu_isa::avx2:
    case dnnl::cpu_isa::avx512_core:
        return false;
    default:
        return true;
    }
}

} // namespace widthwise::engine
