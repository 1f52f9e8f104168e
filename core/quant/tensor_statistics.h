#pragma once
// What calibration keeps of one tensor (or channel): enough for every range rule, in bounded memory, the same
// whatever the order in which images, threads and parts are merged.

#include "core/quant/histogram.h"

#include <cstdint>
#include <span>
#include <vector>

namespace widthwise {

/// Exponential moving averages of the minima and maxima of calibration batches of 32 images, in the data's
/// order: average = 0.9 average + 0.1 batch, beginning with the first batch that has values. The images may
/// be added in any order; 8 bytes are kept for a batch.
class MovingRange {
public:
    static constexpr int64_t k_batch = 32;
    static constexpr double k_momentum = 0.9;

    /// `image` counts from 0 in the data's order; values that are not finite are left out.
    void add(int64_t image, std::span<const float> values);
    void merge(const MovingRange& other);
    [[nodiscard]] Range range() const; ///< [0, 0] when empty
    bool operator==(const MovingRange&) const = default;

private:
    struct Bounds {
        float lo, hi;
        bool operator==(const Bounds&) const = default;
    };
    std::vector<Bounds> m_batches; ///< lo > hi: nothing seen
};

struct TensorStatistics {
    Histogram histogram;
    MovingRange moving;

    /// `values` are those of consecutive images from `first_image` on, as many of each.
    void add(int64_t first_image, int64_t images, std::span<const float> values);
    void merge(const TensorStatistics& other);
    bool operator==(const TensorStatistics&) const = default;
};

} // namespace widthwise
