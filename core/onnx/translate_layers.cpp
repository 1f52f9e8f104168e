// Convolution and transposed convolution.

#include "core/onnx/window.h"

#include "core/base/text.h"

namespace widthwise::onnx::translation {

namespace {

/// What both kinds share, but for the pads; `weights` have four dimensions.
Result<ConvAttributes> window_of(NodeView& view, const Shape& weights) {
    ConvAttributes a;
    auto kernel = pair_of(view, "kernel_shape");
    if (!kernel) return forward_error(kernel);
    a.kernel = view.has("kernel_shape") ? *kernel : Pair{weights[2], weights[3]};
    auto strides = pair_of(view, "strides");
    if (!strides) return forward_error(strides);
    a.strides = *strides;
    auto dilations = pair_of(view, "dilations");
    if (!dilations) return forward_error(dilations);
    a.dilations = *dilations;
    a.group = view.integer("group", 1);
    return a;
}

Result<ConvAttributes> conv_attributes(NodeView& view, const Shape& in, const Shape& weights) {
    auto a = window_of(view, weights);
    if (!a) return a;
    auto padding = pads_of(view, in, a->kernel, a->strides, a->dilations);
    if (!padding) return forward_error(padding);
    a->pads = *padding;
    return a;
}

/// The node's constant weights, of rank 4.
Result<Shape> weight_shape(const NodeView& view) {
    if (auto ok = need_constants(view); !ok) return forward_error(ok);
    const Operand* weights = view.input(1);
    if (!weights) return misfit("it has no weights");
    const Shape& w = weights->constant->shape();
    if (w.rank() != 4) return misfit("its weights have shape " + w.to_string() + ", not 4 dimensions");
    return w;
}

/// A signal N x C x L is an image of one row.
Result<Translated> conv_of_signal(NodeView& view, const Shape& in) {
    if (auto ok = need_constants(view); !ok) return forward_error(ok);
    const Operand* weights = view.input(1);
    if (!weights) return misfit("it has no weights");
    const Tensor& w = *weights->constant;
    if (w.shape().rank() != 3 || w.type() != DataType::f32)
        return misfit("its weights have shape " + w.shape().to_string() + ", not 3 dimensions");
    // Attributes of one value become those of two: a row.
    RawNode row = view.node();
    for (const char* name : {"kernel_shape", "strides", "dilations", "pads"}) {
        const auto given = view.integers(name);
        const bool pads = std::string_view(name) == "pads";
        if (!given) continue;
        if (given->size() != (pads ? 2 : 1))
            return misfit("its " + std::string(name) + " are " + std::to_string(given->size()) + " values");
        row.attributes[name] = pads ? std::vector<int64_t>{0, given->front(), 0, given->back()}
                                    : std::vector<int64_t>{1, given->front()};
    }
    NodeView row_view(row, view.opset(), view.inputs());
    const Shape image{1, in[1], 1, in[2]};
    const Shape flat{w.shape()[0], w.shape()[1], 1, w.shape()[2]};
    auto a = conv_attributes(row_view, image, flat);
    if (row_view.problem()) return tl::unexpected<Error>(*row_view.problem());
    if (!a) return forward_error(a);
    const int64_t reach = (a->kernel[1] - 1) * a->dilations[1] + 1;
    const int64_t room = in[2] + a->pads[1] + a->pads[3] - reach;
    if (room < 0) return misfit("its kernel is longer than its input " + in.to_string());
    Translated out;
    const Source source =
        out.then(Op::reshape, ReshapeAttributes{image.dims()}, {Source{0, nullptr}}, "Reshape");
    std::vector<Source> inputs{
        source, Source{1, std::make_shared<const Tensor>(Tensor::from_f32(flat, w.to_f32())), "row"}};
    if (view.input(2)) inputs.push_back({2, nullptr});
    const Source filtered = out.then(Op::conv, *a, std::move(inputs), "Conv");
    out.then(Op::reshape, ReshapeAttributes{{1, flat[0], room / a->strides[1] + 1}}, {filtered}, "Reshape");
    return std::move(out).finished();
}

Result<Translated> conv(NodeView& view, const Batch&) {
    auto any = activation_shape(view);
    if (any && any->rank() == 3) return conv_of_signal(view, *any);
    auto in = image_shape(view);
    if (!in) return forward_error(in);
    auto w = weight_shape(view);
    if (!w) return forward_error(w);
    auto attributes = conv_attributes(view, *in, *w);
    if (!attributes) return forward_error(attributes);
    return Translated{Op::conv, *attributes, leading_inputs(view, 3)};
}

/// Pads so that the output has the size that the file asks for (output_shape, or SAME: input times stride).
/// ONNX puts the odd pixel before the image unless auto_pad is SAME_UPPER; a size beyond what the kernel
/// reaches is filled at the end.
void pads_for_size(NodeView& view, const Shape& in, const Pair& size, ConvTransposeAttributes& a) {
    const bool upper = view.text("auto_pad", "NOTSET") == "SAME_UPPER";
    for (size_t i = 0; i < 2; ++i) {
        const int64_t reach = (a.conv.kernel[i] - 1) * a.conv.dilations[i] + 1;
        const int64_t full = (in[2 + i] - 1) * a.conv.strides[i] + reach + a.output_padding[i];
        const int64_t total = full - size[i];
        if (total < 0) a.output_padding[i] -= total;
        const int64_t pads = std::max<int64_t>(total, 0);
        a.conv.pads[i] = upper ? pads / 2 : pads - pads / 2;
        a.conv.pads[2 + i] = pads - a.conv.pads[i];
    }
}

Result<Translated> conv_transpose(NodeView& view, const Batch&) {
    auto in = image_shape(view);
    if (!in) return forward_error(in);
    auto w = weight_shape(view);
    if (!w) return forward_error(w);
    auto window = window_of(view, *w);
    if (!window) return forward_error(window);
    ConvTransposeAttributes a{*window, {}};
    constexpr int64_t longest = int64_t{1} << 20; // keeps every product below in 64 bits
    for (size_t i = 0; i < 2; ++i) {
        if (a.conv.kernel[i] > longest || a.conv.strides[i] > longest || a.conv.dilations[i] > longest)
            return misfit("its kernel, strides or dilations are larger than 2^20");
    }
    if (const auto extra = view.integers("output_padding")) {
        if (extra->size() != 2) return misfit("its output_padding is no pair");
        for (size_t i = 0; i < 2; ++i) {
            if ((*extra)[i] < 0 || (*extra)[i] > longest)
                return misfit("its output_padding holds " + std::to_string((*extra)[i]));
            a.output_padding[i] = (*extra)[i];
        }
    }
    const std::string mode = view.text("auto_pad", "NOTSET");
    const bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
    if (view.has("output_shape") || same) {
        Pair size{(*in)[2] * a.conv.strides[0], (*in)[3] * a.conv.strides[1]};
        if (const auto given = view.integers("output_shape")) {
            if (given->size() < 2) return misfit("its output_shape is no pair");
            for (size_t i = 0; i < 2; ++i) { // older files repeat batch and channels in front
                size[i] = (*given)[given->size() - 2 + i];
                if (size[i] < 1 || size[i] > longest)
                    return misfit("its output_shape holds " + std::to_string(size[i]));
            }
        }
        pads_for_size(view, *in, size, a);
    } else {
        auto padding = pads_of(view, *in, a.conv.kernel, a.conv.strides, a.conv.dilations);
        if (!padding) return forward_error(padding);
        a.conv.pads = *padding;
    }
    return Translated{Op::conv_transpose, a, leading_inputs(view, 3)};
}

} // namespace

Function layer_function(const std::string& op_type) {
    if (op_type == "Conv") return conv;
    if (op_type == "ConvTranspose") return conv_transpose;
    return nullptr;
}

} // namespace widthwise::onnx::translation

namespace widthwise::onnx {

std::optional<ConvAttributes> describe_convolution(NodeView& view) {
    const Operand* in = view.input(0);
    const Operand* weights = view.input(1);
    if ((view.op_type() != "Conv" && view.op_type() != "ConvInteger") || !in || !weights || !in->shape ||
        !weights->shape) {
        return std::nullopt;
    }
    const Shape& x = *in->shape;
    const Shape& w = *weights->shape;
    if (x.rank() != 4 || w.rank() != 4) return std::nullopt;
    auto a = translation::conv_attributes(view, x, w);
    if (!a || view.problem() || a->group < 1 || a->kernel != std::array{w[2], w[3]}) return std::nullopt;
    const bool divides = x[1] % a->group == 0 && x[1] / a->group == w[1] && w[0] % a->group == 0;
    return divides ? std::optional(*a) : std::nullopt;
}

} // namespace widthwise::onnx
