// QLinearConv and its relatives: integers in, integers out. Each becomes a float layer between reals and a
// quantizer of its result.

#include "core/base/text.h"
#include "core/onnx/rewrite_state.h"

namespace widthwise::onnx::rewriting {

namespace {

struct QuantizedInput {
    std::string name; ///< of the reals
    Encoding encoding;
};

/// The quantized tensor at input `index` with its scale and zero point at the next two.
Result<QuantizedInput> quantized_input(State& state, const RawNode& node, size_t index) {
    return [&]() -> Result<QuantizedInput> {
        const std::string& name = input_of(node, index);
        if (name.empty()) return misfit("it lacks an input");
        const TensorPtr constant = state.integers.contains(name) ? nullptr : state.constant(name);
        const auto known = state.integers.find(name);
        if (!constant && known == state.integers.end())
            return refusal("its input " + in_quotes(name) +
                           " is integers that no quantizer of the network made");
        const DataType type = constant                                                     ? constant->type()
                              : known->second.format.symmetric || known->second.shift != 0 ? DataType::i8
                                                                                           : DataType::u8;
        auto encoding = encoding_at(state, node, index + 1, index + 2, type, 0);
        if (!encoding) return forward_error(encoding);
        if (!constant) {
            Encoding own = known->second;
            own.axis = encoding->axis;
            if (!(own == *encoding))
                return refusal("the scale of its input " + in_quotes(name) +
                               " differs from that of the quantizer before it");
            return QuantizedInput{name, std::move(*encoding)};
        }
        if (!stored_integer(constant->type()))
            return misfit("its input " + in_quotes(name) + " is " + std::string(to_string(constant->type())));
        auto values = dequantized(*constant, *encoding);
        if (!values) return forward_error(values);
        const std::string reals = state.fresh(name + ".real");
        state.add_constant(reals, std::move(*values));
        state.quantized_constants[reals] = *encoding;
        return QuantizedInput{reals, std::move(*encoding)};
    }();
}

/// The float layer that stands for the node, with the attributes that `node` has in common with it.
RawNode layer_of(const RawNode& node, const std::string& op_type, std::vector<std::string> inputs) {
    RawNode layer;
    layer.name = node.name;
    layer.op_type = op_type;
    layer.inputs = std::move(inputs);
    layer.attributes = node.attributes;
    return layer;
}

/// Emits the layer and the quantizer of its result, whose scale and zero point are these inputs of the node.
Result<void> finish(State& state, const RawNode& node, RawNode layer, size_t scale, size_t zero_point) {
    if (node.outputs.size() != 1 || node.outputs[0].empty()) return misfit("it needs one output");
    auto encoding = encoding_at(state, node, scale, zero_point, DataType::u8, 1);
    if (!encoding) return forward_error(encoding);
    if (encoding->per_channel()) return refusal("a scale for each channel of its result is not run");
    const std::string sums = state.fresh(node.outputs[0] + ".real");
    layer.outputs = {sums};
    state.emit(std::move(layer));
    emit_quantizer(state, node, state.fresh(node.name + ".quantize"), sums, node.outputs[0], *encoding);
    state.integers[node.outputs[0]] = std::move(*encoding);
    return {};
}

/// A bias of 32 bits, whose scale is the product of the input's and the weights'.
Result<std::string> real_bias(State& state, const RawNode& node, size_t index, const Encoding& input,
                              const Encoding& weights, float factor) {
    auto bias = constant_input(state, node, index, "bias");
    if (!bias) return forward_error(bias);
    if ((*bias)->type() != DataType::i32)
        return misfit("its bias is " + std::string(to_string((*bias)->type())));
    const auto q = (*bias)->to_i64();
    const auto& scales = weights.format.scale;
    if (scales.size() != 1 && scales.size() != q.size()) return misfit("its bias does not fit its scales");
    std::vector<float> values(q.size());
    for (size_t i = 0; i < q.size(); ++i) {
        const float scale = input.format.scale[0] * scales[scales.size() == 1 ? 0 : i] * factor;
        values[i] = static_cast<float>(q[i]) * scale;
    }
    const std::string name = state.fresh(input_of(node, index) + ".real");
    state.add_constant(name,
                       std::make_shared<const Tensor>(Tensor::from_f32((*bias)->shape(), std::move(values))));
    return name;
}

void take_weight_format(State& state, RawNode& layer, int64_t axis) {
    const auto it = state.quantized_constants.find(layer.inputs[1]);
    if (it == state.quantized_constants.end()) return;
    layer.weights = it->second;
    layer.weights->axis = axis;
}

Result<void> convolution(State& state, const RawNode& node) {
    auto x = quantized_input(state, node, 0);
    if (!x) return forward_error(x);
    auto w = quantized_input(state, node, 3);
    if (!w) return forward_error(w);
    RawNode layer = layer_of(node, "Conv", {x->name, w->name});
    take_weight_format(state, layer, 0);
    if (!input_of(node, 8).empty()) {
        auto bias = real_bias(state, node, 8, x->encoding, w->encoding, 1);
        if (!bias) return forward_error(bias);
        layer.inputs.push_back(*bias);
    }
    return finish(state, node, std::move(layer), 6, 7);
}

/// Scales of [I, O] matrices run along their columns.
Result<QuantizedInput> matrix_input(State& state, const RawNode& node, size_t index, int64_t axis) {
    const auto scale = constant_input(state, node, index + 1, "scale");
    const TensorPtr matrix = state.constant(input_of(node, index));
    if (scale && (*scale)->elements() > 1 && axis != 0) {
        // Transposed for a moment: the axis is all that differs.
        auto encoding =
            encoding_at(state, node, index + 1, index + 2, matrix ? matrix->type() : DataType::u8, axis);
        if (!encoding) return forward_error(encoding);
        if (!matrix || !stored_integer(matrix->type())) return refusal("its second matrix is computed");
        auto values = dequantized(*matrix, *encoding);
        if (!values) return forward_error(values);
        const std::string reals = state.fresh(input_of(node, index) + ".real");
        state.add_constant(reals, std::move(*values));
        state.quantized_constants[reals] = *encoding;
        return QuantizedInput{reals, std::move(*encoding)};
    }
    return quantized_input(state, node, index);
}

Result<void> matrix_product(State& state, const RawNode& node) {
    auto a = quantized_input(state, node, 0);
    if (!a) return forward_error(a);
    auto b = matrix_input(state, node, 3, 1);
    if (!b) return forward_error(b);
    RawNode layer = layer_of(node, "MatMul", {a->name, b->name});
    take_weight_format(state, layer, 1);
    return finish(state, node, std::move(layer), 6, 7);
}

Result<void> general_product(State& state, const RawNode& node) {
    auto a = quantized_input(state, node, 0);
    if (!a) return forward_error(a);
    const int64_t axis = attribute<int64_t>(node, "transB", 0) != 0 ? 0 : 1;
    auto b = matrix_input(state, node, 3, axis);
    if (!b) return forward_error(b);
    const auto alpha = attribute<float>(node, "alpha", 1);
    RawNode layer = layer_of(node, "Gemm", {a->name, b->name});
    take_weight_format(state, layer, axis);
    if (layer.weights && alpha > 0) {
        for (float& scale : layer.weights->format.scale) scale *= alpha;
    } else {
        layer.weights.reset();
    }
    if (!input_of(node, 6).empty()) {
        auto bias = real_bias(state, node, 6, a->encoding, b->encoding, alpha);
        if (!bias) return forward_error(bias);
        layer.inputs.push_back(*bias);
    }
    if (!input_of(node, 7).empty()) return finish(state, node, std::move(layer), 7, 8);
    if (node.outputs.size() != 1) return misfit("it needs one output");
    layer.outputs = node.outputs;
    state.emit(std::move(layer));
    return {};
}

Result<void> two_inputs(State& state, const RawNode& node) {
    auto a = quantized_input(state, node, 0);
    if (!a) return forward_error(a);
    auto b = quantized_input(state, node, 3);
    if (!b) return forward_error(b);
    return finish(state, node,
                  layer_of(node, node.op_type == "QLinearAdd" ? "Add" : "Mul", {a->name, b->name}), 6, 7);
}

Result<void> one_input(State& state, const RawNode& node) {
    if (attribute<int64_t>(node, "channels_last", 0) != 0)
        return refusal("images with the channels last are not run");
    auto x = quantized_input(state, node, 0);
    if (!x) return forward_error(x);
    RawNode layer = layer_of(node, node.op_type.substr(std::string("QLinear").size()), {x->name});
    layer.attributes.erase("channels_last");
    return finish(state, node, std::move(layer), 3, 4);
}

Result<void> concatenation(State& state, const RawNode& node) {
    std::vector<std::string> inputs;
    for (size_t i = 2; i < node.inputs.size(); i += 3) {
        auto x = quantized_input(state, node, i);
        if (!x) return forward_error(x);
        inputs.push_back(x->name);
    }
    if (inputs.empty()) return misfit("it has no input");
    return finish(state, node, layer_of(node, "Concat", std::move(inputs)), 0, 1);
}

} // namespace

Function operator_function(const RawNode& node) {
    static const std::map<std::string, Function> official{
        {"QLinearConv", convolution},
        {"QLinearMatMul", matrix_product},
    };
    static const std::map<std::string, Function> microsoft{
        {"QLinearConv", convolution},      {"QGemm", general_product},
        {"QLinearAdd", two_inputs},        {"QLinearMul", two_inputs},
        {"QLinearConcat", concatenation},  {"QLinearGlobalAveragePool", one_input},
        {"QLinearAveragePool", one_input}, {"QLinearLeakyRelu", one_input},
        {"QLinearSigmoid", one_input},
    };
    if (!node.domain.empty() && node.domain != "com.microsoft") return nullptr;
    const auto& functions = node.domain.empty() ? official : microsoft;
    const auto it = functions.find(node.op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::rewriting
