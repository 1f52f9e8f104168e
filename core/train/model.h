#pragma once
// The network as the trainer sees it: its structure, its numbers in flat arrays, and what rounds them.

#include "core/train/trainability.h"
#include "core/train/weight_transform.h"

#include <memory>
#include <string>
#include <vector>

namespace widthwise::train {

struct Model {
    /// With QAT the plan's values stand in for the graph's, and BatchNormalizations are folded where the plan
    /// folds them. Errors: unsupported or invalid_input naming the node.
    [[nodiscard]] static Result<std::unique_ptr<Model>> create(GraphPtr graph, const Options& options);
    /// The transform refers to the quantization.
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    GraphPtr graph;
    TrainingScope scope;
    ParameterLayout layout;
    Quantization quantization;
    WeightTransform transform;           ///< trained -> effective
    std::vector<float> trained, running; ///< by the layout
    std::vector<float> effective; ///< by the layout: what kernels multiply with, see update_effective()

    /// To be called whenever `trained` has changed, before anything runs on `effective`.
    void update_effective() { transform.forward(trained, effective); }
    /// Null where nothing is rounded: what tapes are made with.
    [[nodiscard]] const Quantization* rounding() const {
        return quantization.empty() ? nullptr : &quantization;
    }
    /// The layer that the trained number at this place belongs to.
    [[nodiscard]] std::string layer_of(size_t place) const;
    /// The BatchNormalization that the running number at this place belongs to.
    [[nodiscard]] NodeId layer_of_statistic(size_t place) const;

private:
    Model(GraphPtr network, TrainingScope its_scope)
        : graph(std::move(network)), scope(std::move(its_scope)), layout(*graph) {}
};

/// The graph with every BatchNormalization that follows a weighted layer folded into it; layers keep their
/// names.
[[nodiscard]] Result<GraphPtr> fold_batch_norms(const GraphPtr& graph);

} // namespace widthwise::train
