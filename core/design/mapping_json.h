#pragma once
// Mappings and nests as JSON objects inside other documents.

#include "core/design/mapping.h"
#include "core/design/object_reader.h"

namespace widthwise {

[[nodiscard]] nlohmann::ordered_json levels_json(const Mapping& mapping);
/// The array under "levels".
[[nodiscard]] Mapping read_levels(ObjectReader& reader);

/// {"levels": [...], "accesses": [{"level", "instances", "weights": {"reads", "fills", "updates", "tile"},
/// "inputs": ..., "outputs": ...}], "legend", "searched", "examined", "gap"}
[[nodiscard]] nlohmann::ordered_json nest_json(const MappedNest& nest);
[[nodiscard]] MappedNest read_nest(ObjectReader& reader);

} // namespace widthwise
