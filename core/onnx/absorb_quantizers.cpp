#include "core/onnx/absorb_quantizers.h"

#include "core/graph/layer_work.h"

#include <algorithm>
#include <cmath>

namespace widthwise::onnx {

namespace {

/// What stands in the new graph for a value of the old one: `plain`, rounded to `format`.
struct Carried {
    ValueId plain;
    std::optional<NumberFormat> format;
    bool on_grid = false; ///< `plain` is rounded already
    const Node* quantizer = nullptr;
};

bool is_per_channel(const NumberFormat& f) {
    return f.granularity != Granularity::tensor;
}

bool is_uniform(const NumberFormat& f) {
    return f.is_integer() && f.type != FormatType::binary;
}

/// Whether a bound is a value of the format or outside its range: cutting there commutes with rounding.
bool bound_commutes(const NumberFormat& f, float bound) {
    if (std::isinf(bound)) return true;
    for (size_t i = 0; i < f.scale.size(); ++i) {
        const double steps = static_cast<double>(bound) / static_cast<double>(f.scale[i]);
        const double q = steps + (f.zero_point.empty() ? 0 : f.zero_point[i]);
        if (q > f.q_min() && q < f.q_max() && std::nearbyint(steps) != steps) return false;
    }
    return true;
}

/// Whether rounding the node's output is the same as rounding its input.
bool commutes(const Node& node, const NumberFormat& f) {
    switch (node.op) {
    case Op::identity:
        return true;
    case Op::reshape:
    case Op::transpose:
        return !is_per_channel(f);
    case Op::slice:
    case Op::gather:
    case Op::depth_to_space:
    case Op::space_to_depth:
    case Op::expand:
        return !is_per_channel(f) && !f.is_dynamic();
    case Op::pad:
        return !is_per_channel(f) && is_uniform(f) && std::get<PadAttributes>(node.attributes).value == 0;
    case Op::relu: // zero lies on every uniform grid
        return is_uniform(f) && !f.is_dynamic();
    case Op::clip: {
        const auto& a = std::get<ClipAttributes>(node.attributes);
        return is_uniform(f) && !f.is_dynamic() && bound_commutes(f, a.lo) && bound_commutes(f, a.hi);
    }
    default:
        return false;
    }
}

/// Layers that can carry their inputs' formats, and how many activations they read.
bool carries_one(const Graph& graph, NodeId id) {
    const Op op = graph.node(id).op;
    return op == Op::conv || op == Op::conv_transpose || op == Op::gemm ||
           (reads_activations(graph, id) && (op == Op::max_pool || op == Op::average_pool ||
                                             op == Op::global_average_pool || op == Op::reduce_mean));
}
bool carries_each(const Graph& graph, NodeId id) {
    const Op op = graph.node(id).op;
    return reads_activations(graph, id) &&
           (op == Op::add || op == Op::sub || op == Op::mul || op == Op::div || op == Op::concat);
}

/// A signed symmetric grid as the unsigned affine one of the same values.
NumberFormat as_affine(NumberFormat f) {
    if (!f.symmetric || f.type != FormatType::integer) return f;
    const int32_t zero = -f.q_min();
    f.symmetric = false;
    f.zero_point.assign(f.scale.size(), zero);
    return f;
}

/// One format that says what each of several inputs has; nullopt where their types differ.
std::optional<NumberFormat> joined(std::vector<NumberFormat> formats) {
    const bool all_same = std::all_of(formats.begin(), formats.end(),
                                      [&](const NumberFormat& f) { return f == formats.front(); });
    if (all_same) return formats.front();
    const bool mixed = std::any_of(formats.begin(), formats.end(), [&](const NumberFormat& f) {
        return f.symmetric != formats.front().symmetric;
    });
    NumberFormat out;
    std::vector<float> scales;
    std::vector<int32_t> zeros;
    for (NumberFormat& f : formats) {
        if (mixed) f = as_affine(f);
        if (is_per_channel(f) || f.is_dynamic() || f.scale.size() != 1) return std::nullopt;
        scales.push_back(f.scale.front());
        if (!f.zero_point.empty()) zeros.push_back(f.zero_point.front());
        f.scale.clear();
        f.zero_point.clear();
        if (!(f == formats.front())) return std::nullopt;
    }
    if (!zeros.empty() && zeros.size() != scales.size()) return std::nullopt;
    out = formats.front();
    out.scale = std::move(scales);
    out.zero_point = std::move(zeros);
    return out;
}

/// The narrower format that a quantizer behind this Clip comes to; nullopt where the bounds are no grid.
std::optional<NumberFormat> narrowed(NumberFormat f, const ClipAttributes& clip) {
    if (f.type != FormatType::integer || f.is_dynamic() || f.scale.size() != 1) return std::nullopt;
    const int32_t zero = f.zero_point.empty() ? 0 : f.zero_point.front();
    const int32_t full_min = f.q_min(), full_max = f.q_max();
    const auto real = [&](int32_t q) { return f.scale.front() * static_cast<float>(q - zero); };
    for (f.bits = std::min(f.bits, 8); f.bits >= 2; --f.bits) {
        for (const bool narrow : {false, true}) {
            f.narrow = narrow;
            if (f.q_min() == full_min && f.q_max() == full_max) continue;
            if (zero > f.q_max()) continue;
            if (real(f.q_min()) == clip.lo && real(f.q_max()) == clip.hi) return f;
        }
    }
    return std::nullopt;
}

/// The activation function that a quantizer stands in for: some converters (TensorFlow Lite) write none where
/// the range that is left begins at 0, or ends at 6 besides. Without it the float network would be another
/// one.
std::optional<ClipAttributes> implied_activation(const Graph& graph, const Node& quantizer,
                                                 const NumberFormat& f) {
    const NodeId producer = graph.producer(quantizer.inputs.front());
    if (!producer.valid() || f.type != FormatType::integer || f.symmetric || f.scale.size() != 1 ||
        f.is_dynamic() || (!f.zero_point.empty() && f.zero_point.front() != f.q_min()))
        return std::nullopt;
    const Op op = graph.node(producer).op;
    if (op != Op::conv && op != Op::conv_transpose && op != Op::gemm && op != Op::batch_norm && op != Op::add)
        return std::nullopt;
    ClipAttributes clip;
    clip.lo = 0;
    const float highest = f.scale.front() * static_cast<float>(f.q_max());
    if (std::fabs(highest - 6) < 1e-3F) clip.hi = std::max(highest, 6.0F);
    return clip;
}

class Absorber {
public:
    Absorber(const Graph& graph, const RawModel& model)
        : m_graph(graph), m_builder(graph.name(), graph.opset()), m_values(graph.values().size()) {
        for (const RawNode& node : model.nodes) {
            if (node.quantizer) m_quantizers.emplace(node.name, node.quantizer->format);
            if (node.weights) m_weights.emplace(node.name, node.weights->format);
        }
        for (const Node& node : graph.nodes()) m_names.insert(node.name);
        for (const NodeId id : graph.node_ids()) find_narrowing(id);
    }

