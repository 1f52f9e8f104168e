#pragma once
// How values lie in memory: rank 4 channels-last, all else row-major. Indices are per image.

#include "core/engine/program.h"

#include <vector>

namespace widthwise::engine {

/// Extent of a value's shape (batch 1 leading). Rank-4 shapes become H x W x C, others 1 x 1 x elements.
[[nodiscard]] Extent extent_of(const Shape& shape);

/// Storage offset of each logical (row-major) element.
[[nodiscard]] std::vector<int32_t> storage_of_logical(const Shape& shape);

/// A movement of elements: for each output element (storage order) the input element (storage order), or -1
/// for fill.
struct ElementMap {
    std::vector<int32_t> source;
    float fill = 0;
    [[nodiscard]] bool is_identity(int64_t input_elements) const;
};

/// Of reshape, transpose, slice, pad and identity nodes.
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

/// For each storage element of the network's input the offset in an H x W x C image. The input is declared N
/// x C x H x W, N x H x W x C (`nhwc`) or flat in C x H x W order.
[[nodiscard]] std::vector<int32_t> input_map(const Shape& input, int64_t image_height, int64_t image_width,
                                             int64_t image_channels, bool nhwc);

} // namespace widthwise::engine
