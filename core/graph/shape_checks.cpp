#include "core/graph/shape_checks.h"

#include "core/base/text.h"

namespace widthwise::shapes {

tl::unexpected<Error> misfit(std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message));
}

bool in_range(int64_t value, int64_t lo) {
    return value >= lo && value <= k_attribute_limit;
}

Result<void> need_inputs(Inputs inputs, size_t least, size_t most) {
    if (inputs.size() >= least && inputs.size() <= most) return {};
    const std::string expected =
        least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
    return misfit("it has " + std::to_string(inputs.size()) + " inputs, not " + expected);
}

Result<void> need_rank(const Shape& shape, size_t rank, const char* what) {
    if (shape.rank() == rank) return {};
    return misfit(std::string(what) + " has shape " + shape.to_string() + ", not " + std::to_string(rank) +
                  " dimensions");
}

Result<void> need_vector(const Value& value, int64_t length, const char* what) {
    if (value.shape.rank() == 1 && value.shape[0] == length) return {};
    return misfit(std::string(what) + " has shape " + value.shape.to_string() + ", not " +
                  std::to_string(length));
}

Result<void> need_constants(Inputs inputs) {
    for (const Value* input : inputs.subspan(1)) {
        if (!input->constant) return misfit(in_quotes(input->name) + " is computed, but must be constant");
        if (input->type != DataType::f32) return misfit(in_quotes(input->name) + " is not float32");
    }
    return {};
}

Result<void> need_axis(int64_t axis, const Shape& shape) {
    if (axis >= 1 && axis < static_cast<int64_t>(shape.rank())) return {};
    return misfit("axis " + std::to_string(axis) + " of " + shape.to_string() +
                  (axis == 0 ? " is the batch" : " does not exist"));
}

Result<void> need_epsilon(float epsilon) {
    if (epsilon >= 0 && epsilon <= std::numeric_limits<float>::max()) return {};
    return misfit("epsilon " + std::to_string(epsilon) + " is out of range");
}

} // namespace widthwise::shapes
