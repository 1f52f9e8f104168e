#pragma once
// Built-in architectures, built by code from their papers; He-initialised from a seed and untrained.

#include "core/graph/graph.h"
#include "core/graph/zoo_weights.h"

#include <optional>
#include <string_view>
#include <vector>

namespace widthwise::zoo {

/// What a trained network of this architecture reaches, as others published it; shares 0..1.
struct Published {
    std::optional<double> top1, top5;
    std::string_view dataset; ///< empty: nothing comparable was published
    std::string_view source;  ///< paper and table, or whose training; "(from memory)": not looked up
};

struct Entry {
    std::string_view name;
    std::string_view description; ///< the variant, where there are several
    std::string_view source;      ///< paper, and whose form of it
    int64_t size = 224;           ///< the architecture's own input, in `size_unit`
    int64_t smallest_size = 8;    ///< below, a window would not fit
    std::string_view size_unit = "pixels";
    int64_t classes = 1000; ///< 0: it does not classify
    Published published = {};
};

[[nodiscard]] const std::vector<Entry>& entries();

/// `spec` is "NAME" or "NAME@size=32,width=0.5,classes=10[,seed=1]".
///   size: the square input's side (one side where the entry's size_unit says so)
///   width: channel multiplier; counts are rounded to multiples of 8 (or of the largest power of two that
///          divides the paper's count), never down by more than a tenth
/// Errors: invalid_input naming near entries, the bad option, or what is too small or too large.
[[nodiscard]] Result<GraphPtr> build(std::string_view spec, Weights weights = Weights::he_normal);

} // namespace widthwise::zoo
