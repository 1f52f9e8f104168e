#pragma once
// What one compares networks by, in the columns of Sze et al. 2017 ("Efficient processing of deep neural
// networks", Proc. IEEE, table II) and with activation memory.

#include "core/graph/graph.h"

#include <array>
#include <string>
#include <vector>

namespace widthwise {

/// Whole numbers from `low` to `high`; both 0: there is none.
struct Extent {
    int64_t low = 0, high = 0;
    void include(int64_t number);
    bool operator==(const Extent&) const = default;
};

/// The layers of one kind. Weights are without biases.
struct LayerFacts {
    int64_t layers = 0;
    int64_t weights = 0;
    int64_t macs = 0; ///< for one image
    Extent channels;  ///< that one filter reads: inputs over groups
    Extent filters;   ///< outputs
    bool operator==(const LayerFacts&) const = default;
};

struct NetworkFacts {
    Shape input; ///< of the first input, at batch 1
    LayerFacts convolutions;
    std::vector<std::array<int64_t, 2>> kernels; ///< distinct heights and widths, ascending
    Extent strides;                              ///< of the convolutions, along the height
    LayerFacts fully_connected;
    int64_t macs = 0; ///< of all layers, products of two activations included
    /// What training adjusts: weights, biases, scales and shifts of normalizations. What others publish.
    int64_t parameters = 0;
    int64_t statistics = 0;        ///< running means and variances, which a file holds too
    int64_t total_activations = 0; ///< elements; see ActivationMemory
    int64_t peak_activations = 0;  ///< elements; at 8 bit also bytes
};

[[nodiscard]] NetworkFacts network_facts(const Graph& graph);

/// "1, 3, 5x1"; empty without convolutions.
[[nodiscard]] std::string kernels_text(const NetworkFacts& facts);
/// "3-512", "64"; empty where there is none.
[[nodiscard]] std::string to_string(const Extent& extent);

} // namespace widthwise
