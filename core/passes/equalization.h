#pragma once
// Cross-layer equalization and high-bias absorption (Nagel, van Baalen, Blankevoort, Welling 2019, "Data-Free
// Quantization Through Weight Equalization and Bias Correction"), sections 4.1.1 and 4.1.3. No data needed.

#include "core/passes/layers.h"

#include <string>
#include <vector>

namespace widthwise::passes {

/// `second` alone reads what `first` makes, and all between keeps channels apart and commutes with scaling
/// them by positive numbers: ReLU, LeakyReLU, Clip from 0, pooling, moves within a channel, resizing.
struct LayerPair {
    size_t first = 0, second = 0;
    size_t inputs_each = 1; ///< inputs of `second` that each output channel of `first` becomes (Flatten)
    bool shifts = false;    ///< adding a constant per channel commutes too, as long as the ReLU is not cut
    bool padded = false;    ///< `second`, or something between, pads with zeros
};

[[nodiscard]] std::vector<LayerPair> layer_pairs(const Graph& graph, const std::vector<Layer>& layers);

struct PassResult {
    int layers = 0; ///< changed
    std::string summary;
};

/// W1' = W1 / s, b1' = b1 / s, W2' = s W2 with s = sqrt(r1 / r2), r the largest magnitude of a channel's
/// weights (equation 11), repeated over all pairs until no scale moves by 1 % (at most 50 rounds). The float
/// function stays the same up to rounding. A Clip from 0 between a pair has one bound for all channels: where
/// BatchNormalization tells which channels reach it (four deviations above the mean), these share the
/// geometric mean of their scales, the bound moves with them, and the others are scaled only as far as they
/// stay below it. Where nothing tells, the bound becomes the largest of hi / s: no channel is cut earlier
/// than before, most later, between ReLU6 and the ReLU that the paper puts in its place (section 5.1.1).
[[nodiscard]] PassResult equalize(const Graph& graph, std::vector<Layer>& layers);

/// b1' = b1 - c, b2' = b2 + W2 c with c = max(0, beta - 3 gamma) from BatchNormalization (equation 15): where
/// a ReLU hardly ever cuts. Only where `second` reads no zero padding, which would lack c.
[[nodiscard]] PassResult absorb_bias(const Graph& graph, std::vector<Layer>& layers);

} // namespace widthwise::passes
