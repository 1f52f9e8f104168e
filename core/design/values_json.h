#pragma once
// What passes left of a layer, as the "values" of a design file: f32 little-endian in base64.

#include "core/design/key_path.h"
#include "core/design/precision_plan.h"

#include <nlohmann/json_fwd.hpp>

namespace widthwise {

/// {"weights": base64, "bias": base64, "clip_hi": number}; "clip_hi" may be absent. Errors (invalid_input):
/// other keys, damaged text, sizes that are not those of the weighted `layer`, values that are not finite.
[[nodiscard]] Result<LayerValues> read_values(const nlohmann::json& object, const Graph& graph, NodeId layer,
                                              const KeyPath& at);
[[nodiscard]] nlohmann::ordered_json write_values(const LayerValues& values);

} // namespace widthwise
