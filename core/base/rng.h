#pragma once
// The one source of randomness: explicit seed, same numbers on every platform (std distributions are not
// portable).

#include <cstdint>

namespace widthwise {

/// xoshiro256** seeded by splitmix64 (Blackman and Vigna 2018).
class Rng {
public:
    explicit Rng(uint64_t seed);

    /// Independent stream for item `index` of the same seed (image i, layer i): order of use does not matter.
    static Rng stream(uint64_t seed, uint64_t index);

    uint64_t next();
    /// Uniform integer in [0, n), n > 0, without modulo bias.
    uint64_t below(uint64_t n);
    /// Uniform in [0, 1) with 53 bits.
    double uniform();
    double uniform(double lo, double hi) { return lo + (hi - lo) * uniform(); }
    /// Standard normal (Marsaglia's polar method).
    double normal();

private:
    uint64_t m_state[4];
};

} // namespace widthwise
