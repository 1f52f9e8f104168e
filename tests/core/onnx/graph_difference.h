#pragma once
// Whether two graphs are the same network.

#include "core/graph/graph.h"

#include <algorithm>
#include <string>

namespace widthwise::test {

inline std::string difference(const Value& a, const Value& b) {
    if (a.shape != b.shape) return "shape " + a.shape.to_string() + " / " + b.shape.to_string();
    if (a.type != b.type || !a.constant != !b.constant) return "type";
    if (a.constant && !std::equal(a.constant->bytes().begin(), a.constant->bytes().end(),
                                  b.constant->bytes().begin(), b.constant->bytes().end())) {
        return "contents";
    }
    return {};
}

/// Empty when the two are the same network: nodes, attributes, wiring, constants; inputs and outputs by name.
inline std::string difference(const Graph& a, const Graph& b) {
    if (a.nodes().size() != b.nodes().size()) return "number of nodes";
    for (size_t i = 0; i < a.nodes().size(); ++i) {
        const Node& x = a.nodes()[i];
        const Node& y = b.nodes()[i];
        const std::string where = " of " + x.name;
        if (x.name != y.name) return "name" + where + " / " + y.name;
        if (x.op_type != y.op_type || x.op != y.op) return "op" + where;
        if (!(x.attributes == y.attributes)) return "attributes" + where;
        if (x.inputs.size() != y.inputs.size()) return "inputs" + where;
        for (size_t k = 0; k < x.inputs.size(); ++k) {
            if (auto d = difference(a.value(x.inputs[k]), b.value(y.inputs[k])); !d.empty()) return d + where;
            if (a.producer(x.inputs[k]) != b.producer(y.inputs[k])) return "wiring" + where;
        }
        if (auto d = difference(a.value(x.output()), b.value(y.output())); !d.empty())
            return "output " + d + where;
    }
    const auto names = [](const Graph& graph, const std::vector<ValueId>& ids) {
        std::vector<std::string> out;
        for (const ValueId id : ids) out.push_back(graph.value(id).name);
        return out;
    };
    if (names(a, a.inputs()) != names(b, b.inputs())) return "inputs";
    if (names(a, a.outputs()) != names(b, b.outputs())) return "outputs";
    return {};
}

} // namespace widthwise::test
