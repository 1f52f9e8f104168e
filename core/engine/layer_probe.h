#pragma once
// Gathers what one layer's activations look like, float against quantized, batch by batch.

#include "core/engine/clipping.h"
#include "core/engine/executor.h"
#include "core/engine/fidelity.h"
#include "core/engine/grid_counts.h"

#include <mutex>

namespace widthwise::engine {

/// Real values of the first `images` of the context's `batch` images of a buffer, in storage order.
void read_real(const Executor::Context& context, BufferId buffer, size_t batch, size_t images,
               std::vector<float>& out);

/// One tensor, float against quantized. Histograms are shared by all threads, which the lock keeps apart;
/// sums are the caller's to order.
class TensorProbe {
public:
    /// `channels`: innermost; 1 where values have no channel axis. With one, no histograms per channel.
    TensorProbe(int64_t channels, bool by_channel);

    /// One batch of equally many values. Adds the sums of channel c to sums[c].
    void add(std::span<const float> before, std::span<const float> after, std::span<FidelitySums> sums);
    [[nodiscard]] size_t channels() const { return m_channels; }
    /// Histograms before, after and of the error.
    void write(BinnedCounts& before, BinnedCounts& after, BinnedCounts& error) const;
    [[nodiscard]] Fidelity overall(std::span<const FidelitySums> sums) const;
    /// Empty without histograms per channel.
    [[nodiscard]] std::vector<Fidelity> by_channel(std::span<const FidelitySums> sums) const;

private:
    size_t m_channels;
    std::mutex m_mutex;
    GridCounts m_both{2}, m_error;
    std::vector<GridCounts> m_by_channel;
};

/// Values that a layer's input format cuts.
class ClipCounter {
public:
    /// Of input number `input`, `channels` innermost. Formats without a fixed range cut nothing.
    ClipCounter(const NumberFormat& format, size_t input, int64_t channels);
    [[nodiscard]] int64_t count(std::span<const float> values) const;

private:
    std::vector<ClipBounds> m_bounds; ///< one, or one per channel or group; empty: none
    size_t m_channels, m_channels_each;
};

/// The smallest and largest sum over the formats' own integers.
struct SumRange {
    int64_t lo = 0, hi = 0;
    void add(std::span<const int32_t> sums, std::span<const int32_t> code_shift);
};

} // namespace widthwise::engine
