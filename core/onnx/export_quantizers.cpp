#include "core/onnx/export_quantizers.h"

#include "core/onnx/export_writer.h"

#include <algorithm>
#include <cmath>

namespace widthwise::onnx {

namespace {

using exporting::NodeWriter;

struct Parameters {
    std::vector<float> scales;
    std::vector<int32_t> zero_points;
};

Parameters parameters_of(const NumberFormat& f) {
    Parameters out;
    for (size_t i = 0; i < std::max<size_t>(1, f.scale.size()); ++i) {
        const AffineParams p = Quantizer(f, i).affine();
        out.scales.push_back(p.scale);
        out.zero_points.push_back(p.zero_point);
    }
    return out;
}

/// A scalar, or a vector for several.
Shape along(size_t count) {
    return count == 1 ? Shape{} : Shape{static_cast<int64_t>(count)};
}

std::string write_floats(const ExportContext& c, const std::string& stem, Shape shape, std::vector<float> v) {
    return c.write_constant(stem, Tensor::from_f32(std::move(shape), std::move(v)));
}

template <typename T>
std::string write_codes(const ExportContext& c, const std::string& stem, DataType type, Shape shape,
                        const std::vector<int32_t>& codes) {
    Tensor tensor(type, std::move(shape));
    const auto out = tensor.as<T>();
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(codes[i]);
    return c.write_constant(stem, tensor);
}

/// Integers of at most 8 bits: symmetric ones as int8, affine ones as uint8.
std::string write_integers(const ExportContext& c, const std::string& stem, bool symmetric, Shape shape,
                           const std::vector<int32_t>& codes) {
    return symmetric ? write_codes<int8_t>(c, stem, DataType::i8, std::move(shape), codes)
                     : write_codes<uint8_t>(c, stem, DataType::u8, std::move(shape), codes);
}

/// Ternary and binary weights have their own codes around 0.
bool is_signed(const NumberFormat& f) {
    return f.q_min() < 0;
}

void write_dynamic(const ExportContext& c, const Node& node) {
    const std::string q = c.fresh_name(node.name + ".q"), scale = c.fresh_name(node.name + ".scale"),
                      zero_point = c.fresh_name(node.name + ".zero_point");
    NodeWriter(c, node.name, "DynamicQuantizeLinear")
        .reads(c.name_of(node.inputs[0]))
        .writes(q)
        .writes(scale)
        .writes(zero_point);
    NodeWriter(c, c.fresh_name(node.name + ".dequantize"), "DequantizeLinear")
        .reads(q)
        .reads(scale)
        .reads(zero_point)
        .writes(c.name_of(node.output()));
}

void write_linear(const ExportContext& c, const Node& node, const NumberFormat& f) {
    if (f.is_dynamic()) {
        write_dynamic(c, node);
        return;
    }
    const Parameters p = parameters_of(f);
    const size_t count = p.scales.size();
    std::string input = c.name_of(node.inputs[0]);
    const int32_t full_min = f.symmetric ? -128 : 0, full_max = f.symmetric ? 127 : 255;
    if (count == 1 && (f.q_min() > full_min || f.q_max() < full_max)) {
        const auto real = [&](int32_t q) { return p.scales[0] * static_cast<float>(q - p.zero_points[0]); };
        const std::string clipped = c.fresh_name(node.name + ".clipped");
        NodeWriter(c, c.fresh_name(node.name + ".clip"), "Clip")
            .reads(input)
            .reads(exporting::write_scalar(c, node.name + ".min", real(f.q_min())))
            .reads(exporting::write_scalar(c, node.name + ".max", real(f.q_max())))
            .writes(clipped);
        input = clipped;
    }
    const std::string scale = write_floats(c, node.name + ".scale", along(count), p.scales);
    const std::string zero_point =
        write_integers(c, node.name + ".zero_point", f.symmetric, along(count), p.zero_points);
    const std::string q = c.fresh_name(node.name + ".q");
    NodeWriter quantize(c, node.name, "QuantizeLinear");
    quantize.reads(input).reads(scale).reads(zero_point).writes(q);
    NodeWriter dequantize(c, c.fresh_name(node.name + ".dequantize"), "DequantizeLinear");
    dequantize.reads(q).reads(scale).reads(zero_point).writes(c.name_of(node.output()));
    if (count == 1) return;
    quantize.integer("axis", 1);
    dequantize.integer("axis", 1);
}

void write_linear_weights(const ExportContext& c, const Value& value, const std::string& name,
                          const IntegerConstant& weights) {
    const size_t count = weights.scales.size();
    const bool with_sign = is_signed(weights.format);
    const std::string q = write_integers(c, name + ".q", with_sign, value.shape, weights.codes);
    const std::string scale = write_floats(c, name + ".scale", along(count), weights.scales);
    const std::string zero_point =
        write_integers(c, name + ".zero_point", with_sign, along(count), weights.zero_points);
    NodeWriter writer(c, c.fresh_name(name + ".dequantize"), "DequantizeLinear");
    writer.reads(q).reads(scale).reads(zero_point).writes(name);
    if (count > 1) writer.integer("axis", weights.axis);
}

void write_linear_bias(const ExportContext& c, const Value& value, const std::string& name,
                       const std::vector<float>& scales) {
    const auto bias = value.constant->to_f32();
    std::vector<int32_t> q(bias.size());
    for (size_t i = 0; i < q.size(); ++i) {
        const double scale = scales[scales.size() == 1 ? 0 : i];
        q[i] = static_cast<int32_t>(std::nearbyint(static_cast<double>(bias[i]) / scale));
    }
    const std::string codes = write_codes<int32_t>(c, name + ".q", DataType::i32, value.shape, q);
    const std::string scale = write_floats(c, name + ".scale", along(scales.size()), scales);
    NodeWriter writer(c, c.fresh_name(name + ".dequantize"), "DequantizeLinear");
    writer.reads(codes).reads(scale).writes(name);
    if (scales.size() > 1) writer.integer("axis", 0);
}

/// Scales as numpy broadcasts them against a tensor of this rank.
Shape broadcast_shape(size_t count, size_t rank, size_t axis) {
    if (count == 1) return {};
    std::vector<int64_t> dims(rank, 1);
    dims[axis] = static_cast<int64_t>(count);
    return Shape(std::move(dims));
}

void write_quant(const ExportContext& c, const std::string& node, const std::string& from,
                 const std::string& to, const NumberFormat& f, const Parameters& p, const Shape& shape) {
    const std::string scale = write_floats(c, node + ".scale", shape, p.scales);
    if (f.type == FormatType::binary) {
        NodeWriter(c, node, "BipolarQuant").domain(k_qonnx_domain).reads(from).reads(scale).writes(to);
        return;
    }
    const std::vector<float> zeros(p.zero_points.begin(), p.zero_points.end());
    const bool ternary = f.type == FormatType::ternary;
    NodeWriter(c, node, "Quant")
        .domain(k_qonnx_domain)
        .reads(from)
        .reads(scale)
        .reads(write_floats(c, node + ".zero_point", shape, zeros))
        .reads(exporting::write_scalar(c, node + ".bit_width", ternary ? 2.0F : static_cast<float>(f.bits)))
        .writes(to)
        .integer("signed", is_signed(f))
        .integer("narrow", ternary || f.narrow)
        .text("rounding_mode", "ROUND");
}

} // namespace

bool QuantizerWriter::write_node(const ExportContext& c, const Node& node) const {
    if (node.op == Op::multi_threshold && m_form == QuantizedForm::qonnx) {
        const auto& a = std::get<MultiThresholdAttributes>(node.attributes);
        exporting::start(c, node, "MultiThreshold")
            .domain(k_qonnx_domain)
            .text("out_dtype", "FLOAT32")
            .real("out_scale", a.scale)
            .real("out_bias", a.bias);
        return true;
    }
    if (node.op != Op::quantize) return false;
    const NumberFormat& f = m_network.quantizers.at(node.name);
    if (m_form == QuantizedForm::qdq) {
        write_linear(c, node, f);
        return true;
    }
    const Parameters p = parameters_of(f);
    const size_t rank = c.graph.value(node.output()).shape.rank();
    write_quant(c, node.name, c.name_of(node.inputs[0]), c.name_of(node.output()), f, p,
                broadcast_shape(p.scales.size(), rank, 1));
    return true;
}

bool QuantizerWriter::write_constant(const ExportContext& c, ValueId id, const std::string& name) const {
    const Value& value = c.graph.value(id);
    const auto weights = m_network.weights.find(id);
    if (weights != m_network.weights.end()) {
        const IntegerConstant& w = weights->second;
        if (m_form == QuantizedForm::qdq) {
            write_linear_weights(c, value, name, w);
            return true;
        }
        const std::string reals = c.write_constant(name + ".real", *value.constant);
        const auto axis = static_cast<size_t>(w.axis);
        write_quant(c, c.fresh_name(name + ".quantize"), reals, name, w.format, {w.scales, w.zero_points},
                    broadcast_shape(w.scales.size(), value.shape.rank(), axis));
        return true;
    }
    const auto bias = m_network.bias_scales.find(id);
    if (m_form != QuantizedForm::qdq || bias == m_network.bias_scales.end()) return false;
    write_linear_bias(c, value, name, bias->second);
    return true;
}

Result<std::string> export_quantized(const Graph& graph, const PrecisionPlan& resolved, QuantizedForm form,
                                     const std::map<std::string, std::string>& metadata) {
    auto network = write_out_quantizers(graph, resolved, form);
    if (!network) return forward_error(network);
    std::map<std::string, std::string> all = metadata;
    all.erase(k_design_key);
    if (network->beside) all[k_design_key] = plan_to_json(*network->beside);
    const QuantizerWriter writer(*network, form);
    return export_graph(*network->graph, &writer, all);
}

Result<std::string> export_learned(const Graph& graph, const PrecisionPlan& design, LearnedForm form,
                                   const std::map<std::string, std::string>& metadata) {
    std::map<std::string, std::string> all = metadata;
    all[k_design_key] = plan_to_json(design);
    if (form == LearnedForm::beside) return export_graph(graph, nullptr, all);
    auto network = write_out_quantizers(graph, design, QuantizedForm::qonnx, WeightValues::real);
    if (!network) return forward_error(network);
    const QuantizerWriter writer(*network, QuantizedForm::qonnx);
    return export_graph(*network->graph, &writer, all);
}

} // namespace widthwise::onnx
