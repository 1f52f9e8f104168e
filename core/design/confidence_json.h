#pragma once
// How figures are known, as JSON: {"latency": {"basis": "measured", "factor": 1.12, "note": "18 layers"},
// ...}

#include "core/design/hardware_target.h"
#include "core/design/object_reader.h"

namespace widthwise {

/// The object under "confidence", if there is one. What is exact has the factor 1.
void read_confidence(ObjectReader& document, std::map<std::string, Confidence>& confidence);
[[nodiscard]] nlohmann::ordered_json confidence_json(const std::map<std::string, Confidence>& confidence);

} // namespace widthwise
