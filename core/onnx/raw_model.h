#pragma once
// What an ONNX file says, in plain structures: everything behind the reader works on these and never meets
// protobuf.

#include "core/onnx/encoding.h"
#include "core/tensor/tensor.h"

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace widthwise::onnx {

/// monostate: a kind that no op of ours takes (graphs, sparse tensors, ...), present but unreadable.
using RawAttribute = std::variant<std::monostate, int64_t, float, std::string, std::vector<int64_t>,
                                  std::vector<float>, TensorPtr>;

struct RawNode {
    std::string name; ///< unique and not empty, whatever the file gave
    std::string op_type;
    std::string domain;                       ///< empty: the official operator set
    std::vector<std::string> inputs, outputs; ///< an empty name: an optional one that is left out
    std::map<std::string, RawAttribute> attributes;
    bool has_subgraph = false;
    std::optional<size_t> position; ///< in the file; nullopt: made out of others by rewrite_quantizers

    // What rewrite_quantizers says; files cannot.
    bool is_alias = false;             ///< its output is its input under another name
    std::optional<Encoding> quantizer; ///< rounds its only input to this
    std::optional<Encoding> weights;   ///< of a layer: what its weights were quantized to
    std::string refused;               ///< not empty: why it is not run
};

struct RawValue {
    std::string name;
    std::optional<DataType> type; ///< nullopt: strings, sequences, or nothing said
    bool has_shape = false;
    std::vector<int64_t> dims; ///< -1: free or symbolic
};

struct RawModel {
    std::string name;
    int64_t ir_version = 0;
    int64_t opset = 0; ///< of the official operator set
    std::vector<RawNode> nodes;
    std::unordered_map<std::string, TensorPtr> initializers;
    std::unordered_set<std::string>
        unreadable; ///< initializers of types that we do not hold (strings, complex)
    std::unordered_set<std::string> four_bits; ///< initializers of 4-bit integers, widened to 8
    std::vector<RawValue> inputs;              ///< without those that are initializers as well
    std::vector<RawValue> outputs;
    std::unordered_map<std::string, RawValue>
        declared;                                ///< value_info and outputs: what the exporter believed
    std::map<std::string, std::string> metadata; ///< of metadata_props, what is text of a sensible length
    std::vector<std::string> warnings;
};

/// "node 'conv1' (Conv)".
[[nodiscard]] std::string describe(const RawNode& node);

} // namespace widthwise::onnx
