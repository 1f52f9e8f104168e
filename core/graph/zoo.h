#pragma once
// Built-in architectures, built by code; He-initialised from a seed and untrained.

#include "core/graph/graph.h"

#include <string_view>
#include <vector>

namespace widthwise::zoo {

struct Options {
    int64_t input_size = 0; ///< pixels, square; 0: the architecture's own
    double width = 1.0;     ///< channel multiplier, rounded to a multiple of 8
    int64_t classes = 0;    ///< 0: the architecture's own
    uint64_t seed = 1;
};

struct Entry {
    std::string_view name;
    std::string_view description;
};

[[nodiscard]] const std::vector<Entry>& entries();

/// `spec` is "NAME" or "NAME@size=32,width=0.5,classes=10[,seed=1]". Errors: invalid_input naming near
/// entries or the bad option.
[[nodiscard]] Result<GraphPtr> build(std::string_view spec);

} // namespace widthwise::zoo
