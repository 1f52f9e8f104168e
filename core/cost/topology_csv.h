#pragma once

#include "core/graph/graph.h"

#include <filesystem>

namespace widthwise::cost {

/// A SCALE-Sim topology (layer, IFMAP height, IFMAP width, filter height, filter width, channels, filters,
/// stride [, stride width]; no padding; header line; a trailing comma is allowed) as one independent
/// convolution per row: every row is its own graph input and output, with zero weights. Errors: invalid_input
/// naming file, line and column.
[[nodiscard]] Result<GraphPtr> import_topology(const std::filesystem::path& path);

} // namespace widthwise::cost
