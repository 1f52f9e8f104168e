#include "core/graph/same_network.h"

#include <algorithm>

namespace widthwise {
namespace {

bool same_value(const Graph& a, ValueId x, const Graph& b, ValueId y) {
    const Value &left = a.value(x), &right = b.value(y);
    if (left.shape != right.shape || left.type != right.type || !left.constant != !right.constant)
        return false;
    if (!left.constant) return a.producer(x) == b.producer(y);
    return std::ranges::equal(left.constant->bytes(), right.constant->bytes());
}

bool same_values(const Graph& a, const std::vector<ValueId>& x, const Graph& b,
                 const std::vector<ValueId>& y) {
    return std::ranges::equal(x, y, [&](ValueId p, ValueId q) { return same_value(a, p, b, q); });
}

} // namespace

bool same_network(const Graph& a, const Graph& b) {
    const auto same_node = [&](const Node& x, const Node& y) {
        return x.name == y.name && x.op == y.op && x.attributes == y.attributes &&
               same_values(a, x.inputs, b, y.inputs) && same_values(a, x.outputs, b, y.outputs);
    };
    // Inputs have no producer: which of several is read shows in their places alone.
    return std::ranges::equal(a.nodes(), b.nodes(), same_node) && same_values(a, a.inputs(), b, b.inputs()) &&
           same_values(a, a.outputs(), b, b.outputs());
}

} // namespace widthwise
