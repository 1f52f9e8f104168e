#include "core/graph/zoo_layers.h"

#include <cmath>

namespace widthwise::zoo {
namespace {

constexpr int k_opset = 13; // what onnx::export_model writes

TensorPtr filled(int64_t count, float value) {
    return std::make_shared<const Tensor>(
        Tensor::from_f32(Shape{count}, std::vector<float>(static_cast<size_t>(count), value)));
}

} // namespace

LayerStack::LayerStack(std::string name, Shape input, uint64_t seed)
    : m_builder(std::move(name), k_opset), m_rng(seed) {
    m_input = m_builder.input("input", std::move(input));
}

int64_t LayerStack::channels(ValueId value) const {
    return m_state ? m_builder.value(value).shape[1] : 1;
}

TensorPtr LayerStack::he_normal(Shape shape, int64_t fan_in) {
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    const double deviation = std::sqrt(2.0 / static_cast<double>(fan_in));
    for (float& v : values) v = static_cast<float>(deviation * m_rng.normal());
    return std::make_shared<const Tensor>(Tensor::from_f32(std::move(shape), std::move(values)));
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

ValueId LayerStack::conv_node(const std::string& name, ValueId input, Conv conv) {
    if (!m_state) return {};
    const int64_t fan_channels = channels(input) / conv.group;
    const int64_t pad = (conv.kernel - 1) / 2;
    ConvAttributes attributes;
    attributes.kernel = {conv.kernel, conv.kernel};
    attributes.strides = {conv.stride, conv.stride};
    attributes.pads = {pad, pad, pad, pad};
    attributes.group = conv.group;
    const ValueId weights = m_builder.constant(
        name + ".weight", he_normal({conv.channels, fan_channels, conv.kernel, conv.kernel},
                                    fan_channels * conv.kernel * conv.kernel));
    return node(Op::conv, "Conv", name, attributes, {input, weights});
}

ValueId LayerStack::batch_norm(const std::string& name, ValueId input) {
    if (!m_state) return {};
    const int64_t count = channels(input);
    const ValueId scale = m_builder.constant(name + ".weight", filled(count, 1));
    const ValueId bias = m_builder.constant(name + ".bias", filled(count, 0));
    const ValueId mean = m_builder.constant(name + ".running_mean", filled(count, 0));
    const ValueId variance = m_builder.constant(name + ".running_var", filled(count, 1));
    return node(Op::batch_norm, "BatchNormalization", name, BatchNormAttributes{},
                {input, scale, bias, mean, variance});
}

ValueId LayerStack::conv_bn(const std::string& name, ValueId input, Conv conv, bool with_relu) {
    const ValueId normalized = batch_norm(name + "/bn", conv_node(name + "/conv", input, conv));
    return with_relu ? relu(name + "/relu", normalized) : normalized;
}

ValueId LayerStack::separable(const std::string& name, ValueId input, int64_t count, int64_t stride) {
    const int64_t in = channels(input);
    const ValueId depthwise =
        relu(name + "/relu1",
             batch_norm(name + "/bn1", conv_node(name + "/depthwise", input, {in, 3, stride, in})));
    return relu(name + "/relu2",
                batch_norm(name + "/bn2", conv_node(name + "/pointwise", depthwise, {count, 1, 1, 1})));
}

ValueId LayerStack::add(const std::string& name, ValueId a, ValueId b) {
    return node(Op::add, "Add", name, {}, {a, b});
}

ValueId LayerStack::relu(const std::string& name, ValueId input) {
    return node(Op::relu, "Relu", name, {}, {input});
}

ValueId LayerStack::global_average_pool(const std::string& name, ValueId input) {
    return node(Op::global_average_pool, "GlobalAveragePool", name, {}, {input});
}

ValueId LayerStack::flatten(const std::string& name, ValueId input) {
    if (!m_state) return {};
    const int64_t elements = m_builder.value(input).shape.elements();
    return node(Op::reshape, "Flatten", name, ReshapeAttributes{{1, elements}}, {input});
}

ValueId LayerStack::fully_connected(const std::string& name, ValueId input, int64_t outputs) {
    if (!m_state) return {};
    const int64_t features = channels(input);
    const ValueId weights = m_builder.constant(name + ".weight", he_normal({outputs, features}, features));
    const ValueId bias = m_builder.constant(name + ".bias", filled(outputs, 0));
    return node(Op::gemm, "Gemm", name, {}, {input, weights, bias});
}

ValueId LayerStack::classifier(ValueId input, int64_t classes) {
    return fully_connected("classifier", flatten("flatten", global_average_pool("pool", input)), classes);
}

Result<GraphPtr> LayerStack::finish(ValueId output) {
    if (!m_state) return forward_error(m_state);
    m_builder.output(output);
    return m_builder.build();
}

} // namespace widthwise::zoo
