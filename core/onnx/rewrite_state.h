#pragma once
// What rewrite_quantizers knows while it walks through a file's nodes.

#include "core/onnx/fold.h"
#include "core/onnx/raw_model.h"

#include <unordered_map>
#include <unordered_set>

namespace widthwise::onnx::rewriting {

/// The integers of ConvInteger or MatMulInteger, waiting for the multiplication that gives them their scale.
struct IntegerSums {
    RawNode layer;
    std::string input;    ///< the quantized activation, as reals
    TensorPtr weights;    ///< the file's integers
    TensorPtr zero_point; ///< of the weights; null: 0
};

/// The scale that DynamicQuantizeLinear computes, times constants.
struct ComputedScale {
    std::string quantized; ///< whose scale it is
    TensorPtr factor;      ///< null: 1
};

class State {
public:
    explicit State(RawModel& model);

    [[nodiscard]] RawModel& model() { return m_model; }
    /// Contents of a name that is constant, folded where that takes nodes; null otherwise.
    [[nodiscard]] TensorPtr constant(const std::string& name);
    void add_constant(const std::string& name, TensorPtr tensor);
    /// Hostile files dequantize one tensor many times: more than 8 bytes for each byte of the file's
    /// constants are not made.
    [[nodiscard]] bool is_spent() const { return m_bytes_left < 0; }
    /// A name that no value or node has, beginning with `stem`.
    [[nodiscard]] std::string fresh(const std::string& stem);
    [[nodiscard]] size_t readers(const std::string& name) const;

    void emit(RawNode node) { m_nodes.push_back(std::move(node)); }
    /// The node stays visible and is not run.
    void refuse(RawNode node, std::string why);
    /// `to` is `from` under another name.
    void alias(const RawNode& node, const std::string& from, const std::string& to);
    [[nodiscard]] std::vector<RawNode>& nodes() { return m_nodes; }

    /// Integer tensors of the file that the rewritten network holds as reals.
    std::unordered_map<std::string, Encoding> integers;
    /// Constant reals that come from a quantizer.
    std::unordered_map<std::string, Encoding> quantized_constants;
    /// Of files with a design of ours: what stands before a constant's quantizer, by the quantizer's output.
    std::unordered_map<std::string, TensorPtr> unrounded;
    [[nodiscard]] bool keeps_unrounded() const;
    std::unordered_map<std::string, IntegerSums> sums;
    std::unordered_map<std::string, ComputedScale> scales;
    std::unordered_map<std::string, std::string> zero_points; ///< computed: whose they are
    std::unordered_set<std::string> completed;                ///< integer layers that got their scale

private:
    TensorPtr folded(const std::string& name, int depth);

    RawModel& m_model;
    std::vector<RawNode> m_nodes;
    std::unordered_map<std::string, size_t> m_producers; ///< among the file's nodes
    std::unordered_map<std::string, TensorPtr> m_folded;
    std::unordered_map<std::string, size_t> m_readers;
    std::unordered_set<std::string> m_names;
    std::unordered_map<std::string, int> m_suffixes; ///< last one given, by stem
    int64_t m_bytes_left = int64_t{64} << 20;
    FoldBudget m_budget;
};

/// Rewrites one node. Errors: unsupported leaves the node as it is, visible, with that reason.
using Function = Result<void> (*)(State& state, const RawNode& node);
/// Null where that file does not know the op; `domain` is that of the node.
[[nodiscard]] Function linear_function(const RawNode& node);   ///< QuantizeLinear, DequantizeLinear
[[nodiscard]] Function qonnx_function(const RawNode& node);    ///< Quant, BipolarQuant, Trunc, MultiThreshold
[[nodiscard]] Function operator_function(const RawNode& node); ///< QLinearConv and its relatives
[[nodiscard]] Function dynamic_function(const RawNode& node);  ///< DynamicQuantizeLinear, ConvInteger, ...

/// Cast, Mul and Add that complete an integer layer; false: the node is none of these.
[[nodiscard]] Result<bool> complete_sums(State& state, const RawNode& node);

inline tl::unexpected<Error> refusal(std::string why) {
    return fail(ErrorCode::unsupported, std::move(why));
}
inline tl::unexpected<Error> misfit(std::string what) {
    return fail(ErrorCode::invalid_input, std::move(what));
}

/// Empty where the input is left out.
[[nodiscard]] const std::string& input_of(const RawNode& node, size_t index);
/// Errors: unsupported where it is computed, invalid_input where it is missing.
[[nodiscard]] Result<TensorPtr> constant_input(State& state, const RawNode& node, size_t index,
                                               const std::string& what);
/// Scale and zero point (optional) at these inputs; `type` is that of the integers where no zero point says.
[[nodiscard]] Result<Encoding> encoding_at(State& state, const RawNode& node, size_t scale, size_t zero_point,
                                           DataType type, int64_t axis);
/// Emits a quantizer that rounds `from` into `to`, with the node's name (or one made from it) and op.
void emit_quantizer(State& state, const RawNode& node, const std::string& name, const std::string& from,
                    const std::string& to, const Encoding& encoding);
/// An attribute of that kind, or the fallback.
template <typename T> [[nodiscard]] T attribute(const RawNode& node, const std::string& name, T fallback) {
    const auto it = node.attributes.find(name);
    const T* value = it == node.attributes.end() ? nullptr : std::get_if<T>(&it->second);
    return value ? *value : fallback;
}

} // namespace widthwise::onnx::rewriting
