#pragma once
// Images per second over the last seconds of work.

#include <cstdint>
#include <deque>

namespace widthwise::train {

/// Counts working time only: what its user spends waiting (a pause) it leaves out by not adding it.
class Throughput {
public:
    void add(int64_t images, double seconds) {
        m_parts.push_back({images, seconds});
        m_images += images;
        m_seconds += seconds;
        while (m_parts.size() > 1 && m_seconds - m_parts.front().seconds >= k_window) {
            m_images -= m_parts.front().images;
            m_seconds -= m_parts.front().seconds;
            m_parts.pop_front();
        }
    }
    [[nodiscard]] double images_per_second() const {
        return m_seconds > 0 ? static_cast<double>(m_images) / m_seconds : 0;
    }

private:
    static constexpr double k_window = 3; // seconds
    struct Part {
        int64_t images;
        double seconds;
    };
    std::deque<Part> m_parts;
    int64_t m_images = 0;
    double m_seconds = 0;
};

} // namespace widthwise::train
