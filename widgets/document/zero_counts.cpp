#include "widgets/document/zero_counts.h"

namespace widthwise::gui {

ZeroCounts::ZeroCounts(Document& document, TrainingBackend backend, QObject* parent)
    : QObject(parent), m_document(document), m_backend(std::move(backend)) {
    connect(&m_document, &Document::networkChanged, this, [this] {
        m_lane.cancelAll();
        if (m_document.usesMeasuredZeros() && !m_document.measuredZeros()) measure();
    });
    connect(&m_lane, &JobLane::finished, this, &ZeroCounts::changed);
}

void ZeroCounts::use(bool use) {
    if (!m_document.hasNetwork()) return;
    m_document.useMeasuredZeros(use);
    // Measured again each time: the design may be another one now.
    if (use)
        measure();
    else
        m_lane.cancelAll();
    emit changed();
}

void ZeroCounts::measure() {
    // Untrained networks and topologies have weights to look at at most.
    const DatasetPtr data = m_document.whyNotMeasurable().isEmpty() ? m_document.data() : nullptr;
    m_lane.supersede(tr("Counting zeros"),
                     [this, version = m_document.version().id, model = m_document.model(),
                      plan = m_document.plan(), data,
                      backend = m_backend](const WorkControl& control) -> JobLane::Deliver {
                         const int64_t images = data ? std::min(k_images, data->size()) : 0;
                         auto zeros = backend.measure_zeros(model, plan, data, images, control);
                         if (!zeros) {
                             if (zeros.error().code == ErrorCode::cancelled) return {};
                             return [this, error = zeros.error()] { emit failed(to_problem(error)); };
                         }
                         std::map<std::string, cost::Zeros> shares;
                         for (const auto& [layer, zero] : *zeros)
                             shares[layer] = {zero.inputs, zero.weights, zero.outputs};
                         return [this, version, shares = std::move(shares)]() mutable {
                             if (m_document.versionById(version))
                                 m_document.setMeasuredZeros(version, std::move(shares));
                         };
                     });
}

} // namespace widthwise::gui
