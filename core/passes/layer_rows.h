#pragma once
// A layer's outputs at chosen images and positions: the same ones in the float and in the quantized network.

#include "core/passes/layer_capture.h"
#include "core/passes/layers.h"

#include <cstdint>
#include <vector>

namespace widthwise::passes {

struct RowSample {
    int64_t images = 0;            ///< the first ones
    size_t per_image = 0;          ///< rows
    std::vector<size_t> positions; ///< images x per_image, of the output map

    /// At most `rows`, spread evenly over the images (over as many as there are rows), at positions that the
    /// seed chooses; all positions where the map is small enough. `map`: positions of the layer's output.
    RowSample(size_t map, const Images& data, size_t rows, uint64_t seed);
    [[nodiscard]] size_t rows() const { return positions.size(); }
};

/// A layer's output before the activation, in a graph that carries values (no BatchNormalization after it).
[[nodiscard]] ValueId sums_of(const Graph& graph, const Layer& layer);
/// Positions of its map: 1 for a fully connected layer of one vector.
[[nodiscard]] size_t map_of(const Graph& graph, const Layer& layer);

/// rows x output channels of the sums, f32. Errors: as engine::predict.
[[nodiscard]] Result<std::vector<float>> sampled_sums(const Graph& graph, const PrecisionPlan& resolved,
                                                      const Layer& layer, const RowSample& sample,
                                                      const Dataset& data, const WorkControl& control);

} // namespace widthwise::passes
