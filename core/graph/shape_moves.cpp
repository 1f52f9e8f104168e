#include "core/graph/broadcast.h"
#include "core/graph/shape_checks.h"

namespace widthwise::shapes {

Result<Shape> concat(const ConcatAttributes& a, Inputs inputs) {
    Shape out = inputs[0]->shape;
    if (a.axis < 1 || a.axis >= static_cast<int64_t>(out.rank())) {
        return misfit("axis " + std::to_string(a.axis) + " does not exist in " + out.to_string());
    }
    const auto axis = static_cast<size_t>(a.axis);
    for (const Value* input : inputs.subspan(1)) {
        const Shape& shape = input->shape;
        bool fits = shape.rank() == out.rank();
        for (size_t i = 0; fits && i < shape.rank(); ++i) fits = i == axis || shape[i] == out[i];
        if (!fits)
            return misfit("shapes " + out.to_string() + " and " + shape.to_string() + " cannot be joined");
        out[axis] += shape[axis];
        if (!out.checked_elements()) return misfit("its output is too large");
    }
    return out;
}

Result<Shape> slice(const SliceAttributes& a, const Shape& in) {
    if (a.starts.size() != in.rank() || a.ends.size() != in.rank() || a.steps.size() != in.rank()) {
        return misfit("it slices " + std::to_string(a.starts.size()) + " axes of " + in.to_string());
    }
    Shape out = in;
    for (size_t i = 0; i < in.rank(); ++i) {
        const int64_t start = a.starts[i], end = a.ends[i], step = a.steps[i];
        const bool forward = step > 0;
        // Backward slices may end before the first element, at -1.
        const bool within = start >= 0 && start < in[i] && end <= in[i] && end >= (forward ? 0 : -1);
        if (step == 0 || step > k_attribute_limit || step < -k_attribute_limit || !within) {
            return misfit("its slice of axis " + std::to_string(i) + " leaves " + in.to_string());
        }
        const int64_t span = forward ? end - start : start - end;
        const int64_t stride = forward ? step : -step;
        out[i] = span <= 0 ? 0 : (span - 1) / stride + 1;
    }
    if (in.rank() > 0 && out[0] != in[0]) return misfit("it slices the batch");
    return out;
}

Result<Shape> pad(const PadAttributes& a, const Shape& in) {
    if (a.before.size() != in.rank() || a.after.size() != in.rank()) {
        return misfit("it pads " + std::to_string(a.before.size()) + " axes of " + in.to_string());
    }
    Shape out = in;
    for (size_t i = 0; i < in.rank(); ++i) {
        if (!in_range(a.before[i], 0) || !in_range(a.after[i], 0))
            return misfit("its padding is out of range");
        out[i] += a.before[i] + a.after[i];
    }
    if (in.rank() > 0 && out[0] != in[0]) return misfit("it pads the batch");
    return out;
}

Result<Shape> reshape(const ReshapeAttributes& a, const Shape& in) {
    Shape out(a.shape);
    const auto elements = out.checked_elements();
    if (!elements || *elements != in.elements()) {
        return misfit("it cannot reshape " + in.to_string() + " to " + out.to_string());
    }
    return out;
}

Result<Shape> transpose(const TransposeAttributes& a, const Shape& in) {
    if (a.perm.size() != in.rank()) {
        return misfit("it permutes " + std::to_string(a.perm.size()) + " axes of " + in.to_string());
    }
    std::vector<int64_t> out;
    std::vector<bool> seen(in.rank(), false);
    for (const int64_t axis : a.perm) {
        const bool valid = axis >= 0 && axis < static_cast<int64_t>(in.rank());
        if (!valid || seen[static_cast<size_t>(axis)]) return misfit("its perm is no permutation");
        seen[static_cast<size_t>(axis)] = true;
        out.push_back(in[static_cast<size_t>(axis)]);
    }
    if (in.rank() > 0 && a.perm[0] != 0) return misfit("it moves the batch");
    return Shape(std::move(out));
}

Result<Shape> gather(const GatherAttributes& a, const Shape& in) {
    if (auto ok = need_axis(a.axis, in); !ok) return forward_error(ok);
    const auto axis = static_cast<size_t>(a.axis);
    if (a.indices.empty()) return misfit("it gathers nothing");
    for (const int64_t index : a.indices) {
        if (index < 0 || index >= in[axis])
            return misfit("index " + std::to_string(index) + " leaves axis " + std::to_string(a.axis) +
                          " of " + in.to_string());
    }
    if (a.drop_axis && a.indices.size() != 1) return misfit("it drops an axis of several elements");
    std::vector<int64_t> out = in.dims();
    if (a.drop_axis)
        out.erase(out.begin() + a.axis);
    else
        out[axis] = static_cast<int64_t>(a.indices.size());
    return Shape(std::move(out));
}

Result<Shape> expand(const ExpandAttributes& a, const Shape& in) {
    const Shape out(a.shape);
    for (const int64_t dim : a.shape)
        if (!in_range(dim, 1)) return misfit("its target " + out.to_string() + " is out of range");
    bool fits = false;
    if (a.tile) {
        fits = in.rank() == out.rank();
        for (size_t i = 0; fits && i < in.rank(); ++i) fits = out[i] % in[i] == 0;
    } else {
        const auto joined = broadcast_shape(in, out);
        fits = joined && *joined == out;
    }
    if (!fits) return misfit("it cannot expand " + in.to_string() + " to " + out.to_string());
    if (in.rank() > 0 && out[0] != (in.rank() == out.rank() ? in[0] : 1))
        return misfit("it multiplies the batch");
    return out;
}

Result<Shape> depth_to_space(const BlockAttributes& a, const Shape& in) {
    if (auto ok = need_rank(in, 4, "the input"); !ok) return forward_error(ok);
    if (!in_range(a.block, 1)) return misfit("block size " + std::to_string(a.block) + " is out of range");
    if (in[1] % (a.block * a.block) != 0)
        return misfit("its " + std::to_string(in[1]) + " channels do not divide into blocks of " +
                      std::to_string(a.block) + " x " + std::to_string(a.block));
    // block^2 divides the channels, so that all products stay within the input's elements.
    return Shape{in[0], in[1] / (a.block * a.block), in[2] * a.block, in[3] * a.block};
}

Result<Shape> space_to_depth(const BlockAttributes& a, const Shape& in) {
    if (auto ok = need_rank(in, 4, "the input"); !ok) return forward_error(ok);
    if (!in_range(a.block, 1)) return misfit("block size " + std::to_string(a.block) + " is out of range");
    if (in[2] % a.block != 0 || in[3] % a.block != 0)
        return misfit("its map " + in.to_string() + " does not divide into blocks of " +
                      std::to_string(a.block));
    return Shape{in[0], in[1] * a.block * a.block, in[2] / a.block, in[3] / a.block};
}

} // namespace widthwise::shapes
