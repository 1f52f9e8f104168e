// Fully connected layers and products of matrices.

#include "core/onnx/translate.h"

#include "core/base/text.h"

#include <bit>

namespace widthwise::onnx::translation {

namespace {

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
    if (matrix.shape().rank() != 2)
        return misfit("it has weights of shape " + matrix.shape().to_string() + ", not a matrix");
    if (already_transposed && factor == 1.0F) return Source{1, nullptr};
    std::string how = already_transposed ? "" : "T";
    if (factor != 1.0F) how += "*" + exact(factor);
    return Source{1, prepared_matrix(matrix, !already_transposed, factor), std::move(how)};
}

/// Gemm's C as our bias [O]; `outputs` is O.
Result<Source> bias_vector(NodeView& view, int64_t outputs) {
    const Tensor& c = *view.input(2)->constant;
    if (c.type() != DataType::f32) return misfit("its bias is " + std::string(to_string(c.type())));
    if (c.elements() != outputs && c.elements() != 1)
        return misfit("its bias has shape " + c.shape().to_string());
    if (c.elements() == outputs && c.shape().rank() > 0 && c.shape()[c.shape().rank() - 1] != outputs)
        return refuse("a bias for each image is not run by this version");
    const float beta = view.real("beta", 1);
    if (beta == 1.0F && c.shape() == Shape{outputs}) return Source{2, nullptr};
    std::vector<float> values(static_cast<size_t>(outputs));
    for (size_t i = 0; i < values.size(); ++i) values[i] = beta * c.as<float>()[c.elements() == 1 ? 0 : i];
    return Source{2, std::make_shared<const Tensor>(Tensor::from_f32(Shape{outputs}, std::move(values))),
                  "*" + exact(beta) + "x" + std::to_string(outputs)};
}

/// y = alpha A B + beta C. C may be an activation: it is added afterwards.
Result<Translated> gemm(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    const Operand* weights = view.input(1);
    if (weights && !weights->constant)
        return refuse("its weights (" + in_quotes(weights->name) + ") are computed, not constant");
    if (view.integer("transA", 0) != 0)
        return refuse("Gemm with transA mixes the batch with other axes, which is not run");
    if (in->rank() != 2) return misfit("its input has shape " + in->to_string() + ", not 2 dimensions");
    const bool transposed = view.integer("transB", 0) != 0;
    auto matrix = weight_matrix(view, transposed, view.real("alpha", 1));
    if (!matrix) return forward_error(matrix);
    const int64_t outputs = weights->constant->shape()[transposed ? 0 : 1];
    const Operand* c = view.input(2);
    if (!c) return Translated{Op::gemm, {}, {Source{0, nullptr}, *matrix}};
    if (c->constant) {
        auto bias = bias_vector(view, outputs);
        if (!bias) return forward_error(bias);
        return Translated{Op::gemm, {}, {Source{0, nullptr}, *matrix, *bias}};
    }
    if (!c->shape || *c->shape != Shape{1, outputs})
        return refuse("its bias (" + in_quotes(c->name) + ") is computed and of another shape");
    Translated out;
    const Source product = out.then(Op::gemm, {}, {Source{0, nullptr}, *matrix}, "Gemm");
    Source addend{2, nullptr};
    if (const float beta = view.real("beta", 1); beta != 1.0F) {
        const Source factor = made_constant(view, Tensor::from_f32(Shape{}, {beta}), "beta");
        addend = out.then(Op::mul, {}, {addend, factor}, "Mul");
    }
    out.then(Op::add, {}, {product, addend}, "Add");
    return std::move(out).finished();
}

/// A matrix on the right makes a fully connected layer over the last axis. Products of two activations keep
/// the batch in front of both.
Result<Translated> matmul(NodeView& view, const Batch&) {
    const Operand* a = view.input(0);
    const Operand* b = view.input(1);
    if (!a || !b) return misfit("it lacks an input");
    for (const Operand* operand : {a, b}) {
        if (operand->constant && operand->constant->type() != DataType::f32)
            return misfit(in_quotes(operand->name) + " is " +
                          std::string(to_string(operand->constant->type())));
        if (operand->shape->rank() < 2)
            return refuse("MatMul with the vector " + in_quotes(operand->name) + " is not run");
    }
    if (!a->constant && b->constant && b->shape->rank() == 2) {
        auto weights = weight_matrix(view, false, 1);
        if (!weights) return forward_error(weights);
        return Translated{Op::gemm, {}, {Source{0, nullptr}, *weights}};
    }
    for (const Operand* operand : {a, b}) {
        const Operand* other = operand == a ? b : a;
        const bool alone = operand->shape->rank() < 3 || operand->shape->rank() < other->shape->rank();
        if (!operand->constant && alone) return moves_batch(view);
        if (operand->constant && operand->shape->rank() >= other->shape->rank() && (*operand->shape)[0] != 1)
            return refuse("its constant holds values for each image of a batch");
    }
    return Translated{Op::matmul, {}, {Source{0, nullptr}, Source{1, nullptr}}};
}

} // namespace

Function matrix_function(const std::string& op_type) {
    if (op_type == "Gemm") return gemm;
    if (op_type == "MatMul") return matmul;
    return nullptr;
}

} // namespace widthwise::onnx::translation
