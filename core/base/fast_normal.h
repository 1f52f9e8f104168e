#pragma once
// Standard normal numbers by the million: what initialising the weights of a large network takes.

#include "core/base/rng.h"

#include <span>

namespace widthwise {

/// Fills `out` with independent normal numbers of mean 0 and the given standard deviation, several times
/// as fast as Rng::normal(). The ziggurat of Marsaglia and Tsang (2000, J. Stat. Software 5(8)) with 256
/// strips; strip, sign and position come from separate bits (Doornik 2005).
void fill_normal(std::span<float> out, double deviation, Rng& rng);

} // namespace widthwise
