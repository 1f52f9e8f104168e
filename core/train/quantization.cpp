#include "core/train/quantization.h"

#include "core/engine/layer_weights.h"
#include "core/engine/layout.h"
#include "core/engine/quantization_groups.h"
#include "core/graph/folding.h"
#include "core/graph/layer_work.h"
#include "core/passes/prepare.h"
#include "core/quant/weight_parts.h"
#include "core/train/learned_scales.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace widthwise::train {
namespace {

/// A format's scales of one input: all of them where there is one set for all inputs.
template <typename T> std::vector<T> of_input(const std::vector<T>& list, size_t input, size_t each) {
    if (list.size() <= each) return list;
    const auto first = list.begin() + static_cast<std::ptrdiff_t>(input * each);
    return {first, first + static_cast<std::ptrdiff_t>(each)};
}

/// How many scales one input of so many channels has.
size_t scales_each(const NumberFormat& format, int64_t channels) {
    if (format.granularity == Granularity::tensor || format.scale.size() == 1) return 1;
    const int64_t each = format.granularity == Granularity::channel ? 1 : format.group_size;
    return static_cast<size_t>((channels + each - 1) / each);
}

/// As many scales as one input has, or as all have together.
bool fits_inputs(const NumberFormat& format, int64_t channels, size_t inputs) {
    const size_t count = format.scale.size(), each = scales_each(format, channels);
    return count <= 1 || count == each || count == each * inputs;
}

/// The format in which a layer reads its activation input number `input`.
NumberFormat format_of_input(const NumberFormat& format, size_t input, int64_t channels) {
    NumberFormat own = format;
    const size_t each = scales_each(format, channels);
    own.scale = of_input(format.scale, input, each);
    own.zero_point = of_input(format.zero_point, input, each);
    own.threshold = of_input(format.threshold, input, each);
    return own;
}

template <typename T> void append(std::vector<T>& list, const std::vector<T>& more) {
    list.insert(list.end(), more.begin(), more.end());
}

} // namespace

class Quantization::Builder {
public:
    Builder(const Graph& graph, const QatOptions& options, ParameterLayout& layout, Quantization& result)
        : m_graph(graph), m_options(options), m_groups(graph), m_layout(layout), m_result(result) {}

    Result<void> add(const Unit& unit) {
        const Node& node = m_graph.node(unit.node);
        const LayerPrecision& precision = m_options.plan.at(node.name);
        const bool weighted = is_weighted(m_graph, unit.node);
        if (reads_activations(m_graph, unit.node))
            if (Result<void> ok = add_activations(unit.node, precision.activations); !ok) return ok;
        if (weighted && precision.weights.is_quantized())
            if (Result<void> ok = add_weights(unit, precision); !ok) return ok;
        return {};
    }

private:
    [[nodiscard]] static tl::unexpected<Error> invalid(const Node& node, std::string what,
                                                       std::string remedy) {
        return fail(ErrorCode::invalid_input, std::move(what), node.name, std::move(remedy));
    }
    [[nodiscard]] static tl::unexpected<Error> unresolved(const Node& node) {
        return invalid(node, "a format has no scale yet", "calibrate the design first");
    }

    Result<void> add_activations(NodeId id, const NumberFormat& format) {
        if (!format.is_quantized()) return {};
        const Node& node = m_graph.node(id);
        if (!format.is_resolved()) return unresolved(node);
        if (Result<void> ok = validate(format); !ok)
            return invalid(node, ok.error().message, ok.error().remedy);
        const auto inputs = static_cast<size_t>(std::ranges::count_if(
            node.inputs, [&](ValueId input) { return !m_graph.value(input).constant; }));
        size_t activation = 0;
        for (size_t i = 0; i < node.inputs.size(); ++i) {
            const Value& value = m_graph.value(node.inputs[i]);
            if (value.constant) continue;
            const int64_t channels = engine::extent_of(value.shape).channels;
            if (!fits_inputs(format, channels, inputs))
                return invalid(node, std::to_string(format.scale.size()) + " scales do not fit its inputs",
                               "calibrate the design again");
            const NumberFormat own = format_of_input(format, activation++, channels);
            m_result.m_readers[{id.position(), i}] = quantizer(node.inputs[i], own, value.shape.elements());
        }
        return {};
    }

    /// The quantizer of this value in this format; made where there is none yet.
    int quantizer(ValueId value, const NumberFormat& format, int64_t elements) {
        // Channels are not those of the group's other values.
        const bool by_channel = format.granularity != Granularity::tensor;
        for (const auto& [key, index] : m_made)
            if (key == std::pair(by_channel ? value.index : m_groups.of(value), by_channel) &&
                m_result.m_activations[static_cast<size_t>(index)].format == format)
                return index;
        ActivationQuantizer made;
        made.format = format;
        made.learning = m_options.activations;
        const auto share =
            static_cast<double>(elements) / static_cast<double>(std::max<size_t>(1, format.scale.size()));
        learn_scales(made, share, m_layout);
        m_result.m_activations.push_back(std::move(made));
        const int index = static_cast<int>(m_result.m_activations.size()) - 1;
        m_made.push_back({{by_channel ? value.index : m_groups.of(value), by_channel}, index});
        return index;
    }

