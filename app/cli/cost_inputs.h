#pragma once
// What the estimate takes from files besides model, design and target: zeros of layers, given mappings.

#include "core/cost/cost_model.h"

#include <string>
#include <vector>

namespace widthwise::cli {

/// Shares of zeros, 0..1: columns `layer` and any of `inputs`, `weights`, `outputs`; an empty cell is 0.
/// Errors: invalid_input naming file, line and column: a name that is no layer, a layer twice, a share beyond
/// 0..1.
[[nodiscard]] Result<std::map<std::string, cost::Zeros>> read_zeros(const std::string& path,
                                                                    const Graph& graph);

/// Each LAYER=FILE.json. Errors: usage for other text, a layer that the network does not have, a layer twice;
/// invalid_input as mapping_from_json.
[[nodiscard]] Result<std::map<std::string, Mapping>> read_mappings(const std::vector<std::string>& texts,
                                                                   const Graph& graph);

/// The layers that a name or a glob stands for. Errors: usage naming near layers.
[[nodiscard]] Result<std::vector<std::string>> named_layers(const std::string& name, const Graph& graph,
                                                            const std::string& option);

} // namespace widthwise::cli
