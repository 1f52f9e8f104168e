#pragma once
// Codes whose length follows how often a symbol comes.

#include <cstdint>
#include <span>
#include <vector>

namespace widthwise::passes {

/// Bits of each symbol's code, in the order of `counts` (>= 0): the least possible sum of count x length for
/// codes that stand for one symbol each (Huffman 1952). 0 for symbols that never come; 1 for one that comes
/// alone. The lengths are all that a decoder needs: codes are assigned in their order (canonical).
[[nodiscard]] std::vector<int> huffman_lengths(std::span<const int64_t> counts);

/// Bits of all symbols together.
[[nodiscard]] int64_t huffman_bits(std::span<const int64_t> counts);

} // namespace widthwise::passes