    Result<QuantizedNetwork> run() {
        for (const ValueId id : m_graph.inputs()) {
            const Value& value = m_graph.value(id);
            at(id).plain = m_builder.input(value.name, value.shape, value.type);
        }
        for (const NodeId id : m_graph.node_ids()) {
            if (auto ok = place(id); !ok) {
                ok.error().where = "node '" + m_graph.node(id).name + "'";
                return forward_error(ok);
            }
        }
        for (const ValueId id : m_graph.outputs()) {
            auto value = rounded(id);
            if (!value) return forward_error(value);
            m_builder.output(*value);
        }
        auto graph = m_builder.build();
        if (!graph) return forward_error(graph);
        return QuantizedNetwork{std::move(*graph), std::move(m_design)};
    }

private:
    /// A Clip that only a quantizer reads, and that cuts to a part of its grid.
    void find_narrowing(NodeId id) {
        const Node& clip = m_graph.node(id);
        if (clip.op != Op::clip || m_graph.is_output(clip.output())) return;
        const auto& readers = m_graph.consumers(clip.output());
        if (readers.size() != 1 || m_graph.node(readers.front()).op != Op::quantize) return;
        NumberFormat& format = m_quantizers.at(m_graph.node(readers.front()).name);
        const auto narrow = narrowed(format, std::get<ClipAttributes>(clip.attributes));
        if (!narrow) return;
        format = *narrow;
        m_gone.insert(clip.name);
    }

