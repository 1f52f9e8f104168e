#include "core/onnx/explicit_quantizers.h"

#include "core/base/text.h"
#include "core/graph/folding.h"
#include "core/graph/layer_work.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_set>

namespace widthwise::onnx {

namespace {

/// Levels scale * (q - zero_point) of consecutive q.
bool is_uniform(const NumberFormat& f) {
    return f.is_integer() && f.type != FormatType::binary && f.type != FormatType::ternary;
}

bool holds_weights(QuantizedForm form, const NumberFormat& f) {
    if (!f.is_integer() || f.granularity == Granularity::group) return false;
    return form == QuantizedForm::qonnx ? f.bits <= k_max_bits : f.storage_bits() <= k_max_kernel_bits;
}

bool holds_activations(QuantizedForm form, const NumberFormat& f) {
    if (f.granularity == Granularity::group) return false;
    if (form == QuantizedForm::qdq) return is_uniform(f) && f.bits <= k_max_kernel_bits && f.bits > 1;
    return !f.is_dynamic() && (f.type == FormatType::binary || (is_uniform(f) && f.bits <= k_max_bits));
}

/// Whether reading the file back gives a format of the same meaning and name.
bool comes_back(QuantizedForm form, const NumberFormat& f, bool weights) {
    if (f.type != FormatType::integer && f.type != FormatType::binary) return false;
    if (form == QuantizedForm::qonnx || !weights) return f.scale_type == ScaleType::real;
    return f.type == FormatType::integer && f.bits == k_max_kernel_bits && f.scale_type == ScaleType::real;
}

/// The quantizer of one input among those whose scales stand side by side.
NumberFormat format_of_input(NumberFormat f, size_t index) {
    if (f.granularity != Granularity::tensor || f.scale.size() <= 1) return f;
    f.scale = {f.scale[std::min(index, f.scale.size() - 1)]};
    if (!f.zero_point.empty()) f.zero_point = {f.zero_point[std::min(index, f.zero_point.size() - 1)]};
    return f;
}

/// Position in [I, O/group, KH, KW] of every weight of the convolution that a transposed one equals.
std::vector<size_t> transposed_positions(const Shape& shape, int64_t group) {
    const int64_t group_in = shape[0] / group, group_out = shape[1], taps = shape[2] * shape[3];
    std::vector<size_t> out(static_cast<size_t>(shape.elements()));
    size_t next = 0;
    for (int64_t g = 0; g < group; ++g)
        for (int64_t o = 0; o < group_out; ++o)
            for (int64_t i = 0; i < group_in; ++i)
                for (int64_t t = 0; t < taps; ++t)
                    out[next++] =
                        static_cast<size_t>(((g * group_in + i) * group_out + o) * taps + taps - 1 - t);
    return out;
}

template <typename T, typename U>
std::vector<T> in_graph_layout(const Graph& graph, const Node& node, const std::vector<U>& from) {
    std::vector<T> out(from.begin(), from.end());
    const auto* a = std::get_if<ConvTransposeAttributes>(&node.attributes);
    if (!a || from.empty()) return out;
    const auto to = transposed_positions(graph.value(node.inputs[1]).shape, a->conv.group);
    for (size_t i = 0; i < to.size(); ++i) out[to[i]] = static_cast<T>(from[i]);
    return out;
}

class Writer {
public:
    Writer(const Graph& graph, const PrecisionPlan& plan, QuantizedForm form, WeightValues values)
        : m_graph(graph)
        , m_plan(plan)
        , m_form(form)
        , m_values(values)
        , m_builder(graph.name(), graph.opset()) {
        for (const Node& node : graph.nodes()) m_names.insert(node.name);
    }

