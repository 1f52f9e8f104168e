#include "core/passes/prune_weights.h"

#include "core/passes/compression_layers.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace widthwise::passes {
namespace {

/// Magnitudes order as these integers do.
uint32_t magnitude(float weight) {
    return std::bit_cast<uint32_t>(weight) & 0x7fffffffU;
}

/// What to prune: all magnitudes below `limit`, and the first `ties` that equal it.
struct Cut {
    uint32_t limit = 0;
    int64_t ties = 0;
};

/// The `count` smallest, found by counting the upper and then the lower halves of the bits: no copy of the
/// weights.
Cut cut_of(std::span<const std::vector<float>* const> tensors, int64_t count) {
    constexpr uint32_t half = 16;
    Cut cut;
    cut.ties = count;
    for (const bool upper : {true, false}) {
        std::vector<int64_t> counts(size_t{1} << half, 0);
        for (const std::vector<float>* tensor : tensors)
            for (const float weight : *tensor) {
                const uint32_t bits = magnitude(weight);
                if (upper)
                    ++counts[bits >> half];
                else if (bits >> half == cut.limit >> half)
                    ++counts[bits & ((1U << half) - 1)];
            }
        uint32_t digit = 0;
        while (digit + 1 < counts.size() && counts[digit] < cut.ties) cut.ties -= counts[digit++];
        cut.limit |= upper ? digit << half : digit;
    }
    return cut;
}

void apply(Cut& cut, std::vector<float>& weights) {
    for (float& weight : weights) {
        const uint32_t bits = magnitude(weight);
        if (bits < cut.limit || (bits == cut.limit && cut.ties-- > 0)) weight = 0;
    }
}

void prune(const std::vector<std::vector<float>*>& tensors, double share) {
    int64_t total = 0;
    for (const auto* tensor : tensors) total += static_cast<int64_t>(tensor->size());
    const int64_t count = std::llround(share * static_cast<double>(total));
    if (count == 0) return;
    const std::vector<const std::vector<float>*> read(tensors.begin(), tensors.end());
    Cut cut = cut_of(read, count);
    for (auto* tensor : tensors) apply(cut, *tensor);
}

/// Keeps the largest of each run; of equal ones the first.
void keep_largest(std::vector<float>& weights, const InputRuns& runs, const PruneNofM& method) {
    const auto of = static_cast<size_t>(method.of), keep = static_cast<size_t>(method.keep);
    std::vector<size_t> order;
    for (size_t outer = 0; outer < runs.outer; ++outer)
        for (size_t inner = 0; inner < runs.inner; ++inner)
            for (size_t begin = 0; begin < runs.inputs; begin += of) {
                const size_t length = std::min(of, runs.inputs - begin);
                const size_t kept = (length * keep + of - 1) / of;
                const auto at = [&](size_t i) -> float& {
                    return weights[(outer * runs.inputs + begin + i) * runs.inner + inner];
                };
                order.resize(length);
                std::iota(order.begin(), order.end(), size_t{0});
                std::stable_sort(order.begin(), order.end(),
                                 [&](size_t a, size_t b) { return magnitude(at(a)) > magnitude(at(b)); });
                for (size_t i = kept; i < length; ++i) at(order[i]) = 0;
            }
}

} // namespace

Result<Compressed> prune_weights(const GraphPtr& graph, const PruneWeights& method,
                                 const std::vector<NodeId>& layers, const WorkControl& control) {
    WeightTensors tensors = weights_of(*graph, layers);
    std::vector<std::vector<float>*> ordered; // as the layers are, not as the constants are numbered
    for (const NodeId id : layers) {
        std::vector<float>* tensor = &tensors.at(graph->node(id).inputs[1]);
        if (std::find(ordered.begin(), ordered.end(), tensor) == ordered.end()) ordered.push_back(tensor);
    }
    if (method.globally) prune(ordered, method.share);
    for (auto* tensor : ordered) {
        if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        if (!method.globally) prune({tensor}, method.share);
    }
    return with_weights(*graph, layers, std::move(tensors));
}

Result<Compressed> prune_n_of_m(const GraphPtr& graph, const PruneNofM& method,
                                const std::vector<NodeId>& layers, const WorkControl& control) {
    WeightTensors tensors = weights_of(*graph, layers);
    for (const NodeId id : layers) {
        if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        keep_largest(tensors.at(graph->node(id).inputs[1]), input_runs(*graph, id), method);
    }
    return with_weights(*graph, layers, std::move(tensors));
}

} // namespace widthwise::passes
