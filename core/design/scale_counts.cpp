#include "core/design/scale_counts.h"

#include "core/design/layer_lookup.h"
#include "core/graph/layer_work.h"

#include <algorithm>
#include <optional>

namespace widthwise {
namespace {

struct Expected {
    int64_t count = 1;
    std::string what = "scale"; ///< "channels", "groups"
};

std::optional<Expected> of_weights(const Graph& graph, NodeId layer, const NumberFormat& format) {
    if (!is_weighted(graph, layer)) return std::nullopt;
    const int64_t channels = weight_channels(graph, layer);
    switch (format.granularity) {
    case Granularity::tensor:
        return Expected{1, "tensor"};
    case Granularity::channel:
        return Expected{channels, "channels"};
    case Granularity::group:
        const int64_t each = channels > 0 ? weight_elements(graph, layer) / channels : 0;
        return Expected{channels * ((each + format.group_size - 1) / format.group_size), "groups"};
    }
    return std::nullopt;
}

Expected of_activations(const Graph& graph, NodeId layer, const NumberFormat& format) {
    const Node& node = graph.node(layer);
    const auto is_activation = [&](ValueId input) { return graph.value(input).constant == nullptr; };
    const int64_t inputs = std::count_if(node.inputs.begin(), node.inputs.end(), is_activation);
    const auto first = std::find_if(node.inputs.begin(), node.inputs.end(), is_activation);
    if (format.granularity == Granularity::tensor || first == node.inputs.end()) return {inputs, "inputs"};
    const Shape& shape = graph.value(*first).shape;
    const int64_t channels = shape.rank() > 1 ? shape[1] : 1;
    if (format.granularity == Granularity::channel) return {channels, "channels"};
    return {(channels + format.group_size - 1) / format.group_size, "groups"};
}

/// One scale always fits.
Result<void> check(const NumberFormat& format, const Expected& expected, const KeyPath& at) {
    const auto scales = static_cast<int64_t>(format.scale.size());
    if (scales <= 1 || scales == expected.count) return {};
    if (expected.what == "tensor")
        return fail_at(at.key("scale"), "several scales for a format per tensor",
                       "give one, or granularity channel");
    return fail_at(at.key("scale"), std::to_string(scales) + " scales for " + std::to_string(expected.count) +
                                        " " + expected.what);
}

} // namespace

Result<void> check_scale_counts(const Graph& graph, NodeId layer, const LayerPrecision& precision,
                                const KeyPath& at) {
    if (const auto expected = of_weights(graph, layer, precision.weights))
        if (Result<void> fits = check(precision.weights, *expected, at.key("weights")); !fits) return fits;
    return check(precision.activations, of_activations(graph, layer, precision.activations),
                 at.key("activations"));
}

} // namespace widthwise
