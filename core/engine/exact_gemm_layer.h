#pragma once
// Exact u8 x s8 layers on CPUs without VNNI. There oneDNN multiplies with vpmaddubsw, which adds two products
// in a saturating 16-bit sum. Each weight is therefore split into two halves of at most 64 in magnitude: 2 *
// 255 * 64 < 2^15, and the two products are added in 32 bits.

#include "core/engine/program.h"

#include <cstdint>
#include <vector>

namespace widthwise::engine {

class ExactGemmLayer {
public:
    /// Some pair of products of this layer may leave 16 bits.
    [[nodiscard]] static bool would_saturate(const ConvStep& step, const Representation& in);

    ExactGemmLayer(const ConvStep& step, const Buffer& in, const Buffer& out, int batch);
    /// `scratch` of scratch_bytes().
    void run(const uint8_t* in, void* out, void* scratch) const;
    [[nodiscard]] size_t scratch_bytes() const;

private:
    void gather_columns(const uint8_t* image, int64_t group, uint8_t* columns) const;
    ConvStep m_step; ///< weights dropped
    Extent m_in, m_out;
    Representation m_to;
    int m_batch;
    int64_t m_depth;                 ///< products per sum
    std::vector<int8_t> m_halves[2]; ///< per group, depth x outputs, row-major
};

} // namespace widthwise::engine
