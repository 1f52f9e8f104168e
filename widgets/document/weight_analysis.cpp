#include "widgets/document/weight_analysis.h"

#include "core/graph/folding.h"
#include "core/graph/layer_work.h"
#include "core/quant/quantizer.h"

#include <algorithm>

namespace widthwise::gui {
namespace {

/// Weights of one layer as they run.
struct LayerWeights {
    std::vector<float> values;
    int64_t channels = 0;
};

std::optional<LayerWeights> weights_of(const Graph& graph, const std::vector<Unit>& units, NodeId id,
                                       bool folded, const LayerValues* given) {
    const auto unit = std::ranges::find(units, id, &Unit::node);
    if (unit == units.end()) return std::nullopt;
    LayerWeights weights;
    weights.channels = output_channels(graph, graph.node(id));
    weights.values = given ? given->weights : folded_weights(graph, *unit, folded).weights;
    const bool whole = weights.channels > 0 && !weights.values.empty() &&
                       weights.values.size() % static_cast<size_t>(weights.channels) == 0;
    return whole ? std::optional(std::move(weights)) : std::nullopt;
}

constexpr size_t k_most_kept = 64; ///< formats a layer

} // namespace

WeightAnalysis::WeightAnalysis(Document& document, QObject* parent) : QObject(parent), m_document(document) {
    connect(&m_document, &Document::networkChanged, this, [this] {
        m_sqnr.clear();
        m_histogram.reset();
    });
    connect(&m_document, &Document::planChanged, this, [this] {
        refresh();
        refreshHistogram();
    });
    connect(&m_document, &Document::selectionChanged, this, &WeightAnalysis::refreshHistogram);
}

WeightAnalysis::~WeightAnalysis() = default;

WeightAnalysis::Key WeightAnalysis::keyOf(const std::string& layer) const {
    const PrecisionPlan& plan = m_document.plan();
    const auto values = plan.values().find(layer);
    return {plan.at(layer).weights, plan.folds_batch_norm(),
            values == plan.values().end() ? nullptr : values->second};
}

std::optional<double> WeightAnalysis::sqnr_db(const std::string& layer) const {
    const auto found = m_sqnr.find(layer);
    if (found == m_sqnr.end()) return std::nullopt;
    const Key key = keyOf(layer);
    const auto entry = std::ranges::find(found->second, key, &std::pair<Key, double>::first);
    return entry == found->second.end() ? std::nullopt : std::optional(entry->second);
}

void WeightAnalysis::refresh() {
    const GraphPtr graph = m_document.model().graph;
    std::vector<std::pair<NodeId, Key>> missing;
    for (const NodeId id : graph->node_ids()) {
        const std::string& layer = graph->node(id).name;
        if (!is_weighted(*graph, id) || sqnr_db(layer)) continue;
        if (Key key = keyOf(layer); key.format.is_quantized()) missing.emplace_back(id, std::move(key));
    }
    if (missing.empty() || m_document.model().topology) return;
    m_sqnr_lane.supersede(
        tr("Weights"), [this, graph, missing](const WorkControl& control) -> JobLane::Deliver {
            std::vector<std::optional<double>> found(missing.size());
            const std::vector<Unit> units = fuse(*graph);
            for (size_t i = 0; i < missing.size() && !control.cancel.cancelled(); ++i) {
                const auto& [id, key] = missing[i];
                const auto weights = weights_of(*graph, units, id, key.folded, key.values.get());
                if (!weights) continue;
                if (const auto quantized = quantize_weights(weights->values, weights->channels, key.format))
                    found[i] = widthwise::sqnr_db(weights->values, quantized->values);
            }
            return [this, graph, missing, found] {
                if (m_document.model().graph != graph) return;
                for (size_t i = 0; i < missing.size(); ++i) {
                    if (!found[i]) continue;
                    auto& kept = m_sqnr[graph->node(missing[i].first).name];
                    if (kept.size() >= k_most_kept) kept.erase(kept.begin());
                    kept.emplace_back(missing[i].second, *found[i]);
                }
                emit sqnrChanged();
            };
        });
}

void WeightAnalysis::refreshHistogram() {
    const GraphPtr graph = m_document.model().graph;
    NodeId id;
    for (const QString& layer : m_document.selection()) {
        const NodeId candidate = graph->find_node(layer.toStdString());
        if (candidate.valid() && is_weighted(*graph, candidate)) {
            id = candidate;
            break;
        }
    }
    if (!id.valid() || m_document.model().topology) {
        m_histogram_lane.cancelAll();
        m_histogram.reset();
        emit histogramChanged();
        return;
    }
    const std::string layer = graph->node(id).name;
    const Key key = keyOf(layer);
    if (m_histogram && m_histogram->layer == layer && m_histogram_key == key) return;
    if (m_histogram && m_histogram->layer != layer) {
        m_histogram.reset();
        emit histogramChanged();
    }
    m_histogram_lane.supersede(
        tr("Weights"), [this, graph, id, layer, key](const WorkControl&) -> JobLane::Deliver {
            const auto weights = weights_of(*graph, fuse(*graph), id, key.folded, key.values.get());
            if (!weights) return {};
            auto histogram = weight_histogram(weights->values, weights->channels, key.format);
            if (!histogram) return {};
            histogram->layer = layer;
            auto shared = std::make_shared<const ValueHistogram>(std::move(*histogram));
            return [this, graph, key, shared] {
                if (m_document.model().graph != graph) return;
                m_histogram = shared;
                m_histogram_key = key;
                emit histogramChanged();
            };
        });
}

} // namespace widthwise::gui
