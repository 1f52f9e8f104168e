#include "widgets/document/exploration.h"

#include "widgets/document/exploration_work.h"
#include "widgets/number_text.h"

#include <QDateTime>

#include <algorithm>

namespace widthwise::gui {

using Status = ExplorationRun::Status;

struct Exploration::Job {
    int64_t run = 0;
    JobId id = 0;
    std::shared_ptr<ExplorationFeed> feed = std::make_shared<ExplorationFeed>();
    ProjectStorePtr store;
    double before_s = 0; ///< at work in earlier sittings
    bool delivered = false;
};

Exploration::Exploration(Document& document, Project& project, ExplorationBackend backend, QObject* parent)
    : QObject(parent), m_document(document), m_project(project), m_backend(std::move(backend)) {
    m_refresh.setInterval(150);
    connect(&m_refresh, &QTimer::timeout, this, &Exploration::drain);
    connect(&m_document, &Document::opened, this, &Exploration::reset);
    connect(&m_lane, &JobLane::finished, this, [this](JobId id) {
        const auto found = m_jobs.find(id);
        if (found == m_jobs.end()) return;
        const std::shared_ptr<Job> job = found->second;
        m_jobs.erase(found);
        ended(job);
    });
}

Exploration::~Exploration() = default;

void Exploration::reset() {
    cancelAll();
    m_reading.cancelAll();
    m_runs.clear();
    int64_t interrupted = 0;
    int count = 0;
    if (const ProjectStorePtr& store = m_project.store()) {
        const auto rows = store->exclusively([](ProjectFile& file) { return file.explorations(); });
        if (!rows) {
            emit failed(to_problem(rows.error()));
        } else {
            for (const StoredExploration& row : *rows) {
                const Version* version = m_document.versionById(row.version);
                ExplorationRun run = from_stored(row, version ? version->model.graph.get() : nullptr);
                run.id = m_next_id++;
                if (run.status == Status::interrupted && run.resumable()) {
                    interrupted = run.id;
                    ++count;
                }
                m_runs.push_back(std::move(run));
            }
        }
    }
    for (const ExplorationRun& run : m_runs) read(run);
    emit runsReset();
    if (count > 0) emit interruptedFound(interrupted, count);
}

QString Exploration::whyNot() const {
    if (const QString why = m_document.whyNotMeasurable(); !why.isEmpty()) return why;
    if (m_document.costProblem() && !m_document.cost())
        return tr("the target cannot run the network: %1").arg(qt(m_document.costProblem()->to_line()));
    return {};
}

ExplorationWork Exploration::workOf(const ExplorationSetup& setup) const {
    ExplorationWork work;
    work.setup = setup;
    work.version = m_document.version().id;
    work.base = without_parameters(m_document.plan());
    work.target = m_document.target();
    work.cost = m_document.modelOptions();
    if (m_document.data()) work.evaluation = qt(m_document.data()->name());
    if (m_document.calibration()) work.calibration = qt(m_document.calibration()->name());
    return work;
}

bool Exploration::start(const ExplorationSetup& setup) {
    const auto refuse = [this](const QString& text, Problem::Remedy remedy = Problem::Remedy::none) {
        emit failed({text, remedy});
        return false;
    };
    if (const QString why = whyNot(); !why.isEmpty())
        return refuse(tr("The design space cannot be searched: %1").arg(why));
    if (!m_document.data() && setup.data.trimmed().isEmpty())
        return refuse(tr("Designs are judged on images: add data"), Problem::Remedy::open_data);

    ExplorationRun run;
    run.id = m_next_id++;
    run.work = std::make_shared<const ExplorationWork>(workOf(setup));
    run.version = run.work->version;
    run.label = unused(exploration_label(*run.work));
    run.created = QDateTime::currentDateTimeUtc().toString(Qt::ISODate);
    m_project.markWorthKeeping();
    const ProjectStorePtr& store = m_project.store();
    if (!store) return refuse(tr("There is no project file to keep the search in"), Problem::Remedy::save_as);
    StoredExploration row = to_stored(run);
    row.provenance_json = work_to_json(*run.work);
    // A search that cannot be kept is not begun: hours of it would be lost.
    const auto id = store->exclusively([&](ProjectFile& file) { return file.add_exploration(row); });
    if (!id) {
        emit failed(to_problem(id.error(), Problem::Remedy::save_as));
        return false;
    }
    run.stored_id = *id;
    m_runs.push_back(std::move(run));
    emit runAdded();
    submit(m_runs.back());
    return true;
}

bool Exploration::resume(int64_t id) {
    ExplorationRun* run = find(id);
    if (!run || !run->resumable()) return false;
    if (!m_document.versionById(run->version)) {
        emit failed({tr("%1: the network that it searches is gone").arg(run->label), Problem::Remedy::none});
        return false;
    }
    run->status = Status::waiting;
    run->problem.clear();
    run->report.clear();
    changed(*run);
    submit(*run);
    return true;
}

void Exploration::submit(ExplorationRun& run) {
    auto job = std::make_shared<Job>();
    job->run = run.id;
    job->store = m_project.store();
    job->before_s = run.seconds;
    ExplorationInputs inputs{run.work,          m_document.versionById(run.version)->model,
                             m_document.data(), m_document.calibration(),
                             run.stored_id,     job->store};
    run.sitting_s = 0;
    run.paced_from_s = -1;
    job->id = m_lane.submit(
        run.label, [this, job, inputs = std::move(inputs), backend = m_backend](const WorkControl& control) {
            auto outcome = std::make_shared<Result<flow::ExploreOutcome>>(
                run_exploration(inputs, backend, *job->feed, control));
            return JobLane::Deliver([this, job, outcome] { conclude(job, *outcome); });
        });
    m_jobs[job->id] = job;
    m_refresh.start();
}

QString Exploration::unused(const QString& label) const {
    QString name = label;
    for (int count = 2; std::ranges::find(m_runs, name, &ExplorationRun::label) != m_runs.end(); ++count)
        name = tr("%1 (%2)").arg(label).arg(count);
    return name;
}

void Exploration::conclude(const std::shared_ptr<Job>& job, const Result<flow::ExploreOutcome>& outcome) {
    job->delivered = true;
    ExplorationRun* run = find(job->run);
    // Another project was opened meanwhile: all of it is safe in its own file.
    if (!run) return;
    take(*run, *job);
    QString problem;
    if (!outcome) {
        const bool cancelled = outcome.error().code == ErrorCode::cancelled;
        run->status = cancelled ? Status::cancelled : Status::failed;
        if (!cancelled) problem = to_problem(outcome.error()).text;
    } else if (outcome->cancelled) {
        run->status = Status::cancelled;
    } else {
        run->status = Status::finished;
        run->report = outcome->front;
        run->float_top1 = outcome->float_top1;
        run->report_hypervolume = outcome->hypervolume;
        problem = qt(outcome->nothing_feasible.empty() ? outcome->ended_early : outcome->nothing_feasible);
    }
    run->problem = problem;
    keep(*run, job->store);
    const int64_t id = run->id;
    const QString label = run->label;
    changed(*run);
    if (!problem.isEmpty()) emit failed({tr("%1: %2").arg(label, problem), Problem::Remedy::none});
    if (outcome && !outcome->cancelled) emit finished(id);
}

void Exploration::ended(const std::shared_ptr<Job>& job) {
    if (m_jobs.empty()) m_refresh.stop();
    ExplorationRun* run = find(job->run);
    if (!run || job->delivered) return;
    // Cancelled before it began.
    run->status = Status::cancelled;
    keep(*run, job->store);
    changed(*run);
}

void Exploration::keep(const ExplorationRun& run, const ProjectStorePtr& store) {
    if (!store || run.stored_id == 0) return;
    m_project.writing().submit(
        {}, [this, store, row = to_stored(run)](const WorkControl&) -> JobLane::Deliver {
            const auto updated = update_row(*store, row.id, [&](StoredExploration& stored) {
                stored.label = row.label;
                stored.status = row.status;
                stored.seconds = row.seconds;
            });
            if (updated) return {};
            return
                [this, error = updated.error()] { emit failed(to_problem(error, Problem::Remedy::save_as)); };
        });
}

void Exploration::drain() {
    for (const auto& [id, job] : m_jobs)
        if (ExplorationRun* run = find(job->run))
            if (take(*run, *job)) changed(*run);
}

bool Exploration::take(ExplorationRun& run, Job& job) {
    ExplorationFeed::News news = job.feed->take();
    if (!news.begun) return false;
    if (news.space) run.space = news.space;
    if (news.float_top1) run.float_top1 = news.float_top1;
    // What earlier sittings concluded may come again.
    std::vector<explore::Outcome> fresh;
    for (flow::Candidate& candidate : news.candidates)
        if (candidate.number == static_cast<int64_t>(run.outcomes.size() + fresh.size()))
            fresh.push_back(std::move(candidate.outcome));
    if (!news.course.empty() && news.course.front().first < static_cast<int64_t>(run.course.size()))
        run.course.resize(static_cast<size_t>(news.course.front().first));
    for (const auto& [number, point] : news.course)
        if (number == static_cast<int64_t>(run.course.size())) run.course.push_back(point);
    run.add(std::move(fresh));
    if (run.paced_from_s < 0 && !news.candidates.empty()) {
        run.paced_from = run.outcomes.size();
        run.paced_from_s = news.seconds;
    }
    run.report.insert(run.report.end(), news.front.begin(), news.front.end());
    run.sitting_s = news.seconds;
    run.seconds = job.before_s + news.seconds;
    if (run.active()) run.status = job.feed->paused() ? Status::paused : Status::running;
    if (m_project.store() == job.store)
        for (report::Design& design : news.designs) m_document.addDesign(std::move(design));
    return true;
}

void Exploration::setPaused(bool paused) {
    const ExplorationRun* run = activeRun();
    if (!run) return;
    for (const auto& [id, job] : m_jobs)
        if (job->run == run->id) job->feed->setPaused(paused);
    drain();
}

bool Exploration::paused() const {
    const ExplorationRun* run = activeRun();
    return run && run->status == Status::paused;
}

void Exploration::cancel(int64_t run) {
    // A copy: a job that waits ends at once, and leaves the map.
    const auto jobs = m_jobs;
    for (const auto& [id, job] : jobs)
        if (job->run == run) m_lane.cancel(id);
}

void Exploration::cancelAll() {
    m_lane.cancelAll();
}

void Exploration::remove(int64_t id) {
    const auto found = std::ranges::find(m_runs, id, &ExplorationRun::id);
    if (found == m_runs.end() || found->active()) return;
    if (found->stored_id != 0 && m_project.store()) {
        // At once: it must not come back with a project that is opened next.
        const auto removed = m_project.store()->exclusively(
            [&](ProjectFile& file) { return file.remove_exploration(found->stored_id); });
        if (!removed) {
            emit failed(to_problem(removed.error()));
            return;
        }
    }
    emit runAboutToBeRemoved(static_cast<int>(found - m_runs.begin()));
    m_runs.erase(found);
    emit runRemoved();
}

void Exploration::rename(int64_t id, const QString& wanted) {
    ExplorationRun* run = find(id);
    const QString label = wanted.simplified();
    if (!run || label.isEmpty() || label == run->label) return;
    run->label = unused(label);
    keep(*run, m_project.store());
    changed(*run);
}

void Exploration::setShown(int64_t id, bool shown) {
    ExplorationRun* run = find(id);
    if (!run || run->shown == shown) return;
    run->shown = shown;
    changed(*run);
}

ExplorationRun* Exploration::find(int64_t id) {
    const auto found = std::ranges::find(m_runs, id, &ExplorationRun::id);
    return found == m_runs.end() ? nullptr : &*found;
}

const ExplorationRun* Exploration::runById(int64_t id) const {
    const auto found = std::ranges::find(m_runs, id, &ExplorationRun::id);
    return found == m_runs.end() ? nullptr : &*found;
}

const ExplorationRun* Exploration::activeRun() const {
    // The one at work; a resumed one can wait behind a younger one.
    const auto working = std::ranges::find_if(m_runs, [](const ExplorationRun& run) {
        return run.status == Status::running || run.status == Status::paused;
    });
    if (working != m_runs.end()) return &*working;
    const auto waiting = std::ranges::find(m_runs, Status::waiting, &ExplorationRun::status);
    return waiting == m_runs.end() ? nullptr : &*waiting;
}

const Graph* Exploration::graphOf(const ExplorationRun& run) const {
    const Version* version = m_document.versionById(run.version);
    return version ? version->model.graph.get() : nullptr;
}

void Exploration::changed(const ExplorationRun& run) {
    emit runChanged(static_cast<int>(&run - m_runs.data()));
}

} // namespace widthwise::gui
