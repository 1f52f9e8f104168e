#pragma once
// The units between FINN's matrix-vector units: the sliding window generator that cuts a convolution's input
// stream into windows, and the FIFOs. Formulas of
// Xilinx/finn@01c4628a:src/finn/custom_op/fpgadataflow/rtl/convolutioninputgenerator_rtl.py and
// streamingfifo.py (commit 0740c842).

#include "core/design/cost_breakdown.h"
#include "core/graph/layer_work.h"

#include <cstdint>
#include <vector>

namespace widthwise::cost {

/// Divisors of `n` that are at most `most`, ascending.
[[nodiscard]] std::vector<int64_t> divisors(int64_t n, int64_t most);

/// A window generator that takes and gives `simd` channels at a time, or a whole window of all channels in a
/// cycle (`parallel`).
struct WindowUnit {
    int64_t simd = 0;
    bool parallel = false;
    double cycles = 0; ///< of one image in steady state: without the first fill of its line buffer
    FpgaResources resources;
    bool operator==(const WindowUnit&) const = default;
};

/// No windows to cut: 1x1 without stride.
[[nodiscard]] bool needs_windows(const LoopNest& nest);

/// With `simd` channels at a time, a divisor of the input's; `input_bits` of one element. The line buffer
/// stands in LUTs where it is at most 128 words deep (ceil(depth / 38) LUTs a bit), else in block RAM.
[[nodiscard]] WindowUnit folded_window(const LoopNest& nest, int input_bits, int64_t simd);
/// One pixel a cycle in, one window out: a line buffer for each kernel row but one.
[[nodiscard]] WindowUnit parallel_window(const LoopNest& nest, int input_bits);
/// Folded by each of `channel_divisors`, smallest first, and the parallel one last; none where there are no
/// windows.
[[nodiscard]] std::vector<WindowUnit> window_units(const LoopNest& nest, int input_bits,
                                                   const std::vector<int64_t>& channel_divisors);
/// The first that takes at most `cycles` an image, else the last; of none: nothing.
[[nodiscard]] WindowUnit window_within(const std::vector<WindowUnit>& units, double cycles);

/// Block RAM of a line buffer, cascaded in depth.
[[nodiscard]] double line_buffer_bram18(double width, double depth);

/// 2 ceil(log2 depth) address LUTs and ceil(depth / 32) ceil(width / 2) of memory.
[[nodiscard]] double fifo_luts(double width, double depth);

} // namespace widthwise::cost
