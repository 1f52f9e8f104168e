#include "core/onnx/fold.h"

namespace widthwise::onnx {

namespace folding {

Result<void> check_size(const Shape& shape, const Inputs& inputs) {
    int64_t allowed = int64_t{1} << 20;
    for (const TensorPtr& input : inputs) {
        if (input) allowed = std::max(allowed, input->elements());
    }
    const auto elements = shape.checked_elements();
    if (elements && *elements <= allowed) return {};
    return fail(ErrorCode::unsupported,
                "its constant output " + shape.to_string() + " is too large to be folded");
}

bool is_integer(DataType type) {
    switch (type) {
    case DataType::f32:
    case DataType::f64:
    case DataType::f16:
    case DataType::bf16:
        return false;
    default:
        return true;
    }
}

namespace {

template <typename T, typename V> void store(Tensor& tensor, const std::vector<V>& values) {
    const auto out = tensor.as<T>();
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(values[i]);
}

} // namespace

TensorPtr tensor_of_integers(DataType type, Shape shape, const std::vector<int64_t>& values) {
    auto tensor = std::make_shared<Tensor>(type, std::move(shape));
    switch (type) {
    case DataType::i8:
        store<int8_t>(*tensor, values);
        break;
    case DataType::boolean:
    case DataType::u8:
        store<uint8_t>(*tensor, values);
        break;
    case DataType::i16:
        store<int16_t>(*tensor, values);
        break;
    case DataType::u16:
        store<uint16_t>(*tensor, values);
        break;
    case DataType::i32:
        store<int32_t>(*tensor, values);
        break;
    case DataType::u32:
        store<uint32_t>(*tensor, values);
        break;
    case DataType::u64:
        store<uint64_t>(*tensor, values);
        break;
    default:
        store<int64_t>(*tensor, values);
        break;
    }
    return tensor;
}

TensorPtr tensor_of_reals(DataType type, Shape shape, const std::vector<double>& values) {
    auto tensor = std::make_shared<Tensor>(type, std::move(shape));
    if (type == DataType::f64)
        store<double>(*tensor, values);
    else
        store<float>(*tensor, values);
    return tensor;
}

std::vector<double> reals_of(const Tensor& tensor) {
    if (tensor.type() == DataType::f64) {
        const auto values = tensor.as<double>();
        return {values.begin(), values.end()};
    }
    const auto values = tensor.to_f32();
    return {values.begin(), values.end()};
}

} // namespace folding

namespace {

/// Shape (operator set 15 on: of a range of axes) and Size need no contents.
Result<TensorPtr> fold_shape(NodeView& view) {
    const Operand* input = view.input(0);
    if (!input || !input->shape) return TensorPtr{};
    const Shape& shape = *input->shape;
    if (view.op_type() == "Size")
        return std::make_shared<const Tensor>(Tensor::from_i64(Shape{}, {shape.elements()}));
    const auto rank = static_cast<int64_t>(shape.rank());
    const auto clamped = [&](int64_t axis) {
        return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
    };
    const int64_t start = clamped(view.integer("start", 0));
    const int64_t end = std::max(start, clamped(view.integer("end", rank)));
    std::vector<int64_t> dims(shape.dims().begin() + start, shape.dims().begin() + end);
    const auto count = static_cast<int64_t>(dims.size());
    return std::make_shared<const Tensor>(Tensor::from_i64(Shape{count}, std::move(dims)));
}

folding::Function find_function(const std::string& op_type) {
    for (const auto lookup :
         {folding::layout_function, folding::arithmetic_function, folding::function_function}) {
        if (const auto function = lookup(op_type)) return function;
    }
    return nullptr;
}

} // namespace

bool can_fold(const std::string& op_type) {
    return op_type == "Shape" || op_type == "Size" || find_function(op_type) != nullptr;
}

Result<TensorPtr> fold(NodeView& view, FoldBudget& budget) {
    if (!view.node().domain.empty() || view.node().outputs.size() != 1) return TensorPtr{};
    Result<TensorPtr> out = TensorPtr{};
    if (view.op_type() == "Shape" || view.op_type() == "Size") {
        out = fold_shape(view);
    } else {
        const auto function = find_function(view.op_type());
        if (!function) return TensorPtr{};
        folding::Inputs inputs;
        for (const Operand& input : view.inputs()) {
            if (input.is_activation()) return TensorPtr{};
            inputs.push_back(input.constant);
        }
        if (budget.bytes <= 0) return TensorPtr{};
        out = function(view, inputs);
    }
    if (view.problem()) return tl::unexpected<Error>(*view.problem());
    if (!out && out.error().code == ErrorCode::unsupported) return TensorPtr{};
    if (out && *out) budget.bytes -= static_cast<int64_t>((*out)->bytes().size());
    return out;
}

} // namespace widthwise::onnx
