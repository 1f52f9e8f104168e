#pragma once
// One ONNX node to one node of ours.

#include "core/graph/graph.h"
#include "core/onnx/node_view.h"

namespace widthwise::onnx {

/// How the file's batch dimension reads; in our shapes it is 1.
struct Batch {
    int64_t fixed = 1;    ///< what the file wrote, 1 where it left it free
    bool is_free = false; ///< symbolic in the file
};

/// Where a translated node's input comes from.
struct Source {
    size_t input = 0;     ///< position among the file's inputs
    TensorPtr derived;    ///< when set: a constant made from that input (transposed, scaled)
    std::string how = {}; ///< what was done to it: shared layers share the derived constant too
};

struct Translated {
    Op op = Op::identity;
    Attributes attributes;
    std::vector<Source> inputs;
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
[[nodiscard]] Function pointwise_function(const std::string& op_type);
[[nodiscard]] Function shape_function(const std::string& op_type);

inline tl::unexpected<Error> refuse(std::string why) {
    return fail(ErrorCode::unsupported, std::move(why));
}
inline tl::unexpected<Error> misfit(std::string what) {
    return fail(ErrorCode::invalid_input, std::move(what));
}

/// The first input must be an activation; its shape. Errors: unsupported, invalid_input where it is missing.
[[nodiscard]] Result<Shape> activation_shape(const NodeView& view);

} // namespace translation

} // namespace widthwise::onnx
