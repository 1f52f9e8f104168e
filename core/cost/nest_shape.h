#pragma once
// The loops of a layer and their tiling in the compact form that evaluation and search work on.

#include "core/cost/problem.h"
#include "core/design/mapping.h"

#include <array>

namespace widthwise::cost {

using Extents = std::array<int64_t, k_dims>; ///< by Dim

[[nodiscard]] constexpr size_t index(Dim dim) {
    return static_cast<size_t>(dim);
}

/// Which loops walk over an operand.
[[nodiscard]] constexpr bool relevant(Operand operand, Dim dim) {
    switch (operand) {
    case Operand::weights:
        return dim == Dim::g || dim == Dim::k || dim == Dim::c || dim == Dim::r || dim == Dim::s;
    case Operand::inputs:
        return dim != Dim::k;
    case Operand::outputs:
        return dim == Dim::n || dim == Dim::g || dim == Dim::k || dim == Dim::p || dim == Dim::q;
    }
    return false;
}

/// How input rows (or columns) follow from output and kernel positions: in = out x stride + kernel x
/// dilation.
struct Axis {
    int64_t stride = 1, dilation = 1;
    int64_t size = 1; ///< of the input, without padding

    /// Distinct input positions that `outputs` x `taps` neighbours touch.
    [[nodiscard]] int64_t touched(int64_t outputs, int64_t taps) const {
        const int64_t span = (outputs - 1) * stride + (taps - 1) * dilation + 1;
        const int64_t products = outputs * taps;
        const int64_t least = span < products ? span : products;
        return least < size ? least : size;
    }

    /// Positions that such a tile shares with the same tile `shift` positions further. Tiles with gaps of two
    /// kinds (strided outputs and dilated taps) count as sharing none.
    [[nodiscard]] int64_t overlap(int64_t outputs, int64_t taps, int64_t shift) const {
        const auto left = [](int64_t have, int64_t gone) { return have > gone ? have - gone : 0; };
        const int64_t span = (outputs - 1) * stride + (taps - 1) * dilation + 1;
        if (span <= outputs * taps) return left(touched(outputs, taps), shift);
        if (taps == 1 && shift % stride == 0) return left(outputs, shift / stride);
        if (outputs == 1 && shift % dilation == 0) return left(taps, shift / dilation);
        return 0;
    }
};

struct NestShape {
    Extents extents{1, 1, 1, 1, 1, 1, 1, 1};
    Axis rows, columns;

    explicit NestShape(const MatrixProblem& problem);
    /// Elements of a tile with these extents.
    [[nodiscard]] double tile(Operand operand, const Extents& extents) const;
};

inline constexpr size_t k_most_levels = 8;
enum class Slot : uint8_t { temporal, x, y };

/// A mapping with every loop at its place; a loop of extent 1 is none.
struct Tiling {
    std::array<std::array<Extents, 3>, k_most_levels> extents; ///< by level, slot
    std::array<std::array<Dim, k_dims>, k_most_levels> order;  ///< of temporal loops, outermost first
    size_t levels = 0;

    explicit Tiling(size_t level_count);
    [[nodiscard]] int64_t& at(size_t level, Slot slot, Dim dim) {
        return extents[level][static_cast<size_t>(slot)][index(dim)];
    }
    [[nodiscard]] int64_t at(size_t level, Slot slot, Dim dim) const {
        return extents[level][static_cast<size_t>(slot)][index(dim)];
    }
};

} // namespace widthwise::cost
