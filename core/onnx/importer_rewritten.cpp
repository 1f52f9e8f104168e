// What rewrite_quantizers put among the nodes of a file.

#include "core/onnx/importer.h"

namespace widthwise::onnx {

Result<bool> Importer::add_rewritten(const RawNode& node, const std::vector<Operand>& operands) {
    if (node.is_alias) {
        if (const auto it = m_slots.find(node.inputs.front()); it != m_slots.end())
            m_slots.insert_or_assign(node.outputs.front(), Slot(it->second));
        return true;
    }
    if (!node.quantizer) return false;
    const Operand& input = operands.front();
    if (!input.is_activation() || input.type != DataType::f32 || !input.shape || input.shape->rank() == 0 ||
        (*input.shape)[0] != 1) {
        return fail(ErrorCode::unsupported, "what it quantizes is no float32 activation of known shape");
    }
    if (node.quantizer->per_channel()) {
        const auto axis = channel_axis(*node.quantizer, *input.shape);
        if (!axis) return tl::unexpected<Error>(axis.error());
        if (*axis != 1)
            return fail(ErrorCode::unsupported, "scales along other axes than the channels are not run");
    }
    auto output = m_builder.add(Op::quantize, node.op_type, node.name, {}, {id_of(node.inputs.front())},
                                node.outputs.front());
    if (!output) return forward_error(output);
    m_slots[node.outputs.front()] = {nullptr, *output, DataType::f32};
    return true;
}

} // namespace widthwise::onnx
