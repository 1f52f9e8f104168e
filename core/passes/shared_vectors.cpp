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

/// Few enough of the first input channel's weights differ. Of weights that share no vectors nearly all do;
/// zeros say nothing, pruning leaves them, too.
bool repeats(std::span<const float> weights, const InputRuns& runs) {
    std::set<float> distinct;
    size_t nonzero = 0;
    for (size_t outer = 0; outer < runs.outer; ++outer)
        for (size_t inner = 0; inner < runs.inner; ++inner) {
            const float weight = weights[outer * runs.inputs * runs.inner + inner];
            if (weight == 0) continue;
            ++nonzero;
            distinct.insert(weight);
        }
    return nonzero > 0 && distinct.size() * 4 <= nonzero * 3;
}

/// How often each different vector comes; empty: there are more than `most`, or those that are not all zeros
/// come less than twice on average, as in a pruned layer.
std::vector<int64_t> counts_of(std::span<const float> vectors, size_t length, size_t most) {
    std::unordered_map<std::string_view, int64_t> counts;
    const auto key = [&](std::span<const float> vector) { // equal bytes are equal numbers
        const auto bytes = std::as_bytes(vector);
        return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    for (size_t i = 0; i < vectors.size(); i += length) {
        ++counts[key(vectors.subspan(i, length))];
        if (counts.size() > most) return {};
    }
    const std::vector<float> zeros(length);
    const auto found = counts.find(key(zeros));
    const int64_t of_zeros = found == counts.end() ? 0 : found->second;
    const int64_t others = std::ssize(counts) - (of_zeros > 0 ? 1 : 0);
    if (others * 2 > static_cast<int64_t>(vectors.size() / length) - of_zeros) return {};
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
