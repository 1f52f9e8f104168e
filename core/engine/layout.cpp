#include "core/engine/layout.h"

#include "core/engine/coordinates.h"

#include <algorithm>
#include <numeric>

namespace widthwise::engine {

Extent extent_of(const Shape& shape) {
    if (shape.rank() == 4) return {shape[2], shape[3], shape[1]};
    if (shape.rank() == 3 && shape[0] == 1) return {shape[1], 1, shape[2]};
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

std::vector<int64_t> broadcast_offsets(const Shape& operand, std::span<const int64_t> strides,
                                       const Shape& out) {
    const size_t lead = out.rank() - operand.rank();
    std::vector<int64_t> offsets;
    for_each_coordinate(out.dims(), [&](const std::vector<int64_t>& at) {
        int64_t offset = 0;
        for (size_t axis = 0; axis < operand.rank(); ++axis)
            if (operand[axis] != 1) offset += at[lead + axis] * strides[axis];
        offsets.push_back(offset);
    });
    return offsets;
}

std::vector<int32_t> broadcast_map(const Shape& operand, const Shape& out, bool operand_row_major) {
    if (operand == out && !operand_row_major) return {};
    const auto offsets = broadcast_offsets(
        operand, operand_row_major ? strides_of(operand.dims()) : storage_strides(operand), out);
    const auto out_storage = storage_of_logical(out);
    std::vector<int32_t> map(out_storage.size());
    for (size_t i = 0; i < map.size(); ++i)
        map[static_cast<size_t>(out_storage[i])] = static_cast<int32_t>(offsets[i]);
    return map;
}

std::vector<int64_t> storage_strides(const Shape& shape) {
    if (shape.rank() != 4) return strides_of(shape.dims());
    return {shape.elements() / shape[0], 1, shape[3] * shape[1], shape[1]};
}

int64_t channel_stride(const Shape& shape) {
    return shape.rank() < 2 ? 1 : storage_strides(shape)[1];
}

AxisGroups axis_groups(const Shape& shape, std::span<const int64_t> axes) {
    std::vector<int64_t> outer = shape.dims(), inner(shape.rank(), 1);
    for (const int64_t axis : axes) {
        const auto i = static_cast<size_t>(axis);
        inner[i] = shape[i];
        outer[i] = 1;
    }
    const auto strides = storage_strides(shape);
    const auto offsets = [&](const std::vector<int64_t>& dims) {
        std::vector<int64_t> result;
        for_each_coordinate(dims, [&](const std::vector<int64_t>& at) {
            int64_t offset = 0;
            for (size_t axis = 0; axis < at.size(); ++axis) offset += at[axis] * strides[axis];
            result.push_back(offset);
        });
        return result;
    };
    const auto starts = offsets(outer), places = offsets(inner);
    AxisGroups groups{static_cast<int64_t>(places.size()), {}};
    groups.members.reserve(starts.size() * places.size());
    for (const int64_t start : starts)
        for (const int64_t place : places) groups.members.push_back(static_cast<int32_t>(start + place));
    return groups;
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
