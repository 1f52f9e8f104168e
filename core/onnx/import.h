#pragma once
// ONNX files to Graph, through libonnx's checker and shape inference. The only room that sees protobuf.

#include "core/design/precision_plan.h"
#include "core/graph/graph.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace widthwise::onnx {

struct Imported {
    GraphPtr graph;
    std::string hash; ///< SHA-256 of the file
    /// What a network that was quantized elsewhere carries: formats with their scales and zero points for the
    /// layers that its quantizers stood before, and what a design of ours in the metadata says of layers.
    /// With such a design the layers' weights are those before their quantizers. nullopt: a float network.
    std::optional<PrecisionPlan> design;
    std::map<std::string, std::string> metadata; ///< metadata_props
    std::vector<std::string>
        warnings; ///< "the checker of this libonnx knows IR version 8 at most; not checked"
};

/// Constants are folded, the batch dimension is freed, auto_pad resolved; an op that we do not run becomes
/// Op::unsupported with its reason, and what follows it keeps the shapes that inference finds. External data
/// must lie inside the model's folder. Errors (invalid_input, naming file and node): unreadable, truncated,
/// not ONNX, cyclic, dangling or wrongly typed, tensors whose size contradicts their data, more than 2 GiB,
/// no float input.
[[nodiscard]] Result<Imported> import_model(const std::filesystem::path& path);
/// The same from memory (the embedded demo); `where` names it in errors. External data is refused.
[[nodiscard]] Result<Imported> import_model_bytes(std::string_view bytes, const std::string& where);

} // namespace widthwise::onnx
