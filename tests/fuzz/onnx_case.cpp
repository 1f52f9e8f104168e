#include "tests/fuzz/fuzz_cases.h"

#include "core/graph/layer_work.h"
#include "core/onnx/export.h"
#include "core/onnx/import.h"

#include <cstdlib>
#include <string_view>

namespace widthwise::fuzz {

namespace {

void expect(bool condition) {
    if (!condition) std::abort();
}

void expect_sound(const Graph& graph) {
    expect(!graph.inputs().empty() && !graph.outputs().empty());
    static_cast<void>(graph_totals(graph));
    for (const Value& value : graph.values()) expect(!value.shape_known || value.shape.checked_elements());
    for (const NodeId id : graph.node_ids()) expect(graph.find_node(graph.node(id).name) == id);
}

} // namespace

void run_onnx(std::span<const uint8_t> bytes) {
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(bytes.data())),
                                bytes.size());
    const auto imported = onnx::import_model_bytes(text, "fuzz.onnx");
    if (!imported) {
        expect(!imported.error().message.empty() && !imported.error().where.empty());
        return;
    }
    expect_sound(*imported->graph);
    if (imported->graph->first_unsupported().valid()) return;
    const auto exported = onnx::export_model(*imported->graph);
    if (!exported) return; // names and sizes that ONNX has no room for
    const auto again = onnx::import_model_bytes(*exported, "again.onnx");
    if (again) expect_sound(*again->graph);
}

} // namespace widthwise::fuzz
