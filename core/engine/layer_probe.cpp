#include "core/engine/layer_probe.h"

#include <algorithm>

namespace widthwise::engine {
namespace {

constexpr int k_channel_half_bins = 128;

} // namespace

void read_real(const Executor::Context& context, BufferId buffer, size_t batch, size_t images,
               std::vector<float>& out) {
    if (context.representation(buffer, 0).element == Element::f32) {
        const auto values = context.f32(buffer);
        const size_t count = values.size() / batch * images;
        out.assign(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
        return;
    }
    const auto stored = context.u8(buffer);
    const size_t per_image = stored.size() / batch;
    out.resize(per_image * images);
    for (size_t n = 0; n < images; ++n) {
        const Representation own = context.representation(buffer, n);
        for (size_t i = n * per_image; i < (n + 1) * per_image; ++i)
            out[i] = own.scale * static_cast<float>(stored[i] - own.zero_point);
    }
}

TensorProbe::TensorProbe(int64_t channels, bool by_channel)
    : m_channels(static_cast<size_t>(channels))
    , m_by_channel(by_channel ? m_channels : 0, GridCounts(2, k_channel_half_bins)) {}

void TensorProbe::add(std::span<const float> before, std::span<const float> after,
                      std::span<FidelitySums> sums) {
    std::vector<float> error(before.size());
    for (size_t i = 0; i < before.size(); i += m_channels)
        for (size_t c = 0; c < m_channels; ++c) {
            sums[c].add(before[i + c], after[i + c]);
            error[i + c] = after[i + c] - before[i + c];
        }
    const std::scoped_lock lock(m_mutex);
    m_both.add(0, before);
    m_both.add(1, after);
    m_error.add(0, error);
    for (size_t c = 0; c < m_by_channel.size(); ++c) {
        m_by_channel[c].add(0, before, c, m_channels);
        m_by_channel[c].add(1, after, c, m_channels);
    }
}

void TensorProbe::write(BinnedCounts& before, BinnedCounts& after, BinnedCounts& error) const {
    std::vector<BinnedCounts> both = m_both.binned();
    before = std::move(both[0]);
    after = std::move(both[1]);
    error = std::move(m_error.binned()[0]);
}

Fidelity TensorProbe::overall(std::span<const FidelitySums> sums) const {
    FidelitySums total;
    for (const FidelitySums& channel : sums) total += channel;
    return fidelity(total, m_both.kl_nat());
}

std::vector<Fidelity> TensorProbe::by_channel(std::span<const FidelitySums> sums) const {
    std::vector<Fidelity> out;
    for (size_t c = 0; c < m_by_channel.size(); ++c)
        out.push_back(fidelity(sums[c], m_by_channel[c].kl_nat()));
    return out;
}

ClipCounter::ClipCounter(const NumberFormat& format, size_t input, int64_t channels)
    : m_channels(static_cast<size_t>(channels)), m_channels_each(m_channels) {
    if (!format.is_quantized() || format.is_dynamic()) return;
    if (format.granularity == Granularity::tensor || format.scale.size() <= 1) {
        m_bounds.emplace_back(Quantizer(format, format.scale.size() > 1 ? input : 0));
        return;
    }
    m_channels_each = format.granularity == Granularity::channel ? 1 : static_cast<size_t>(format.group_size);
    for (size_t i = 0; i < format.scale.size(); ++i) m_bounds.emplace_back(Quantizer(format, i));
}

int64_t ClipCounter::count(std::span<const float> values) const {
    int64_t clipped = 0;
    if (m_bounds.empty()) return clipped;
    for (size_t i = 0; i < values.size(); i += m_channels)
        for (size_t c = 0; c < m_channels; ++c)
            clipped += m_bounds[m_bounds.size() == 1 ? 0 : c / m_channels_each].clips(values[i + c]);
    return clipped;
}

void SumRange::add(std::span<const int32_t> sums, std::span<const int32_t> code_shift) {
    for (size_t i = 0; i < sums.size(); i += code_shift.size())
        for (size_t c = 0; c < code_shift.size(); ++c) {
            const int64_t sum = int64_t{sums[i + c]} + code_shift[c];
            lo = std::min(lo, sum);
            hi = std::max(hi, sum);
        }
}

} // namespace widthwise::engine
