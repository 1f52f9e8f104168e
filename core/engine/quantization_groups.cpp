#include "core/engine/quantization_groups.h"

#include <numeric>

namespace widthwise::engine {

bool moves_elements(const Node& node) {
    switch (node.op) {
    case Op::reshape:
    case Op::transpose:
    case Op::slice:
    case Op::pad:
    case Op::gather:
    case Op::expand:
    case Op::depth_to_space:
    case Op::space_to_depth:
    case Op::identity:
    case Op::max_pool:
    case Op::concat:
        return true;
    case Op::resize:
        return std::get<ResizeAttributes>(node.attributes).mode == ResizeMode::nearest;
    default:
        return false;
    }
}

QuantizationGroups::QuantizationGroups(const Graph& graph) : m_group(graph.values().size()) {
    std::iota(m_group.begin(), m_group.end(), 0);
    const auto root = [&](int i) {
        while (m_group[static_cast<size_t>(i)] != i) i = m_group[static_cast<size_t>(i)];
        return i;
    };
    for (const Node& node : graph.nodes()) {
        if (!moves_elements(node)) continue;
        for (const ValueId input : node.inputs) {
            if (graph.value(input).constant) continue;
            const int a = root(input.index), b = root(node.output().index);
            // Smaller root wins, so that the group's name does not depend on the order.
            m_group[static_cast<size_t>(std::max(a, b))] = std::min(a, b);
        }
    }
    for (size_t i = 0; i < m_group.size(); ++i) m_group[i] = root(static_cast<int>(i));
}

} // namespace widthwise::engine
