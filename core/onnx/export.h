#pragma once

#include "core/graph/graph.h"

#include <filesystem>
#include <map>
#include <string>

namespace widthwise::onnx {

/// Serialized ModelProto (IR 7, opset 13, batch dimension "N") of a graph without unsupported ops; passes the
/// checker and imports to the same nodes. `metadata` becomes metadata_props.
[[nodiscard]] Result<std::string> export_model(const Graph& graph,
                                               const std::map<std::string, std::string>& metadata = {});

} // namespace widthwise::onnx
