#pragma once
// Which activations share one quantizer per format.

#include "core/graph/graph.h"

#include <vector>

namespace widthwise::engine {

/// Values that only move, pad with zero or select each other's elements (reshape, transpose, slice, pad,
/// gather, max pool, nearest resize, identity, concat) belong to one group: they share statistics, hence
/// scale and zero point, so that moving them costs no requantization.
class QuantizationGroups {
public:
    explicit QuantizationGroups(const Graph& graph);
    /// Group of an activation: the smallest value index in it.
    [[nodiscard]] int of(ValueId value) const { return m_group[value.position()]; }

private:
    std::vector<int> m_group;
};

/// Ops that pass elements on unchanged.
[[nodiscard]] bool moves_elements(const Node& node);

} // namespace widthwise::engine
