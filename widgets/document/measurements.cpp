#include "widgets/document/measurements.h"

#include "core/base/output_file.h"
#include "core/flow/project.h"
#include "widgets/document/quality.h"
#include "widgets/number_text.h"

#include <QElapsedTimer>
#include <QFileInfo>

#include <algorithm>

namespace widthwise::gui {

Measurements::Measurements(Document& document, Project& project, QObject* parent)
    : QObject(parent), m_document(document), m_project(project) {
    m_debounce.setSingleShot(true);
    m_debounce.setInterval(350);
    connect(&m_debounce, &QTimer::timeout, this, &Measurements::runAutomatic);
    connect(&m_document, &Document::opened, this, [this] {
        cancelAll();
        m_evaluator = std::make_shared<flow::Evaluator>();
    });
    connect(&m_document, &Document::dataChanged, this, [this] {
        cancelAll();
        scheduleAutomatic();
    });
    connect(&m_document, &Document::planChanged, this, &Measurements::scheduleAutomatic);
    connect(&m_lane, &JobLane::finished, this, [this](JobId id) {
        m_pending.erase(id);
        if (id == m_automatic_job) m_automatic_job = 0;
        if (m_running.valid) {
            m_running = {};
            emit runningChanged();
        }
    });
}

Measurements::~Measurements() = default;

void Measurements::evaluate(const std::vector<PrecisionPlan>& plans) {
    if (!m_document.hasNetwork()) return;
    if (!m_document.data()) {
        emit failed({tr("Accuracy is measured on images: add data"), Problem::Remedy::open_data});
        return;
    }
    if (const QString why = m_document.whyNotMeasurable(); !why.isEmpty() && m_document.model().trained) {
        emit failed({tr("Accuracy cannot be measured: %1").arg(why), Problem::Remedy::none});
        return;
    }
    m_project.markWorthKeeping();
    for (const PrecisionPlan& wanted : plans) {
        const PrecisionPlan plan = canonical_plan(wanted, m_document.graph());
        if (const auto job = queued(plan); job != m_pending.end()) {
            // Asked for by name now: a further edit must not cancel it.
            if (job->first == m_automatic_job) m_automatic_job = 0;
            continue;
        }
        if (!isMeasured(plan)) submit(plan);
    }
}

bool Measurements::isMeasured(const PrecisionPlan& plan) const {
    const Design* design = m_document.designOf(plan);
    if (!design) return false;
    // One that was stopped early is measured to the end when asked for.
    return m_decide_within || quality_of(design->evaluation).samples >= m_document.data()->size();
}

void Measurements::evaluateCurrent() {
    evaluate({m_document.plan()});
}

void Measurements::evaluateUniformSet() {
    std::vector<PrecisionPlan> plans;
    for (const int bits : {k_float_bits, 8, 6, 4, 3, 2}) plans.push_back(uniform_plan(bits, bits));
    evaluate(plans);
}

void Measurements::cancelAll() {
    m_debounce.stop();
    m_lane.cancelAll();
}

void Measurements::setAutomatic(bool automatic) {
    m_automatic = automatic;
    if (automatic)
        scheduleAutomatic();
    else
        m_debounce.stop();
}

Measurements::Pending Measurements::pendingOf(const PrecisionPlan& plan) const {
    return {m_document.version().id, plan};
}

std::map<JobId, Measurements::Pending>::const_iterator Measurements::queued(const PrecisionPlan& plan) const {
    const Pending wanted = pendingOf(plan);
    return std::ranges::find_if(m_pending, [&](const auto& job) { return job.second == wanted; });
}

void Measurements::scheduleAutomatic() {
    if (m_automatic_job != 0 && m_pending[m_automatic_job] != pendingOf(m_document.plan())) {
        m_lane.cancel(m_automatic_job);
        m_automatic_job = 0;
    }
    if (m_automatic && m_document.data() && !m_document.currentDesign() &&
        m_document.whyNotMeasurable().isEmpty())
        m_debounce.start();
    else
        m_debounce.stop();
}

void Measurements::runAutomatic() {
    const PrecisionPlan& plan = m_document.plan();
    if (!m_document.data() || m_document.currentDesign()) return;
    if (queued(plan) != m_pending.end()) return;
    m_automatic_job = submit(plan);
}

flow::EvaluationRequest Measurements::requestFor(const PrecisionPlan& plan) const {
    flow::EvaluationRequest request;
    request.model = m_document.model();
    request.data = m_document.data();
    request.calibration = m_document.calibration();
    request.plan = plan;
    return request;
}

JobId Measurements::submit(const PrecisionPlan& plan) {
    flow::EvaluationRequest request = requestFor(plan);
    request.decide_within = m_decide_within;
    const JobId id = m_lane.submit(
        tr("Measuring %1").arg(m_document.labelOf(plan)),
        [this, request = std::move(request), version = m_document.version().id, target = m_document.target(),
         store = m_project.store(), evaluator = m_evaluator](const WorkControl& control) -> JobLane::Deliver {
            auto since = std::make_shared<QElapsedTimer>();
            const auto on_progress = [this, since, version,
                                      plan = request.plan](const flow::RunningAccuracy& progress) {
                const bool news = progress.done >= progress.total || progress.within.has_value();
                if (!news && since->isValid() && since->elapsed() < 50) return;
                since->start();
                QMetaObject::invokeMethod(
                    this,
                    [this, version, plan, progress] {
                        m_running = {true, version, plan, progress};
                        emit runningChanged();
                    },
                    Qt::QueuedConnection);
            };
            const auto refused = [this](const Error& error, Problem::Remedy remedy) -> JobLane::Deliver {
                if (error.code == ErrorCode::cancelled) return {};
                return [this, error, remedy] { emit failed(to_problem(error, remedy)); };
            };
            auto outcome = evaluator->evaluate(request, control, on_progress);
            if (!outcome) return refused(outcome.error(), Problem::Remedy::retry_evaluation);
            const Graph& graph = *request.model.graph;
            Design design;
            design.version = version;
            design.evaluation = std::move(outcome->evaluation);
            auto cost = cost::estimate(graph, request.plan, target);
            if (cost) design.cost = std::move(*cost);
            // Stored, then shown.
            StoredEvaluation stored = flow::to_stored(design.evaluation, design.cost, graph);
            stored.version = version;
            auto id_ = store->add(stored);
            if (!id_) return refused(id_.error(), Problem::Remedy::save_as);
            design.id = *id_;
            return [this, design = std::move(design), store] {
                // Another project was opened meanwhile: the design is safe in its own file.
                if (m_project.store() == store) m_document.addDesign(design);
            };
        });
    m_pending[id] = pendingOf(plan);
    return id;
}

void Measurements::exportNetwork(const QString& path, flow::Evaluator::ExportForm form) {
    if (!m_document.hasNetwork()) return;
    m_lane.submit(tr("Exporting %1").arg(QFileInfo(path).fileName()),
                  [this, path, form, request = requestFor(m_document.plan()),
                   evaluator = m_evaluator](const WorkControl& control) -> JobLane::Deliver {
                      const auto refused = [this](const Error& error) -> JobLane::Deliver {
                          if (error.code == ErrorCode::cancelled) return {};
                          return [this, error] { emit failed(to_problem(error)); };
                      };
                      const auto bytes = evaluator->export_network(request, form, control);
                      if (!bytes) return refused(bytes.error());
                      const auto written = write_output(path.toStdString(), *bytes);
                      if (!written) return refused(written.error());
                      return [this, path] { emit networkExported(path); };
                  });
}

} // namespace widthwise::gui
