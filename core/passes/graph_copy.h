#pragma once
// A graph is immutable: a changed network is a new graph, built node by node from the old one.

#include "core/graph/graph.h"

#include <map>
#include <span>
#include <vector>

namespace widthwise::passes {

/// Copies nodes in topological order into a new graph. Names of nodes and values stay; constants are shared
/// and brought over when they are first read.
class GraphCopy {
public:
    explicit GraphCopy(const Graph& from);

    /// The new value that stands for an old one: an input, a constant, or the output of a copied node.
    ValueId map(ValueId old);
    void stand_for(ValueId old, ValueId mapped) { m_mapped[old] = mapped; }
    /// Errors: as GraphBuilder::add.
    Result<void> copy(const Node& node) { return copy(node, node.attributes); }
    Result<void> copy(const Node& node, Attributes attributes);
    /// With other inputs (new values).
    Result<void> copy(const Node& node, Attributes attributes, std::vector<ValueId> inputs);
    /// A node that the old graph does not have; `node` gives name and op. Its output is named after it.
    Result<ValueId> add(const Node& node, Attributes attributes, std::vector<ValueId> inputs);
    ValueId constant(std::string name, Shape shape, std::vector<float> values);
    /// All that `values` need.
    Result<void> copy_up_to(std::span<const ValueId> values);
    /// `outputs` are old values.
    [[nodiscard]] Result<GraphPtr> finish(std::span<const ValueId> outputs);

private:
    const Graph& m_from;
    GraphBuilder m_builder;
    std::map<ValueId, ValueId> m_mapped;
};

/// The part of the network that computes `values`, which become its outputs: nothing is fused past them.
/// Errors: unsupported naming the first unsupported node on the way.
[[nodiscard]] Result<GraphPtr> up_to(const Graph& graph, std::span<const ValueId> values);

/// The part that computes a layer's input, ending in a quantize node that has the layer's name: under a plan,
/// its output is what the layer's multipliers read. Errors: as up_to.
[[nodiscard]] Result<GraphPtr> input_as_read(const Graph& graph, NodeId layer);

} // namespace widthwise::passes
