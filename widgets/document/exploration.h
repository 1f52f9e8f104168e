#pragma once
// Searches the design space of the document's network in the background, one search after the other, on a
// lane of its own: measuring and editing go on meanwhile. Whatever a search concluded is in the project file
// before it is shown; the designs of its front become designs of the document.

#include "core/explore/decision.h"
#include "widgets/document/exploration_backend.h"
#include "widgets/document/exploration_run.h"
#include "widgets/document/project.h"

#include <QTimer>

namespace widthwise::gui {

class ExplorationFeed;

/// A design of a search against another one, layer by layer.
struct ExplorationMoves {
    QString design, baseline;
    std::vector<explore::Move> moves;
};

class Exploration : public QObject {
    Q_OBJECT
public:
    Exploration(Document& document, Project& project, ExplorationBackend backend, QObject* parent = nullptr);
    ~Exploration() override;

    /// Queues a search of the network that is shown, on its design, target and data. False, and failed(),
    /// where it cannot be.
    bool start(const ExplorationSetup& setup);
    /// Goes on with a search that was cancelled or interrupted: to the same result as without.
    bool resume(int64_t run);
    /// Of the search under way; it waits after its present design.
    void setPaused(bool paused);
    [[nodiscard]] bool paused() const;
    /// What it found so far is kept.
    void cancel(int64_t run);
    void cancelAll();
    /// With all its candidates, for good; the designs of its front stay. Not of an active one.
    void remove(int64_t run);
    void rename(int64_t run, const QString& label);
    void setShown(int64_t run, bool shown);

    /// Why the network that is shown cannot be searched; empty: it can.
    [[nodiscard]] QString whyNot() const;
    /// What this setup would search for, with all that is shown now.
    [[nodiscard]] ExplorationWork workOf(const ExplorationSetup& setup) const;

    [[nodiscard]] const std::vector<ExplorationRun>& runs() const { return m_runs; }
    /// Null: none of that id.
    [[nodiscard]] const ExplorationRun* runById(int64_t id) const;
    /// The search under way; null: none.
    [[nodiscard]] const ExplorationRun* activeRun() const;
    /// The network that a run searches; null: gone.
    [[nodiscard]] const Graph* graphOf(const ExplorationRun& run) const;

    /// Takes a design of a search over: one command. False where its network is gone or the run has no space.
    bool use(int64_t run, const explore::Choices& choices);
    /// Asks for explained(): this design against w8a8 on the target as it was. The newest question wins.
    void explain(int64_t run, const explore::Choices& choices);

    [[nodiscard]] JobLane& lane() { return m_lane; }
    [[nodiscard]] JobLane& reading() { return m_reading; }

signals:
    void runsReset();
    void runAdded();
    void runAboutToBeRemoved(int row);
    void runRemoved();
    /// Candidates, front, status or whether it is shown.
    void runChanged(int row);
    void finished(int64_t run);
    /// Searches that a crash or a closed window broke off, when a project is opened.
    void interruptedFound(int64_t run, int count);
    void explained(const widthwise::gui::ExplorationMoves& moves);
    void failed(const widthwise::gui::Problem& problem);

private:
    struct Job;
    void reset();
    void read(const ExplorationRun& run);
    void submit(ExplorationRun& run);
    [[nodiscard]] ExplorationRun* find(int64_t id);
    void changed(const ExplorationRun& run);
    [[nodiscard]] QString unused(const QString& label) const;
    void drain();
    /// True: something came.
    bool take(ExplorationRun& run, Job& job);
    /// In the project file, in the background.
    void keep(const ExplorationRun& run, const ProjectStorePtr& store);
    void ended(const std::shared_ptr<Job>& job);
    void conclude(const std::shared_ptr<Job>& job, const Result<flow::ExploreOutcome>& outcome);

    Document& m_document;
    Project& m_project;
    ExplorationBackend m_backend;
    std::vector<ExplorationRun> m_runs;
    int64_t m_next_id = 1;
    std::map<JobId, std::shared_ptr<Job>> m_jobs;
    QTimer m_refresh; ///< the window follows at this pace, however fast the search is
    JobId m_explaining = 0;
    JobLane m_reading{JobLane::AtEnd::cancel}; ///< earlier runs, explanations
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
