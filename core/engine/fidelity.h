#pragma once
// How near quantized values are to the float ones: sums that add up, and what they mean.

#include "core/design/evaluation.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <vector>

namespace widthwise::engine {

/// Over pairs of a float value x and its quantized one y.
struct FidelitySums {
    double xx = 0, yy = 0, xy = 0;
    double ee = 0; ///< of (x - y)^2
    void add(float x, float y) {
        const double a = x, b = y, error = a - b;
        xx += a * a;
        yy += b * b;
        xy += a * b;
        ee += error * error;
    }
    FidelitySums& operator+=(const FidelitySums& other) {
        xx += other.xx;
        yy += other.yy;
        xy += other.xy;
        ee += other.ee;
        return *this;
    }
};
/// SQNR 10 log10(xx / ee), +infinity when exact; cosine xy / sqrt(xx yy), 1 when both are zero, 0 when one
/// is.
[[nodiscard]] Fidelity fidelity(const FidelitySums& sums, std::optional<double> kl_nat);

/// Adds batches up in their order, whatever the order in which they come, so that sums of floating-point
/// numbers do not depend on the thread count.
class OrderedSums {
public:
    explicit OrderedSums(size_t size) : m_total(size) {}
    /// Of batch number `index`, 0 first, each once; `sums` of the constructor's size. Thread-safe.
    void add(int64_t index, std::vector<FidelitySums> sums);
    /// Once all batches are there.
    [[nodiscard]] const std::vector<FidelitySums>& total() const { return m_total; }

private:
    std::mutex m_mutex;
    std::vector<FidelitySums> m_total;
    int64_t m_next = 0;
    std::map<int64_t, std::vector<FidelitySums>> m_waiting;
};

} // namespace widthwise::engine
