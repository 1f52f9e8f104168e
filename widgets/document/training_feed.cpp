#include "widgets/document/training_feed.h"

#include <utility>

namespace widthwise::gui {

double TrainingFeed::worked() const {
    if (!m_news.begun) return 0;
    const Clock::time_point now = m_resting.value_or(Clock::now());
    return std::chrono::duration<double>(now - m_begun - m_rested).count();
}

TrainingFeed::News TrainingFeed::take() {
    const std::lock_guard lock(m_mutex);
    m_news.seconds = worked();
    News news;
    news.begun = m_news.begun;
    news.last = m_news.last;
    news.seconds = m_news.seconds;
    news.losses.swap(m_news.losses);
    news.epochs.swap(m_news.epochs);
    return news;
}

void TrainingFeed::setPaused(bool paused) {
    {
        const std::lock_guard lock(m_mutex);
        m_paused = paused;
    }
    m_resumed.notify_all();
}

bool TrainingFeed::paused() const {
    const std::lock_guard lock(m_mutex);
    return m_paused;
}

void TrainingFeed::begin() {
    const std::lock_guard lock(m_mutex);
    m_begun = Clock::now();
    m_news.begun = true;
}

void TrainingFeed::add(const train::StepReport& step, const CancelToken& cancel) {
    std::unique_lock lock(m_mutex);
    m_news.losses.push_back(step.loss);
    m_news.last = step;
    if (!m_paused) return;
    m_resting = Clock::now();
    // A token cannot wake anyone: look at it now and then.
    while (m_paused && !cancel.cancelled()) m_resumed.wait_for(lock, std::chrono::milliseconds(50));
    m_rested += Clock::now() - *m_resting;
    m_resting.reset();
}

void TrainingFeed::add(const train::Epoch& epoch) {
    const std::lock_guard lock(m_mutex);
    m_news.epochs.push_back(epoch);
}

} // namespace widthwise::gui
