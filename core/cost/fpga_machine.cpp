#include "core/cost/fpga_machine.h"

namespace widthwise::cost {

std::vector<bool> streamed_values(const Graph& graph) {
    std::vector<bool> streamed(graph.values().size(), true);
    for (const ValueId in : graph.inputs()) streamed[in.position()] = false;
    for (const ValueId out : graph.outputs()) streamed[out.position()] = false;
    return streamed;
}

} // namespace widthwise::cost
