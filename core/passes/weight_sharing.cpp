#include "core/passes/weight_sharing.h"

#include "core/passes/compression_layers.h"
#include "core/quant/kmeans.h"
#include "core/quant/quantizer.h"

namespace widthwise::passes {

Result<Compressed> share_weights(const GraphPtr& graph, const ShareWeights& method,
                                 const std::vector<NodeId>& layers, const WorkControl& control) {
    WeightTensors tensors = weights_of(*graph, layers);
    std::map<ValueId, NumberFormat> formats;
    int64_t done = 0;
    for (const NodeId id : layers) {
        if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        control.report("sharing weights", done++, std::ssize(layers));
        const ValueId tensor = graph->node(id).inputs[1];
        if (formats.contains(tensor)) continue;
        std::vector<float>& weights = tensors.at(tensor);
        if (Result<void> ok = check_finite(*graph, id, weights); !ok) return forward_error(ok);
        NumberFormat format = default_weight_format(FormatType::codebook, method.bits);
        format.codebook = kmeans_levels(weights, size_t{1} << method.bits, ZeroLevel::kept);
        Quantizer(format, 0).round(weights, weights);
        formats[tensor] = std::move(format);
    }
    Result<Compressed> compressed = with_weights(*graph, layers, std::move(tensors));
    if (!compressed) return compressed;
    for (size_t i = 0; i < layers.size(); ++i) {
        const NumberFormat& format = formats.at(graph->node(layers[i]).inputs[1]);
        LayerChange& change = compressed->layers[i];
        change.note = std::to_string(format.codebook.size()) + " values";
        compressed->weight_formats[change.layer] = format;
    }
    return compressed;
}

} // namespace widthwise::passes
