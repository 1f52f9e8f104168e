// What dynamic quantization writes: DynamicQuantizeLinear, ConvInteger or MatMulInteger, Cast, and Mul with
// the product of both scales.

#include "core/base/text.h"
#include "core/onnx/rewrite_state.h"

namespace widthwise::onnx::rewriting {

namespace {

Result<void> dynamic_quantize(State& state, const RawNode& node) {
    if (node.outputs.size() != 3 || node.inputs.size() != 1)
        return misfit("it needs one input, three outputs");
    Encoding encoding;
    encoding.format.type = FormatType::integer;
    encoding.format.bits = 8;
    encoding.format.range.type = RangeRuleType::dynamic;
    emit_quantizer(state, node, node.name, node.inputs[0], node.outputs[0], encoding);
    state.integers[node.outputs[0]] = std::move(encoding);
    if (!node.outputs[1].empty()) state.scales[node.outputs[1]] = {node.outputs[0], nullptr};
    if (!node.outputs[2].empty()) state.zero_points[node.outputs[2]] = node.outputs[0];
    return {};
}

/// Whether the zero point given for an activation is the one that its quantizer used.
Result<void> check_zero_point(State& state, const RawNode& node, const std::string& quantized,
                              const Encoding& encoding) {
    const std::string& name = input_of(node, 2);
    if (encoding.format.is_dynamic()) {
        const auto it = state.zero_points.find(name);
        if (it != state.zero_points.end() && it->second == quantized) return {};
    } else {
        int64_t zero = 0;
        if (!name.empty()) {
            auto constant = constant_input(state, node, 2, "zero point");
            if (!constant) return forward_error(constant);
            if ((*constant)->elements() != 1) return misfit("its zero point is no single number");
            zero = (*constant)->to_i64().front();
        }
        const int32_t own = encoding.format.zero_point.empty() ? 0 : encoding.format.zero_point.front();
        if (!encoding.per_channel() && zero + encoding.shift == own) return {};
    }
    return refusal("the zero point of its input differs from that of the quantizer before it");
}

Result<void> integer_layer(State& state, const RawNode& node) {
    const std::string& input = input_of(node, 0);
    const auto known = state.integers.find(input);
    if (known == state.integers.end()) return refusal(node.op_type + " is not run by this version");
    if (node.outputs.size() != 1) return misfit("it needs one output");
    if (auto ok = check_zero_point(state, node, input, known->second); !ok) return ok;
    auto weights = constant_input(state, node, 1, "weights");
    if (!weights) return forward_error(weights);
    if (!stored_integer((*weights)->type()))
        return misfit("its weights are " + std::string(to_string((*weights)->type())));
    IntegerSums sums{node, input, *weights, nullptr};
    if (!input_of(node, 3).empty()) {
        auto zero_point = constant_input(state, node, 3, "zero point of its weights");
        if (!zero_point) return forward_error(zero_point);
        sums.zero_point = *zero_point;
    }
    state.sums[node.outputs[0]] = std::move(sums);
    return {};
}

/// Constants a and b multiplied; null where they do not fit.
TensorPtr product(const TensorPtr& a, const TensorPtr& b) {
    if (!a) return b;
    if (a->elements() != 1 && b->elements() != 1 && a->shape() != b->shape()) return nullptr;
    const std::vector<float> x = a->to_f32(), y = b->to_f32();
    std::vector<float> out(std::max(x.size(), y.size()));
    for (size_t i = 0; i < out.size(); ++i) out[i] = x[x.size() == 1 ? 0 : i] * y[y.size() == 1 ? 0 : i];
    return std::make_shared<const Tensor>(
        Tensor::from_f32(x.size() >= y.size() ? a->shape() : b->shape(), std::move(out)));
}

/// Emits the float layer that the sums, times the input's scale and `factor`, stand for.
Result<void> emit_layer(State& state, const IntegerSums& sums, const TensorPtr& factor,
                        const RawNode& scaling) {
    const bool conv = sums.layer.op_type == "ConvInteger";
    const size_t axis = conv ? 0 : 1;
    const Shape& shape = sums.weights->shape();
    if (shape.rank() != (conv ? 4U : 2U)) return misfit("its weights have shape " + shape.to_string());
    const int64_t outputs = shape[axis];
    std::vector<float> scales = factor ? factor->to_f32() : std::vector<float>{1};
    if (scales.size() != 1 && static_cast<int64_t>(scales.size()) != outputs)
        return refusal("a scale of shape " + factor->shape().to_string() + " does not run along its outputs");
    std::vector<int64_t> zeros = sums.zero_point ? sums.zero_point->to_i64() : std::vector<int64_t>{0};
    const size_t channels = std::max(scales.size(), zeros.size());
    if (scales.size() == 1) scales.resize(channels, scales[0]);
    if (zeros.size() == 1) zeros.resize(channels, zeros[0]);
    if (zeros.size() != channels) return misfit("its zero points do not fit its scales");
    const auto count = static_cast<int64_t>(channels);
    const Shape along = channels == 1 ? Shape{} : Shape{count};
    const Tensor scale = Tensor::from_f32(along, std::move(scales));
    const Tensor zero = Tensor::from_i64(along, std::move(zeros));
    auto encoding =
        linear_encoding(scale, &zero, *stored_integer(sums.weights->type()), static_cast<int64_t>(axis));
    if (!encoding) return forward_error(encoding);
    auto values = dequantized(*sums.weights, *encoding);
    if (!values) return forward_error(values);

    RawNode layer;
    const bool first = state.completed.insert(sums.layer.name).second;
    layer.name = first ? sums.layer.name : state.fresh(sums.layer.name);
    layer.op_type = conv ? "Conv" : "MatMul";
    layer.attributes = sums.layer.attributes;
    const std::string weights = state.fresh(sums.layer.inputs[1] + ".real");
    state.add_constant(weights, std::move(*values));
    layer.inputs = {sums.input, weights};
    layer.outputs = scaling.outputs;
    layer.weights = std::move(*encoding);
    state.emit(std::move(layer));
    return {};
}

Result<void> scale_sums(State& state, const IntegerSums& sums, const std::string& by, const RawNode& node) {
    if (const auto computed = state.scales.find(by); computed != state.scales.end()) {
        if (computed->second.quantized != sums.input)
            return refusal("it scales a layer by another input's scale");
        return emit_layer(state, sums, computed->second.factor, node);
    }
    const TensorPtr constant = state.constant(by);
    const Encoding& input = state.integers.at(sums.input);
    if (!constant || input.format.is_dynamic() || input.per_channel())
        return refusal("it scales an integer layer by " + in_quotes(by) + ", which is no scale that we know");
    const auto inverse =
        std::make_shared<const Tensor>(Tensor::from_f32(Shape{}, {1.0F / input.format.scale.front()}));
    return emit_layer(state, sums, product(inverse, constant), node);
}

} // namespace

Function dynamic_function(const RawNode& node) {
    if (!node.domain.empty()) return nullptr;
    if (node.op_type == "DynamicQuantizeLinear") return dynamic_quantize;
    if (node.op_type == "ConvInteger" || node.op_type == "MatMulInteger") return integer_layer;
    return nullptr;
}

Result<bool> complete_sums(State& state, const RawNode& node) {
    if (!node.domain.empty() || node.outputs.size() != 1) return false;
    if (node.op_type == "Cast") {
        const auto it = state.sums.find(input_of(node, 0));
        if (it == state.sums.end() || attribute<int64_t>(node, "to", 0) != 1) return false;
        IntegerSums sums = it->second;
        state.sums[node.outputs[0]] = std::move(sums);
        return true;
    }
    if (node.op_type != "Mul" || node.inputs.size() != 2) return false;
    for (size_t side = 0; side < 2; ++side) {
        const std::string& name = node.inputs[side];
        const std::string& other = node.inputs[1 - side];
        if (const auto sums = state.sums.find(name); sums != state.sums.end()) {
            if (auto ok = scale_sums(state, sums->second, other, node); !ok) return forward_error(ok);
            return true;
        }
        const auto scale = state.scales.find(name);
        const TensorPtr constant = scale == state.scales.end() ? nullptr : state.constant(other);
        if (!constant || state.sums.contains(other)) continue;
        const TensorPtr factor = product(scale->second.factor, constant);
        if (!factor) continue;
        const std::string quantized = scale->second.quantized;
        state.scales[node.outputs[0]] = {quantized, factor};
        return true;
    }
    return false;
}

} // namespace widthwise::onnx::rewriting
