#include "core/passes/adaround_pass.h"

#include "core/base/format.h"
#include "core/passes/graph_copy.h"
#include "core/passes/layer_rows.h"
#include "core/passes/prepare.h"

#include <algorithm>

namespace widthwise::passes {
namespace {

/// A convolution's patch at one output position, or a fully connected layer's input, in the weights' order.
class Patches {
public:
    Patches(const Graph& graph, const Layer& layer) : m_layer(layer) {
        const Node& node = graph.node(graph.find_node(layer.name));
        if (!layer.convolution) return;
        m_conv = std::get<ConvAttributes>(node.attributes);
        const Shape& in = graph.value(node.inputs[0]).shape;
        m_height = in[2];
        m_width = in[3];
        m_out_width = graph.value(node.output()).shape[3];
    }
    void read(std::span<const float> image, size_t position, float* patch) const {
        const size_t channels = m_layer.in();
        if (!m_layer.convolution) {
            std::copy_n(image.begin() + static_cast<std::ptrdiff_t>(position * channels), channels, patch);
            return;
        }
        const int64_t y = static_cast<int64_t>(position) / m_out_width * m_conv.strides[0] - m_conv.pads[0];
        const int64_t x = static_cast<int64_t>(position) % m_out_width * m_conv.strides[1] - m_conv.pads[1];
        for (int64_t i = 0; i < m_conv.kernel[0]; ++i)
            for (int64_t j = 0; j < m_conv.kernel[1]; ++j) {
                const int64_t h = y + i * m_conv.dilations[0], w = x + j * m_conv.dilations[1];
                const bool inside = h >= 0 && h < m_height && w >= 0 && w < m_width;
                const auto tap = static_cast<size_t>(i * m_conv.kernel[1] + j);
                for (size_t c = 0; c < channels; ++c)
                    patch[c * m_layer.taps + tap] =
                        inside ? image[static_cast<size_t>(h * m_width + w) * channels + c] : 0.0F;
            }
    }

private:
    const Layer& m_layer;
    ConvAttributes m_conv;
    int64_t m_height = 1, m_width = 1, m_out_width = 1;
};

/// Fills in inputs and wanted outputs.
Result<void> collect(const Graph& reference, const Graph& quantized, const PrecisionPlan& plan,
                     const Layer& layer, const Images& data, uint64_t seed, const WorkControl& control,
                     RoundingProblem& problem) {
    constexpr size_t most_rows = 16384, most_bytes = size_t{128} << 20;
    const size_t columns = layer.row() * layer.groups;
    const RowSample sample(map_of(reference, layer), data,
                           std::min(most_rows, most_bytes / (columns * sizeof(float))), seed);
    auto wanted = sampled_sums(reference, PrecisionPlan(), layer, sample, *data.data, control);
    if (!wanted) return forward_error(wanted);
    problem.wanted = std::move(*wanted);
    for (float& y : problem.wanted) y = std::clamp(y, layer.clamp.lo, layer.clamp.hi);
    problem.rows = sample.rows();
    problem.inputs.resize(problem.rows * columns);
    Result<GraphPtr> input = input_as_read(quantized, quantized.find_node(layer.name));
    if (!input) return forward_error(input);
    const Patches patches(quantized, layer);
    return watch_outputs(**input, plan, {data.data, sample.images}, control,
                         [&](int64_t image, size_t, std::span<const float> seen) {
                             for (size_t k = 0; k < sample.per_image; ++k) {
                                 const size_t row = static_cast<size_t>(image) * sample.per_image + k;
                                 patches.read(seen, sample.positions[row], &problem.inputs[row * columns]);
                             }
                         });
}

} // namespace

Result<PassResult> round_adaptively(const Graph& reference, const Resolved& at, std::vector<Layer>& layers,
                                    const Images& images, const RoundingOptions& options,
                                    const WorkControl& control) {
    PassResult result;
    int64_t flipped = 0, weights = 0;
    double kept = 0;
    for (size_t l = 0; l < layers.size(); ++l) {
        control.report("rounding weights", static_cast<int64_t>(l), static_cast<int64_t>(layers.size()));
        Layer& layer = layers[l];
        const NumberFormat& format = at.resolved.at(layer.name).weights;
        if (!can_round(format)) continue;
        Result<GraphPtr> graph = with_values(at.graph, with_layers({}, layers));
        if (!graph) return forward_error(graph);
        RoundingProblem problem;
        problem.out = layer.out;
        problem.row = layer.row();
        problem.groups = layer.groups;
        problem.weights = layer.weights;
        problem.bias = layer.bias;
        problem.clamp = layer.clamp;
        problem.format = format;
        WorkControl quiet = control;
        quiet.progress = {};
        Result<void> ok =
            collect(reference, **graph, at.resolved, layer, images, options.seed + l, quiet, problem);
        if (!ok) return forward_error(ok);
        RoundingOptions own = options;
        own.seed = options.seed + l;
        auto rounded = adaround(problem, own, quiet);
        if (!rounded) {
            if (rounded.error().where.empty()) rounded.error().where = layer.name;
            return forward_error(rounded);
        }
        flipped += rounded->flipped;
        weights += static_cast<int64_t>(layer.weights.size());
        if (rounded->nearest_error > 0) kept += rounded->error / rounded->nearest_error;
        layer.weights = std::move(rounded->weights);
        ++result.layers;
    }
    if (result.layers == 0) {
        result.summary = "no layer has integer weights of 2 to 8 bits";
        return result;
    }
    result.summary = std::to_string(result.layers) + " layers, " +
                     format_percent(static_cast<double>(flipped) / static_cast<double>(weights)) +
                     " of the weights rounded the other way, " + format_percent(kept / result.layers) +
                     " of the squared output error left";
    return result;
}

} // namespace widthwise::passes
