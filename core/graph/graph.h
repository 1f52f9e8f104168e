#pragma once
// The network as an immutable value, shared as GraphPtr. BatchNormalization and activations stay visible as
// nodes; the engine folds and fuses when it lowers. Built by GraphBuilder only.

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/graph/attributes.h"
#include "core/tensor/tensor.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace widthwise {

using NodeId = Id<struct NodeTag>;
using ValueId = Id<struct ValueTag>;

/// Inputs of each op, in order (A: activation, or constant for element-wise ops; W: constant):
///   conv             A, W [O, I/group, KH, KW] (, W bias [O])
///   conv_transpose   A, W [I, O/group, KH, KW] (, W bias [O])
///   gemm             A [N, ..., I], W [O, I] (, W bias [O])   fully connected over the last axis: y = x W^T
///                    + b, whatever the file's transposes
///   batch_norm       A, W scale [C], W bias [C], W mean [C], W variance [C]
///   instance_norm    A, W scale [C], W bias [C]
///   layer_norm       A, W scale (, W bias), shaped as the normalized axes
///   add sub mul div pow minimum maximum prelu compare   A, A (numpy broadcasting; one side may be constant;
///                    prelu: the slope second; compare gives 1 and 0)
///   where            A condition (not 0), A, A
///   matmul           A [..., M, K], A [..., K, N] (numpy broadcasting; one side may be constant)
///   concat           A, A, ...
///   multi_threshold  A, W thresholds [C, T]
///   all others       A
/// quantize rounds its input to its activation format in the plan (float32: passes it on): what is left of an
/// imported network's quantizers where no layer that reads them can carry their format.
enum class Op {
    conv,
    conv_transpose,
    gemm,
    matmul,
    batch_norm,
    instance_norm,
    layer_norm,
    lrn,
    relu,
    leaky_relu,
    prelu,
    clip,
    sigmoid,
    tanh,
    exp,
    function,
    softmax,
    add,
    sub,
    mul,
    div,
    pow,
    minimum,
    maximum,
    compare,
    where,
    max_pool,
    average_pool,
    global_average_pool,
    reduce_mean,
    reduce, ///< any other reduction
    arg_max,
    concat,
    slice,
    pad,
    reshape,
    transpose,
    gather,
    expand,
    depth_to_space,
    space_to_depth,
    resize,
    identity,
    quantize,
    multi_threshold,
    unsupported, ///< kept so that the rest can be inspected; Node::why_unsupported says why
};

struct Value {
    std::string name;
    Shape shape;             ///< at batch 1; meaningless unless shape_known
    bool shape_known = true; ///< false only downstream of an unsupported op
    DataType type = DataType::f32;
    TensorPtr constant; ///< null for activations
};

struct Node {
    std::string name;    ///< unique, never empty ("Gemm_7" where the file gave none)
    std::string op_type; ///< as the file spells it: "Conv", "Flatten", "MatMul"
    Op op = Op::identity;
    Attributes attributes;
    std::vector<ValueId> inputs;
    std::vector<ValueId> outputs; ///< exactly one, but for unsupported ops
    std::string why_unsupported;

    [[nodiscard]] ValueId output() const { return outputs.front(); }
};

class Graph {
public:
    [[nodiscard]] const std::string& name() const { return m_name; }
    /// ONNX operator set of the default domain; 0 for networks that came from elsewhere.
    [[nodiscard]] int opset() const { return m_opset; }
    /// In topological order.
    [[nodiscard]] const std::vector<Node>& nodes() const { return m_nodes; }
    [[nodiscard]] const std::vector<Value>& values() const { return m_values; }
    [[nodiscard]] const Node& node(NodeId id) const { return m_nodes[id.position()]; }
    [[nodiscard]] const Value& value(ValueId id) const { return m_values[id.position()]; }
    [[nodiscard]] const std::vector<ValueId>& inputs() const { return m_inputs; }
    [[nodiscard]] const std::vector<ValueId>& outputs() const { return m_outputs; }
    /// Invalid id for graph inputs and constants.
    [[nodiscard]] NodeId producer(ValueId id) const { return m_producers[id.position()]; }
    /// In topological order; a node that reads the value twice stands twice.
    [[nodiscard]] const std::vector<NodeId>& consumers(ValueId id) const {
        return m_consumers[id.position()];
    }
    [[nodiscard]] NodeId find_node(std::string_view name) const;
    [[nodiscard]] std::vector<NodeId> node_ids() const;
    [[nodiscard]] bool is_output(ValueId id) const;
    /// First unsupported node, if any: such a graph can be inspected and costed in part, not run.
    [[nodiscard]] NodeId first_unsupported() const;

private:
    friend class GraphBuilder;
    std::string m_name;
    int m_opset = 0;
    std::vector<Node> m_nodes;
    std::vector<Value> m_values;
    std::vector<ValueId> m_inputs, m_outputs;
    std::vector<NodeId> m_producers;
    std::vector<std::vector<NodeId>> m_consumers;
};

using GraphPtr = std::shared_ptr<const Graph>;

/// Grows a graph node by node in topological order; shapes are inferred on the way.
class GraphBuilder {
public:
    explicit GraphBuilder(std::string name, int opset = 0);

    /// `shape` at batch 1, rank >= 1. Inputs of other types than f32 can be inspected only: add() refuses to
    /// read them.
    ValueId input(std::string name, Shape shape, DataType type = DataType::f32);
    ValueId constant(std::string name, TensorPtr tensor);
    /// Errors: invalid_input naming the node when the inputs' shapes do not fit the op or a duplicate name
    /// appears (an empty name becomes op_type + "_" + index). An empty `output_name` becomes the node's name.
    Result<ValueId> add(Op op, std::string op_type, std::string name, Attributes attributes,
                        std::vector<ValueId> inputs, std::string output_name = {});
    /// An op that we cannot run, with the outputs that shape inference gives (`constant` null; none is
    /// allowed). A name that is taken gets a suffix. `attributes` say what a layer would compute where that
    /// is known: ConvAttributes whose groups divide the channels of both shapes.
    std::vector<ValueId> add_unsupported(std::string op_type, std::string name, std::string why,
                                         std::vector<ValueId> inputs, std::vector<Value> outputs,
                                         Attributes attributes = {});
    void output(ValueId value);

    [[nodiscard]] const Value& value(ValueId id) const { return m_graph.value(id); }
    /// The builder is spent afterwards. Errors: no input, no output.
    [[nodiscard]] Result<GraphPtr> build();

private:
    ValueId new_value(Value value);
    NodeId new_node(Node node);
    std::string unique_name(std::string name, const std::string& op_type) const;
    Graph m_graph;
    std::unordered_set<std::string> m_node_names;
};

/// Output shape of `op` at batch 1 for inputs as listed at Op. Errors: invalid_input with what does not fit.
[[nodiscard]] Result<Shape> infer_shape(Op op, const Attributes& attributes,
                                        std::span<const Value* const> inputs);

} // namespace widthwise
