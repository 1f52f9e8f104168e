#pragma once
// The learned numbers of a network in two flat arrays, apart from its structure: what the optimizer sees.

#include "core/graph/graph.h"

#include <span>
#include <unordered_map>
#include <vector>

namespace widthwise::train {

/// A run of elements within one of the flat arrays.
struct Slice {
    int64_t offset = 0;
    int64_t size = 0;
    /// The part of `whole` that this slice names.
    template <typename T> [[nodiscard]] std::span<T> of(std::span<T> whole) const {
        return whole.subspan(static_cast<size_t>(offset), static_cast<size_t>(size));
    }
};

/// Where each learned constant of a graph lies. Constants that several nodes share stand once.
class ParameterLayout {
public:
    explicit ParameterLayout(const Graph& graph);

    /// Weights, biases, BatchNormalization's scales and biases: trained by gradients.
    [[nodiscard]] Slice trained(ValueId value) const { return m_trained.at(value); }
    /// BatchNormalization's running means and variances: averaged, not trained.
    [[nodiscard]] Slice statistics(ValueId value) const { return m_statistics.at(value); }
    /// Slots included.
    [[nodiscard]] int64_t trained_size() const { return m_trained_size; }
    [[nodiscard]] int64_t statistics_size() const { return m_statistics_size; }
    /// Room for numbers that are learned but stand in no graph (scales of quantizers), behind all others.
    [[nodiscard]] Slice claim_slots(int64_t count, bool decayed = false);
    /// Weights of convolutions and fully connected layers.
    [[nodiscard]] const std::vector<Slice>& weights() const { return m_weights; }
    /// The same, and slots claimed so: the slices that weight decay
    /// shrinks.
    [[nodiscard]] const std::vector<Slice>& decayed() const { return m_decayed; }

    /// The graph's own numbers, in the order of this layout; slots are 0.
    [[nodiscard]] std::vector<float> read_trained(const Graph& graph) const;
    [[nodiscard]] std::vector<float> read_statistics(const Graph& graph) const;

    /// The same nodes with these numbers; sizes as trained_size() and statistics_size().
    [[nodiscard]] Result<GraphPtr> rebuild(const Graph& graph, std::span<const float> trained,
                                           std::span<const float> statistics) const;

private:
    Slice claim(const Graph& graph, ValueId value, std::unordered_map<ValueId, Slice>& slices,
                int64_t& total);
    std::unordered_map<ValueId, Slice> m_trained, m_statistics;
    std::vector<Slice> m_weights, m_decayed;
    int64_t m_trained_size = 0;
    int64_t m_statistics_size = 0;
};

} // namespace widthwise::train