    Carried& at(ValueId id) { return m_values[id.position()]; }

    /// Constants enter the new graph when they are first read.
    Carried& read(ValueId id) {
        Carried& carried = at(id);
        const Value& value = m_graph.value(id);
        if (!carried.plain.valid() && value.constant)
            carried.plain = m_builder.constant(value.name, value.constant);
        return carried;
    }

    /// The value as the file has it: a quantizer is written where there was none yet.
    Result<ValueId> rounded(ValueId id) {
        Carried& carried = read(id);
        if (!carried.format || carried.on_grid) return carried.plain;
        const Node& quantizer = *carried.quantizer;
        // The file's own name for the first, one that no node has for further ones.
        std::string name = quantizer.name;
        int& suffix = m_suffixes.try_emplace(quantizer.name, 1).first->second;
        while (m_written.contains(name) || (suffix > 1 && m_names.contains(name)))
            name = quantizer.name + "_" + std::to_string(++suffix);
        m_written.insert(name);
        const bool is_its_own = m_graph.node(m_graph.producer(id)).op == Op::quantize;
        auto value = m_builder.add(Op::quantize, quantizer.op_type, name, {}, {carried.plain},
                                   is_its_own ? m_graph.value(id).name : name);
        if (!value) return value;
        m_design.set(name, {float32_format(), *carried.format, {}});
        carried.plain = *value;
        carried.on_grid = true;
        return value;
    }

    Result<std::vector<ValueId>> rounded_inputs(const Node& node) {
        std::vector<ValueId> inputs;
        for (const ValueId id : node.inputs) {
            auto value = rounded(id);
            if (!value) return forward_error(value);
            inputs.push_back(*value);
        }
        return inputs;
    }

    Result<void> add(const Node& node, std::vector<ValueId> inputs, Carried out = {}) {
        m_written.insert(node.name);
        auto value = m_builder.add(node.op, node.op_type, node.name, node.attributes, std::move(inputs),
                                   m_graph.value(node.output()).name);
        if (!value) return forward_error(value);
        out.plain = *value;
        at(node.output()) = std::move(out);
        return {};
    }

    Result<void> place(NodeId id) {
        const Node& node = m_graph.node(id);
        if (node.op == Op::unsupported) return place_unsupported(node);
        if (node.op == Op::quantize) return place_quantizer(node);
        if (m_gone.contains(node.name)) {
            at(node.output()) = Carried(read(node.inputs.front()));
            return {};
        }
        if (carries_one(m_graph, id)) return place_layer(node);
        if (carries_each(m_graph, id)) return place_joining(node);
        const Carried& first = read(node.inputs.front());
        const bool returned = m_graph.is_output(node.output());
        if (first.format && commutes(node, *first.format) && (first.on_grid || !returned))
            return add(node, {first.plain}, {{}, first.format, first.on_grid, first.quantizer});
        auto inputs = rounded_inputs(node);
        if (!inputs) return forward_error(inputs);
        return add(node, std::move(*inputs));
    }

    Result<void> place_unsupported(const Node& node) {
        auto inputs = rounded_inputs(node);
        if (!inputs) return forward_error(inputs);
        std::vector<Value> outputs;
        for (const ValueId id : node.outputs) outputs.push_back(m_graph.value(id));
        const auto ids = m_builder.add_unsupported(node.op_type, node.name, node.why_unsupported,
                                                   std::move(*inputs), std::move(outputs), node.attributes);
        for (size_t i = 0; i < ids.size(); ++i) at(node.outputs[i]).plain = ids[i];
        return {};
    }

