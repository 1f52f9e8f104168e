#pragma once
// A mapping as a value: how the loops of one layer are tiled over the levels of a memory hierarchy and
// unrolled over an array, and what that costs at each level.

#include "core/base/result.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

/// The loops of a convolution: images, groups, output channels of a group, input channels of a group, output
/// rows, output columns, kernel rows, kernel columns.
enum class Dim : uint8_t { n, g, k, c, p, q, r, s };
inline constexpr size_t k_dims = 8;
[[nodiscard]] char to_char(Dim dim); ///< 'N', 'G', 'K', 'C', 'P', 'Q', 'R', 'S'

enum class Operand : uint8_t { weights, inputs, outputs };
inline constexpr size_t k_operands = 3;
[[nodiscard]] std::string_view to_string(Operand operand); ///< "weights", "inputs", "outputs"

struct OperandSet {
    bool weights = true, inputs = true, outputs = true;
    [[nodiscard]] bool has(Operand operand) const {
        return operand == Operand::weights ? weights : operand == Operand::inputs ? inputs : outputs;
    }
    bool operator==(const OperandSet&) const = default;
};

struct Loop {
    Dim dim = Dim::n;
    int64_t extent = 1;
    bool operator==(const Loop&) const = default;
};

/// The loops that stand at one level: they walk over tiles of the next level inside. Temporal loops outermost
/// first; spatial loops (columns X, rows Y of the array) spread the tiles over the level's children.
struct MappingLevel {
    std::string level; ///< MemoryLevel::name
    std::vector<Loop> temporal;
    std::vector<Loop> spatial_x, spatial_y;
    bool operator==(const MappingLevel&) const = default;
};

/// One entry per memory level of the target, outermost first. The product of a dimension's extents over all
/// levels covers the layer's (at least as large; what is beyond is idle).
struct Mapping {
    std::vector<MappingLevel> levels;
    bool operator==(const Mapping&) const = default;
};

/// Elements moved at one level for one operand, over all instances, whole batch. Timeloop's terms: reads
/// serve the inside, fills come from outside, updates are partial sums that come back from inside.
struct OperandAccesses {
    double reads = 0, fills = 0, updates = 0;
    double tile = 0; ///< elements that one instance keeps
    bool operator==(const OperandAccesses&) const = default;
};
struct LevelAccesses {
    std::string level;
    double instances = 1;                             ///< in use
    std::array<OperandAccesses, k_operands> operands; ///< by Operand; zeros where the level does not hold it
    bool operator==(const LevelAccesses&) const = default;
};

/// A layer's mapping with its access counts, and how it was found.
struct MappedNest {
    Mapping mapping;
    std::string legend; ///< where letters stand for several loops at once: "C: window of 64 x 3 x 3"
    std::vector<LevelAccesses> accesses; ///< outermost first
    bool searched = false;               ///< by search; else given, or a closed form's
    double examined = 0;                 ///< mappings that the search weighed
    /// The objective may be at most this share above the best mapping's; 0: exact.
    double gap = 0;
    bool operator==(const MappedNest&) const = default;
};

/// A readable loop nest, outermost first, one loop a line, with each level's tiles and, where accesses are
/// given, its reuse (uses of an element per fill from outside):
///   DRAM  weights 884,736; inputs 43,264; outputs 64,896
///     for K in 3
///       for C in 16
///   GLB  weights pass; inputs 3,600 (reuse 20.8); outputs 21,632 (reuse 16.0)
///         for P in 13 across X
///           outputs += weights * inputs
[[nodiscard]] std::string to_text(const MappedNest& nest);

/// {"levels": [{"level": "DRAM", "temporal": [["K", 3], ["C", 16]], "x": [], "y": []}, ...]}
[[nodiscard]] std::string mapping_to_json(const Mapping& mapping);
/// Errors: invalid_input naming the key, an unknown loop letter, an extent below 1, a level twice.
[[nodiscard]] Result<Mapping> mapping_from_json(std::string_view text, const std::string& where);

} // namespace widthwise
