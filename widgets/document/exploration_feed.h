#pragma once
// Between a search on its worker and the GUI thread that shows it: conclusions one way, pause the other.

#include "core/base/progress.h"
#include "core/flow/explore.h"
#include "core/report/report.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

namespace widthwise::gui {

class ExplorationFeed {
public:
    struct News {
        bool begun = false;
        std::shared_ptr<const explore::Space> space; ///< once it is made
        std::vector<flow::Candidate> candidates;     ///< in the search's order, without their answers
        std::vector<std::pair<int64_t, flow::CoursePoint>> course; ///< by the candidate's number
        std::vector<flow::FrontDesign> front;                      ///< as the report images confirm it
        std::vector<report::Design> designs;                       ///< the same, in the project file by now
        /// Of float on the search images, as the answers of the candidate with the most of them tell.
        std::optional<double> float_top1;
        double seconds = 0; ///< at work in this sitting, without pauses
    };
    /// What came since the last call.
    [[nodiscard]] News take();

    void setPaused(bool paused);
    [[nodiscard]] bool paused() const;

    // On the worker.
    void begin();
    void add(std::shared_ptr<const explore::Space> space);
    /// Waits while paused, unless `cancel` is set.
    void add(const flow::Candidate& candidate, const flow::CoursePoint& course, const CancelToken& cancel);
    void add(const flow::FrontDesign& design);
    void add(report::Design design);

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
    size_t m_most_answers = 0;
};

} // namespace widthwise::gui
