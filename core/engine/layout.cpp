#include "core/engine/layout.h"

#include <algorithm>
#include <numeric>

namespace widthwise::engine {
namespace {

/// Row-major strides.
std::vector<int64_t> strides_of(const std::vector<int64_t>& dims) {
    std::vector<int64_t> strides(dims.size(), 1);
    for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
    return strides;
}

/// Calls `visit(coordinates)` for each element in row-major order.
template <typename Visit> void for_each_coordinate(const std::vector<int64_t>& dims, Visit visit) {
    const int64_t elements = std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
    std::vector<int64_t> at(dims.size(), 0);
    for (int64_t n = 0; n < elements; ++n) {
        visit(at);
        for (size_t axis = dims.size(); axis-- > 0;) {
            if (++at[axis] < dims[axis]) break;
            at[axis] = 0;
        }
    }
}

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

} // namespace

Extent extent_of(const Shape& shape) {
    if (shape.rank() == 4) return {shape[2], shape[3], shape[1]};
    return {1, 1, shape.elements()};
}

std::vector<int32_t> storage_of_logical(const Shape& shape) {
    std::vector<int32_t> offsets(static_cast<size_t>(shape.elements()));
    std::iota(offsets.begin(), offsets.end(), 0);
    if (shape.rank() != 4) return offsets;
    const int64_t channels = shape[1], pixels = shape[2] * shape[3];
    for (int64_t c = 0; c < channels; ++c)
        for (int64_t p = 0; p < pixels; ++p)
            offsets[static_cast<size_t>(c * pixels + p)] = static_cast<int32_t>(p * channels + c);
    return offsets;
}

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
        return map_elements(in, out, 0, [&](const std::vector<int64_t>& at, size_t) {
            int64_t offset = 0;
            for (size_t axis = 0; axis < at.size(); ++axis)
                offset += at[axis] * in_strides[static_cast<size_t>(perm[axis])];
            return offset;
        });
    }
    case Op::slice: {
        const auto& a = std::get<SliceAttributes>(node.attributes);
        return map_elements(in, out, 0, [&](const std::vector<int64_t>& at, size_t) {
            int64_t offset = 0;
            for (size_t axis = 0; axis < at.size(); ++axis)
                offset += (a.starts[axis] + at[axis] * a.steps[axis]) * in_strides[axis];
            return offset;
        });
    }
    case Op::pad: {
        const auto& a = std::get<PadAttributes>(node.attributes);
        return map_elements(in, out, a.value, [&](const std::vector<int64_t>& at, size_t) -> int64_t {
            int64_t offset = 0;
            for (size_t axis = 0; axis < at.size(); ++axis) {
                const int64_t i = at[axis] - a.before[axis];
                if (i < 0 || i >= in[axis]) return -1;
                offset += i * in_strides[axis];
            }
            return offset;
        });
    }
    default: // reshape, identity: the same logical order
        return map_elements(in, out, 0, [](const std::vector<int64_t>&, size_t logical) {
            return static_cast<int64_t>(logical);
        });
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

std::vector<int32_t> broadcast_map(const Shape& operand, const Shape& out, bool operand_row_major) {
    if (operand == out && !operand_row_major) return {};
    const size_t lead = out.rank() - operand.rank();
    const auto strides = strides_of(operand.dims());
    const auto out_storage = storage_of_logical(out);
    const auto operand_storage = operand_row_major ? std::vector<int32_t>{} : storage_of_logical(operand);
    std::vector<int32_t> map(out_storage.size());
    size_t logical = 0;
    for_each_coordinate(out.dims(), [&](const std::vector<int64_t>& at) {
        int64_t offset = 0;
        for (size_t axis = lead; axis < at.size(); ++axis)
            if (operand[axis - lead] != 1) offset += at[axis] * strides[axis - lead];
        if (!operand_row_major) offset = operand_storage[static_cast<size_t>(offset)];
        map[static_cast<size_t>(out_storage[logical++])] = static_cast<int32_t>(offset);
    });
    return map;
}

std::vector<int32_t> input_map(const Shape& input, int64_t height, int64_t width, int64_t channels,
                               bool nhwc) {
    const auto storage = storage_of_logical(input);
    std::vector<int32_t> map(storage.size());
    const std::vector<int64_t> image =
        nhwc ? std::vector<int64_t>{height, width, channels} : std::vector<int64_t>{channels, height, width};
    size_t logical = 0;
    for_each_coordinate(image, [&](const std::vector<int64_t>& at) {
        const int64_t h = nhwc ? at[0] : at[1], w = nhwc ? at[1] : at[2], c = nhwc ? at[2] : at[0];
        map[static_cast<size_t>(storage[logical++])] = static_cast<int32_t>((h * width + w) * channels + c);
    });
    return map;
}

} // namespace widthwise::engine
