#pragma once
// AdaRound over a whole network, layer after layer.

#include "core/passes/adaround.h"
#include "core/passes/bias_correction.h"

namespace widthwise::passes {

/// Each layer's rounding is chosen on up to 16,384 of its outputs (fewer where its inputs would take more
/// than 128 MiB), spread evenly over the images at positions chosen by the seed, with all layers before it
/// already rounded. Transposed convolutions, layers whose weights stay float, and formats that are no uniform
/// grid of at most 8 bits are left alone. `reference` is the float network with the same layers by name.
/// Errors: as engine::predict, adaround.
[[nodiscard]] Result<PassResult> round_adaptively(const Graph& reference, const Resolved& at,
                                                  std::vector<Layer>& layers, const Images& images,
                                                  const RoundingOptions& options, const WorkControl& control);

} // namespace widthwise::passes
