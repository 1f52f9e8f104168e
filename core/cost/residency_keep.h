#pragma once
// Feature maps that stay on the chip from the step that writes them to the last that reads them, whole, for
// the whole batch.
//
// While maps stay, every step in between must still fit beside them with a working set that fetches each of
// its own operands from DRAM once: all its weights, the rows that its window covers of each input that does
// not stay and a row of the result; or, if all its inputs stay, two tiles of weights instead of all. So what
// a layer moves across the boundary is at most what it would move without, less the maps that stay.

#include "core/cost/residency_steps.h"

namespace widthwise::cost {

/// On-chip room and how it is used.
struct ChipRoom {
    double bits = 0;            ///< of the innermost shared level
    double weight_columns = 16; ///< output channels whose weights the array holds at once
    int64_t batch = 1;
};

/// A stretch of consecutive steps that run depth-first (residency_fusion.h).
struct Segment {
    int first = 0, last = 0; ///< steps
    double working_bits = 0; ///< needed on the chip: weights and line buffers
    double inside_bits = 0;  ///< of these, line buffers of maps that do not leave
    bool operator==(const Segment&) const = default;
};

struct KeptMaps {
    std::vector<bool> kept; ///< per map
    double saved_bits = 0;  ///< that no longer cross the outermost boundary, whole batch, at least
    bool exact = true;      ///< no other choice saves more; false: more maps alive than were followed
};

/// The maps that save most, by dynamic programming over steps and sets of maps that stay at the same time.
/// Steps of a segment count as one; maps inside are not considered. `segments` are ascending and disjoint.
[[nodiscard]] KeptMaps keep_maps(const StepGraph& graph, const ChipRoom& room,
                                 std::span<const Segment> segments = {});

} // namespace widthwise::cost
