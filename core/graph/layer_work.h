#pragma once
// What one layer computes, in numbers: the facts that inspect, cost and reports share.

#include "core/graph/graph.h"

#include <optional>

namespace widthwise {

/// The seven loops of a convolution at batch 1. A fully connected layer has 1x1 kernels and as many positions
/// (P) as its input has rows. A matrix product of two activations has one group per matrix of its right
/// operand, which takes the weights' place. A transposed convolution is counted over its input's positions
/// (P, Q), each of which meets every tap: stride and dilation, which only say where the products go, are 1.
struct LoopNest {
    int64_t out_channels = 1;                    ///< K, all groups
    int64_t in_channels = 1;                     ///< C, all groups
    int64_t groups = 1;                          ///< each group maps C/groups to K/groups channels
    int64_t out_height = 1, out_width = 1;       ///< P, Q
    int64_t in_height = 1, in_width = 1;         ///< without padding
    int64_t kernel_height = 1, kernel_width = 1; ///< R, S
    int64_t stride_height = 1, stride_width = 1;
    int64_t dilation_height = 1, dilation_width = 1;
    bool operator==(const LoopNest&) const = default;

    /// Multiply-accumulates per image, padding included (as the hardware sees it).
    [[nodiscard]] int64_t macs() const;
};

/// For conv, conv_transpose, gemm and matmul with known shapes, and for their unsupported relatives that
/// still say what they compute: a convolution with its attributes (weights that a quantizer computes,
/// ConvInteger), a matrix product of one vector (MatMul, Gemm, MatMulInteger).
[[nodiscard]] std::optional<LoopNest> loop_nest(const Graph& graph, NodeId node);

/// Multiply-accumulates per image; 0 for nodes without a loop nest.
[[nodiscard]] int64_t node_macs(const Graph& graph, NodeId node);

/// Elements of all constant inputs that are learned: weights, biases, the vectors of normalizations
/// (running mean and variance included, as file size counts them), slopes, thresholds. Weights that reach an
/// unsupported layer through quantizers count there.
[[nodiscard]] int64_t node_parameters(const Graph& graph, NodeId node);

/// A weight precision applies: conv, conv_transpose or gemm with constant weights.
[[nodiscard]] bool is_weighted(const Graph& graph, NodeId node);

/// An activation precision applies: layers that multiply, sum or join activations (matrix products, add,
/// pools, means, concat, interpolation, ...) and quantize. Shape shuffles (reshape, gather, nearest resize,
/// ...), activation functions, normalizations and comparisons take numbers as they come.
[[nodiscard]] bool reads_activations(const Graph& graph, NodeId node);

struct GraphTotals {
    int64_t parameters = 0;
    int64_t macs = 0;
    int64_t layers = 0; ///< nodes
};
[[nodiscard]] GraphTotals graph_totals(const Graph& graph);

} // namespace widthwise
