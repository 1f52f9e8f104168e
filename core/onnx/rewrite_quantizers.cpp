#include "core/onnx/rewrite_quantizers.h"

#include "core/base/text.h"
#include "core/onnx/rewrite_state.h"

#include <algorithm>
#include <array>

namespace widthwise::onnx {

using namespace rewriting;

namespace {

bool is_one_of(const std::string& op_type, std::initializer_list<const char*> ops) {
    return std::any_of(ops.begin(), ops.end(), [&](const char* op) { return op_type == op; });
}

Function find(const RawNode& node) {
    for (const auto lookup : {linear_function, qonnx_function, operator_function, dynamic_function}) {
        if (const auto function = lookup(node)) return function;
    }
    return nullptr;
}

/// The axis of the output channels in a layer's weights; nullopt where it has none that scales can run along.
std::optional<int64_t> weight_axis(const RawNode& node) {
    if (node.op_type == "Conv") return 0;
    if (node.op_type == "Gemm") return attribute<int64_t>(node, "transB", 0) != 0 ? 0 : 1;
    if (node.op_type == "MatMul") return 1;
    if (node.op_type == "ConvTranspose" && attribute<int64_t>(node, "group", 1) == 1) return 1;
    return std::nullopt;
}

/// A layer whose weights come from a quantizer carries their format.
void annotate_layer(State& state, RawNode& node) {
    if (!node.domain.empty() || !is_one_of(node.op_type, {"Conv", "ConvTranspose", "Gemm", "MatMul"})) return;
    const auto it = state.quantized_constants.find(input_of(node, 1));
    if (it == state.quantized_constants.end()) return;
    Encoding weights = it->second;
    if (weights.per_channel()) {
        const TensorPtr constant = state.constant(input_of(node, 1));
        const auto expected = weight_axis(node);
        auto axis = constant ? channel_axis(weights, constant->shape()) : Result<size_t>(size_t{0});
        if (!axis || !expected || static_cast<int64_t>(*axis) != *expected) {
            state.model().warnings.push_back(describe(node) +
                                             ": its weights have scales that do not run along its outputs; "
                                             "they are kept as float32");
            return;
        }
    }
    const float alpha = node.op_type == "Gemm" ? attribute<float>(node, "alpha", 1) : 1.0F;
    if (!(alpha > 0)) return;
    for (float& scale : weights.format.scale) scale *= alpha;
    node.weights = std::move(weights);
    const auto real = state.unrounded.find(input_of(node, 1));
    if (real != state.unrounded.end() && state.readers(real->first) == 1)
        state.add_constant(real->first, real->second);
}

/// Shuffles of a constant take its format along.
void pass_on_constant(State& state, const RawNode& node) {
    const auto it = state.quantized_constants.find(input_of(node, 0));
    if (it == state.quantized_constants.end() || node.outputs.size() != 1 || !node.domain.empty()) return;
    Encoding encoding = it->second;
    if (node.op_type == "Transpose" && encoding.per_channel()) {
        const TensorPtr constant = state.constant(node.inputs[0]);
        if (!constant) return;
        const auto rank = static_cast<int64_t>(constant->shape().rank());
        const auto axis = channel_axis(encoding, constant->shape());
        std::vector<int64_t> perm = attribute(node, "perm", std::vector<int64_t>{});
        for (int64_t i = rank - 1; perm.empty() && i >= 0; --i) perm.push_back(i);
        const auto to = axis ? std::find(perm.begin(), perm.end(), static_cast<int64_t>(*axis)) : perm.end();
        if (to == perm.end()) return;
        encoding.axis = to - perm.begin();
    } else if (!(node.op_type == "Identity" ||
                 (is_one_of(node.op_type, {"Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze"}) &&
                  !encoding.per_channel()))) {
        return;
    }
    state.quantized_constants[node.outputs[0]] = std::move(encoding);
}

/// What Pad fills integers with, as the real that it stands for.
Result<void> rewrite_padding(State& state, RawNode& node, const Encoding& encoding) {
    if (encoding.per_channel())
        return refusal("padding of integers with a scale for each channel is not run");
    double fill = attribute<float>(node, "value", 0);
    if (!input_of(node, 2).empty()) {
        auto constant = constant_input(state, node, 2, "fill");
        if (!constant) return forward_error(constant);
        if ((*constant)->elements() != 1) return misfit("its fill is no single number");
        fill = static_cast<double>((*constant)->to_i64().front());
    }
    const NumberFormat& f = encoding.format;
    const double zero = f.zero_point.empty() ? 0 : f.zero_point.front();
    const auto real =
        static_cast<float>((fill + encoding.shift - zero) * static_cast<double>(f.scale.front()));
    if (node.attributes.contains("value")) {
        node.attributes["value"] = real;
    } else {
        const std::string name = state.fresh(node.name + ".fill");
        state.add_constant(name, std::make_shared<const Tensor>(Tensor::from_f32(Shape{}, {real})));
        node.inputs.resize(std::max<size_t>(node.inputs.size(), 3));
        node.inputs[2] = name;
    }
    node.position.reset(); // no longer what the file says
    return {};
}

/// An op that reads integers of the file: their real values stand there now.
Result<void> pass_integers(State& state, RawNode node) {
    const Encoding* encoding = nullptr;
    size_t integers = 0;
    for (const std::string& name : node.inputs) {
        const auto it = state.integers.find(name);
        if (it == state.integers.end()) continue;
        if (encoding && !(*encoding == it->second)) return refusal("integers of different scales meet in it");
        encoding = &it->second;
        ++integers;
    }
    if (is_one_of(node.op_type, {"Shape", "Size"})) {
        state.emit(std::move(node));
        return {};
    }
    const bool is_concat = node.op_type == "Concat";
    const bool moves =
        is_concat || is_one_of(node.op_type, {"Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze",
                                              "Identity", "Slice", "Gather", "MaxPool", "Expand",
                                              "DepthToSpace", "SpaceToDepth", "Split", "Pad"});
    const bool zero_is_zero =
        encoding->shift == 0 && std::all_of(encoding->format.zero_point.begin(),
                                            encoding->format.zero_point.end(), [](int z) { return z == 0; });
    const bool relu = node.op_type == "Relu" && zero_is_zero;
    if (!node.domain.empty() || !(moves || relu) || (is_concat && integers != node.inputs.size()))
        return refusal(node.op_type + " of integers is not run by this version");
    if (encoding->per_channel() && !is_one_of(node.op_type, {"Identity", "MaxPool", "Relu"}))
        return refusal(node.op_type + " of integers with a scale for each channel is not run");
    const Encoding kept = *encoding;
    if (node.op_type == "Pad") {
        if (auto ok = rewrite_padding(state, node, kept); !ok) return ok;
    }
    for (const std::string& name : node.outputs) state.integers[name] = kept;
    state.emit(std::move(node));
    return {};
}

bool reads_integers(const State& state, const RawNode& node) {
    return std::any_of(node.inputs.begin(), node.inputs.end(),
                       [&](const std::string& name) { return state.integers.contains(name); });
}

/// What waited for its scale and met something else.
std::optional<std::string> unfinished_input(const State& state, const RawNode& node) {
    for (const std::string& name : node.inputs) {
        if (state.sums.contains(name) || state.scales.contains(name) || state.zero_points.contains(name))
            return name;
    }
    return std::nullopt;
}

/// An integer layer whose integers themselves are wanted stays as it is.
void show_unfinished(State& state, const std::string& name, const std::string& why) {
    const auto it = state.sums.find(name);
    if (it == state.sums.end()) return;
    RawNode layer = std::move(it->second.layer);
    layer.outputs = {name};
    state.sums.erase(it);
    if (state.completed.insert(layer.name).second) state.refuse(std::move(layer), why);
}

Result<void> rewrite(State& state, const RawNode& node) {
    if (const auto function = find(node)) {
        if (state.is_spent()) return refusal("its constants would take more memory than the file calls for");
        return function(state, node);
    }
    auto completed = complete_sums(state, node);
    if (!completed) return forward_error(completed);
    if (*completed) return {};
    if (const auto name = unfinished_input(state, node)) {
        show_unfinished(state, *name, describe(node) + " reads its integers");
        return refusal("it reads " + in_quotes(*name) +
                       ", which only the scaling of an integer layer may read");
    }
    if (reads_integers(state, node)) return pass_integers(state, node);
    RawNode out = node;
    pass_on_constant(state, out);
    annotate_layer(state, out);
    state.emit(std::move(out));
    return {};
}

/// A convolution made of integers and the addition of a constant after it are one layer.
void join_biases(State& state) {
    std::vector<RawNode>& nodes = state.nodes();
    std::unordered_map<std::string, size_t> layers;
    std::vector<bool> gone(nodes.size(), false);
    for (size_t i = 0; i < nodes.size(); ++i) {
        RawNode& node = nodes[i];
        if (node.op_type == "Conv" && !node.position && node.inputs.size() == 2)
            layers.emplace(node.outputs[0], i);
        if (node.op_type != "Add" || node.inputs.size() != 2 || !node.refused.empty()) continue;
        for (size_t side = 0; side < 2; ++side) {
            const auto layer = layers.find(node.inputs[side]);
            if (layer == layers.end() || state.readers(node.inputs[side]) != 1) continue;
            RawNode& conv = nodes[layer->second];
            const TensorPtr bias = state.constant(node.inputs[1 - side]);
            const TensorPtr weights = state.constant(conv.inputs[1]);
            if (!bias || !weights || bias->type() != DataType::f32) continue;
            const Shape& shape = bias->shape();
            const int64_t outputs = weights->shape()[0];
            const bool fits = shape == Shape{1, outputs, 1, 1} || shape == Shape{outputs, 1, 1};
            if (!fits) continue;
            const std::string name = state.fresh(conv.name + ".bias");
            state.add_constant(
                name, std::make_shared<const Tensor>(Tensor::from_f32(Shape{outputs}, bias->to_f32())));
            conv.inputs.push_back(name);
            conv.outputs = node.outputs;
            gone[i] = true;
            break;
        }
    }
    std::vector<RawNode> kept;
    for (size_t i = 0; i < nodes.size(); ++i) {
        if (!gone[i]) kept.push_back(std::move(nodes[i]));
    }
    nodes = std::move(kept);
}

} // namespace

Result<bool> rewrite_quantizers(RawModel& model) {
    const bool any = std::any_of(model.nodes.begin(), model.nodes.end(),
                                 [](const RawNode& node) { return find(node) != nullptr; });
    if (!any) return false;
    State state(model);
    for (const RawNode& node : model.nodes) {
        auto ok = rewrite(state, node);
        if (ok) continue;
        if (ok.error().code != ErrorCode::unsupported) {
            ok.error().where = describe(node);
            return forward_error(ok);
        }
        state.refuse(node, std::move(ok.error().message));
    }
    for (const RawValue& output : model.outputs)
        show_unfinished(state, output.name, "the network returns its integers");
    join_biases(state);
    model.nodes = std::move(state.nodes());
    return true;
}

} // namespace widthwise::onnx
