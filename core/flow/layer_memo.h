#pragma once
// Layers whose formats an edit leaves alone need neither be resolved nor diagnosed again: both look at one
// layer's weights, statistics and formats only.

#include "core/engine/evaluator.h"

#include <map>
#include <memory>
#include <string>

namespace widthwise::flow {

class LayerMemo {
public:
    /// What is remembered belongs to one network, one set of statistics and one way of folding.
    void use(const GraphPtr& graph, std::shared_ptr<const engine::Statistics> statistics,
             bool folds_batch_norm);
    /// The plan with formats that were resolved before.
    [[nodiscard]] PrecisionPlan with_known(const PrecisionPlan& plan) const;
    void learn(const PrecisionPlan& asked, const PrecisionPlan& resolved);
    /// As engine::diagnose of the network and statistics in use.
    [[nodiscard]] Result<std::vector<LayerDiagnostics>> diagnose(const PrecisionPlan& resolved);

private:
    template <typename T> struct Known {
        LayerPrecision precision;
        T value;
    };
    /// By layer: the latest few.
    template <typename T> using Memory = std::map<std::string, std::vector<Known<T>>, std::less<>>;
    template <typename T>
    static const T* find(const Memory<T>& memory, std::string_view layer, const LayerPrecision& p);
    template <typename T>
    static void add(Memory<T>& memory, const std::string& layer, const LayerPrecision& p, T value);

    GraphPtr m_graph;
    std::shared_ptr<const engine::Statistics> m_statistics;
    bool m_folds = true;
    Memory<LayerPrecision> m_resolved;
    Memory<LayerDiagnostics> m_diagnostics;
};

} // namespace widthwise::flow
