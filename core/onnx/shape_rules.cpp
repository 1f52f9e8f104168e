#include "core/onnx/shape_rules.h"

#include <algorithm>

namespace widthwise::onnx {

namespace {

tl::unexpected<Error> misfit(std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message));
}

Result<Shape> squeezed(NodeView& view, const Shape& in) {
    auto given = view.integers("axes", 1);
    if (!given) return forward_error(given);
    std::vector<int64_t> axes;
    if (*given) {
        auto resolved = resolve_axes(**given, in.rank());
        if (!resolved) return forward_error(resolved);
        axes = std::move(*resolved);
    } else {
        for (size_t i = 0; i < in.rank(); ++i) {
            if (in[i] == 1) axes.push_back(static_cast<int64_t>(i));
        }
    }
    std::vector<int64_t> out;
    for (size_t i = 0; i < in.rank(); ++i) {
        if (!std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i)))
            out.push_back(in[i]);
        else if (in[i] != 1)
            return misfit("it squeezes axis " + std::to_string(i) + " of " + in.to_string());
    }
    return Shape(std::move(out));
}

Result<Shape> unsqueezed(NodeView& view, const Shape& in) {
    auto given = view.integers("axes", 1);
    if (!given) return forward_error(given);
    if (!*given) return misfit("it has no axes");
    const size_t rank = in.rank() + (*given)->size();
    auto axes = resolve_axes(**given, rank);
    if (!axes) return forward_error(axes);
    std::vector<int64_t> out;
    size_t next = 0;
    for (size_t i = 0; i < rank; ++i) {
        const bool added = std::binary_search(axes->begin(), axes->end(), static_cast<int64_t>(i));
        out.push_back(added ? 1 : in[next++]);
    }
    return Shape(std::move(out));
}

Result<Shape> flattened(NodeView& view, const Shape& in) {
    const auto rank = static_cast<int64_t>(in.rank());
    int64_t axis = view.integer("axis", 1);
    if (axis < -rank || axis > rank)
        return misfit("axis " + std::to_string(axis) + " does not exist in " + in.to_string());
    if (axis < 0) axis += rank;
    Shape out{1, 1};
    for (int64_t i = 0; i < rank; ++i) out[i < axis ? 0 : 1] *= in[static_cast<size_t>(i)];
    return out;
}

} // namespace

Result<int64_t> resolve_axis(int64_t axis, size_t rank) {
    const auto count = static_cast<int64_t>(rank);
    if (axis < -count || axis >= count) {
        return misfit("axis " + std::to_string(axis) + " does not exist in " + std::to_string(rank) +
                      " dimensions");
    }
    return axis < 0 ? axis + count : axis;
}

Result<std::vector<int64_t>> resolve_axes(std::vector<int64_t> axes, size_t rank) {
    for (int64_t& axis : axes) {
        auto resolved = resolve_axis(axis, rank);
        if (!resolved) return forward_error(resolved);
        axis = *resolved;
    }
    std::sort(axes.begin(), axes.end());
    if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) return misfit("it names an axis twice");
    return axes;
}

int64_t slice_extent(int64_t start, int64_t end, int64_t step) {
    const int64_t span = step > 0 ? end - start : start - end;
    return span <= 0 ? 0 : (span - 1) / std::abs(step) + 1;
}

