#include "core/passes/stored_size.h"

#include "core/graph/folding.h"
#include "core/graph/layer_work.h"
#include "core/passes/huffman.h"
#include "core/passes/prepare.h"
#include "core/passes/shared_vectors.h"
#include "core/quant/quantizer.h"
#include "core/quant/weight_parts.h"

#include <algorithm>
#include <array>
#include <set>

namespace widthwise::passes {
namespace {

constexpr size_t k_most_levels = 256;
constexpr int k_distance_bits = 4;
constexpr size_t k_longest_distance = 15;
constexpr int64_t k_float_bytes = 4;
constexpr int k_widest_code = 8; ///< that a table of code lengths pays for

/// One layer's weights as they would be stored.
struct Codes {
    std::vector<float> values; ///< 0 or not
    /// What tells codes apart, the same for the same code: the level, the integer, the value over its scale.
    /// Empty: codes are not coded further.
    std::vector<float> labels;
    int bits = 32;
    bool codebook = false;
    int64_t table_bytes = 0; ///< codebook or scales and zero points
    int64_t bias_bytes = 0;
};

/// Different values, as long as there are no more than `most`; one more otherwise.
std::set<float> distinct_values(const std::vector<float>& values, size_t most) {
    std::set<float> distinct;
    float last = 0;
    for (const float value : values) {
        if (value == last && !distinct.empty()) continue;
        last = value;
        distinct.insert(value);
        if (distinct.size() > most) break;
    }
    return distinct;
}

Codes as_they_are(std::vector<float> weights) {
    Codes codes;
    codes.values = std::move(weights);
    const size_t levels = distinct_values(codes.values, k_most_levels).size();
    if (levels > k_most_levels || codes.values.size() <= k_most_levels) return codes;
    codes.labels = codes.values;
    codes.codebook = true;
    codes.bits = 1;
    while (size_t{1} << codes.bits < levels) ++codes.bits;
    codes.table_bytes = k_float_bytes << codes.bits;
    return codes;
}

Result<Codes> in_format(const std::vector<float>& weights, int64_t out_channels, const NumberFormat& format) {
    auto resolved = resolve_weight_format(weights, out_channels, format);
    if (!resolved) return forward_error(resolved);
    auto quantized = quantize_weights(weights, out_channels, *resolved);
    if (!quantized) return forward_error(quantized);
    Codes codes;
    codes.values = std::move(quantized->values);
    codes.bits = resolved->storage_bits();
    codes.codebook = resolved->type == FormatType::codebook;
    codes.table_bytes = static_cast<int64_t>(resolved->scale.size() + resolved->zero_point.size()) * 4;
    if (codes.codebook) codes.table_bytes = k_float_bytes << codes.bits;
    if (codes.bits > k_widest_code) return codes;
    codes.labels.assign(quantized->q.begin(), quantized->q.end());
    if (!codes.labels.empty()) return codes;
    codes.labels = codes.values;
    const WeightParts parts = weight_parts(weights.size(), out_channels, *resolved);
    for (size_t i = 0; i < parts.count(); ++i) {
        const auto [first, length] = parts.at(i);
        const float scale = quantized->quantizers[i].affine().scale; // 1 where there is none
        for (size_t k = first; k < first + length; ++k) codes.labels[k] /= scale;
    }
    return codes;
}

/// How often each symbol comes among the entries that a sparse layer stores.
struct Entries {
    int64_t count = 0;
    std::vector<int64_t> codes; ///< empty without labels
    std::array<int64_t, k_longest_distance + 1> distances{};
};

Entries entries_of(const Codes& codes) {
    Entries entries;
    std::vector<float> levels;
    if (!codes.labels.empty()) {
        const std::set<float> distinct = distinct_values(codes.labels, codes.labels.size());
        levels.assign(distinct.begin(), distinct.end());
    }
    entries.codes.resize(levels.size());
    const auto add = [&](size_t at, size_t distance) {
        ++entries.count;
        ++entries.distances[distance];
        if (!levels.empty())
            ++entries.codes[static_cast<size_t>(std::ranges::lower_bound(levels, codes.labels[at]) -
                                                levels.begin())];
    };
    size_t next = 0; // the first weight that no entry covers yet
    for (size_t i = 0; i < codes.values.size(); ++i) {
        if (codes.values[i] == 0) continue;
        for (; i - next > k_longest_distance; next += k_longest_distance + 1)
            add(next + k_longest_distance, k_longest_distance);
        add(i, i - next);
        next = i + 1;
    }
    return entries;
}

int64_t in_bytes(int64_t bits) {
    return (bits + 7) / 8;
}

LayerSize size_of(const Codes& codes) {
    LayerSize size;
    size.weights = static_cast<int64_t>(codes.values.size());
    size.nonzero = size.weights - std::ranges::count(codes.values, 0.0F);
    std::set<float> distinct = distinct_values(codes.values, k_most_levels + 1);
    distinct.erase(0.0F);
    size.distinct = std::min<int64_t>(std::ssize(distinct), k_most_levels + 1);
    size.weight_bits = codes.bits;
    size.codebook = codes.codebook;

    const int64_t besides = codes.table_bytes + codes.bias_bytes;
    const Entries entries = entries_of(codes);
    const int64_t plain_codes = in_bytes(entries.count * codes.bits);
    size.dense_bytes = in_bytes(size.weights * codes.bits) + besides;
    size.sparse_bytes = plain_codes + in_bytes(entries.count * k_distance_bits) + besides;
    size.huffman_bytes = in_bytes(huffman_bits(entries.distances)) + std::ssize(entries.distances) + besides;
    size.huffman_bytes += codes.labels.empty()
                              ? plain_codes
                              : in_bytes(huffman_bits(entries.codes)) + (int64_t{1} << codes.bits);
    return size;
}

bool folds_batch_norm(const Graph& graph, const Unit& unit, const PrecisionPlan* plan) {
    return plan && plan->folds_batch_norm() && unit.batch_norm.valid() &&
           plan->at(graph.node(unit.node).name).weights.is_quantized();
}

/// Vectors take the place of single weights.
void store_vectors(const SharedVectors& shared, int64_t bias_bytes, LayerSize& size) {
    const int64_t besides = shared.table_bytes + bias_bytes;
    size.codebook = true;
    size.vector_length = shared.length;
    size.weight_bits = static_cast<int>((shared.index_bits + size.weights - 1) / size.weights);
    size.dense_bytes = in_bytes(shared.index_bits) + besides;
    size.huffman_bytes = in_bytes(shared.huffman_bits) + shared.table_vectors + besides;
}

Result<LayerSize> layer_size(const Graph& graph, const Unit& unit, const PrecisionPlan* plan) {
    const Node& node = graph.node(unit.node);
    const int64_t channels = output_channels(graph, node);
    const NumberFormat format = plan ? plan->at(node.name).weights : float32_format();
    const bool folds = folds_batch_norm(graph, unit, plan);
    const int64_t bias_bytes = folds || node.inputs.size() > 2 ? channels * k_float_bytes : 0;
    if (format.is_quantized()) {
        auto codes = in_format(folded_weights(graph, unit, folds).weights, channels, format);
        if (!codes) return forward_error(codes);
        codes->bias_bytes = bias_bytes;
        return size_of(*codes);
    }
    Codes codes = as_they_are(graph.value(node.inputs[1]).constant->to_f32());
    codes.bias_bytes = bias_bytes;
    LayerSize size = size_of(codes);
    const int64_t without = (size.dense_bytes - bias_bytes) * 8;
    if (const auto shared = shared_vectors(codes.values, input_runs(graph, unit.node), without))
        store_vectors(*shared, bias_bytes, size);
    return size;
}

} // namespace

Result<NetworkSize> stored_size(const Graph& graph, const PrecisionPlan* plan) {
    NetworkSize total;
    total.float_bytes = graph_totals(graph).parameters * k_float_bytes;
    const GraphPtr borrowed(GraphPtr(), &graph); // not owned: gone before the caller's
    Result<GraphPtr> valued = plan ? with_values(borrowed, *plan) : borrowed;
    if (!valued) return forward_error(valued);
    int64_t others = 0;
    for (const Unit& unit : fuse(**valued)) {
        if (!is_weighted(**valued, unit.node)) {
            others += node_parameters(**valued, unit.node) * k_float_bytes;
            continue;
        }
        if (unit.batch_norm.valid() && !folds_batch_norm(**valued, unit, plan))
            others += node_parameters(**valued, unit.batch_norm) * k_float_bytes;
        const std::string& name = (*valued)->node(unit.node).name;
        Result<LayerSize> size = layer_size(**valued, unit, plan);
        if (!size) {
            size.error().where = name;
            return forward_error(size);
        }
        size->layer = name;
        total.dense_bytes += size->dense_bytes;
        total.sparse_bytes += size->sparse_bytes;
        total.huffman_bytes += size->huffman_bytes;
        total.best_bytes += std::min({size->dense_bytes, size->sparse_bytes, size->huffman_bytes});
        total.layers.push_back(std::move(*size));
    }
    for (int64_t* bytes : {&total.dense_bytes, &total.sparse_bytes, &total.huffman_bytes, &total.best_bytes})
        *bytes += others;
    return total;
}

} // namespace widthwise::passes
