#include "core/graph/broadcast.h"
#include "core/graph/shape_checks.h"

namespace widthwise::shapes {

Result<Shape> batch_norm(const BatchNormAttributes& a, Inputs inputs) {
    if (auto ok = need_epsilon(a.epsilon); !ok) return forward_error(ok);
    constexpr const char* names[] = {"scale", "bias", "mean", "variance"};
    const Shape& in = inputs[0]->shape;
    if (in.rank() < 2) return misfit("the input " + in.to_string() + " has no channels");
    for (size_t i = 1; i < 5; ++i) {
        if (auto ok = need_vector(*inputs[i], in[1], names[i - 1]); !ok) return forward_error(ok);
    }
    return in;
}

Result<Shape> instance_norm(const NormAttributes& a, Inputs inputs) {
    const Shape& in = inputs[0]->shape;
    if (in.rank() < 3) return misfit("the input " + in.to_string() + " has no positions");
    if (a.axis != 2) return misfit("it normalizes from axis " + std::to_string(a.axis) + ", not 2");
    if (auto ok = need_epsilon(a.epsilon); !ok) return forward_error(ok);
    if (auto ok = need_vector(*inputs[1], in[1], "scale"); !ok) return forward_error(ok);
    if (auto ok = need_vector(*inputs[2], in[1], "bias"); !ok) return forward_error(ok);
    return in;
}

Result<Shape> layer_norm(const NormAttributes& a, Inputs inputs) {
    const Shape& in = inputs[0]->shape;
    if (auto ok = need_axis(a.axis, in); !ok) return forward_error(ok);
    if (auto ok = need_epsilon(a.epsilon); !ok) return forward_error(ok);
    const Shape normalized(std::vector<int64_t>(in.dims().begin() + a.axis, in.dims().end()));
    for (const Value* parameter : inputs.subspan(1)) {
        const auto joined = broadcast_shape(parameter->shape, normalized);
        if (!joined || *joined != normalized)
            return misfit("scale or bias has shape " + parameter->shape.to_string() + ", not " +
                          normalized.to_string());
    }
    return in;
}

Result<Shape> lrn(const LrnAttributes& a, const Shape& in) {
    if (in.rank() < 2) return misfit("the input " + in.to_string() + " has no channels");
    if (!in_range(a.size, 1)) return misfit("size " + std::to_string(a.size) + " is out of range");
    return in;
}

Result<Shape> softmax(const SoftmaxAttributes& a, const Shape& in) {
    if (auto ok = need_axis(a.axis, in); !ok) return forward_error(ok);
    return in;
}

} // namespace widthwise::shapes
