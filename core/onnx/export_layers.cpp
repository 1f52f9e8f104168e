// Convolutions, products, normalizations, pools.

#include "core/onnx/export_writer.h"

namespace widthwise::onnx::exporting {

namespace {

void write_window(NodeWriter& writer, const ConvAttributes& a) {
    writer.integers("dilations", a.dilations)
        .integer("group", a.group)
        .integers("kernel_shape", a.kernel)
        .integers("pads", a.pads)
        .integers("strides", a.strides);
}

void write_conv_transpose(const ExportContext& c, const Node& node) {
    const auto& a = std::get<ConvTransposeAttributes>(node.attributes);
    auto writer = start(c, node, "ConvTranspose");
    write_window(writer, a.conv);
    writer.integers("output_padding", a.output_padding);
}

/// MatMul keeps its name: its weights go back to [I, O]. All else becomes Gemm with transB, which ONNX has
/// for vectors only: beyond them a bias is added.
void write_gemm(const ExportContext& c, const Node& node) {
    const bool vectors = c.graph.value(node.inputs[0]).shape.rank() == 2;
    if (vectors && (node.op_type != "MatMul" || node.inputs.size() != 2)) {
        start(c, node, "Gemm").integer("transB", 1);
        return;
    }
    const Value& weights = c.graph.value(node.inputs[1]);
    const int64_t outputs = weights.shape[0], inputs = weights.shape[1];
    const auto from = weights.constant->as<float>();
    std::vector<float> transposed(from.size());
    for (int64_t o = 0; o < outputs; ++o) {
        for (int64_t i = 0; i < inputs; ++i) {
            transposed[static_cast<size_t>(i * outputs + o)] = from[static_cast<size_t>(o * inputs + i)];
        }
    }
    const auto matrix =
        c.write_constant(weights.name, Tensor::from_f32(Shape{inputs, outputs}, std::move(transposed)));
    const std::string input = read_as(c, node.inputs[0], DataType::f32), output = c.name_of(node.output());
    const bool bias = node.inputs.size() == 3;
    const std::string product = bias ? c.fresh_name(node.name + ".product") : output;
    NodeWriter(c, node.name, "MatMul").reads(input).reads(matrix).writes(product);
    if (!bias) return;
    NodeWriter(c, c.fresh_name(node.name + ".bias"), "Add")
        .reads(product)
        .reads(c.name_of(node.inputs[2]))
        .writes(output);
}

void write_pool(const ExportContext& c, const Node& node) {
    const auto& a = std::get<PoolAttributes>(node.attributes);
    if (node.op_type == "GlobalMaxPool") {
        start(c, node, "GlobalMaxPool");
        return;
    }
    auto writer = start(c, node, node.op == Op::max_pool ? "MaxPool" : "AveragePool");
    writer.integer("ceil_mode", a.ceil_mode);
    if (node.op == Op::average_pool) writer.integer("count_include_pad", a.count_include_pad);
    writer.integers("kernel_shape", a.kernel).integers("pads", a.pads).integers("strides", a.strides);
}

void write_lrn(const ExportContext& c, const Node& node) {
    const auto& a = std::get<LrnAttributes>(node.attributes);
    start(c, node, "LRN")
        .real("alpha", a.alpha)
        .real("beta", a.beta)
        .real("bias", a.bias)
        .integer("size", a.size);
}

} // namespace

bool write_layer(const ExportContext& c, const Node& node) {
    switch (node.op) {
    case Op::conv: {
        auto writer = start(c, node, "Conv");
        write_window(writer, std::get<ConvAttributes>(node.attributes));
        return true;
    }
    case Op::conv_transpose:
        write_conv_transpose(c, node);
        return true;
    case Op::gemm:
        write_gemm(c, node);
        return true;
    case Op::matmul:
        start(c, node, "MatMul");
        return true;
    case Op::batch_norm:
        start(c, node, "BatchNormalization")
            .real("epsilon", std::get<BatchNormAttributes>(node.attributes).epsilon);
        return true;
    case Op::instance_norm:
        start(c, node, "InstanceNormalization")
            .real("epsilon", std::get<NormAttributes>(node.attributes).epsilon);
        return true;
    case Op::layer_norm: {
        const auto& a = std::get<NormAttributes>(node.attributes);
        start(c, node, "LayerNormalization").integer("axis", a.axis).real("epsilon", a.epsilon);
        return true;
    }
    case Op::lrn:
        write_lrn(c, node);
        return true;
    case Op::max_pool:
    case Op::average_pool:
        write_pool(c, node);
        return true;
    case Op::global_average_pool:
        start(c, node, "GlobalAveragePool");
        return true;
    default:
        return false;
    }
}

} // namespace widthwise::onnx::exporting