    Result<void> place_quantizer(const Node& node) {
        const NumberFormat& format = m_quantizers.at(node.name);
        Carried in = read(node.inputs.front());
        if (!in.format || !(*in.format == format) || format.is_dynamic()) {
            auto value = rounded(node.inputs.front());
            if (value) value = activated(node, format, *value);
            if (!value) return forward_error(value);
            in = {*value, format, false, &node};
        }
        at(node.output()) = in;
        if (!m_graph.is_output(node.output())) return {};
        auto value = rounded(node.output());
        return value ? Result<void>() : forward_error(value);
    }

    Result<ValueId> activated(const Node& quantizer, const NumberFormat& format, ValueId value) {
        const auto clip = implied_activation(m_graph, quantizer, format);
        if (!clip) return value;
        const bool bounded = std::isfinite(clip->hi);
        std::string name = quantizer.name + (bounded ? "_relu6" : "_relu");
        while (!m_names.insert(name).second) name += '_';
        if (bounded) return m_builder.add(Op::clip, "Clip", name, *clip, {value});
        return m_builder.add(Op::relu, "Relu", name, {}, {value});
    }

    Result<void> place_layer(const Node& node) {
        const Carried in = read(node.inputs.front());
        LayerPrecision precision;
        if (in.format) precision.activations = *in.format;
        if (const auto it = m_weights.find(node.name); it != m_weights.end()) precision.weights = it->second;
        if (!(precision == LayerPrecision{})) m_design.set(node.name, precision);
        std::vector<ValueId> inputs{in.plain};
        for (size_t i = 1; i < node.inputs.size(); ++i) {
            auto value = rounded(node.inputs[i]);
            if (!value) return forward_error(value);
            inputs.push_back(*value);
        }
        // The largest of rounded numbers is one of them.
        Carried out;
        if (node.op == Op::max_pool && in.format && !in.format->is_dynamic() && !is_per_channel(*in.format))
            out = {{}, in.format, true, in.quantizer};
        return add(node, std::move(inputs), std::move(out));
    }

    /// All activations that meet here must come from quantizers of one type for the layer to carry them.
    Result<void> place_joining(const Node& node) {
        std::vector<NumberFormat> formats;
        std::vector<ValueId> inputs;
        bool all = true;
        for (const ValueId id : node.inputs) {
            const Carried& in = read(id);
            inputs.push_back(in.plain);
            if (m_graph.value(id).constant) continue;
            all = all && in.format && !is_per_channel(*in.format);
            if (in.format) formats.push_back(*in.format);
        }
        const auto format = all && !formats.empty() ? joined(formats) : std::nullopt;
        if (!format || format->is_dynamic()) {
            auto own = rounded_inputs(node);
            if (!own) return forward_error(own);
            return add(node, std::move(*own));
        }
        m_design.set(node.name, {float32_format(), *format, {}});
        Carried out;
        if (node.op == Op::concat && format->scale.size() <= 1)
            out = {{}, format, true, read(node.inputs.front()).quantizer};
        return add(node, std::move(inputs), std::move(out));
    }

    const Graph& m_graph;
    GraphBuilder m_builder;
    PrecisionPlan m_design;
    std::vector<Carried> m_values; ///< by position in the old graph
    std::unordered_map<std::string, NumberFormat> m_quantizers, m_weights;
    std::unordered_set<std::string> m_names, m_written;
    std::unordered_map<std::string, int> m_suffixes; ///< last one given, by quantizer
    std::unordered_set<std::string> m_gone;          ///< Clips that became part of a format
};

} // namespace

Result<QuantizedNetwork> absorb_quantizers(const Graph& graph, const RawModel& model) {
    auto network = Absorber(graph, model).run();
    if (network) network->design.set_folds_batch_norm(false);
    return network;
}

} // namespace widthwise::onnx
