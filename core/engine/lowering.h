#pragma once
// Graph + resolved plan -> Program. One object lowers one graph.

#include "core/engine/layer_weights.h"
#include "core/engine/layout.h"
#include "core/engine/program.h"
#include "core/engine/representation.h"

namespace widthwise::engine {

class Lowering {
public:
    Lowering(const Graph& graph, const PrecisionPlan& plan, const LowerOptions& options)
        : m_graph(graph), m_plan(plan), m_options(options) {}
    Result<Program> run();

private:
    using Demands = std::vector<Representation>;

    [[nodiscard]] Result<void> check() const; // lowering_check.cpp

    // Values, their representations and the steps that convert them (lowering.cpp).
    [[nodiscard]] Representation read_representation(const Node& node, size_t input) const;
    /// Which representations each value is read in; moves hand their readers' wishes up.
    void collect_demands();
    void demand(ValueId value, const Representation& r);
    /// What a producer that can write plain u8 or f32 should write.
    [[nodiscard]] Representation preferred(ValueId value) const;
    BufferId add_buffer(Buffer buffer);
    BufferId new_buffer(ValueId value, const Representation& r);
    /// The value in this representation, converted or moved into place where it is not there yet.
    BufferId buffer_for(ValueId value, const Representation& r);
    /// The node's input as its format stores it; `read_real`: those numbers in plain f32.
    BufferId read(const Node& node, size_t input);
    BufferId read_real(const Node& node, size_t input);
    /// A constant that is read like an activation.
    BufferId constant_buffer(ValueId value);
    /// A chain of moves becomes one step from the value where it begins.
    BufferId moved(ValueId value, const Representation& r);
    [[nodiscard]] MoveStep move_step(BufferId in, BufferId out, const ElementMap& map) const;
    Result<void> lower_unit(const Unit& unit);
    void lower_quantize(const Unit& unit);
    [[nodiscard]] const Buffer& buffer(BufferId id) const { return m_program.buffers[id.position()]; }
    void add_step(Operation operation) { m_program.steps.push_back({m_step_name, std::move(operation)}); }

    // Layers with weights (lowering_weighted.cpp, lowering_integer.cpp).
    Result<void> lower_weighted(const Unit& unit);
    struct IntegerLayer;
    Result<void> lower_integer(const Unit& unit, ConvStep step, const FoldedWeights& folded,
                               KernelWeights weights);
    /// The sums go through an s32 buffer and a RequantizeStep.
    void lower_in_two_steps(const Unit& unit, ConvStep step, const IntegerLayer& layer);
    /// A gemm over the last axis of a value that is not stored row by row: moved there and back.
    Result<void> lower_gemm_of_maps(const Unit& unit);
    [[nodiscard]] bool is_gemm_of_maps(const Node& node) const;
    BufferId rows_of(BufferId in, const Shape& shape);
    /// The input with its padding written out as zero points, so that the convolution needs none.
    BufferId padded(BufferId in, ConvAttributes& attributes);
    /// A transposed convolution's input with zeros between its pixels.
    BufferId spread(BufferId in, const ConvTransposeAttributes& attributes, const Extent& out);
    Result<void> lower_batch_norm(const Unit& unit);

    // All other ops (lowering_elementwise.cpp, _reductions, _concat, _products, _float).
    Result<void> lower_binary(const Unit& unit);
    [[nodiscard]] AddIntegersStep add_integers(const BinaryStep& step) const;
    Result<void> lower_where(const Unit& unit);
    Result<void> lower_pool(const Unit& unit);
    Result<void> lower_reduce(const Unit& unit);
    Result<void> lower_arg_max(const Unit& unit);
    Result<void> lower_concat(const Unit& unit);
    Result<void> lower_matmul(const Unit& unit);
    /// What makes one output of one input (and constants).
    Result<void> lower_float(const Unit& unit);

    const Graph& m_graph;
    const PrecisionPlan& m_plan;
    LowerOptions m_options;
    Program m_program;
    std::vector<Unit> m_units;
    std::vector<Demands> m_demands;
    std::vector<std::vector<BufferId>> m_available{m_graph.values().size()};
    std::string m_step_name;
};

/// A clamp together with the output's own range, in output steps before the zero point is added.
struct OutputCut {
    float lo, hi;
};
[[nodiscard]] OutputCut output_cut(const Clamp& clamp, const Representation& out);

} // namespace widthwise::engine
