#pragma once
// A start from which any of a family of precision plans is a few steps away.

#include "core/train/trainer.h"

#include <map>
#include <string>
#include <vector>

namespace widthwise::train {

enum class MetaAlgorithm {
    reptile, ///< towards where `inner_steps` steps of a task lead (Nichol et al. 2018)
    fomaml   ///< along the gradient at that place (Finn et al. 2017, first order)
};

/// The plans that tasks are drawn from: each weighted layer's widths independently, uniformly. Layers that
/// the base plan names as fixed keep its formats.
struct PlanFamily {
    PrecisionPlan base; ///< formats of everything; integers get the drawn widths
    std::vector<int> weight_bits = {2, 3, 4};
    std::vector<int> activation_bits = {2, 3, 4};
    std::vector<std::string> fixed; ///< layers left as in the base plan (first and last, usually)
};
/// Task number `index` of the family: the same for the same seed.
[[nodiscard]] PrecisionPlan draw_plan(const PlanFamily& family, const Graph& graph, uint64_t seed,
                                      uint64_t index);

struct MetaOptions {
    PlanFamily family;
    MetaAlgorithm algorithm = MetaAlgorithm::reptile;
    int64_t tasks = 300;     ///< outer steps
    int64_t inner_steps = 5; ///< of each task
    int64_t tasks_each = 2;  ///< plans averaged in one outer step
    double outer_rate = 0.5; ///< reptile: of the way (falls linearly to zero); fomaml: learning rate
    Options inner; ///< batch, learning rate (constant), augmentation, seed; its qat's plan is ignored
};

/// The scales that the family's widths start from, by layer: what calibration found and meta-training moved.
struct ScaleTable {
    /// Resolved formats: layer -> bits -> format.
    std::map<std::string, std::map<int, NumberFormat>> weights, activations;
    /// `plan` with every format that the table knows resolved; others stay open, to be calibrated.
    [[nodiscard]] PrecisionPlan resolve(const PrecisionPlan& plan) const;
};
/// A JSON document and back, for the file's metadata. Errors of reading: invalid_input.
[[nodiscard]] std::string to_json(const ScaleTable& table);
[[nodiscard]] Result<ScaleTable> scale_table_from_json(std::string_view text, const std::string& where);

struct MetaOutcome {
    GraphPtr graph; ///< the meta-initialization
    ScaleTable scales;
    std::vector<double> losses; ///< mean inner loss of each outer step, nats
};

/// `start_scales` has an entry for every layer and width of the family (calibrated on `graph`). Adapting to a
/// plan afterwards is train() with QAT from the outcome's graph, scales.resolve(plan), and few steps. Errors:
/// as train().
[[nodiscard]] Result<MetaOutcome> meta_train(GraphPtr graph, const ScaleTable& start_scales,
                                             const Dataset& training, const MetaOptions& options,
                                             const WorkControl& control, const Observer& observer = {});

} // namespace widthwise::train
