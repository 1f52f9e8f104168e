#include "core/graph/zoo_layers.h"

namespace widthwise::zoo {
namespace {

constexpr int k_opset = 13; // what onnx::export_model writes

ConvAttributes conv_attributes(const LayerStack::Conv& conv) {
    const int64_t pad = conv.pad.value_or((conv.kernel - 1) / 2);
    ConvAttributes attributes;
    attributes.kernel = {conv.kernel, conv.kernel};
    attributes.strides = {conv.stride, conv.stride};
    attributes.pads = {pad, pad, pad, pad};
    attributes.group = conv.group;
    return attributes;
}

PoolAttributes pool_attributes(const LayerStack::Pool& pool) {
    PoolAttributes attributes;
    attributes.kernel = {pool.kernel, pool.kernel};
    attributes.strides = {pool.stride, pool.stride};
    attributes.pads = {pool.pad, pool.pad, pool.pad, pool.pad};
    attributes.ceil_mode = pool.ceil_mode;
    attributes.count_include_pad = pool.pad > 0;
    return attributes;
}

} // namespace

LayerStack::LayerStack(std::string name, Shape input, uint64_t seed, Weights weights)
    : m_builder(std::move(name), k_opset), m_weights(seed, weights) {
    m_input = m_builder.input("input", std::move(input));
}

int64_t LayerStack::extent(ValueId value, size_t axis) const {
    return m_state ? m_builder.value(value).shape[axis] : 1;
}

ValueId LayerStack::constant(const std::string& name, Result<TensorPtr> tensor) {
    if (!tensor) {
        m_state = forward_error(tensor);
        m_state.error().where = "node '" + name + "'";
        return {};
    }
    return m_builder.constant(name, std::move(*tensor));
}

ValueId LayerStack::node(Op op, std::string op_type, std::string name, Attributes attributes,
                         std::vector<ValueId> inputs) {
    if (!m_state) return {};
    Result<ValueId> added =
        m_builder.add(op, std::move(op_type), std::move(name), std::move(attributes), std::move(inputs));
    if (!added) {
        m_state = forward_error(added);
        return {};
    }
    return *added;
}

ValueId LayerStack::convolution(const std::string& name, ValueId input, int64_t channels_out,
                                const ConvAttributes& attributes, bool bias) {
    if (!m_state) return {};
    const int64_t fan_channels = channels(input) / attributes.group;
    const auto [height, width] = attributes.kernel;
    std::vector<ValueId> inputs{
        input, constant(name + ".weight", m_weights.he_normal({channels_out, fan_channels, height, width},
                                                              fan_channels * height * width))};
    if (bias) inputs.push_back(constant(name + ".bias", m_weights.filled(channels_out, 0)));
    return node(Op::conv, "Conv", name, attributes, std::move(inputs));
}

ValueId LayerStack::batch_norm(const std::string& name, ValueId input) {
    if (!m_state) return {};
    const int64_t count = channels(input);
    std::vector<ValueId> inputs{input};
    for (const auto& [part, value] :
         {std::pair{".weight", 1.0F}, {".bias", 0.0F}, {".running_mean", 0.0F}, {".running_var", 1.0F}})
        inputs.push_back(constant(name + part, m_weights.filled(count, value)));
    return node(Op::batch_norm, "BatchNormalization", name, BatchNormAttributes{}, std::move(inputs));
}

ValueId LayerStack::activate(const std::string& name, ValueId input, Activation activation) {
    switch (activation) {
    case Activation::none:
        return input;
    case Activation::relu:
        return node(Op::relu, "Relu", name + "/relu", {}, {input});
    case Activation::relu6:
        return node(Op::clip, "Clip", name + "/relu6", ClipAttributes{0, 6}, {input});
    case Activation::hard_tanh:
        return node(Op::clip, "Clip", name + "/hardtanh", ClipAttributes{-1, 1}, {input});
    case Activation::tanh:
        return node(Op::tanh, "Tanh", name + "/tanh", {}, {input});
    case Activation::hard_sigmoid:
        return node(Op::function, "HardSigmoid", name + "/hardsigmoid",
                    FunctionAttributes{Function::hard_sigmoid, 1.0F / 6, 0.5F}, {input});
    case Activation::hard_swish:
        return node(Op::function, "HardSwish", name + "/hardswish", FunctionAttributes{Function::hard_swish},
                    {input});
    }
    return {};
}

ValueId LayerStack::conv_bn(const std::string& name, ValueId input, Conv shape, Activation activation) {
    const ValueId sums = convolution(name + "/conv", input, shape.channels, conv_attributes(shape), false);
    return activate(name, batch_norm(name + "/bn", sums), activation);
}

ValueId LayerStack::conv(const std::string& name, ValueId input, Conv shape, Activation activation) {
    return activate(name, convolution(name, input, shape.channels, conv_attributes(shape), true), activation);
}

ValueId LayerStack::separable(const std::string& name, ValueId input, int64_t count, int64_t stride) {
    const int64_t in = channels(input);
    ValueId x = convolution(name + "/depthwise", input, in, conv_attributes({in, 3, stride, in}), false);
    x = node(Op::relu, "Relu", name + "/relu1", {}, {batch_norm(name + "/bn1", x)});
    x = convolution(name + "/pointwise", x, count, conv_attributes({count, 1}), false);
    return node(Op::relu, "Relu", name + "/relu2", {}, {batch_norm(name + "/bn2", x)});
}

ValueId LayerStack::fully_connected(const std::string& name, ValueId input, int64_t outputs, bool bias) {
    if (!m_state) return {};
    const int64_t features = channels(input);
    std::vector<ValueId> inputs{
        input, constant(name + ".weight", m_weights.he_normal({outputs, features}, features))};
    if (bias) inputs.push_back(constant(name + ".bias", m_weights.filled(outputs, 0)));
    return node(Op::gemm, "Gemm", name, {}, std::move(inputs));
}

ValueId LayerStack::classifier(ValueId input, int64_t classes) {
    return fully_connected("classifier", flatten("flatten", global_average_pool("pool", input)), classes);
}

ValueId LayerStack::max_pool(const std::string& name, ValueId input, Pool pool) {
    PoolAttributes attributes = pool_attributes(pool);
    attributes.count_include_pad = false;
    return node(Op::max_pool, "MaxPool", name, attributes, {input});
}

ValueId LayerStack::average_pool(const std::string& name, ValueId input, Pool pool) {
    return node(Op::average_pool, "AveragePool", name, pool_attributes(pool), {input});
}

ValueId LayerStack::global_average_pool(const std::string& name, ValueId input) {
    return node(Op::global_average_pool, "GlobalAveragePool", name, {}, {input});
}

ValueId LayerStack::lrn(const std::string& name, ValueId input, LrnAttributes attributes) {
    return node(Op::lrn, "LRN", name, attributes, {input});
}

ValueId LayerStack::add(const std::string& name, ValueId a, ValueId b) {
    return node(Op::add, "Add", name, {}, {a, b});
}

ValueId LayerStack::multiply(const std::string& name, ValueId a, ValueId b) {
    return node(Op::mul, "Mul", name, {}, {a, b});
}

ValueId LayerStack::concat(const std::string& name, std::vector<ValueId> inputs) {
    return node(Op::concat, "Concat", name, ConcatAttributes{1}, std::move(inputs));
}

ValueId LayerStack::channels_of(const std::string& name, ValueId input, int64_t first, int64_t last) {
    return node(
        Op::slice, "Slice", name,
        SliceAttributes{{0, first, 0, 0}, {1, last, extent(input, 2), extent(input, 3)}, {1, 1, 1, 1}},
        {input});
}

ValueId LayerStack::subsample(const std::string& name, ValueId input, int64_t step) {
    return node(Op::slice, "Slice", name,
                SliceAttributes{{0, 0, 0, 0},
                                {1, channels(input), extent(input, 2), extent(input, 3)},
                                {1, 1, step, step}},
                {input});
}

ValueId LayerStack::pad_channels(const std::string& name, ValueId input, int64_t before, int64_t after) {
    return node(Op::pad, "Pad", name, PadAttributes{{0, before, 0, 0}, {0, after, 0, 0}, 0}, {input});
}

ValueId LayerStack::reshape(const char* op_type, const std::string& name, ValueId input,
                            std::vector<int64_t> shape) {
    return node(Op::reshape, op_type, name, ReshapeAttributes{std::move(shape)}, {input});
}

ValueId LayerStack::channel_shuffle(const std::string& name, ValueId input, int64_t groups) {
    const int64_t count = channels(input), height = extent(input, 2), width = extent(input, 3);
    ValueId x = reshape("Reshape", name + "/split", input, {1, groups, count / groups, height, width});
    x = node(Op::transpose, "Transpose", name + "/swap", TransposeAttributes{{0, 2, 1, 3, 4}}, {x});
    return reshape("Reshape", name + "/join", x, {1, count, height, width});
}

ValueId LayerStack::flatten(const std::string& name, ValueId input) {
    if (!m_state) return {};
    return reshape("Flatten", name, input, {1, m_builder.value(input).shape.elements()});
}

Result<GraphPtr> LayerStack::finish(ValueId output) {
    if (!m_state) return forward_error(m_state);
    if (Result<void> drawn = m_weights.finish(); !drawn) return forward_error(drawn);
    m_builder.output(output);
    return m_builder.build();
}

} // namespace widthwise::zoo
