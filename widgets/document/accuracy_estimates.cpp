#include "widgets/document/accuracy_estimates.h"

#include "widgets/document/exploration_read.h"

#include <algorithm>

namespace widthwise::gui {

AccuracyEstimates::AccuracyEstimates(Document& document, Project& project, Exploration& exploration,
                                     QObject* parent)
    : QObject(parent), m_document(document), m_project(project), m_exploration(exploration) {
    m_soon.setSingleShot(true);
    m_soon.setInterval(300);
    connect(&m_soon, &QTimer::timeout, this, &AccuracyEstimates::fit);
    const auto later = [this] { m_soon.start(); };
    const auto forget = [this] {
        m_estimator.reset();
        m_lane.cancelAll();
        m_soon.start();
        emit changed();
    };
    connect(&m_document, &Document::opened, this, forget);
    connect(&m_document, &Document::networkChanged, this, forget);
    connect(&m_document, &Document::dataChanged, this, forget);
    connect(&m_document, &Document::designAdded, this, later);
    connect(&m_exploration, &Exploration::finished, this, later);
    connect(&m_exploration.reading(), &JobLane::finished, this, later);
}

std::optional<double> AccuracyEstimates::floatTop1() const {
    for (const Design& design : m_document.designs())
        if (design.version == m_version && design.evaluation.accuracy.samples > 0)
            return design.evaluation.accuracy.float_top1;
    return std::nullopt;
}

void AccuracyEstimates::fit() {
    if (!m_document.hasNetwork() || !m_project.store() || m_exploration.activeRun()) return;
    const int64_t version = m_document.version().id;
    std::vector<flow::MeasuredPlan> measured;
    for (const ExplorationRun& run : m_exploration.runs()) {
        if (run.version != version || !run.space) continue;
        for (const size_t position : explore::measured_positions(run.outcomes)) {
            const explore::Outcome& outcome = run.outcomes[position];
            measured.push_back({explore::plan_of(*run.space, outcome.choices),
                                outcome.figures[explore::Metric::drop], outcome.drop_sigma});
        }
    }
    double float_top1 = 0;
    for (const Design& design : m_document.designs()) {
        const Accuracy& accuracy = design.evaluation.accuracy;
        if (design.version != version || accuracy.samples == 0) continue;
        measured.push_back(flow::measured_plan(design.evaluation.plan, accuracy));
        float_top1 = accuracy.float_top1;
    }
    if (float_top1 <= 0) return;
    const int64_t classes = m_document.data() ? m_document.data()->class_count() : 0;
    const double chance = classes > 0 ? 1.0 / static_cast<double>(classes) : 0;
    m_lane.supersede({},
                     [this, version, store = m_project.store(), measured = std::move(measured),
                      worst = std::max(0.01, float_top1 - chance)](const WorkControl&) -> JobLane::Deliver {
                         const auto sensitivity = newest_sensitivity(*store, version);
                         if (!sensitivity) return {};
                         auto made =
                             std::make_shared<const flow::AccuracyEstimator>(*sensitivity, measured, worst);
                         return [this, version, made] {
                             m_version = version;
                             m_estimator = made;
                             emit changed();
                         };
                     });
}

std::optional<AccuracyEstimates::Estimate> AccuracyEstimates::current() const {
    if (!m_estimator || !m_document.hasNetwork() || m_document.version().id != m_version) return std::nullopt;
    const auto base = floatTop1();
    if (!base) return std::nullopt;
    const explore::Prediction prediction = m_estimator->estimate(m_document.plan());
    return Estimate{std::clamp(*base - prediction.drop, 0.0, 1.0), prediction.drop, prediction.sigma,
                    m_estimator->designs()};
}

} // namespace widthwise::gui
