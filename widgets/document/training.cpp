#include "widgets/document/training.h"

#include "core/graph/layer_work.h"
#include "core/train/trainability.h"
#include "widgets/document/new_version.h"
#include "widgets/document/training_feed.h"
#include "widgets/document/training_work.h"
#include "widgets/number_text.h"

#include <QDateTime>

#include <algorithm>

namespace widthwise::gui {

struct Training::Job {
    int64_t run = 0;
    JobId id = 0;
    std::shared_ptr<TrainingFeed> feed = std::make_shared<TrainingFeed>();
    ProjectStorePtr store;
    PrecisionPlan plan; ///< when it was asked for
    bool delivered = false;
};

Training::Training(Document& document, Project& project, TrainingBackend backend, QObject* parent)
    : QObject(parent), m_document(document), m_project(project), m_backend(std::move(backend)) {
    m_refresh.setInterval(100);
    connect(&m_refresh, &QTimer::timeout, this, &Training::drain);
    connect(&m_document, &Document::opened, this, &Training::reset);
    connect(&m_document, &Document::networkChanged, this, [this] {
        const auto scope = train::training_scope(m_document.graph());
        m_untrainable = scope ? QString() : qt(scope.error().to_line());
    });
    connect(&m_lane, &JobLane::finished, this, [this](JobId id) {
        const auto found = m_jobs.find(id);
        if (found == m_jobs.end()) return;
        const std::shared_ptr<Job> job = found->second;
        m_jobs.erase(found);
        ended(job);
    });
}

Training::~Training() = default;

void Training::reset() {
    cancelAll();
    m_runs.clear();
    if (const ProjectStorePtr& store = m_project.store()) {
        const auto stored = store->runs();
        if (!stored) {
            emit failed(to_problem(stored.error()));
        } else {
            for (const StoredRun& row : *stored) {
                m_runs.push_back(from_stored(row));
                m_runs.back().id = m_next_id++;
            }
        }
    }
    emit runsReset();
}

QString Training::whyNot(TrainingMode mode) const {
    if (!m_document.hasNetwork()) return tr("no network is open");
    if (m_document.model().topology) return tr("a topology has layers but no network to train");
    if (!m_untrainable.isEmpty()) return m_untrainable;
    if (mode == TrainingMode::quantized &&
        std::ranges::none_of(m_document.graph().node_ids(), [this](NodeId id) {
            const LayerPrecision precision = m_document.plan().at(m_document.graph().node(id).name);
            return is_weighted(m_document.graph(), id) &&
                   (precision.weights.is_quantized() || precision.activations.is_quantized());
        }))
        return tr("the design is float: set bits first");
    if (mode == TrainingMode::adapt && !m_document.model().scales)
        return tr("only a meta-initialization can be adapted: meta-train one, or open one, first");
    return {};
}

bool Training::start(const TrainingSetup& setup) {
    const auto refuse = [this](const QString& text, Problem::Remedy remedy = Problem::Remedy::none) {
        emit failed({text, remedy});
        return false;
    };
    if (const QString why = whyNot(setup.mode); !why.isEmpty())
        return refuse(tr("The network cannot be trained: %1").arg(why));
    if (setup.data.trimmed().isEmpty())
        return refuse(tr("Training needs images with labels: choose training data"));
    if (const auto valid = train::validate(setup.options); !valid)
        return refuse(to_problem(valid.error()).text);

    TrainingRun run;
    run.id = m_next_id++;
    run.parent = m_document.version().id;
    run.label = unused(run_label(setup, m_document.labelOf(m_document.plan())));
    run.kind = kind_of(setup.mode);
    run.options_json = setup_to_json(setup);
    run.created = QDateTime::currentDateTimeUtc().toString(Qt::ISODate);
    run.validated = !setup.validation.isEmpty() || m_document.data();
    auto job = std::make_shared<Job>();
    job->run = run.id;
    job->store = m_project.store();
    job->plan = m_document.plan();
    m_project.markWorthKeeping();
    std::optional<Problem> unkept;
    if (job->store) {
        if (auto id = job->store->add_run(to_stored(run)))
            run.stored_id = *id;
        else
            unkept = to_problem(id.error(), Problem::Remedy::save_as);
    }
    TrainingWork work{
        setup,    m_document.version(), m_document.plan(), m_document.data(), m_document.calibration(),
        run.label};
    m_runs.push_back(std::move(run));
    emit runAdded();
    if (unkept) emit failed(*unkept);
    job->id = m_lane.submit(m_runs.back().label, [this, job, work = std::move(work),
                                                  backend = m_backend](const WorkControl& control) {
        job->feed->begin();
        auto made = run_training(work, backend, *job->feed, control);
        std::optional<Problem> problem;
        if (made && job->store) {
            KeptVersion kept = keep_version(std::move(made->version), recipe_of(work), *job->store, backend);
            made->version = std::move(kept.version);
            problem = std::move(kept.problem);
        }
        auto result = std::make_shared<Result<TrainedVersion>>(std::move(made));
        return JobLane::Deliver([this, job, result, problem] { conclude(job, std::move(*result), problem); });
    });
    m_jobs[job->id] = job;
    m_refresh.start();
    return true;
}

QString Training::unused(const QString& label) const {
    const auto taken = [this](const QString& name) {
        return std::ranges::find(m_runs, name, &TrainingRun::label) != m_runs.end() ||
               std::ranges::find(m_document.versions(), name, &Version::label) != m_document.versions().end();
    };
    QString name = label;
    for (int count = 2; taken(name); ++count) name = tr("%1 (%2)").arg(label).arg(count);
    return name;
}

void Training::conclude(const std::shared_ptr<Job>& job, Result<TrainedVersion> made,
                        std::optional<Problem> problem) {
    job->delivered = true;
    TrainingRun* run = find(job->run);
    // Another project was opened meanwhile: the version is safe in its own file.
    if (!run) return;
    take(*run, *job->feed);
    if (!made) {
        const bool cancelled = made.error().code == ErrorCode::cancelled;
        run->status = cancelled ? TrainingRun::Status::cancelled : TrainingRun::Status::failed;
        run->problem = cancelled ? QString() : to_problem(made.error()).text;
    } else {
        run->status = TrainingRun::Status::finished;
        run->version = made->version.id;
        run->before = made->before;
        run->after = made->after;
    }
    keep(*run, job->store);
    const int64_t id = run->id;
    changed(*run);
    if (!made) {
        if (const QString why = run->problem; !why.isEmpty())
            emit failed({tr("%1: %2").arg(run->label, why), Problem::Remedy::none});
        return;
    }
    const int64_t version = made->version.id;
    // Nothing that the user did meanwhile is undone by a run that ends, nor is what was better replaced.
    const bool show =
        m_document.version().id == made->version.parent && m_document.plan() == job->plan && !run->worse();
    m_document.addVersion(std::move(made->version));
    if (show) m_document.useVersion(version);
    emit finished(id, show);
    if (problem) emit failed(*problem);
}

void Training::ended(const std::shared_ptr<Job>& job) {
    if (m_jobs.empty()) m_refresh.stop();
    TrainingRun* run = find(job->run);
    if (!run || job->delivered) return;
    // Cancelled before it began.
    run->status = TrainingRun::Status::cancelled;
    keep(*run, job->store);
    changed(*run);
}

void Training::keep(const TrainingRun& run, const ProjectStorePtr& store) {
    if (!store || run.stored_id == 0) return;
    m_project.writing().submit({},
                               [this, store, row = to_stored(run)](const WorkControl&) -> JobLane::Deliver {
                                   const auto updated = store->update_run(row);
                                   if (updated) return {};
                                   return [this, error = updated.error()] {
                                       emit failed(to_problem(error, Problem::Remedy::save_as));
                                   };
                               });
}

void Training::drain() {
    for (const auto& [id, job] : m_jobs)
        if (TrainingRun* run = find(job->run)) {
            const size_t epochs = run->epochs.size();
            take(*run, *job->feed);
            // What is done is not lost with the program.
            if (run->epochs.size() > epochs) keep(*run, job->store);
            if (run->active() && run->status != TrainingRun::Status::waiting) changed(*run);
        }
}

void Training::take(TrainingRun& run, TrainingFeed& feed) {
    const TrainingFeed::News news = feed.take();
    if (!news.begun) return;
    for (const double loss : news.losses) run.loss.add(loss);
    run.epochs.insert(run.epochs.end(), news.epochs.begin(), news.epochs.end());
    run.last = news.last;
    run.seconds = news.seconds;
    if (run.active()) run.status = feed.paused() ? TrainingRun::Status::paused : TrainingRun::Status::running;
}

void Training::setPaused(bool paused) {
    const TrainingRun* run = activeRun();
    if (!run) return;
    for (const auto& [id, job] : m_jobs)
        if (job->run == run->id) job->feed->setPaused(paused);
    drain();
}

bool Training::paused() const {
    const TrainingRun* run = activeRun();
    return run && run->status == TrainingRun::Status::paused;
}

void Training::cancel(int64_t run) {
    // A copy: a job that waits ends at once, and leaves the map.
    const auto jobs = m_jobs;
    for (const auto& [id, job] : jobs)
        if (job->run == run) m_lane.cancel(id);
}

void Training::cancelAll() {
    m_lane.cancelAll();
}

TrainingRun* Training::find(int64_t id) {
    const auto found = std::ranges::find(m_runs, id, &TrainingRun::id);
    return found == m_runs.end() ? nullptr : &*found;
}

const TrainingRun* Training::runById(int64_t id) const {
    const auto found = std::ranges::find(m_runs, id, &TrainingRun::id);
    return found == m_runs.end() ? nullptr : &*found;
}

const TrainingRun* Training::activeRun() const {
    const auto found = std::ranges::find_if(m_runs, [](const TrainingRun& run) { return run.active(); });
    return found == m_runs.end() ? nullptr : &*found;
}

const TrainingRun* Training::bestRun() const {
    const TrainingRun* best = nullptr;
    for (const TrainingRun& run : m_runs) {
        if (run.version == 0 || !run.best_top1() || !m_document.versionById(run.version)) continue;
        if (!best || *run.best_top1() > *best->best_top1()) best = &run;
    }
    return best;
}

void Training::setShown(int64_t id, bool shown) {
    TrainingRun* run = find(id);
    if (!run || run->shown == shown) return;
    run->shown = shown;
    changed(*run);
}

void Training::changed(const TrainingRun& run) {
    emit runChanged(static_cast<int>(&run - m_runs.data()));
}

} // namespace widthwise::gui
