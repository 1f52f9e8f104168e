#pragma once
// What one layer computes, in numbers: the facts that inspect, cost and reports share.

#include "core/graph/graph.h"

#include <optional>

namespace widthwise {

/// The seven loops of a convolution at batch 1; a fully connected layer has 1x1 maps and kernels.
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

/// For conv and gemm with known shapes, and for their unsupported relatives that still say what they compute:
/// a convolution with its attributes (weights that a quantizer computes, ConvInteger), a matrix product of
/// one vector (MatMul, Gemm, MatMulInteger).
[[nodiscard]] std::optional<LoopNest> loop_nest(const Graph& graph, NodeId node);

/// Multiply-accumulates per image; 0 for nodes that are neither conv nor gemm.
[[nodiscard]] int64_t node_macs(const Graph& graph, NodeId node);

/// Elements of all constant inputs that are learned: weights, biases, BatchNormalization's four vectors
/// (running mean and variance included, as file size counts them). Weights that reach an unsupported layer
/// through quantizers count there.
[[nodiscard]] int64_t node_parameters(const Graph& graph, NodeId node);

/// A weight precision applies: conv or gemm with constant weights.
[[nodiscard]] bool is_weighted(const Graph& graph, NodeId node);

/// An activation precision applies: weighted layers and those that read activations as numbers (add, concat,
/// pools, ...). Shape shuffles (reshape, slice, transpose, ...) and activation functions only pass numbers
/// on.
[[nodiscard]] bool reads_activations(const Graph& graph, NodeId node);

struct GraphTotals {
    int64_t parameters = 0;
    int64_t macs = 0;
    int64_t layers = 0; ///< nodes
};
[[nodiscard]] GraphTotals graph_totals(const Graph& graph);

} // namespace widthwise