    Result<void> add_weights(const Unit& unit, const LayerPrecision& precision) {
        const Node& node = m_graph.node(unit.node);
        if (node.op == Op::conv_transpose)
            return fail(ErrorCode::unsupported,
                        "weights of a transposed convolution cannot be trained quantized", node.name,
                        "leave this layer's weights in float32");
        if (!precision.weights.is_resolved()) return unresolved(node);
        if (!m_weights_seen.insert(node.inputs[1].index).second)
            return fail(ErrorCode::unsupported, "its weights are another layer's, too", node.name,
                        "leave this layer's weights in float32");
        WeightQuantizer made;
        made.format = precision.weights;
        made.learning = m_options.weights;
        made.node = unit.node;
        made.weights = m_layout.trained(node.inputs[1]);
        made.out_channels = output_channels(m_graph, node);
        if (made.format.granularity == Granularity::tensor && made.format.scale.size() > 1)
            made.format.granularity = Granularity::channel; // as quantize_weights takes them
        const Result<QuantizedWeights> rounded = quantize_weights(
            m_graph.value(node.inputs[1]).constant->to_f32(), made.out_channels, made.format);
        if (!rounded) return invalid(node, rounded.error().message, rounded.error().remedy);
        made.follows_weights =
            made.learning != ScaleLearning::fixed &&
            (made.format.type == FormatType::ternary || made.format.type == FormatType::binary);
        const auto parts =
            weight_parts(static_cast<size_t>(made.weights.size), made.out_channels, made.format);
        if (!made.follows_weights)
            learn_scales(made,
                         static_cast<double>(made.weights.size) /
                             static_cast<double>(std::max<size_t>(1, parts.count())),
                         m_layout);
        m_result.m_weights.push_back(std::move(made));
        if (!rounds_bias(unit, precision)) return {};
        if (!m_biases_seen.insert(node.inputs[2].index).second)
            return fail(ErrorCode::unsupported, "its bias is another layer's, too", node.name,
                        "leave this layer's weights in float32");
        m_result.m_biases.push_back({m_layout.trained(node.inputs[2]), m_result.m_weights.size() - 1,
                                     static_cast<size_t>(m_result.reader(unit.node, 0))});
        return {};
    }

    /// The engine holds the biases of integer layers in units of s_x s_w, unless a BatchNormalization stays.
    [[nodiscard]] bool rounds_bias(const Unit& unit, const LayerPrecision& precision) const {
        return m_graph.node(unit.node).inputs.size() > 2 && !unit.batch_norm.valid() &&
               !precision.activations.is_dynamic() && precision.activations.is_quantized() &&
               engine::activations_fit_kernels(precision.activations) &&
               engine::weights_fit_kernels(precision.weights);
    }

    const Graph& m_graph;
    const QatOptions& m_options;
    engine::QuantizationGroups m_groups;
    ParameterLayout& m_layout;
    Quantization& m_result;
    std::vector<std::pair<std::pair<int, bool>, int>> m_made; ///< group (or value, by channel), quantizer
    std::set<int> m_weights_seen, m_biases_seen;
};

Result<Quantization> Quantization::create(const Graph& graph, const QatOptions& options,
                                          ParameterLayout& layout) {
    Quantization result;
    result.m_plan = options.plan;
    Builder builder(graph, options, layout, result);
    for (const Unit& unit : fuse(graph))
        if (Result<void> ok = builder.add(unit); !ok) return forward_error(ok);
    return result;
}

int Quantization::reader(NodeId node, size_t input) const {
    const auto found = m_readers.find({node.position(), input});
    return found == m_readers.end() ? -1 : found->second;
}

void Quantization::initialize(std::span<float> trained) const {
    for (const ActivationQuantizer& quantizer : m_activations) initialize_slots(quantizer, trained);
    for (const WeightQuantizer& quantizer : m_weights) initialize_slots(quantizer, trained);
}

PrecisionPlan Quantization::plan(const Graph& graph, std::span<const float> trained) const {
    PrecisionPlan plan = passes::without_values(m_plan);
    // What passes made of the weights is in the trained ones.
    plan.set_passes({});
    for (const WeightQuantizer& quantizer : m_weights) {
        const std::string& name = graph.node(quantizer.node).name;
        LayerPrecision precision = plan.at(name);
        precision.weights = quantizer.present_format(trained);
        plan.set(name, std::move(precision));
    }
    for (const NodeId id : graph.node_ids()) {
        const Node& node = graph.node(id);
        LayerPrecision precision = plan.at(node.name);
        NumberFormat& format = precision.activations;
        std::vector<NumberFormat> inputs;
        for (size_t i = 0; i < node.inputs.size(); ++i)
            if (const int index = reader(id, i); index >= 0)
                inputs.push_back(m_activations[static_cast<size_t>(index)].now(trained));
        if (inputs.empty()) continue;
        const bool equal = std::ranges::all_of(inputs, [&](const auto& f) { return f == inputs.front(); });
        if (equal) inputs.resize(1);
        format.scale.clear();
        format.zero_point.clear();
        format.threshold.clear();
        for (const NumberFormat& input : inputs) {
            append(format.scale, input.scale);
            append(format.zero_point, input.zero_point);
            append(format.threshold, input.threshold);
        }
        plan.set(node.name, std::move(precision));
    }
    return plan;
}

} // namespace widthwise::train
