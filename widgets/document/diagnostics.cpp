#include "widgets/document/diagnostics.h"

#include <algorithm>

namespace widthwise::gui {
namespace {

constexpr size_t k_most_kept = 8; ///< designs; each a few megabytes of histograms

} // namespace

Diagnostics::Diagnostics(Document& document, Measurements& measurements, QObject* parent)
    : QObject(parent), m_document(document), m_measurements(measurements) {
    connect(&m_document, &Document::networkChanged, this, &Diagnostics::forget);
    connect(&m_document, &Document::dataChanged, this, &Diagnostics::forget);
    connect(&m_document, &Document::planChanged, this, &Diagnostics::refresh);
    connect(&m_measurements.lane(), &JobLane::finished, this, [this](JobId id) {
        if (id != m_job) return;
        m_job = 0;
        emit changed();
    });
}

void Diagnostics::forget() {
    m_kept.clear();
    refresh();
}

void Diagnostics::refresh() {
    const auto of_plan = std::ranges::find_if(
        m_kept, [&](const ReportsPtr& reports) { return reports->plan == m_document.plan(); });
    m_stale = of_plan == m_kept.end();
    if (!m_stale)
        m_shown = *of_plan;
    else if (m_kept.empty())
        m_shown.reset();
    emit changed();
}

void Diagnostics::keep(ReportsPtr reports) {
    m_shown = reports;
    m_kept.push_front(std::move(reports));
    if (m_kept.size() > k_most_kept) m_kept.pop_back();
    refresh();
}

const LayerReport* Diagnostics::reportOf(const std::string& layer) const {
    if (!m_shown) return nullptr;
    const auto found = std::ranges::find(m_shown->layers, layer, &LayerReport::layer);
    return found == m_shown->layers.end() ? nullptr : &*found;
}

void Diagnostics::run() {
    if (!m_document.hasNetwork()) return;
    const PrecisionPlan plan = m_document.plan();
    if ((m_shown && !m_stale) || (m_job != 0 && m_job_plan == plan)) return;
    if (!m_document.data()) {
        emit failed({tr("Diagnostics compare layers on images: add data"), Problem::Remedy::open_data});
        return;
    }
    if (const QString why = m_document.whyNotMeasurable(); !why.isEmpty() && m_document.model().trained) {
        emit failed({tr("The network cannot be diagnosed: %1").arg(why), Problem::Remedy::none});
        return;
    }
    const flow::EvaluationRequest request = m_measurements.requestFor(plan);
    m_job_plan = plan;
    m_job = m_measurements.lane().submit(
        tr("Diagnosing %1").arg(m_document.labelOf(plan)),
        [this, request,
         evaluator = m_measurements.evaluator()](const WorkControl& control) -> JobLane::Deliver {
            const int64_t images = std::min(k_images, request.data->size());
            auto layers = evaluator->layer_reports(request, images, control);
            if (!layers) {
                if (layers.error().code == ErrorCode::cancelled) return {};
                return [this, error = layers.error()] { emit failed(to_problem(error)); };
            }
            auto reports = std::make_shared<Reports>();
            reports->plan = request.plan;
            reports->images = images;
            reports->layers = std::move(*layers);
            return [this, reports, graph = request.model.graph, data = request.data] {
                if (m_document.model().graph == graph && m_document.data() == data) keep(reports);
            };
        });
    emit changed();
}

} // namespace widthwise::gui
