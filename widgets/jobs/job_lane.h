#pragma once
// Long work off the GUI thread: one worker thread that takes jobs in order. A job gets its snapshot by value,
// reports progress, can be cancelled, and hands back what to do with its result on the GUI thread.

#include "core/base/progress.h"

#include <QElapsedTimer>
#include <QObject>
#include <QString>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace widthwise::gui {

using JobId = quint64;

class JobLane : public QObject {
    Q_OBJECT
public:
    /// Runs on the GUI thread; empty when there is nothing to hand over.
    using Deliver = std::function<void()>;
    /// Runs on the worker. Must capture values and shared const only.
    using Work = std::function<Deliver(const WorkControl& control)>;

    struct Status {
        bool busy = false;
        QString title;              ///< of the running job
        QString phase;              ///< "calibrating"; may be empty
        qint64 done = 0, total = 0; ///< 0 of 0: unknown
        double elapsed_s = 0;
        int waiting = 0;                          ///< jobs behind the running one
        [[nodiscard]] double remaining_s() const; ///< of the phase; negative: unknown
    };

    /// At destruction `cancel` cancels what runs and forgets what waits; `finish` does all that waits
    /// (saving).
    enum class AtEnd { cancel, finish };

    explicit JobLane(AtEnd at_end, QObject* parent = nullptr);
    ~JobLane() override;

    JobId submit(const QString& title, Work work);
    /// The newest wins: everything before is cancelled and its results are dropped.
    JobId supersede(const QString& title, Work work);
    /// The work sees its token set and still delivers what it has finished; a job that has not started never
    /// will.
    void cancel(JobId id);
    void cancelAll();

    [[nodiscard]] bool busy() const { return m_status.busy; }
    [[nodiscard]] const Status& status() const { return m_status; }

signals:
    void statusChanged(const widthwise::gui::JobLane::Status& status);
    /// After the result, if any, was delivered; also for jobs that never started.
    void finished(widthwise::gui::JobId id, bool cancelled);

private:
    struct Job;
    void enqueue(std::shared_ptr<Job> job);
    void loop();
    void run(const std::shared_ptr<Job>& job);
    void started(const Job& job);
    void progressed(JobId id, const QString& phase, qint64 done, qint64 total);
    void completed(const std::shared_ptr<Job>& job, const Deliver& deliver);
    void refresh_waiting();

    const AtEnd m_at_end;
    // Shared with the worker, under m_mutex.
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::shared_ptr<Job>> m_queue;
    std::shared_ptr<Job> m_running;
    bool m_stop = false;
    // GUI thread only.
    JobId m_next_id = 1;
    JobId m_current_id = 0;
    JobId m_drop_before = 0;
    Status m_status;
    QElapsedTimer m_phase_clock;
    std::thread m_thread;
};

} // namespace widthwise::gui
