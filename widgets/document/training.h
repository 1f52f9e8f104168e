#pragma once
// Trains the document's network in the background, one run after the other, on a lane of its own: measuring
// and editing go on meanwhile. Each finished run becomes a version of the network.

#include "widgets/document/project.h"
#include "widgets/document/training_backend.h"
#include "widgets/document/training_run.h"
#include "widgets/document/training_setup.h"

#include <QTimer>

#include <map>
#include <memory>

namespace widthwise::gui {

class TrainingFeed;
struct TrainedVersion;

class Training : public QObject {
    Q_OBJECT
public:
    Training(Document& document, Project& project, TrainingBackend backend, QObject* parent = nullptr);
    ~Training() override;

    /// Queues a run on the network, design and data that are shown now. False, and failed(), where it cannot
    /// be.
    bool start(const TrainingSetup& setup);
    /// Of the run under way; it waits between two steps.
    void setPaused(bool paused);
    [[nodiscard]] bool paused() const;
    /// The run, which keeps its curves.
    void cancel(int64_t run);
    void cancelAll();

    /// Why the network that is shown cannot be trained this way; empty: it can.
    [[nodiscard]] QString whyNot(TrainingMode mode) const;

    [[nodiscard]] const std::vector<TrainingRun>& runs() const { return m_runs; }
    /// Null: none of that id.
    [[nodiscard]] const TrainingRun* runById(int64_t id) const;
    /// The run under way; null: none.
    [[nodiscard]] const TrainingRun* activeRun() const;
    /// The one with the best accuracy of those that made a version; null: none.
    [[nodiscard]] const TrainingRun* bestRun() const;
    void setShown(int64_t run, bool shown);
    [[nodiscard]] JobLane& lane() { return m_lane; }

signals:
    void runsReset();
    void runAdded();
    /// Curves, status or whether it is shown.
    void runChanged(int row);
    /// A version was made; `shown`: and is shown now, which one that is worse than its start is not.
    void finished(int64_t run, bool shown);
    void failed(const widthwise::gui::Problem& problem);

private:
    struct Job;
    void reset();
    [[nodiscard]] TrainingRun* find(int64_t id);
    void changed(const TrainingRun& run);
    /// As given or, where a run or a version has that name, with a counter.
    [[nodiscard]] QString unused(const QString& label) const;
    void drain();
    /// In the project file, in the background.
    void keep(const TrainingRun& run, const ProjectStorePtr& store);
    void take(TrainingRun& run, TrainingFeed& feed);
    void ended(const std::shared_ptr<Job>& job);
    void conclude(const std::shared_ptr<Job>& job, Result<TrainedVersion> made,
                  std::optional<Problem> problem);

    Document& m_document;
    Project& m_project;
    TrainingBackend m_backend;
    std::vector<TrainingRun> m_runs;
    int64_t m_next_id = 1;
    std::map<JobId, std::shared_ptr<Job>> m_jobs;
    QString m_untrainable; ///< why the network that is shown cannot be trained at all; empty: it can
    QTimer m_refresh;      ///< curves follow at this pace, however fast the steps are
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
