#pragma once
// A start from which any of a family of precision plans is a few steps away.

#include "core/design/scale_table.h"
#include "core/engine/calibration.h"
#include "core/train/trainer.h"

#include <string>
#include <vector>

namespace widthwise::train {

enum class MetaAlgorithm {
    reptile, ///< towards where `inner_steps` steps of a task lead (Nichol et al. 2018)
    fomaml   ///< along the gradient at that place (Finn et al. 2017, first order)
};

/// The plans that tasks are drawn from: each weighted layer's widths independently, uniformly. Fixed layers
/// and those without weights keep the base plan's formats.
struct PlanFamily {
    PrecisionPlan base; ///< formats of everything; integers get the drawn widths, other types stay
    std::vector<int> weight_bits = {2, 3, 4};     ///< 1..16 (1: binary)
    std::vector<int> activation_bits = {2, 3, 4}; ///< 1..16 (1: binary)
    std::vector<std::string> fixed; ///< layers left as in the base plan (first and last, usually)
};
/// usage errors: no widths or impossible ones, a fixed layer that the network lacks.
[[nodiscard]] Result<void> validate(const PlanFamily& family, const Graph& graph);
/// Task number `index` of the family: the same for the same seed. Its drawn formats are open, and it keeps
/// BatchNormalization (folds_batch_norm() is false).
[[nodiscard]] PrecisionPlan draw_plan(const PlanFamily& family, const Graph& graph, uint64_t seed,
                                      uint64_t index);

struct MetaOptions {
    PlanFamily family;
    MetaAlgorithm algorithm = MetaAlgorithm::reptile;
    int64_t tasks = 300;     ///< outer steps, >= 1
    int64_t inner_steps = 5; ///< of each task, >= 1
    int64_t tasks_each = 2;  ///< plans averaged in one outer step, >= 1
    /// > 0, falls linearly to zero. reptile: share of the way, at most 1; fomaml: learning rate.
    double outer_rate = 0.5;
    /// Of a task: batch, optimizer, learning rate and schedule, augmentation, seed. Its epochs, validation
    /// and checkpoint do not apply, nor does the plan of its qat.
    Options inner;
};
[[nodiscard]] uint64_t task_seed(uint64_t seed, uint64_t task);

/// The start of meta-training: an entry for every layer and width of the family, with BatchNormalization
/// kept. Errors: as validate(family), engine::resolve_plan.
[[nodiscard]] Result<ScaleTable> calibrated_scales(const Graph& graph, const PlanFamily& family,
                                                   const engine::Statistics& statistics);
struct MetaOutcome {
    GraphPtr graph; ///< the meta-initialization
    ScaleTable scales;
    std::vector<double> losses; ///< mean inner loss of each outer step, nats
};

/// `start_scales` is calibrated_scales() of `graph`. Each task is a short train() with its plan, from the
/// present weights and scales; learned scales go back to the table as the weights do, in the logarithm.
/// Adapting to a plan afterwards is train() with QAT from the outcome's graph, scales.resolve(plan), and few
/// steps. Progress counts tasks; the observer hears of each outer step (loss: mean of its inner steps).
/// Errors: usage of the options; as validate(family); as train().
[[nodiscard]] Result<MetaOutcome> meta_train(GraphPtr graph, const ScaleTable& start_scales,
                                             const Dataset& training, const MetaOptions& options,
                                             const WorkControl& control, const Observer& observer = {});

} // namespace widthwise::train
