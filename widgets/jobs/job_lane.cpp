#include "widgets/jobs/job_lane.h"

#include <QMetaObject>

#include <utility>

namespace widthwise::gui {

struct JobLane::Job {
    JobId id = 0;
    QString title;
    Work work;
    CancelToken cancel;
};

double JobLane::Status::remaining_s() const {
    if (done <= 0 || total <= 0 || elapsed_s < 0.3) return -1;
    return elapsed_s * static_cast<double>(total - done) / static_cast<double>(done);
}

JobLane::JobLane(AtEnd at_end, QObject* parent) : QObject(parent), m_at_end(at_end) {
    m_thread = std::thread([this] { loop(); });
}

JobLane::~JobLane() {
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
        if (m_at_end == AtEnd::cancel) {
            m_queue.clear();
            if (m_running) m_running->cancel.cancel();
        }
    }
    m_wake.notify_one();
    // What the worker has posted to this object dies with it.
    m_thread.join();
}

JobId JobLane::submit(const QString& title, Work work) {
    auto job = std::make_shared<Job>();
    job->id = m_next_id++;
    job->title = title;
    job->work = std::move(work);
    enqueue(job);
    return job->id;
}

JobId JobLane::supersede(const QString& title, Work work) {
    cancelAll();
    m_drop_before = m_next_id;
    return submit(title, std::move(work));
}

void JobLane::enqueue(std::shared_ptr<Job> job) {
    {
        const std::lock_guard lock(m_mutex);
        m_queue.push_back(std::move(job));
    }
    m_wake.notify_one();
    refresh_waiting();
}

void JobLane::cancel(JobId id) {
    bool removed = false;
    {
        const std::lock_guard lock(m_mutex);
        removed = std::erase_if(m_queue, [id](const auto& job) { return job->id == id; }) > 0;
        if (m_running && m_running->id == id) m_running->cancel.cancel();
    }
    if (!removed) return;
    refresh_waiting();
    emit finished(id, true);
}

void JobLane::cancelAll() {
    std::deque<std::shared_ptr<Job>> removed;
    {
        const std::lock_guard lock(m_mutex);
        removed.swap(m_queue);
        if (m_running) m_running->cancel.cancel();
    }
    refresh_waiting();
    for (const auto& job : removed) emit finished(job->id, true);
}

void JobLane::loop() {
    while (true) {
        std::shared_ptr<Job> job;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return m_stop || !m_queue.empty(); });
            if (m_queue.empty()) return;
            job = m_queue.front();
            m_queue.pop_front();
            m_running = job;
        }
        run(job);
    }
}

void JobLane::run(const std::shared_ptr<Job>& job) {
    QMetaObject::invokeMethod(
        this, [this, job] { started(*job); }, Qt::QueuedConnection);
    WorkControl control;
    control.cancel = job->cancel;
    // At most one message a frame: a fast network would otherwise flood the event queue.
    auto last = std::make_shared<QElapsedTimer>();
    auto last_phase = std::make_shared<std::string>();
    control.progress = [this, id = job->id, last, last_phase](const Progress& progress) {
        const bool new_phase = progress.what != *last_phase;
        if (!new_phase && progress.done < progress.total && last->isValid() && last->elapsed() < 33) return;
        last->start();
        *last_phase = progress.what;
        const QString phase =
            QString::fromUtf8(progress.what.data(), static_cast<qsizetype>(progress.what.size()));
        QMetaObject::invokeMethod(
            this,
            [this, id, phase, done = progress.done, total = progress.total] {
                progressed(id, phase, done, total);
            },
            Qt::QueuedConnection);
    };
    const Deliver deliver = job->work(control);
    {
        const std::lock_guard lock(m_mutex);
        m_running.reset();
    }
    QMetaObject::invokeMethod(
        this, [this, job, deliver] { completed(job, deliver); }, Qt::QueuedConnection);
}

void JobLane::started(const Job& job) {
    m_current_id = job.id;
    m_status = {};
    m_status.busy = true;
    m_status.title = job.title;
    m_phase_clock.start();
    refresh_waiting();
}

void JobLane::progressed(JobId id, const QString& phase, qint64 done, qint64 total) {
    if (id != m_current_id) return;
    if (phase != m_status.phase) m_phase_clock.start();
    m_status.phase = phase;
    m_status.done = done;
    m_status.total = total;
    m_status.elapsed_s = static_cast<double>(m_phase_clock.elapsed()) / 1000;
    emit statusChanged(m_status);
}

void JobLane::completed(const std::shared_ptr<Job>& job, const Deliver& deliver) {
    m_status = {};
    m_current_id = 0;
    if (deliver && job->id >= m_drop_before) deliver();
    refresh_waiting();
    emit finished(job->id, job->cancel.cancelled());
}

void JobLane::refresh_waiting() {
    {
        const std::lock_guard lock(m_mutex);
        m_status.waiting = static_cast<int>(m_queue.size());
        // Between two jobs the lane stays busy, so that progress does not flicker.
        m_status.busy = m_current_id != 0 || !m_queue.empty() || m_running;
    }
    emit statusChanged(m_status);
}

} // namespace widthwise::gui
