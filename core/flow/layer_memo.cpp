#include "core/flow/layer_memo.h"

#include "core/graph/layer_work.h"

#include <algorithm>

namespace widthwise::flow {
namespace {

constexpr size_t k_per_layer = 12; // widths that a slider passes

} // namespace

template <typename T>
const T* LayerMemo::find(const Memory<T>& memory, std::string_view layer, const LayerPrecision& p) {
    const auto of_layer = memory.find(layer);
    if (of_layer == memory.end()) return nullptr;
    const auto& list = of_layer->second;
    const auto found = std::ranges::find(list, p, &Known<T>::precision);
    return found == list.end() ? nullptr : &found->value;
}

template <typename T>
void LayerMemo::add(Memory<T>& memory, const std::string& layer, const LayerPrecision& p, T value) {
    if (find(memory, layer, p)) return;
    auto& list = memory[layer];
    if (list.size() >= k_per_layer) list.erase(list.begin());
    list.push_back({p, std::move(value)});
}

void LayerMemo::use(const GraphPtr& graph, std::shared_ptr<const engine::Statistics> statistics,
                    bool folds_batch_norm) {
    if (graph == m_graph && statistics == m_statistics && folds_batch_norm == m_folds) return;
    m_graph = graph;
    m_statistics = std::move(statistics);
    m_folds = folds_batch_norm;
    m_resolved.clear();
    m_diagnostics.clear();
}

PrecisionPlan LayerMemo::with_known(const PrecisionPlan& plan) const {
    PrecisionPlan known = plan;
    for (const auto& [layer, list] : m_resolved)
        if (const LayerPrecision* resolved = find(m_resolved, layer, plan.at(layer)))
            known.set(layer, *resolved);
    return known;
}

void LayerMemo::learn(const PrecisionPlan& asked, const PrecisionPlan& resolved) {
    for (const auto& [layer, precision] : resolved.layers())
        add(m_resolved, layer, asked.at(layer), precision);
}

Result<std::vector<LayerDiagnostics>> LayerMemo::diagnose(const PrecisionPlan& resolved) {
    // Layers that are known are passed over as float ones, which costs nothing.
    PrecisionPlan rest = resolved;
    for (const auto& [layer, list] : m_diagnostics)
        if (find(m_diagnostics, layer, resolved.at(layer)))
            rest.set(layer, {float32_format(), float32_format(), {}});
    auto layers = engine::diagnose(*m_graph, rest, m_statistics.get());
    if (!layers) return layers;
    for (LayerDiagnostics& d : *layers) {
        const LayerPrecision& precision = resolved.at(d.layer);
        if (const LayerDiagnostics* known = find(m_diagnostics, d.layer, precision))
            d = *known;
        else
            add(m_diagnostics, d.layer, precision, d);
    }
    return layers;
}

} // namespace widthwise::flow
