#pragma once
// Between a training run on its worker and the GUI thread that draws it: steps and epochs one way, pause the
// other.

#include "core/base/progress.h"
#include "core/train/trainer.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace widthwise::gui {

class TrainingFeed {
public:
    struct News {
        bool begun = false;
        std::vector<double> losses; ///< one a step
        train::StepReport last;     ///< where there are any
        std::vector<train::Epoch> epochs;
        double seconds = 0; ///< at work so far
    };
    /// What came since the last call.
    [[nodiscard]] News take();

    void setPaused(bool paused);
    [[nodiscard]] bool paused() const;

    // On the worker.
    void begin();
    /// Waits while paused, unless `cancel` is set.
    void add(const train::StepReport& step, const CancelToken& cancel);
    void add(const train::Epoch& epoch);

private:
    using Clock = std::chrono::steady_clock;
    [[nodiscard]] double worked() const;

    mutable std::mutex m_mutex;
    std::condition_variable m_resumed;
    bool m_paused = false;
    News m_news;
    Clock::time_point m_begun;
    Clock::duration m_rested{};
    std::optional<Clock::time_point> m_resting; ///< since when
};

} // namespace widthwise::gui