    Result<ExplicitNetwork> run() {
        for (const ValueId id : m_graph.inputs()) {
            const Value& value = m_graph.value(id);
            m_mapped[id] = m_builder.input(value.name, value.shape, value.type);
        }
        for (const Unit& unit : fuse(m_graph)) {
            m_units[unit.node] = unit;
        }
        for (const NodeId id : m_graph.node_ids()) {
            if (auto ok = place(id); !ok) {
                if (ok.error().where.empty()) ok.error().where = "layer " + in_quotes(m_graph.node(id).name);
                return forward_error(ok);
            }
        }
        for (const ValueId id : m_graph.outputs()) m_builder.output(map(id));
        auto built = m_builder.build();
        if (!built) return forward_error(built);
        m_out.graph = std::move(*built);
        describe_rest();
        return std::move(m_out);
    }

private:
    ValueId map(ValueId id) {
        const auto [it, fresh] = m_mapped.try_emplace(id);
        const Value& value = m_graph.value(id);
        if (fresh) it->second = m_builder.constant(value.name, value.constant);
        return it->second;
    }

    Result<void> add(const Node& node, std::vector<ValueId> inputs, ValueId output) {
        auto value = m_builder.add(node.op, node.op == Op::gemm ? "Gemm" : node.op_type, node.name,
                                   node.attributes, std::move(inputs), m_graph.value(output).name);
        if (!value) return forward_error(value);
        m_mapped[output] = *value;
        return {};
    }

    Result<void> place(NodeId id) {
        const Node& node = m_graph.node(id);
        if (node.op == Op::unsupported)
            return fail(ErrorCode::unsupported, "the network cannot be exported: " + node.why_unsupported);
        if (m_gone.contains(id)) return {};
        if (node.op == Op::quantize) return place_quantizer(node);
        if (is_weighted(m_graph, id)) return place_layer(id);
        std::vector<ValueId> inputs;
        size_t activation = 0;
        for (const ValueId input : node.inputs) {
            const bool constant = m_graph.value(input).constant != nullptr;
            auto value = constant || !reads_activations(m_graph, id) ? Result<ValueId>(map(input))
                                                                     : quantized(node, input, activation++);
            if (!value) return forward_error(value);
            inputs.push_back(*value);
        }
        return add(node, std::move(inputs), node.output());
    }

    Result<void> place_quantizer(const Node& node) {
        const NumberFormat& format = m_plan.at(node.name).activations;
        if (!format.is_quantized() || !holds(format)) {
            if (format.is_quantized() && m_form == QuantizedForm::qdq) return refuse("activations", format);
            m_lossy |= format.is_quantized();
            auto value = m_builder.add(Op::identity, "Identity", node.name, {}, {map(node.inputs[0])},
                                       m_graph.value(node.output()).name);
            if (!value) return forward_error(value);
            m_mapped[node.output()] = *value;
            return {};
        }
        m_out.quantizers[node.name] = format;
        m_lossy |= !comes_back(m_form, format, false);
        return add(node, {map(node.inputs[0])}, node.output());
    }

    [[nodiscard]] bool holds(const NumberFormat& f) const { return holds_activations(m_form, f); }
    [[nodiscard]] static tl::unexpected<Error> refuse(const char* what, const NumberFormat& f) {
        return fail(ErrorCode::unsupported,
                    std::string(what) + " in " + f.to_string() +
                        " cannot be written as QuantizeLinear and DequantizeLinear",
                    {}, "choose integers of at most 8 bits per tensor or channel, or export as QONNX");
    }

    /// What the node's multipliers read of an input: behind the quantizer that its readers of one format
    /// share.
    Result<ValueId> quantized(const Node& node, ValueId input, size_t index) {
        const NumberFormat format = format_of_input(m_plan.at(node.name).activations, index);
        const ValueId from = map(input);
        if (!format.is_quantized()) return from;
        if (!format.is_resolved()) return fail(ErrorCode::invalid_input, "its design is not calibrated");
        if (!holds(format)) {
            if (m_form == QuantizedForm::qdq) return refuse("activations", format);
            m_lossy = true;
            return from;
        }
        m_lossy |= !comes_back(m_form, format, false);
        auto& written = m_written[from];
        for (const auto& [other, value] : written) {
            if (other == format) return value;
        }
        std::string name = node.name + ".quantize";
        for (int suffix = 2; !m_names.insert(name).second; ++suffix)
            name = node.name + ".quantize_" + std::to_string(suffix);
        auto value = m_builder.add(Op::quantize, "QuantizeLinear", name, {}, {from});
        if (!value) return value;
        m_out.quantizers[name] = format;
        written.emplace_back(format, *value);
        return value;
    }

