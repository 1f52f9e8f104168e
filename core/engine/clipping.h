#pragma once
// When a value is cut rather than rounded.

#include "core/quant/quantizer.h"

namespace widthwise::engine {

/// What rounding alone explains: values beyond it are clipped.
class ClipBounds {
public:
    explicit ClipBounds(const Quantizer& quantizer)
        : m_lo(quantizer.lowest() - quantizer.max_error(quantizer.lowest()))
        , m_hi(quantizer.highest() + quantizer.max_error(quantizer.highest())) {}
    [[nodiscard]] bool clips(float x) const { return x < m_lo || x > m_hi; }

private:
    double m_lo, m_hi;
};

} // namespace widthwise::engine
