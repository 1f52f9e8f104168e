#pragma once
// Sums tap by tap in plain vectorized loops: depthwise layers, and accumulators that saturate after each
// addition.

#include "core/engine/exact_sums.h"

#include <optional>
#include <vector>

namespace widthwise::engine {

class DirectSums : public ExactSums {
public:
    DirectSums(const ConvStep& step, const Buffer& in, const Buffer& out);
    void sums(const uint8_t* image, int32_t* acc, void* scratch) const override;
    [[nodiscard]] size_t scratch_bytes() const override { return 0; }
    [[nodiscard]] const char* name() const override { return m_saturate ? "direct_saturating" : "direct"; }

private:
    ConvAttributes m_attributes;
    int64_t m_group_in, m_group_out;
    Extent m_in, m_out;
    int32_t m_code_offset; ///< 0 unless saturating
    bool m_saturate;
    int32_t m_lowest = 0, m_highest = 0;
    std::vector<int16_t> m_weights; ///< tap x (group in) x output channel; w - w_z
};

} // namespace widthwise::engine
