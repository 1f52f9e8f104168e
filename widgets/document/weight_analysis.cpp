#include "widgets/document/weight_analysis.h"

#include "core/engine/folding.h"
#include "core/graph/layer_work.h"
#include "core/quant/affine.h"

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

std::string key_of(const std::string& layer, const NumberFormat& format) {
    return layer + '\n' + format.to_string() + (format.symmetric ? 's' : 'a') + (format.narrow ? 'n' : 'w') +
           std::to_string(static_cast<int>(format.range.type)) + '/' +
           std::to_string(format.range.percentile) + '/' + std::to_string(format.range.lo) + '/' +
           std::to_string(format.range.hi) +
           (format.scale.empty() ? "" : "/" + std::to_string(format.scale.front()));
}

int64_t out_channels(const Graph& graph, NodeId id) {
    return graph.value(graph.node(id).inputs[1]).shape[0];
}

std::vector<float> dequantized(const QuantizedWeights& quantized, size_t per_channel) {
    std::vector<float> values(quantized.q.size());
    for (size_t i = 0; i < values.size(); ++i)
        values[i] = quantized.channel(i / per_channel).dequantize(quantized.q[i]);
    return values;
}

std::vector<double> counts(std::span<const float> values, double lo, double hi, int bins) {
    std::vector<double> result(static_cast<size_t>(bins), 0.0);
    const double scale = bins / (hi - lo);
    for (const float value : values) {
        const int bin = std::clamp(static_cast<int>((value - lo) * scale), 0, bins - 1);
        ++result[static_cast<size_t>(bin)];
    }
    return result;
}

} // namespace

Result<WeightHistogram> weight_histogram(std::span<const float> weights, int64_t channels,
                                         const NumberFormat& format, int bins) {
    WeightHistogram histogram;
    histogram.format = format;
    histogram.count = static_cast<int64_t>(weights.size());
    if (weights.empty()) return histogram;
    std::vector<float> after;
    if (format.is_integer()) {
        auto quantized = quantize_weights(weights, channels, format);
        if (!quantized) return forward_error(quantized);
        after = dequantized(*quantized, weights.size() / static_cast<size_t>(channels));
        histogram.sqnr_db = sqnr_db(weights, after);
        if (quantized->params.size() == 1) {
            const AffineParams& p = quantized->params.front();
            for (int32_t q = p.q_min; q <= p.q_max; ++q) histogram.levels.push_back(p.dequantize(q));
        }
    }
    const auto [low, high] = std::ranges::minmax(weights);
    histogram.lo = low;
    histogram.hi = high;
    if (!after.empty()) {
        const auto [after_low, after_high] = std::ranges::minmax(after);
        histogram.lo = std::min<double>(histogram.lo, after_low);
        histogram.hi = std::max<double>(histogram.hi, after_high);
    }
    // A constant tensor still gets a bin to stand in; the margin keeps end levels off the axes.
    const double margin = std::max((histogram.hi - histogram.lo) * 0.02, 1e-6);
    histogram.lo -= margin;
    histogram.hi += margin;
    histogram.before = counts(weights, histogram.lo, histogram.hi, bins);
    if (!after.empty()) histogram.after = counts(after, histogram.lo, histogram.hi, bins);
    return histogram;
}

WeightAnalysis::WeightAnalysis(Document& document, QObject* parent) : QObject(parent), m_document(document) {
    connect(&m_document, &Document::opened, this, [this] {
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

std::optional<double> WeightAnalysis::sqnr_db(const std::string& layer) const {
    const NumberFormat& format = m_document.plan().at(layer).weights;
    if (!format.is_integer()) return std::nullopt;
    const auto found = m_sqnr.find(key_of(layer, format));
    if (found == m_sqnr.end()) return std::nullopt;
    return found->second;
}

void WeightAnalysis::refresh() {
    const GraphPtr graph = m_document.model().graph;
    std::vector<std::pair<std::string, NumberFormat>> missing;
    for (const NodeId id : graph->node_ids()) {
        const std::string& layer = graph->node(id).name;
        const NumberFormat& format = m_document.plan().at(layer).weights;
        if (is_weighted(*graph, id) && format.is_integer() && !m_sqnr.contains(key_of(layer, format)))
            missing.emplace_back(layer, format);
    }
    if (missing.empty() || m_document.model().topology) return;
    m_sqnr_lane.supersede(
        tr("Weights"), [this, graph, missing](const WorkControl& control) -> JobLane::Deliver {
            std::map<std::string, double> found;
            const std::vector<engine::Unit> units = engine::fuse(*graph);
            for (const auto& [layer, format] : missing) {
                if (control.cancel.cancelled()) break;
                const auto unit = std::ranges::find(units, graph->find_node(layer), &engine::Unit::node);
                if (unit == units.end()) continue;
                const std::vector<float> weights = engine::folded_weights(*graph, *unit).weights;
                const int64_t channels = out_channels(*graph, unit->node);
                const auto quantized = quantize_weights(weights, channels, format);
                if (!quantized) continue;
                const std::vector<float> after =
                    dequantized(*quantized, weights.size() / static_cast<size_t>(channels));
                found[key_of(layer, format)] = widthwise::sqnr_db(weights, after);
            }
            return [this, graph, found] {
                if (m_document.model().graph != graph) return;
                m_sqnr.insert(found.begin(), found.end());
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
    const NumberFormat format = m_document.plan().at(layer).weights;
    if (m_histogram && m_histogram->layer == layer && m_histogram->format == format) return;
    if (m_histogram && m_histogram->layer != layer) {
        m_histogram.reset();
        emit histogramChanged();
    }
    m_histogram_lane.supersede(
        tr("Weights"), [this, graph, id, layer, format](const WorkControl&) -> JobLane::Deliver {
            const std::vector<engine::Unit> units = engine::fuse(*graph);
            const auto unit = std::ranges::find(units, id, &engine::Unit::node);
            if (unit == units.end()) return {};
            auto histogram = weight_histogram(engine::folded_weights(*graph, *unit).weights,
                                              out_channels(*graph, id), format);
            if (!histogram) return {};
            histogram->layer = layer;
            return [this, graph, histogram = std::make_shared<const WeightHistogram>(std::move(*histogram))] {
                if (m_document.model().graph != graph) return;
                m_histogram = histogram;
                emit histogramChanged();
            };
        });
}

} // namespace widthwise::gui
