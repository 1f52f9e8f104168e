#pragma once
// Sums as matrix products of gathered columns, through oneDNN's dnnl_gemm_u8s8s32.

#include "core/engine/exact_sums.h"

#include <vector>

namespace widthwise::engine {

/// Without VNNI, oneDNN multiplies with vpmaddubsw, which adds two products in a saturating 16-bit sum; and
/// weights less their zero points may need nine bits. Weights are therefore split into parts that are safe
/// (of at most 64 in magnitude against 8-bit inputs without VNNI: 2 * 255 * 64 < 2^15), whose products add up
/// in 32 bits.
class GemmSums : public ExactSums {
public:
    GemmSums(const ConvStep& step, const Buffer& in, const Buffer& out);
    void sums(const uint8_t* image, int32_t* acc, void* scratch) const override;
    [[nodiscard]] size_t scratch_bytes() const override;
    [[nodiscard]] const char* name() const override { return "gemm_u8s8s32"; }

private:
    void gather_columns(const uint8_t* image, int64_t group, uint8_t* columns) const;
    ConvAttributes m_attributes;
    int64_t m_in_channels, m_out_channels;
    Extent m_in, m_out;
    int64_t m_depth;                          ///< products per sum
    std::vector<std::vector<int8_t>> m_parts; ///< each per group, depth x outputs, row-major
};

} // namespace widthwise::engine
