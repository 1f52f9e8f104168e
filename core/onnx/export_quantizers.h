#pragma once
// Quantizers and integer constants as nodes of ONNX (QuantizeLinear, DequantizeLinear) or of QONNX (Quant,
// BipolarQuant).

#include "core/onnx/explicit_quantizers.h"
#include "core/onnx/export_node.h"

namespace widthwise::onnx {

inline constexpr const char* k_qonnx_domain = "qonnx.custom_op.general";
/// Of metadata_props: a design (widthwise-design/1) that says what the nodes cannot.
inline constexpr const char* k_design_key = "widthwise.design";

class QuantizerWriter {
public:
    QuantizerWriter(const ExplicitNetwork& network, QuantizedForm form) : m_network(network), m_form(form) {}

    /// Writes Op::quantize, and as QONNX Op::multi_threshold; false: any other node.
    [[nodiscard]] bool write_node(const ExportContext& context, const Node& node) const;
    /// Writes a constant that is held as integers and what turns it into the reals called `name`; false: it
    /// is held as it is.
    [[nodiscard]] bool write_constant(const ExportContext& context, ValueId id,
                                      const std::string& name) const;
    [[nodiscard]] QuantizedForm form() const { return m_form; }

private:
    const ExplicitNetwork& m_network;
    QuantizedForm m_form;
};

/// export_model with quantizers; null: a float network.
[[nodiscard]] Result<std::string> export_graph(const Graph& graph, const QuantizerWriter* quantizers,
                                               const std::map<std::string, std::string>& metadata);

} // namespace widthwise::onnx
