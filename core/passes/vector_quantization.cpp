#include "core/passes/vector_quantization.h"

#include "core/base/format.h"
#include "core/passes/vector_runs.h"
#include "core/quant/kmeans.h"

#include <algorithm>
#include <optional>

namespace widthwise::passes {
namespace {

constexpr int64_t k_float_bits = 32;

/// Indices and codebooks of `count` vectors or, where there are fewer, all.
int64_t stored_bits(const InputRuns& runs, const VectorPart& part, size_t count) {
    const size_t vectors = vectors_in(runs, part);
    count = std::min(count, vectors);
    return static_cast<int64_t>(vectors) * index_bits(count) +
           static_cast<int64_t>(count * part.length) * k_float_bits;
}

struct Outcome {
    int64_t bits = 0;
    size_t codebooks = 0;
    std::string left_alone; ///< why; empty: it was quantized
};

Result<Outcome> quantize_layer(std::vector<float>& weights, const InputRuns& runs,
                               const QuantizeVectors& method, Rng& rng, const WorkControl& control) {
    const size_t count = size_t{1} << method.bits;
    const auto parts = vector_parts(runs.inputs, static_cast<size_t>(method.length), method.product);
    Outcome outcome;
    outcome.codebooks = parts.size();
    for (const VectorPart& part : parts) outcome.bits += stored_bits(runs, part, count);
    if (runs.inputs < 2) outcome.left_alone = "one input channel: no vectors";
    if (outcome.left_alone.empty() && outcome.bits >= std::ssize(weights) * k_float_bits)
        outcome.left_alone = "its codebooks would be as large as the layer";
    if (!outcome.left_alone.empty()) return outcome;
    outcome.bits = 0;
    for (const VectorPart& part : parts) {
        const auto book = kmeans_vectors(vectors_of(weights, runs, part), part.length, count, rng, control);
        if (!book) return tl::unexpected<Error>(book.error());
        for_each_element(runs, part, [&](size_t weight, size_t element) {
            const auto centroid = static_cast<size_t>(book->assignment[element / part.length]);
            weights[weight] = book->centroids[centroid * part.length + element % part.length];
        });
        outcome.bits += stored_bits(runs, part, book->count());
    }
    return outcome;
}

std::string note_of(const Outcome& outcome, int64_t weights) {
    if (!outcome.left_alone.empty()) return outcome.left_alone;
    const std::string books =
        outcome.codebooks == 1 ? "1 codebook" : std::to_string(outcome.codebooks) + " codebooks";
    const auto bytes = [](int64_t bits) { return format_bytes(static_cast<double>((bits + 7) / 8)); };
    return books + ", " + bytes(outcome.bits) + " with indices instead of " + bytes(weights * k_float_bits);
}

} // namespace

Result<Compressed> quantize_vectors(const GraphPtr& graph, const QuantizeVectors& method,
                                    const std::vector<NodeId>& layers, uint64_t seed,
                                    const WorkControl& control) {
    WeightTensors tensors = weights_of(*graph, layers);
    std::map<ValueId, Outcome> outcomes;
    for (const NodeId id : layers) {
        const ValueId tensor = graph->node(id).inputs[1];
        if (outcomes.contains(tensor)) continue;
        control.report("quantizing vectors", std::ssize(outcomes), std::ssize(tensors));
        std::vector<float>& weights = tensors.at(tensor);
        if (Result<void> ok = check_finite(*graph, id, weights); !ok) return forward_error(ok);
        Rng rng = Rng::stream(seed, outcomes.size());
        auto outcome = quantize_layer(weights, input_runs(*graph, id), method, rng, control);
        if (!outcome) return forward_error(outcome);
        outcomes[tensor] = std::move(*outcome);
    }
    Result<Compressed> compressed = with_weights(*graph, layers, std::move(tensors));
    if (!compressed) return compressed;
    for (size_t i = 0; i < layers.size(); ++i) {
        LayerChange& change = compressed->layers[i];
        change.note = note_of(outcomes.at(graph->node(layers[i]).inputs[1]), change.weights_before);
    }
    return compressed;
}

} // namespace widthwise::passes
