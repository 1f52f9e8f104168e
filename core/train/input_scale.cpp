#include "core/train/input_scale.h"

#include "core/engine/quantization_groups.h"

#include <algorithm>
#include <cmath>

namespace widthwise::train {
namespace {

constexpr int64_t k_images = 64;
constexpr double k_normal = 8; // images within this factor of unit RMS are taken as they are

Result<double> input_rms(const Dataset& data) {
    const auto [channels, height, width] = data.image_shape();
    std::vector<float> image(static_cast<size_t>(channels * height * width));
    const int64_t count = std::min(data.size(), k_images);
    double squares = 0;
    for (int64_t i = 0; i < count; ++i) {
        if (Result<void> read = data.read(i, image); !read) return forward_error(read);
        for (const float v : image) squares += static_cast<double>(v) * static_cast<double>(v);
    }
    return std::sqrt(squares / (static_cast<double>(count) * static_cast<double>(image.size())));
}

} // namespace

Result<std::vector<ScaledWeights>> input_scales(const Model& model, const Dataset& data) {
    Result<double> rms = input_rms(data);
    if (!rms) return forward_error(rms);
    std::vector<ScaledWeights> scaled;
    if (!(*rms > k_normal || *rms < 1 / k_normal) || *rms == 0) return scaled;
    const Graph& graph = *model.graph;
    // What is only moved, padded or pooled is still the image.
    std::vector<bool> image(graph.values().size());
    image[model.scope.input.position()] = true;
    for (const NodeId id : model.scope.nodes) {
        const Node& node = graph.node(id);
        const bool reads_image = image[node.inputs[0].position()];
        if (reads_image && engine::moves_elements(node)) image[node.output().position()] = true;
        if (reads_image && (node.op == Op::conv || node.op == Op::gemm))
            scaled.push_back({model.layout.trained(node.inputs[1]), static_cast<float>(1 / *rms)});
    }
    // Levels of codebooks are in the weights' own unit; scales are learned as ratios.
    for (size_t i = 0, weights = scaled.size(); i < weights; ++i)
        for (const WeightQuantizer& quantizer : model.quantization.weights())
            if (quantizer.weights.offset == scaled[i].weights.offset &&
                quantizer.format.type == FormatType::codebook)
                scaled.push_back({quantizer.learned, scaled[i].unit});
    return scaled;
}

} // namespace widthwise::train
