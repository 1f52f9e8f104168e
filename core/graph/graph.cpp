#include "core/graph/graph.h"

#include <algorithm>

namespace widthwise {

NodeId Graph::find_node(std::string_view name) const {
    const auto it =
        std::find_if(m_nodes.begin(), m_nodes.end(), [&](const Node& n) { return n.name == name; });
    return it == m_nodes.end() ? NodeId{} : NodeId{static_cast<int>(it - m_nodes.begin())};
}

std::vector<NodeId> Graph::node_ids() const {
    std::vector<NodeId> ids(m_nodes.size());
    for (size_t i = 0; i < ids.size(); ++i) ids[i].index = static_cast<int>(i);
    return ids;
}

bool Graph::is_output(ValueId id) const {
    return std::find(m_outputs.begin(), m_outputs.end(), id) != m_outputs.end();
}

NodeId Graph::first_unsupported() const {
    const auto it =
        std::find_if(m_nodes.begin(), m_nodes.end(), [](const Node& n) { return n.op == Op::unsupported; });
    return it == m_nodes.end() ? NodeId{} : NodeId{static_cast<int>(it - m_nodes.begin())};
}

} // namespace widthwise
