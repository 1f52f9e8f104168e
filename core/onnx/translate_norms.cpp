// Normalizations: by stored statistics (BatchNormalization), by the image's own, and across channels.

#include "core/onnx/translate.h"

#include "core/onnx/shape_rules.h"

namespace widthwise::onnx::translation {

namespace {

constexpr int64_t most_constants = int64_t{1} << 24; ///< made here; hostile shapes promise terabytes

Result<Translated> batch_norm(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    if (auto ok = need_constants(view); !ok) return forward_error(ok);
    if (view.integer("training_mode", 0) != 0)
        return refuse("BatchNormalization in training mode is not run");
    if (view.integer("spatial", 1) == 0) return refuse("BatchNormalization for each pixel is not run");
    return Translated{Op::batch_norm, BatchNormAttributes{view.real("epsilon", 1e-5F)},
                      leading_inputs(view, 5)};
}

Result<Translated> lrn(NodeView& view, const Batch&) {
    auto in = image_shape(view);
    if (!in) return forward_error(in);
    LrnAttributes a;
    a.size = view.integer("size", 0);
    if (a.size < 1 || a.size > (int64_t{1} << 31)) return misfit("its size is " + std::to_string(a.size));
    a.alpha = view.real("alpha", a.alpha);
    a.beta = view.real("beta", a.beta);
    a.bias = view.real("bias", a.bias);
    return Translated{Op::lrn, a, {Source{0, nullptr}}};
}

/// A constant spread to `shape`: scale and bias of LayerNormalization may broadcast.
Result<Source> spread(const NodeView& view, size_t index, const Shape& shape) {
    const Tensor& tensor = *view.input(index)->constant;
    if (tensor.type() != DataType::f32)
        return misfit("its scale or bias is " + std::string(to_string(tensor.type())));
    if (tensor.shape() == shape) return Source{index, nullptr};
    if ((tensor.elements() != 1 && tensor.elements() != shape.elements()) ||
        shape.elements() > most_constants)
        return refuse("LayerNormalization with a scale or bias of shape " + tensor.shape().to_string() +
                      " is not run");
    std::vector<float> values = tensor.to_f32();
    if (values.size() == 1) values.assign(static_cast<size_t>(shape.elements()), values.front());
    return Source{index, std::make_shared<const Tensor>(Tensor::from_f32(shape, std::move(values))),
                  "as" + shape.to_string()};
}

Result<Translated> layer_norm(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    if (auto ok = need_constants(view); !ok) return forward_error(ok);
    auto axis = resolve_axis(view.integer("axis", -1), in->rank());
    if (!axis) return forward_error(axis);
    if (*axis == 0) return refuse("LayerNormalization across the batch is not run");
    if (!view.input(1)) return misfit("it has no scale");
    const Shape normalized(std::vector<int64_t>(in->dims().begin() + *axis, in->dims().end()));
    Translated out{Op::layer_norm, NormAttributes{*axis, view.real("epsilon", 1e-5F)}, {Source{0, nullptr}}};
    for (size_t i = 1; i < 3 && view.input(i); ++i) {
        auto source = spread(view, i, normalized);
        if (!source) return forward_error(source);
        out.steps[0].inputs.push_back(*source);
    }
    return out;
}

Result<Translated> instance_norm(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    if (in->rank() < 3) return misfit("its input has shape " + in->to_string());
    if (auto ok = need_constants(view); !ok) return forward_error(ok);
    if (!view.input(1) || !view.input(2)) return misfit("it lacks scale or bias");
    return Translated{Op::instance_norm, NormAttributes{2, view.real("epsilon", 1e-5F)},
                      leading_inputs(view, 3)};
}

/// Scale or bias per channel, [C, 1, ...]; operator sets before 21 gave one per group.
Result<Source> per_channel(const NodeView& view, size_t index, int64_t groups, const Shape& in) {
    const Operand* operand = view.input(index);
    if (!operand) return misfit("it lacks scale or bias");
    const Tensor& tensor = *operand->constant;
    const int64_t channels = in[1], given = tensor.elements();
    if (tensor.type() != DataType::f32 || (given != groups && given != channels))
        return misfit("its scale or bias is " + std::string(to_string(tensor.type())) + " of shape " +
                      tensor.shape().to_string());
    std::vector<float> values(static_cast<size_t>(channels));
    for (size_t c = 0; c < values.size(); ++c)
        values[c] = tensor.as<float>()[c * static_cast<size_t>(given) / values.size()];
    std::vector<int64_t> dims(in.rank() - 1, 1);
    dims[0] = channels;
    return Source{index,
                  std::make_shared<const Tensor>(Tensor::from_f32(Shape(std::move(dims)), std::move(values))),
                  "channels" + std::to_string(channels) + "r" + std::to_string(in.rank())};
}

/// Groups become the channels of an instance normalization (Wu and He 2018).
Result<Translated> group_norm(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    if (auto ok = need_constants(view); !ok) return forward_error(ok);
    const int64_t groups = view.integer("num_groups", 0);
    if (in->rank() < 3 || groups < 1 || (*in)[1] % groups != 0 || (*in)[1] > most_constants)
        return misfit("it has " + std::to_string(groups) + " groups for " + in->to_string());
    auto scale = per_channel(view, 1, groups, *in);
    if (!scale) return forward_error(scale);
    auto bias = per_channel(view, 2, groups, *in);
    if (!bias) return forward_error(bias);
    const auto constant = [&](float value, const char* how) {
        return made_constant(
            view, Tensor::from_f32(Shape{groups}, std::vector<float>(static_cast<size_t>(groups), value)),
            how);
    };
    Translated out;
    const Shape grouped{1, groups, in->elements() / groups};
    const Source flat =
        out.then(Op::reshape, ReshapeAttributes{grouped.dims()}, {Source{0, nullptr}}, "Reshape");
    const Source normal =
        out.then(Op::instance_norm, NormAttributes{2, view.real("epsilon", 1e-5F)},
                 {flat, constant(1, "ones"), constant(0, "zeros")}, "InstanceNormalization");
    const Source image = out.then(Op::reshape, ReshapeAttributes{in->dims()}, {normal}, "Reshape");
    const Source scaled = out.then(Op::mul, {}, {image, *scale}, "Mul");
    out.then(Op::add, {}, {scaled, *bias}, "Add");
    return std::move(out).finished();
}

} // namespace

Function norm_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"BatchNormalization", batch_norm}, {"LRN", lrn},
        {"LayerNormalization", layer_norm}, {"InstanceNormalization", instance_norm},
        {"GroupNormalization", group_norm},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::translation
