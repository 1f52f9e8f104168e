#include "core/engine/coordinates.h"
#include "core/engine/layout.h"
#include "core/engine/resize_axis.h"

#include <algorithm>

namespace widthwise::engine {
namespace {

using Coordinates = std::vector<int64_t>;

/// Logical elements of `out`, each from the logical element of `in` that `source` gives (-1: fill), in
/// storage order.
template <typename Source>
ElementMap map_elements(const Shape& in, const Shape& out, float fill, Source source) {
    const auto in_storage = storage_of_logical(in), out_storage = storage_of_logical(out);
    ElementMap map{std::vector<int32_t>(out_storage.size()), fill};
    size_t logical = 0;
    for_each_coordinate(out.dims(), [&](const std::vector<int64_t>& at) {
        const int64_t from = source(at, logical);
        map.source[static_cast<size_t>(out_storage[logical])] =
            from < 0 ? -1 : in_storage[static_cast<size_t>(from)];
        ++logical;
    });
    return map;
}

/// in[(i b + j) C' + c] or, column first, in[c b b + i b + j] goes to row i, column j of each block.
ElementMap depth_to_space(const BlockAttributes& a, const Shape& in, const Shape& out) {
    const int64_t b = a.block, channels = out[1];
    return map_elements(in, out, 0, [&](const Coordinates& at, size_t) {
        const int64_t i = at[2] % b, j = at[3] % b;
        const int64_t c = a.column_row_depth ? (at[1] * b + i) * b + j : (i * b + j) * channels + at[1];
        return (c * in[2] + at[2] / b) * in[3] + at[3] / b;
    });
}

ElementMap space_to_depth(const BlockAttributes& a, const Shape& in, const Shape& out) {
    const int64_t b = a.block, channels = in[1];
    return map_elements(in, out, 0, [&](const Coordinates& at, size_t) {
        const int64_t c = at[1] % channels, i = at[1] / channels / b, j = at[1] / channels % b;
        return (c * in[2] + at[2] * b + i) * in[3] + at[3] * b + j;
    });
}

ElementMap gather(const GatherAttributes& a, const Shape& in, const Shape& out) {
    const auto strides = strides_of(in.dims());
    const auto axis = static_cast<size_t>(a.axis);
    return map_elements(in, out, 0, [&](const Coordinates& at, size_t) {
        int64_t offset = 0;
        for (size_t i = 0; i < in.rank(); ++i) {
            const size_t from = a.drop_axis && i > axis ? i - 1 : i;
            int64_t index = a.drop_axis && i == axis ? 0 : at[from];
            if (i == axis) index = a.indices[static_cast<size_t>(index)];
            offset += index * strides[i];
        }
        return offset;
    });
}

/// Broadcasting repeats axes of one element, tiling whole axes.
ElementMap expand(const Shape& in, const Shape& out) {
    const auto strides = strides_of(in.dims());
    const size_t lead = out.rank() - in.rank();
    return map_elements(in, out, 0, [&](const Coordinates& at, size_t) {
        int64_t offset = 0;
        for (size_t i = 0; i < in.rank(); ++i) offset += at[lead + i] % in[i] * strides[i];
        return offset;
    });
}

ElementMap nearest(const ResizeAttributes& a, const Shape& in, const Shape& out) {
    const auto rows = nearest_pixels(a, 0, in[2]), columns = nearest_pixels(a, 1, in[3]);
    return map_elements(in, out, 0, [&](const Coordinates& at, size_t) {
        return (at[1] * in[2] + rows[static_cast<size_t>(at[2])]) * in[3] +
               columns[static_cast<size_t>(at[3])];
    });
}

} // namespace

bool ElementMap::is_identity(int64_t input_elements) const {
    if (static_cast<int64_t>(source.size()) != input_elements) return false;
    for (size_t i = 0; i < source.size(); ++i)
        if (source[i] != static_cast<int32_t>(i)) return false;
    return true;
}

ElementMap element_map(const Graph& graph, const Node& node) {
    const Shape& in = graph.value(node.inputs[0]).shape;
    const Shape& out = graph.value(node.output()).shape;
    const auto in_strides = strides_of(in.dims());
    switch (node.op) {
    case Op::transpose: {
        const auto& perm = std::get<TransposeAttributes>(node.attributes).perm;
        return map_elements(in, out, 0, [&](const Coordinates& at, size_t) {
            int64_t offset = 0;
            for (size_t axis = 0; axis < at.size(); ++axis)
                offset += at[axis] * in_strides[static_cast<size_t>(perm[axis])];
            return offset;
        });
    }
    case Op::slice: {
        const auto& a = std::get<SliceAttributes>(node.attributes);
        return map_elements(in, out, 0, [&](const Coordinates& at, size_t) {
            int64_t offset = 0;
            for (size_t axis = 0; axis < at.size(); ++axis)
                offset += (a.starts[axis] + at[axis] * a.steps[axis]) * in_strides[axis];
            return offset;
        });
    }
    case Op::pad: {
        const auto& a = std::get<PadAttributes>(node.attributes);
        return map_elements(in, out, a.value, [&](const Coordinates& at, size_t) -> int64_t {
            int64_t offset = 0;
            for (size_t axis = 0; axis < at.size(); ++axis) {
                const int64_t i = at[axis] - a.before[axis];
                if (i < 0 || i >= in[axis]) return -1;
                offset += i * in_strides[axis];
            }
            return offset;
        });
    }
    case Op::gather:
        return gather(std::get<GatherAttributes>(node.attributes), in, out);
    case Op::expand:
        return expand(in, out);
    case Op::depth_to_space:
        return depth_to_space(std::get<BlockAttributes>(node.attributes), in, out);
    case Op::space_to_depth:
        return space_to_depth(std::get<BlockAttributes>(node.attributes), in, out);
    case Op::resize:
        return nearest(std::get<ResizeAttributes>(node.attributes), in, out);
    default: // reshape, identity: the same logical order
        return map_elements(in, out, 0,
                            [](const Coordinates&, size_t logical) { return static_cast<int64_t>(logical); });
    }
}

ElementMap compose(const ElementMap& first, const ElementMap& second) {
    ElementMap map{std::vector<int32_t>(second.source.size()), first.fill};
    for (size_t i = 0; i < map.source.size(); ++i) {
        const int32_t from = second.source[i];
        map.source[i] = from < 0 ? -1 : first.source[static_cast<size_t>(from)];
    }
    if (std::find(second.source.begin(), second.source.end(), -1) != second.source.end())
        map.fill = second.fill;
    return map;
}

std::vector<MoveStep::Run> runs_of(const ElementMap& map) {
    std::vector<MoveStep::Run> runs;
    for (size_t i = 0; i < map.source.size(); ++i) {
        const int32_t from = map.source[i];
        if (!runs.empty()) {
            MoveStep::Run& last = runs.back();
            const bool continues =
                from < 0 ? last.source < 0 : last.source == 0 && last.from + last.length == from;
            if (continues) {
                ++last.length;
                continue;
            }
        }
        runs.push_back({from < 0 ? -1 : 0, std::max(from, 0), static_cast<int64_t>(i), 1});
    }
    return runs;
}

} // namespace widthwise::engine