Result<SliceAttributes> resolve_slice(NodeView& view, const Shape& shape) {
    auto starts = view.integers("starts", 1);
    if (!starts) return forward_error(starts);
    auto ends = view.integers("ends", 2);
    if (!ends) return forward_error(ends);
    auto axes = view.integers("axes", 3);
    if (!axes) return forward_error(axes);
    auto steps = view.integers("steps", 4);
    if (!steps) return forward_error(steps);
    if (!*starts || !*ends) return misfit("it has no starts or ends");
    const size_t count = (*starts)->size();
    if ((*ends)->size() != count || (*axes && (*axes)->size() != count) ||
        (*steps && (*steps)->size() != count) || count > shape.rank()) {
        return misfit("its starts, ends, axes and steps do not belong together");
    }
    SliceAttributes out;
    out.starts.assign(shape.rank(), 0);
    out.ends = shape.dims();
    out.steps.assign(shape.rank(), 1);
    std::vector<bool> seen(shape.rank(), false);
    for (size_t i = 0; i < count; ++i) {
        auto axis = resolve_axis(*axes ? (**axes)[i] : static_cast<int64_t>(i), shape.rank());
        if (!axis) return forward_error(axis);
        const auto a = static_cast<size_t>(*axis);
        if (seen[a]) return misfit("it slices axis " + std::to_string(a) + " twice");
        seen[a] = true;
        constexpr int64_t longest = int64_t{1} << 31; // any longer step selects one element as well
        const int64_t step = std::clamp(*steps ? (**steps)[i] : 1, -longest, longest);
        if (step == 0) return misfit("its step is 0");
        const int64_t extent = shape[a];
        const auto clamped = [&](int64_t bound) {
            if (bound < 0) bound += extent;
            return step > 0 ? std::clamp<int64_t>(bound, 0, extent)
                            : std::clamp<int64_t>(bound, -1, std::max<int64_t>(extent - 1, -1));
        };
        out.starts[a] = clamped((**starts)[i]);
        if (step < 0) out.starts[a] = std::max<int64_t>(out.starts[a], 0);
        out.ends[a] = clamped((**ends)[i]);
        out.steps[a] = step;
    }
    return out;
}

Result<Shape> resolve_reshape(const Shape& in, const std::vector<int64_t>& target, bool allow_zero) {
    std::vector<int64_t> out = target;
    std::optional<size_t> open;
    for (size_t i = 0; i < out.size(); ++i) {
        if (out[i] == 0 && !allow_zero) {
            if (i >= in.rank())
                return misfit("its target copies a dimension that " + in.to_string() + " does not have");
            out[i] = in[i];
        } else if (out[i] == -1) {
            if (open) return misfit("its target leaves two dimensions open");
            open = i;
            out[i] = 1;
        }
    }
    const auto rest = Shape(out).checked_elements();
    const int64_t elements = in.elements();
    const bool divides = rest && *rest > 0 && elements % *rest == 0;
    if (open && divides) out[*open] = elements / *rest;
    if (!rest || (open ? !divides : *rest != elements)) {
        return misfit("it cannot reshape " + in.to_string() + " to " + Shape(target).to_string());
    }
    return Shape(std::move(out));
}

Result<Shape> reshaped(NodeView& view, const Shape& in) {
    if (view.op_type() == "Flatten") return flattened(view, in);
    if (view.op_type() == "Squeeze") return squeezed(view, in);
    if (view.op_type() == "Unsqueeze") return unsqueezed(view, in);
    auto target = view.integers("shape", 1);
    if (!target) return forward_error(target);
    if (!*target) return misfit("it has no target shape");
    return resolve_reshape(in, **target, view.integer("allowzero", 0) != 0);
}

Result<std::vector<int64_t>> split_sizes(NodeView& view, int64_t extent) {
    auto given = view.integers("split", 1);
    if (!given) return forward_error(given);
    if (*given) {
        int64_t rest = extent;
        for (const int64_t size : **given) {
            if (size < 1 || size > rest) return misfit("its split does not fit " + std::to_string(extent));
            rest -= size;
        }
        if (rest != 0 || (*given)->size() < view.node().outputs.size())
            return misfit("its split does not fit " + std::to_string(extent));
        return **given;
    }
    const auto count = static_cast<int64_t>(view.node().outputs.size());
    if (count < 1 || view.integer("num_outputs", count) != count)
        return misfit("it has " + std::to_string(count) + " outputs, not as many as it says");
    if (extent < 1) return misfit("it cannot split " + std::to_string(extent));
    const int64_t size = (extent - 1) / count + 1;
    if (extent - (count - 1) * size < 1) return misfit("it cannot split " + std::to_string(extent));
    std::vector<int64_t> sizes(static_cast<size_t>(count), size);
    sizes.back() = extent - (count - 1) * size;
    return sizes;
}

} // namespace widthwise::onnx
