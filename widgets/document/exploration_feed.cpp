#include "widgets/document/exploration_feed.h"

#include <numeric>
#include <utility>

namespace widthwise::gui {

double ExplorationFeed::worked() const {
    if (!m_news.begun) return 0;
    const Clock::time_point now = m_resting.value_or(Clock::now());
    return std::chrono::duration<double>(now - m_begun - m_rested).count();
}

ExplorationFeed::News ExplorationFeed::take() {
    const std::lock_guard lock(m_mutex);
    News news;
    std::swap(news, m_news);
    m_news.begun = news.begun;
    news.seconds = worked();
    return news;
}

void ExplorationFeed::setPaused(bool paused) {
    {
        const std::lock_guard lock(m_mutex);
        m_paused = paused;
    }
    m_resumed.notify_all();
}

bool ExplorationFeed::paused() const {
    const std::lock_guard lock(m_mutex);
    return m_paused;
}

void ExplorationFeed::begin() {
    const std::lock_guard lock(m_mutex);
    m_begun = Clock::now();
    m_news.begun = true;
}

void ExplorationFeed::add(std::shared_ptr<const explore::Space> space) {
    const std::lock_guard lock(m_mutex);
    m_news.space = std::move(space);
}

void ExplorationFeed::add(const flow::Candidate& candidate, const flow::CoursePoint& course,
                          const CancelToken& cancel) {
    std::unique_lock lock(m_mutex);
    m_news.candidates.push_back({candidate.number, candidate.outcome, {}, candidate.seconds});
    const explore::Outcome& outcome = candidate.outcome;
    if (candidate.answers.size() > m_most_answers) {
        m_most_answers = candidate.answers.size();
        const auto right = std::accumulate(candidate.answers.begin(), candidate.answers.end(), int64_t{0});
        m_news.float_top1 = static_cast<double>(right) / static_cast<double>(candidate.answers.size()) +
                            outcome.figures[explore::Metric::drop];
    }
    m_news.course.emplace_back(candidate.number, course);
    if (!m_paused) return;
    m_resting = Clock::now();
    // A token cannot wake anyone: look at it now and then.
    while (m_paused && !cancel.cancelled()) m_resumed.wait_for(lock, std::chrono::milliseconds(50));
    m_rested += Clock::now() - *m_resting;
    m_resting.reset();
}

void ExplorationFeed::add(const flow::FrontDesign& design) {
    const std::lock_guard lock(m_mutex);
    m_news.front.push_back(design);
}

void ExplorationFeed::add(report::Design design) {
    const std::lock_guard lock(m_mutex);
    m_news.designs.push_back(std::move(design));
}

} // namespace widthwise::gui
