#include "widgets/document/sensitivity.h"

#include "core/design/json.h"
#include "core/flow/explore_data.h"
#include "core/flow/stored_sensitivity.h"
#include "core/train/trainability.h"

#include <algorithm>

namespace widthwise::gui {
namespace {

constexpr int64_t k_memory_budget = int64_t{512} << 20; // measurements keep theirs meanwhile

} // namespace

SensitivityStudy::SensitivityStudy(Document& document, Project& project, QObject* parent)
    : QObject(parent)
    , m_document(document)
    , m_project(project)
    , m_evaluator(std::make_shared<flow::Evaluator>()) {
    m_evaluator->set_memory_budget(k_memory_budget);
    for (const auto signal : {&Document::opened, &Document::networkChanged, &Document::dataChanged})
        connect(&m_document, signal, this, &SensitivityStudy::refresh);
    connect(&m_lane, &JobLane::finished, this, [this](JobId id) {
        if (id != m_job) return;
        m_job = 0;
        emit changed();
    });
    refresh();
}

SensitivityStudy::~SensitivityStudy() {
    m_lane.disconnect(this);
}

QString SensitivityStudy::whyNot() const {
    if (!m_document.hasNetwork()) return tr("open a network first");
    if (const QString why = m_document.whyNotMeasurable(); !why.isEmpty()) return why;
    if (!m_document.data()) return tr("it is measured on images: add data");
    return {};
}

flow::SensitivityRequest SensitivityStudy::request() const {
    flow::SensitivityRequest request;
    request.base.model = m_document.model();
    request.base.data = flow::drawn_images(m_document.data(), request.base.seed, k_images);
    request.base.calibration = m_document.calibration() ? m_document.calibration() : m_document.data();
    // Networks that cannot be trained have measured figures only.
    if (train::training_scope(m_document.graph())) request.traces = train::HessianOptions{};
    return request;
}

bool SensitivityStudy::hasLayersOf(const Sensitivity& sensitivity) const {
    return std::ranges::all_of(sensitivity.layers, [&](const LayerSensitivity& layer) {
        return m_document.graph().find_node(layer.layer).valid();
    });
}

void SensitivityStudy::show(std::optional<Sensitivity> sensitivity, bool stale) {
    m_shown = std::move(sensitivity);
    m_stale = stale;
    emit changed();
}

void SensitivityStudy::refresh() {
    if (!m_document.hasNetwork() || !m_project.store()) return show({}, false);
    auto stored = m_project.store()->exclusively([](ProjectFile& file) { return file.sensitivities(); });
    if (!stored) {
        emit failed(to_problem(stored.error()));
        return show({}, false);
    }
    // The newest of the best kind: of these images, of this network, of a network with these layers.
    std::optional<flow::SensitivityRequest> asked;
    if (m_document.data()) asked = request();
    const StoredSensitivity* best = nullptr;
    int best_fit = -1;
    for (const StoredSensitivity& row : *stored) {
        const flow::SensitivityFit fit = asked ? flow::fit_of(row, *asked) : flow::SensitivityFit{};
        const int rank = fit.asked_alike                     ? 3
                         : fit.same_network && fit.same_data ? 2
                         : fit.same_network                  ? 1
                                                             : 0;
        if (rank < best_fit) continue;
        best = &row;
        best_fit = rank;
    }
    if (!best) return show({}, false);
    auto read = sensitivity_from_json(best->sensitivity_json, m_project.store()->path().toStdString());
    if (!read) {
        emit failed(to_problem(read.error()));
        return show({}, false);
    }
    if (!hasLayersOf(*read)) return show({}, false);
    show(std::move(*read), best_fit < 2);
}

void SensitivityStudy::measure() {
    if (const QString why = whyNot(); !why.isEmpty()) {
        const bool needs_data = m_document.hasNetwork() && !m_document.data();
        emit failed({tr("Sensitivity cannot be measured: %1").arg(why),
                     needs_data ? Problem::Remedy::open_data : Problem::Remedy::none});
        return;
    }
    m_project.markWorthKeeping();
    m_job = m_lane.supersede(
        tr("Measuring sensitivity"),
        [this, request = request(), version = m_document.version().id, store = m_project.store(),
         evaluator = m_evaluator](const WorkControl& control) -> JobLane::Deliver {
            auto sensitivity = evaluator->sensitivity(request, control);
            if (!sensitivity) {
                if (sensitivity.error().code == ErrorCode::cancelled) return {};
                return [this, error = sensitivity.error()] { emit failed(to_problem(error)); };
            }
            auto added = store->exclusively([&](ProjectFile& file) {
                return file.add_sensitivity(flow::to_stored(request, *sensitivity, version));
            });
            if (!added)
                return [this, error = added.error()] {
                    emit failed(to_problem(error, Problem::Remedy::save_as));
                };
            return [this, store] {
                if (m_project.store() == store) refresh();
            };
        });
    emit changed();
}

void SensitivityStudy::cancel() {
    m_lane.cancelAll();
}

} // namespace widthwise::gui
