#include "core/passes/vector_quantization.h"

#include "core/base/format.h"
#include "core/passes/compression_layers.h"
#include "core/quant/kmeans.h"

#include <algorithm>
#include <optional>

namespace widthwise::passes {
namespace {

constexpr int64_t k_float_bits = 32;

/// Input channels whose vectors share one codebook: [first, end), in vectors of `length`.
struct Part {
    size_t first = 0, end = 0, length = 0;
};

std::vector<Part> parts_of(size_t inputs, const QuantizeVectors& method) {
    const auto length = static_cast<size_t>(method.length);
    const size_t whole = inputs / length * length;
    std::vector<Part> parts;
    if (!method.product && whole > 0) parts.push_back({0, whole, length});
    for (size_t first = 0; method.product && first < whole; first += length)
        parts.push_back({first, first + length, length});
    if (whole < inputs) parts.push_back({whole, inputs, inputs - whole});
    return parts;
}

/// Calls `visit(weight, element)` for the elements of the part's vectors, vector by vector.
template <typename Visit> void for_each_element(const InputRuns& runs, const Part& part, Visit visit) {
    size_t element = 0;
    for (size_t outer = 0; outer < runs.outer; ++outer)
        for (size_t inner = 0; inner < runs.inner; ++inner)
            for (size_t input = part.first; input < part.end; ++input)
                visit((outer * runs.inputs + input) * runs.inner + inner, element++);
}

size_t vectors_in(const InputRuns& runs, const Part& part) {
    return runs.outer * runs.inner * (part.end - part.first) / part.length;
}

int index_bits(size_t count) {
    int bits = 0;
    while (size_t{1} << bits < count) ++bits;
    return bits;
}

/// Indices and codebooks of `count` vectors or, where there are fewer, all.
int64_t stored_bits(const InputRuns& runs, const Part& part, size_t count) {
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
    const std::vector<Part> parts = parts_of(runs.inputs, method);
    Outcome outcome;
    outcome.codebooks = parts.size();
    for (const Part& part : parts) outcome.bits += stored_bits(runs, part, count);
    if (runs.inputs < 2) outcome.left_alone = "one input channel: no vectors";
    if (outcome.left_alone.empty() && outcome.bits >= std::ssize(weights) * k_float_bits)
        outcome.left_alone = "its codebooks would be as large as the layer";
    if (!outcome.left_alone.empty()) return outcome;
    outcome.bits = 0;
    for (const Part& part : parts) {
        std::vector<float> vectors(vectors_in(runs, part) * part.length);
        for_each_element(runs, part,
                         [&](size_t weight, size_t element) { vectors[element] = weights[weight]; });
        const auto book = kmeans_vectors(vectors, part.length, count, rng, control);
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
