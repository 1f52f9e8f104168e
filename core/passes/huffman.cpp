#include "core/passes/huffman.h"

#include <queue>

namespace widthwise::passes {

std::vector<int> huffman_lengths(std::span<const int64_t> counts) {
    using Tree = std::pair<int64_t, size_t>; // count, node: equal counts in order of birth
    std::priority_queue<Tree, std::vector<Tree>, std::greater<>> trees;
    std::vector<size_t> parent(counts.size()); // nodes: the symbols, then what joins two
    std::vector<int> lengths(counts.size(), 0);
    for (size_t i = 0; i < counts.size(); ++i)
        if (counts[i] > 0) trees.emplace(counts[i], i);
    if (trees.size() == 1) lengths[trees.top().second] = 1;
    if (trees.size() < 2) return lengths;
    while (trees.size() > 1) {
        const Tree a = trees.top();
        trees.pop();
        const Tree b = trees.top();
        trees.pop();
        parent[a.second] = parent[b.second] = parent.size();
        trees.emplace(a.first + b.first, parent.size());
        parent.push_back(0);
    }
    // Parents come after their children: depths from the root down.
    std::vector<int> depth(parent.size(), 0);
    for (size_t node = parent.size() - 1; node-- > 0;)
        if (node >= counts.size() || counts[node] > 0) depth[node] = depth[parent[node]] + 1;
    for (size_t i = 0; i < counts.size(); ++i) lengths[i] = depth[i];
    return lengths;
}

int64_t huffman_bits(std::span<const int64_t> counts) {
    const std::vector<int> lengths = huffman_lengths(counts);
    int64_t bits = 0;
    for (size_t i = 0; i < counts.size(); ++i) bits += counts[i] * lengths[i];
    return bits;
}

} // namespace widthwise::passes
