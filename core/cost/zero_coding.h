#pragma once

#include "core/design/hardware_target.h"

#include <algorithm>

namespace widthwise::cost {

/// Share of a feature map's bits that remains when runs of zeros are coded: each other element is stored at
/// `bits` after a run length of `run_bits` (Eyeriss, JSSC 2017, section V-B: 16-bit levels, 5-bit runs); what
/// coding would enlarge is stored as it is. Runs longer than one code are not counted.
[[nodiscard]] inline double coded_share(const ZeroUse& zeros, double zero_share, int bits) {
    if (!zeros.compressed || bits <= 0) return 1;
    return std::min(1.0, (1 - zero_share) * (bits + zeros.run_bits) / bits);
}

} // namespace widthwise::cost
