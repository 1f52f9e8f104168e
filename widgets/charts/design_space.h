#pragma once
// What the design-space chart shows, as plain values: the window and the reports fill it alike.

#include <cstdint>
#include <string>
#include <vector>

namespace widthwise::gui {

enum class CostAxis { energy, latency, area, size };

/// One design. Accuracies are fractions 0..1, costs SI per batch.
struct DesignPoint {
    int64_t id = 0;
    std::string label;
    double top1 = 0, top1_lo = 0, top1_hi = 0; ///< with its 95 % interval
    double energy_j = 0, latency_s = 0, area_mm2 = 0, model_bytes = 0;
    bool partial = false; ///< of a search: left after some of the images, the accuracy is a rough one
};

struct DesignSpace {
    std::vector<DesignPoint> points;
    /// What searches looked at: small dots, and a line for the best of them. Thousands are fine. Ids are
    /// negative; labels are not needed.
    std::vector<DesignPoint> candidates;
    CostAxis axis = CostAxis::energy;
    int64_t current_id = 0;  ///< drawn as a diamond; 0: none
    int64_t baseline_id = 0; ///< w8a8, drawn as an open circle; 0: none
    int64_t shown_id = 0;    ///< of a point or candidate, ringed; 0: none
    bool error_bars = true;
    bool agreement = false; ///< `top1` is the share of images with float's answer: there are no labels
};

[[nodiscard]] double cost_of(const DesignPoint& point, CostAxis axis);

/// Positions in `points` that no other point beats (higher or equal accuracy at lower or equal cost, one of
/// them strictly), by rising cost; of equal points the first one stands.
[[nodiscard]] std::vector<size_t> pareto_front(const std::vector<DesignPoint>& points, CostAxis axis);

/// Candidates further than this below the best accuracy are off the chart: nobody would take them, and the
/// interesting ones need the room.
inline constexpr double k_candidate_span = 0.25;

} // namespace widthwise::gui
