#pragma once
// How values lie in memory: rank 4 channels-last, all else row-major. Indices are per image.

#include "core/engine/program.h"

#include <vector>

namespace widthwise::engine {

/// Extent of a value's shape (batch 1 leading). Rank-4 shapes become H x W x C, rank 3 (rows of a sequence)
/// rows x 1 x columns, which is row-major too, others 1 x 1 x elements.
[[nodiscard]] Extent extent_of(const Shape& shape);

/// Storage offset of each logical (row-major) element.
[[nodiscard]] std::vector<int32_t> storage_of_logical(const Shape& shape);

/// Distance in storage between neighbours along each logical axis.
[[nodiscard]] std::vector<int64_t> storage_strides(const Shape& shape);
/// Of axis 1.
[[nodiscard]] int64_t channel_stride(const Shape& shape);

/// Elements that differ along some axes only, in storage order's numbers: group by group in the row-major
/// order of the other axes, each in the row-major order of its own.
struct AxisGroups {
    int64_t count = 1; ///< elements of one group
    std::vector<int32_t> members;
};
/// `axes` ascending.
[[nodiscard]] AxisGroups axis_groups(const Shape& shape, std::span<const int64_t> axes);

/// A movement of elements: for each output element (storage order) the input element (storage order), or -1
/// for fill.
struct ElementMap {
    std::vector<int32_t> source;
    float fill = 0;
    [[nodiscard]] bool is_identity(int64_t input_elements) const;
};

/// Of reshape, transpose, slice, pad, gather, expand, depth_to_space, space_to_depth, identity and (nearest)
/// resize nodes.
[[nodiscard]] ElementMap element_map(const Graph& graph, const Node& node);
/// `second` after `first`.
[[nodiscard]] ElementMap compose(const ElementMap& first, const ElementMap& second);
/// Contiguous runs of a map from input number `source_index`.
[[nodiscard]] std::vector<MoveStep::Run> runs_of(const ElementMap& map);

/// For an element-wise op: for each output element (storage order of `out`) the operand's element. `operand`
/// broadcasts to `out` (numpy rules). `operand_row_major`: a constant, stored as in the file; else stored as
/// activations are. Empty: identity.
[[nodiscard]] std::vector<int32_t> broadcast_map(const Shape& operand, const Shape& out,
                                                 bool operand_row_major);

/// The same for each row-major element of `out`, the operand's elements lying `strides` apart along its axes.
[[nodiscard]] std::vector<int64_t> broadcast_offsets(const Shape& operand, std::span<const int64_t> strides,
                                                     const Shape& out);

/// For each storage element of the network's input the offset in an H x W x C image. The input is declared N
/// x C x H x W, N x H x W x C (`nhwc`) or flat in C x H x W order.
[[nodiscard]] std::vector<int32_t> input_map(const Shape& input, int64_t image_height, int64_t image_width,
                                             int64_t image_channels, bool nhwc);

} // namespace widthwise::engine
