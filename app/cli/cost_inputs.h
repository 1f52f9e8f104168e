#pragma once
// What the estimate takes besides model, design and target: zeros of layers, read or measured, and given
// mappings.

#include "core/cost/cost_model.h"
#include "core/flow/session.h"

#include <string>
#include <vector>

namespace widthwise::cli {

/// Shares of zeros, 0..1: columns `layer` and any of `inputs`, `weights`, `outputs`; an empty cell is 0.
/// Errors: invalid_input naming file, line and column: a name that is no layer, a layer twice, a share beyond
/// 0..1.
[[nodiscard]] Result<std::map<std::string, cost::Zeros>> read_zeros(const std::string& path,
                                                                    const Graph& graph);

/// Shares of zeros as the quantized network really has them over the first `samples` images; null data: of
/// weights alone. Errors: as flow::measure_zeros.
[[nodiscard]] Result<std::map<std::string, cost::Zeros>>
measured_zeros(const flow::Model& model, const PrecisionPlan& plan, const DatasetPtr& data, int64_t samples,
               const WorkControl& control);

/// Each LAYER=FILE.json. Errors: usage for other text, a layer that the network does not have, a layer twice;
/// invalid_input as mapping_from_json.
[[nodiscard]] Result<std::map<std::string, Mapping>> read_mappings(const std::vector<std::string>& texts,
                                                                   const Graph& graph);

/// The layers that a name or a glob stands for. Errors: usage naming near layers.
[[nodiscard]] Result<std::vector<std::string>> named_layers(const std::string& name, const Graph& graph,
                                                            const std::string& option);

} // namespace widthwise::cli
