#include "core/graph/broadcast.h"
#include "core/graph/shape_checks.h"

#include <algorithm>

namespace widthwise::shapes {

Result<Shape> keep_batch(Shape out, Inputs inputs) {
    if (out.rank() == 0 || out[0] == 1) return out;
    const bool own = std::any_of(inputs.begin(), inputs.end(), [&](const Value* input) {
        return input->shape.rank() == out.rank() && input->shape[0] == out[0] && !input->constant;
    });
    const bool computed =
        std::any_of(inputs.begin(), inputs.end(), [](const Value* input) { return !input->constant; });
    if (own || !computed) return out;
    return misfit("its output " + out.to_string() + " would multiply the batch");
}

Result<Shape> broadcast(Inputs inputs) {
    Shape out = inputs[0]->shape;
    for (const Value* input : inputs.subspan(1)) {
        auto joined = broadcast_shape(out, input->shape);
        if (!joined) return joined;
        out = std::move(*joined);
    }
    return keep_batch(std::move(out), inputs);
}

Result<Shape> prelu(Inputs inputs) {
    const Shape& in = inputs[0]->shape;
    const auto out = broadcast_shape(in, inputs[1]->shape);
    if (out && *out == in) return in;
    return misfit("a slope of shape " + inputs[1]->shape.to_string() + " does not fit the input " +
                  in.to_string());
}

Result<Shape> clip(const ClipAttributes& a, const Shape& in) {
    if (a.lo > a.hi) return misfit("its lower bound exceeds its upper bound");
    return in;
}

Result<Shape> function(const FunctionAttributes& a, const Shape& in) {
    constexpr float largest = std::numeric_limits<float>::max();
    for (const float parameter : {a.alpha, a.beta})
        if (!(parameter >= -largest && parameter <= largest)) return misfit("its parameters are not finite");
    return in;
}

Result<Shape> multi_threshold(Inputs inputs) {
    const Shape &in = inputs[0]->shape, &thresholds = inputs[1]->shape;
    if (in.rank() < 2) return misfit("the input " + in.to_string() + " has no channels");
    if (auto ok = need_rank(thresholds, 2, "the thresholds"); !ok) return forward_error(ok);
    if (thresholds[0] != 1 && thresholds[0] != in[1])
        return misfit("the input has " + std::to_string(in[1]) + " channels, the thresholds are for " +
                      std::to_string(thresholds[0]));
    return in;
}

} // namespace widthwise::shapes
