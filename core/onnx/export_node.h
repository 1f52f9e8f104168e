#pragma once
// One node of ours as one ONNX node (or a few).

#include "core/graph/graph.h"

#include <functional>
#include <string>

namespace onnx {
class GraphProto;
}

namespace widthwise::onnx {

/// What a node's translation may use of its surroundings.
struct ExportContext {
    const Graph& graph;
    ::onnx::GraphProto& proto;
    /// ONNX name of a value of the graph; constants are written when they are first asked for.
    std::function<std::string(ValueId)> name_of;
    /// A name that nothing else has, beginning with `stem`.
    std::function<std::string(const std::string& stem)> fresh_name;
    /// Writes a constant under a fresh name and returns that.
    std::function<std::string(const std::string& stem, const Tensor& tensor)> write_constant;
    int opset = 13;
};

/// The oldest operator set, from 13 on, that has all ops of the graph.
[[nodiscard]] int needed_opset(const Graph& graph);

/// What ONNX calls the numbers of a value that is f32 to us: comparisons give booleans, ArgMax int64.
[[nodiscard]] DataType exported_type(const Graph& graph, ValueId value);

/// Errors: unsupported for ops that have no translation.
[[nodiscard]] Result<void> export_node(const ExportContext& context, const Node& node);

} // namespace widthwise::onnx
