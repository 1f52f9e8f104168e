// Trained networks as files: out and in, with the design or the scales that they carry.
#include "core/flow/trained_file.h"

#include "core/flow/training.h"
#include "core/graph/same_network.h"
#include "core/onnx/export.h"
#include "core/onnx/import.h"

namespace widthwise::flow {
namespace {

/// Of metadata_props: the scales of a meta-initialization.
constexpr const char* k_scales_key = "widthwise.scales";

/// Whether reading the file gives this network and this design, number by number.
bool comes_back(const std::string& bytes, const Graph& graph, const PrecisionPlan& design) {
    const auto read = onnx::import_model_bytes(bytes, "the file written");
    return read && read->design && *read->design == design && same_network(*read->graph, graph);
}

} // namespace

Result<std::string> write_trained(const Model& model, const ScaleTable* scales,
                                  const std::map<std::string, std::string>& recipe) {
    std::map<std::string, std::string> metadata = recipe;
    if (scales) metadata[k_scales_key] = to_json(*scales);
    if (!model.carried_design) return onnx::export_model(*model.graph, metadata);
    const PrecisionPlan& design = *model.carried_design;
    auto bytes = onnx::export_learned(*model.graph, design, onnx::LearnedForm::qonnx, metadata);
    if (bytes && comes_back(*bytes, *model.graph, design)) return bytes;
    bytes = onnx::export_learned(*model.graph, design, onnx::LearnedForm::beside, metadata);
    if (bytes && !comes_back(*bytes, *model.graph, design))
        return fail(ErrorCode::unsupported, "its design does not fit into an ONNX file's metadata",
                    model.name, "choose fewer scales: per tensor or channel, not per group");
    return bytes;
}

void read_scales(const std::map<std::string, std::string>& metadata, Model& model) {
    const auto text = metadata.find(k_scales_key);
    if (text == metadata.end()) return;
    auto scales = scale_table_from_json(text->second, "metadata");
    if (scales)
        model.scales = std::make_shared<const ScaleTable>(std::move(*scales));
    else
        model.warnings.push_back("the scales in the file's metadata are not used: " +
                                 scales.error().to_line());
}

} // namespace widthwise::flow
