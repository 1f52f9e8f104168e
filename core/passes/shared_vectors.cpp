#include "core/passes/shared_vectors.h"

#include "core/passes/huffman.h"
#include "core/passes/vector_runs.h"

#include <set>
#include <string_view>
#include <unordered_map>

namespace widthwise::passes {
namespace {

constexpr size_t k_longest = 64, k_most_vectors = 4096;
constexpr int64_t k_float_bytes = 4;

/// Few enough of the first input channel's weights differ. Of weights that share no vectors nearly all do.
bool repeats(std::span<const float> weights, const InputRuns& runs) {
    std::set<float> distinct;
    for (size_t outer = 0; outer < runs.outer; ++outer)
        for (size_t inner = 0; inner < runs.inner; ++inner)
            distinct.insert(weights[outer * runs.inputs * runs.inner + inner]);
    return distinct.size() * 4 <= runs.outer * runs.inner * 3;
}

/// How often each different vector comes; empty: there are more than `most`.
std::vector<int64_t> counts_of(std::span<const float> vectors, size_t length, size_t most) {
    std::unordered_map<std::string_view, int64_t> counts;
    for (size_t i = 0; i < vectors.size(); i += length) {
        const auto bytes = std::as_bytes(vectors.subspan(i, length));
        // Equal bytes are equal numbers.
        ++counts[{reinterpret_cast<const char*>(bytes.data()), bytes.size()}];
        if (counts.size() > most) return {};
    }
    std::vector<int64_t> each;
    for (const auto& [vector, count] : counts) each.push_back(count);
    return each;
}

std::optional<SharedVectors> with_length(std::span<const float> weights, const InputRuns& runs, size_t length,
                                         bool product, int64_t most_bits) {
    SharedVectors shared;
    shared.length = static_cast<int64_t>(length);
    for (const VectorPart& part : vector_parts(runs.inputs, length, product)) {
        const auto each_bits = static_cast<int64_t>(part.length) * k_float_bytes * 8;
        const auto affordable = static_cast<size_t>((most_bits - shared.bits()) / each_bits);
        const std::vector<int64_t> counts =
            counts_of(vectors_of(weights, runs, part), part.length, std::min(k_most_vectors, affordable));
        if (counts.empty()) return std::nullopt;
        shared.index_bits += static_cast<int64_t>(vectors_in(runs, part)) * index_bits(counts.size());
        shared.huffman_bits += huffman_bits(counts);
        shared.table_bytes += static_cast<int64_t>(counts.size() * part.length) * k_float_bytes;
        shared.table_vectors += std::ssize(counts);
        if (shared.bits() >= most_bits) return std::nullopt;
    }
    return shared;
}

} // namespace

std::optional<SharedVectors> shared_vectors(std::span<const float> weights, const InputRuns& runs,
                                            int64_t most_bits) {
    if (runs.inputs < 2 || !repeats(weights, runs)) return std::nullopt;
    std::optional<SharedVectors> best;
    for (size_t length = 2; length <= std::min(runs.inputs, k_longest); ++length)
        for (const bool product : {false, true})
            if (auto found = with_length(weights, runs, length, product, best ? best->bits() : most_bits))
                best = std::move(found);
    return best;
}

} // namespace widthwise::passes
