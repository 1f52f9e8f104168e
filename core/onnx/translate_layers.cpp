// Convolution, fully connected layers, BatchNormalization and pooling.

#include "core/onnx/translate.h"

#include "core/base/text.h"

#include <bit>

namespace widthwise::onnx::translation {

namespace {

constexpr int64_t longest = int64_t{1} << 31;

/// Height and width; 1 where the attribute is missing.
Result<std::array<int64_t, 2>> pair(NodeView& view, const std::string& name) {
    const auto values = view.integers(name);
    if (!values) return std::array<int64_t, 2>{1, 1};
    if (values->size() != 2)
        return misfit("its " + name + " are " + std::to_string(values->size()) + " values, not 2");
    for (const int64_t v : *values) {
        if (v < 1 || v > longest) return misfit("its " + name + " hold " + std::to_string(v));
    }
    return std::array<int64_t, 2>{(*values)[0], (*values)[1]};
}

/// Explicit pads, or those that auto_pad stands for: SAME makes the output ceil(input / stride), the odd
/// pixel goes behind (SAME_UPPER) or before (SAME_LOWER) the image.
Result<std::array<int64_t, 4>> pads(NodeView& view, const Shape& in, const std::array<int64_t, 2>& kernel,
                                    const std::array<int64_t, 2>& strides,
                                    const std::array<int64_t, 2>& dilations) {
    std::array<int64_t, 4> out{};
    const std::string mode = view.text("auto_pad", "NOTSET");
    if (mode == "VALID") return out;
    if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
        for (size_t i = 0; i < 2; ++i) {
            const int64_t outputs = (in[2 + i] - 1) / strides[i] + 1;
            const int64_t reach = (kernel[i] - 1) * dilations[i] + 1;
            const int64_t total = std::max<int64_t>(0, (outputs - 1) * strides[i] + reach - in[2 + i]);
            out[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
            out[2 + i] = total - out[i];
        }
        return out;
    }
    if (mode != "NOTSET") return misfit("its auto_pad is " + in_quotes(mode));
    const auto values = view.integers("pads");
    if (!values) return out;
    if (values->size() != 4)
        return misfit("its pads are " + std::to_string(values->size()) + " values, not 4");
    for (size_t i = 0; i < 4; ++i) {
        if ((*values)[i] < 0) return misfit("its pads hold " + std::to_string((*values)[i]));
        out[i] = (*values)[i];
    }
    return out;
}

Result<Shape> image_shape(const NodeView& view) {
    auto shape = activation_shape(view);
    if (shape && shape->rank() != 4)
        return refuse(view.op_type() + " on " + shape->to_string() + " is not run, only on images");
    return shape;
}

/// Weights and biases must be there when the network is opened.
Result<void> need_constants(const NodeView& view) {
    for (size_t i = 1; i < view.inputs().size(); ++i) {
        const Operand* input = view.input(i);
        if (input && !input->constant)
            return refuse("its weights (" + in_quotes(input->name) + ") are computed, not constant");
    }
    return {};
}

/// The file's inputs from the first to `count`, without those that are left out at the end.
std::vector<Source> leading_inputs(const NodeView& view, size_t count) {
    std::vector<Source> out;
    for (size_t i = 0; i < count && view.input(i); ++i) out.push_back({i, nullptr});
    return out;
}

/// `in` and `weights` have four dimensions.
Result<ConvAttributes> conv_attributes(NodeView& view, const Shape& in, const Shape& weights) {
    ConvAttributes a;
    auto kernel = pair(view, "kernel_shape");
    if (!kernel) return forward_error(kernel);
    a.kernel = view.has("kernel_shape") ? *kernel : std::array{weights[2], weights[3]};
    auto strides = pair(view, "strides");
    if (!strides) return forward_error(strides);
    a.strides = *strides;
    auto dilations = pair(view, "dilations");
    if (!dilations) return forward_error(dilations);
    a.dilations = *dilations;
    a.group = view.integer("group", 1);
    auto padding = pads(view, in, a.kernel, a.strides, a.dilations);
    if (!padding) return forward_error(padding);
    a.pads = *padding;
    return a;
}

Result<Translated> conv(NodeView& view, const Batch&) {
    auto in = image_shape(view);
    if (!in) return forward_error(in);
    if (auto ok = need_constants(view); !ok) return forward_error(ok);
    const Operand* weights = view.input(1);
    if (!weights) return misfit("it has no weights");
    const Shape& w = weights->constant->shape();
    if (w.rank() != 4) return misfit("its weights have shape " + w.to_string() + ", not 4 dimensions");
    auto attributes = conv_attributes(view, *in, w);
    if (!attributes) return forward_error(attributes);
    return Translated{Op::conv, *attributes, leading_inputs(view, 3)};
}

std::string exact(float value) {
    return std::to_string(std::bit_cast<uint32_t>(value));
}

/// `matrix` (rank 2, f32) transposed if asked, times `factor`.
TensorPtr prepared_matrix(const Tensor& matrix, bool transposed, float factor) {
    const auto rows = static_cast<size_t>(matrix.shape()[0]),
               columns = static_cast<size_t>(matrix.shape()[1]);
    const auto in = matrix.as<float>();
    std::vector<float> out(in.size());
    for (size_t r = 0; r < rows; ++r) {
        for (size_t c = 0; c < columns; ++c)
            out[transposed ? c * rows + r : r * columns + c] = factor * in[r * columns + c];
    }
    Shape shape = transposed ? Shape{matrix.shape()[1], matrix.shape()[0]} : matrix.shape();
    return std::make_shared<const Tensor>(Tensor::from_f32(std::move(shape), std::move(out)));
}

/// Weights [I, O] (or [O, I] if `already_transposed`) as our [O, I].
Result<Source> weight_matrix(const NodeView& view, bool already_transposed, float factor) {
    const Operand* operand = view.input(1);
    if (!operand) return misfit("it has no weights");
    const Tensor& matrix = *operand->constant;
    if (matrix.type() != DataType::f32)
        return misfit("its weights are " + std::string(to_string(matrix.type())));
    if (matrix.shape().rank() != 2) {
        const std::string what = "weights of shape " + matrix.shape().to_string();
        if (view.op_type() == "Gemm") return misfit("it has " + what + ", not a matrix");
        return refuse(what + " are not run");
    }
    if (already_transposed && factor == 1.0F) return Source{1, nullptr};
    std::string how = already_transposed ? "" : "T";
    if (factor != 1.0F) how += "*" + exact(factor);
    return Source{1, prepared_matrix(matrix, !already_transposed, factor), std::move(how)};
}

Result<Translated> gemm(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    if (auto ok = need_constants(view); !ok) return forward_error(ok);
    if (view.integer("transA", 0) != 0) return refuse("Gemm with transA is not run by this version");
    if (in->rank() != 2) return misfit("its input has shape " + in->to_string() + ", not 2 dimensions");
    auto weights = weight_matrix(view, view.integer("transB", 0) != 0, view.real("alpha", 1));
    if (!weights) return forward_error(weights);
    Translated out{Op::gemm, {}, {Source{0, nullptr}, *weights}};
    const Operand* bias = view.input(2);
    if (!bias) return out;
    const Tensor& c = *bias->constant;
    const Shape& w = view.input(1)->constant->shape();
    const int64_t outputs = w[view.integer("transB", 0) != 0 ? 0 : 1];
    if (c.type() != DataType::f32) return misfit("its bias is " + std::string(to_string(c.type())));
    if (c.elements() != outputs && c.elements() != 1)
        return misfit("its bias has shape " + c.shape().to_string());
    if (c.elements() == outputs && c.shape().rank() > 0 && c.shape()[c.shape().rank() - 1] != outputs) {
        return refuse("a bias for each image is not run by this version");
    }
    const float beta = view.real("beta", 1);
    if (beta == 1.0F && c.shape() == Shape{outputs}) {
        out.inputs.push_back({2, nullptr});
        return out;
    }
    std::vector<float> values(static_cast<size_t>(outputs));
    for (size_t i = 0; i < values.size(); ++i) values[i] = beta * c.as<float>()[c.elements() == 1 ? 0 : i];
    out.inputs.push_back({2,
                          std::make_shared<const Tensor>(Tensor::from_f32(Shape{outputs}, std::move(values))),
                          "*" + exact(beta) + "x" + std::to_string(outputs)});
    return out;
}

Result<Translated> matmul(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    if (auto ok = need_constants(view); !ok) return forward_error(ok);
    if (in->rank() != 2) return refuse("MatMul on " + in->to_string() + " is not run, only on vectors");
    auto weights = weight_matrix(view, false, 1);
    if (!weights) return forward_error(weights);
    return Translated{Op::gemm, {}, {Source{0, nullptr}, *weights}};
}

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

Result<Translated> pool(NodeView& view, const Batch&) {
    auto in = image_shape(view);
    if (!in) return forward_error(in);
    const bool max = view.op_type() == "MaxPool";
    PoolAttributes a;
    if (!view.has("kernel_shape")) return misfit("it has no kernel_shape");
    auto kernel = pair(view, "kernel_shape");
    if (!kernel) return forward_error(kernel);
    a.kernel = *kernel;
    auto strides = pair(view, "strides");
    if (!strides) return forward_error(strides);
    a.strides = *strides;
    auto dilations = pair(view, "dilations");
    if (!dilations) return forward_error(dilations);
    if (*dilations != std::array<int64_t, 2>{1, 1})
        return refuse("pooling with dilations is not run by this version");
    auto padding = pads(view, *in, a.kernel, a.strides, {1, 1});
    if (!padding) return forward_error(padding);
    a.pads = *padding;
    a.ceil_mode = view.integer("ceil_mode", 0) != 0;
    a.count_include_pad = !max && view.integer("count_include_pad", 0) != 0;
    return Translated{max ? Op::max_pool : Op::average_pool, a, {Source{0, nullptr}}};
}

Result<Translated> global_average_pool(NodeView& view, const Batch&) {
    auto in = image_shape(view);
    if (!in) return forward_error(in);
    return Translated{Op::global_average_pool, {}, {Source{0, nullptr}}};
}

} // namespace

Function layer_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"Conv", conv},
        {"Gemm", gemm},
        {"MatMul", matmul},
        {"BatchNormalization", batch_norm},
        {"MaxPool", pool},
        {"AveragePool", pool},
        {"GlobalAveragePool", global_average_pool},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
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
