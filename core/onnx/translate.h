#pragma once
// One ONNX node to one or a few nodes of ours.

#include "core/graph/graph.h"
#include "core/onnx/node_view.h"

namespace widthwise::onnx {

/// How the file's batch dimension reads; in our shapes it is 1.
struct Batch {
    int64_t fixed = 1;    ///< what the file wrote, 1 where it left it free
    bool is_free = false; ///< symbolic in the file
};

/// Where an input of a step comes from.
struct Source {
    size_t input = 0;     ///< position among the file's inputs
    TensorPtr derived;    ///< when set: a constant made from that input (transposed, scaled)
    std::string how = {}; ///< what was done to it: shared layers share the derived constant too
    int step = -1;        ///< when not negative: the output of that earlier step, and nothing of the above
};

/// One node of ours.
struct Step {
    Op op = Op::identity;
    Attributes attributes;
    std::vector<Source> inputs;
    std::string op_type = {};      ///< how a file would spell this step; empty: as the node itself
    int output = -1;               ///< which of the node's outputs it gives; -1: only later steps read it
    DataType type = DataType::f32; ///< what ONNX calls its numbers (comparisons: boolean); ours are f32
};

/// What one node becomes: usually one step, a chain where we have no such op.
struct Translated {
    std::vector<Step> steps;

    Translated() = default;
    Translated(Op op, Attributes attributes, std::vector<Source> inputs, DataType type = DataType::f32) {
        steps.push_back({op, std::move(attributes), std::move(inputs), {}, 0, type});
    }
    /// The only step under another op's name.
    Translated as(std::string op_type) && {
        steps.back().op_type = std::move(op_type);
        return std::move(*this);
    }
    /// Appends a step; the source by which later ones read it.
    Source then(Op op, Attributes attributes, std::vector<Source> inputs, std::string op_type) {
        steps.push_back(
            {op, std::move(attributes), std::move(inputs), std::move(op_type), -1, DataType::f32});
        return Source{0, nullptr, {}, static_cast<int>(steps.size()) - 1};
    }
    /// The last step gives the node's output.
    Translated finished(DataType type = DataType::f32) && {
        steps.back().output = 0;
        steps.back().type = type;
        return std::move(*this);
    }
};

/// Inputs that are not constant are float32, of known shape, and led by the batch (the caller has checked).
/// Errors: unsupported with a reason that stands for itself ("its weights are computed, not constant");
/// invalid_input where the node contradicts itself.
[[nodiscard]] Result<Translated> translate(NodeView& view, const Batch& batch);

/// What Conv or ConvInteger computes though we do not run it (its weights are computed, or integers): for
/// counting. nullopt where shapes are unknown or contradict the attributes.
[[nodiscard]] std::optional<ConvAttributes> describe_convolution(NodeView& view);

/// Whether some function below knows the op of the official domain.
[[nodiscard]] bool can_translate(const std::string& op_type);

namespace translation {

using Function = Result<Translated> (*)(NodeView& view, const Batch& batch);
/// Null where no op of that name is known.
[[nodiscard]] Function layer_function(const std::string& op_type);
[[nodiscard]] Function matrix_function(const std::string& op_type);
[[nodiscard]] Function pool_function(const std::string& op_type);
[[nodiscard]] Function norm_function(const std::string& op_type);
[[nodiscard]] Function activation_function(const std::string& op_type);
[[nodiscard]] Function arithmetic_function(const std::string& op_type);
[[nodiscard]] Function reduction_function(const std::string& op_type);
[[nodiscard]] Function shape_function(const std::string& op_type);
[[nodiscard]] Function piece_function(const std::string& op_type);
[[nodiscard]] Function image_function(const std::string& op_type);
[[nodiscard]] Function threshold_function(const std::string& op_type);

inline tl::unexpected<Error> refuse(std::string why) {
    return fail(ErrorCode::unsupported, std::move(why));
}
inline tl::unexpected<Error> misfit(std::string what) {
    return fail(ErrorCode::invalid_input, std::move(what));
}

/// The first input must be an activation; its shape. Errors: unsupported, invalid_input where it is missing.
[[nodiscard]] Result<Shape> activation_shape(const NodeView& view);
/// The same of rank 4. Errors: unsupported for any other.
[[nodiscard]] Result<Shape> image_shape(const NodeView& view);
/// All inputs but the first must be constant. Errors: unsupported naming the one that is computed.
[[nodiscard]] Result<void> need_constants(const NodeView& view);
/// The file's inputs from the first to `count`, without those that are left out at the end.
[[nodiscard]] std::vector<Source> leading_inputs(const NodeView& view, size_t count);
/// Input `index` where numbers are wanted: integer and boolean constants become f32. Errors: invalid_input
/// where it is missing.
[[nodiscard]] Result<Source> number_source(const NodeView& view, size_t index);
/// A constant input that holds one number. Errors: unsupported (computed), invalid_input (several).
[[nodiscard]] Result<std::optional<double>> single_number(const NodeView& view, size_t index,
                                                          const std::string& what);
/// A constant that only this node reads; `how` tells it from others of the same node.
[[nodiscard]] Source made_constant(const NodeView& view, Tensor tensor, const std::string& how);
/// What ONNX calls the numbers of the first input: ops that only move numbers keep it.
[[nodiscard]] DataType type_of_input(const NodeView& view, size_t index = 0);
/// The refusal of ops that would move or mix the batch.
[[nodiscard]] tl::unexpected<Error> moves_batch(const NodeView& view);

} // namespace translation

} // namespace widthwise::onnx
