#include "core/onnx/export_node.h"

#include "core/base/text.h"
#include "core/onnx/export_writer.h"

namespace widthwise::onnx {

int needed_opset(const Graph& graph) {
    int opset = 13;
    for (const Node& node : graph.nodes()) {
        if (node.op == Op::layer_norm) opset = std::max(opset, 17);
        const auto* a = std::get_if<FunctionAttributes>(&node.attributes);
        if (node.op != Op::function || !a) continue;
        if (a->function == Function::hard_swish) opset = std::max(opset, 14);
        if (a->function == Function::mish) opset = std::max(opset, 18);
        if (a->function == Function::gelu || a->function == Function::gelu_tanh) opset = std::max(opset, 20);
    }
    return opset;
}

Result<void> export_node(const ExportContext& c, const Node& node) {
    const std::string where = "node " + in_quotes(node.name);
    if (node.op == Op::unsupported)
        return fail(ErrorCode::unsupported, "the network cannot be exported: " + node.why_unsupported, where);
    for (const exporting::Family family : {exporting::write_layer, exporting::write_pointwise,
                                           exporting::write_reduction, exporting::write_move}) {
        if (family(c, node)) return {};
    }
    return fail(ErrorCode::unsupported,
                "the network cannot be exported: " + node.op_type + " is no op of plain ONNX", where,
                "export it as a quantized network");
}

} // namespace widthwise::onnx