    /// Values that passes left must stand in the graph already.
    Result<void> check_values(const Node& node, const Unit& unit) const {
        const auto it = m_plan.values().find(node.name);
        if (it == m_plan.values().end()) return {};
        const bool clip_moved = !it->second->clip_hi || *it->second->clip_hi == unit.clamp.hi;
        const auto own = m_graph.value(node.inputs[1]).constant->to_f32();
        if (!unit.batch_norm.valid() && clip_moved && own == it->second->weights) return {};
        return fail(ErrorCode::invalid_input, "the values of its design are not in the network");
    }

    Result<void> place_layer(NodeId id) {
        const Node& node = m_graph.node(id);
        const Unit& unit = m_units.at(id);
        if (auto ok = check_values(node, unit); !ok) return ok;
        const LayerPrecision& precision = m_plan.at(node.name);
        auto input = quantized(node, node.inputs[0], 0);
        if (!input) return forward_error(input);
        Unit own = unit;
        ValueId output = node.output();
        if (unit.batch_norm.valid()) {
            if (m_plan.folds_batch_norm()) {
                m_gone.insert(unit.batch_norm);
                output = m_graph.node(unit.batch_norm).output();
            } else {
                own.batch_norm = {};
            }
        }
        const FoldedWeights folded = folded_weights(m_graph, own);
        auto weights = place_weights(node, folded, precision.weights);
        if (!weights) return forward_error(weights);
        std::vector<ValueId> inputs{*input, *weights};
        const bool any_bias =
            std::any_of(folded.bias.begin(), folded.bias.end(), [](float b) { return b != 0; });
        if (any_bias || node.inputs.size() > 2)
            inputs.push_back(place_bias(node, folded, precision, *weights));
        m_lossy |= !(precision.accumulator == AccumulatorFormat{});
        return add(node, std::move(inputs), output);
    }

    ValueId weight_constant(const Node& node, std::vector<float> values) {
        const Value& old = m_graph.value(node.inputs[1]);
        return m_builder.constant(
            old.name, std::make_shared<const Tensor>(Tensor::from_f32(old.shape, std::move(values))));
    }

    /// No quantizer of either form has levels of its own: the weights are written as floats that are the
    /// levels, so that every reader computes with them; that they are a codebook's is said beside.
    Result<ValueId> place_shared(const Node& node, const FoldedWeights& folded, const NumberFormat& format) {
        m_lossy = true;
        if (m_values == WeightValues::real)
            return weight_constant(node, in_graph_layout<float>(m_graph, node, folded.weights));
        const auto q = quantize_weights(folded.weights, output_channels(m_graph, node), format);
        if (!q) return tl::unexpected<Error>(q.error());
        return weight_constant(node, in_graph_layout<float>(m_graph, node, q->values));
    }

