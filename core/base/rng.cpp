#include "core/base/rng.h"

#include <bit>
#include <cmath>

namespace widthwise {
namespace {

uint64_t splitmix64(uint64_t& state) {
    uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

} // namespace

Rng::Rng(uint64_t seed) {
    for (uint64_t& word : m_state) word = splitmix64(seed);
}

Rng Rng::stream(uint64_t seed, uint64_t index) {
    uint64_t mixed = seed;
    const uint64_t a = splitmix64(mixed);
    uint64_t second = index ^ 0xd1b54a32d192ed03ULL;
    return Rng(a ^ splitmix64(second));
}

uint64_t Rng::next() {
    const uint64_t result = std::rotl(m_state[1] * 5, 7) * 9;
    const uint64_t t = m_state[1] << 17;
    m_state[2] ^= m_state[0];
    m_state[3] ^= m_state[1];
    m_state[1] ^= m_state[2];
    m_state[0] ^= m_state[3];
    m_state[2] ^= t;
    m_state[3] = std::rotl(m_state[3], 45);
    return result;
}

uint64_t Rng::below(uint64_t n) {
    const uint64_t limit = ~uint64_t{0} - (~uint64_t{0} % n + 1) % n;
    uint64_t value = next();
    while (value > limit) value = next();
    return value % n;
}

double Rng::uniform() {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

double Rng::normal() {
    double u = 0, v = 0, s = 0;
    do {
        u = uniform(-1, 1);
        v = uniform(-1, 1);
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    return u * std::sqrt(-2 * std::log(s) / s);
}

} // namespace widthwise
