#pragma once
// The two products of AdaRound's inner loop, for 16 output channels side by side: the same numbers on every
// ISA (no contraction, one order of additions).

#include <cstddef>

namespace widthwise::passes {

inline constexpr size_t k_lanes = 16;
inline constexpr size_t k_rows = 4; ///< rows per call

/// 16 floats, one per output channel.
using Lanes = float __attribute__((vector_size(k_lanes * sizeof(float))));

/// z[r] += sum over k of x[r][k] w[k], for four rows.
void add_products(const float* const (&x)[k_rows], const Lanes* w, size_t count, Lanes (&z)[k_rows]);
/// dw[k] += sum over r of x[r][k] g[r].
void add_gradient(const float* const (&x)[k_rows], const Lanes (&g)[k_rows], size_t count, Lanes* dw);

} // namespace widthwise::passes