    Result<ValueId> place_weights(const Node& node, const FoldedWeights& folded, const NumberFormat& format) {
        const auto constant = [&](std::vector<float> values) {
            return weight_constant(node, std::move(values));
        };
        if (!format.is_quantized()) return constant(in_graph_layout<float>(m_graph, node, folded.weights));
        if (format.type == FormatType::codebook) return place_shared(node, folded, format);
        const auto* transposed = std::get_if<ConvTransposeAttributes>(&node.attributes);
        const bool split =
            transposed && transposed->conv.group > 1 && format.granularity == Granularity::channel;
        // QONNX rounds to the nearest of three levels, whatever the threshold.
        const bool misread = m_values == WeightValues::real && format.type == FormatType::ternary;
        if (!holds_weights(m_form, format) || split || misread) {
            if (m_form == QuantizedForm::qdq) return refuse("weights", format);
            m_lossy = true;
            return constant(in_graph_layout<float>(m_graph, node, folded.weights));
        }
        m_lossy |= !comes_back(m_form, format, true);
        auto q = quantize_weights(folded.weights, output_channels(m_graph, node), format);
        if (!q) return forward_error(q);
        IntegerConstant integers{
            format, in_graph_layout<int32_t>(m_graph, node, q->q), {}, {}, transposed ? 1 : 0};
        for (const Quantizer& quantizer : q->quantizers) {
            integers.scales.push_back(quantizer.affine().scale);
            integers.zero_points.push_back(quantizer.affine().zero_point);
        }
        const ValueId id = constant(in_graph_layout<float>(
            m_graph, node, m_values == WeightValues::real ? folded.weights : q->values));
        m_out.weights.emplace(id, std::move(integers));
        return id;
    }

    ValueId place_bias(const Node& node, const FoldedWeights& folded, const LayerPrecision& precision,
                       ValueId weights) {
        const std::string name =
            node.inputs.size() > 2 ? m_graph.value(node.inputs[2]).name : node.name + ".bias";
        const auto count = static_cast<int64_t>(folded.bias.size());
        const ValueId id = m_builder.constant(
            name, std::make_shared<const Tensor>(Tensor::from_f32(Shape{count}, folded.bias)));
        const auto it = m_out.weights.find(weights);
        const NumberFormat& input = precision.activations;
        if (it == m_out.weights.end() || !is_uniform(input) || input.is_dynamic() ||
            input.granularity != Granularity::tensor || input.scale.empty()) {
            return id;
        }
        std::vector<float> scales;
        for (const float scale : it->second.scales)
            scales.push_back(Quantizer(input, 0).affine().scale * scale);
        // Sums too fine for 32 bits (channels that hold nothing) leave the bias as it is.
        for (size_t i = 0; i < folded.bias.size(); ++i) {
            const double q = static_cast<double>(folded.bias[i]) / scales[scales.size() == 1 ? 0 : i];
            if (!(std::abs(q) < 2147483520.0)) return id;
        }
        m_out.bias_scales.emplace(id, std::move(scales));
        return id;
    }

    /// The design as it stands, for the layers that are left, where the file cannot say all of it.
    void describe_rest() {
        if (!m_lossy && m_plan.requantization() == Requantization{}) return;
        PrecisionPlan design;
        design.set_folds_batch_norm(false);
        design.set_requantization(m_plan.requantization());
        for (const NodeId id : m_out.graph->node_ids()) {
            const std::string& name = m_out.graph->node(id).name;
            const bool ours = m_out.quantizers.contains(name) && !m_graph.find_node(name).valid();
            const bool takes = is_weighted(*m_out.graph, id) || reads_activations(*m_out.graph, id);
            if (ours || !takes || m_out.graph->node(id).op == Op::quantize) continue;
            LayerPrecision precision = m_plan.at(name);
            if (!is_weighted(*m_out.graph, id)) precision.weights = float32_format();
            design.set(name, std::move(precision));
        }
        m_out.beside = std::move(design);
    }

    const Graph& m_graph;
    const PrecisionPlan& m_plan;
    QuantizedForm m_form;
    WeightValues m_values;
    GraphBuilder m_builder;
    ExplicitNetwork m_out;
    std::map<ValueId, ValueId> m_mapped;
    std::map<NodeId, Unit> m_units;
    std::set<NodeId> m_gone;
    std::map<ValueId, std::vector<std::pair<NumberFormat, ValueId>>> m_written; ///< quantizers of each value
    std::unordered_set<std::string> m_names;
    bool m_lossy = false;
};

} // namespace

Result<ExplicitNetwork> write_out_quantizers(const Graph& graph, const PrecisionPlan& resolved,
                                             QuantizedForm form, WeightValues values) {
    return Writer(graph, resolved, form, values).run();
}

} // namespace widthwise::onnx
