#pragma once
// What an Evaluator keeps between calls; private to the room's evaluator files.

#include "core/engine/incremental.h"
#include "core/engine/scores.h"
#include "core/flow/layer_memo.h"
#include "core/flow/session.h"
#include "core/passes/prepare.h"

#include <deque>
#include <map>
#include <set>
#include <tuple>

namespace widthwise::flow {

using StatisticsPtr = std::shared_ptr<const engine::Statistics>;

/// The float network's run over one sequence of images, as far as it went.
struct Reference {
    DatasetPtr data;
    engine::ImageOrder order;
    engine::IncrementalEngine::PreparedPtr program; ///< released once all images are run
    std::vector<int64_t> elements;                  ///< of each output
    std::vector<int32_t> top1;                      ///< by position
    /// By output, positions x elements; empty where they would take more than k_max_output_bytes.
    std::vector<std::vector<float>> outputs;
    int64_t done = 0; ///< positions
    double seconds = 0;
    bool has_classes = false; ///< and labels to hold them against

    [[nodiscard]] bool keeps_outputs() const { return !outputs.empty(); }
    [[nodiscard]] int64_t bytes_per_image() const;
    static constexpr int64_t k_max_output_bytes = int64_t{64} << 20;
};

/// Errors: unsupported for a topology or an operator that cannot be run; as check_fit.
[[nodiscard]] Result<void> check_runnable(const Model& model, const Dataset& data);

struct Evaluator::Impl {
    engine::IncrementalEngine engine;

    using ReferenceKey =
        std::tuple<std::string, std::string, int64_t, uint64_t>; ///< model, data, images, seed
    std::map<ReferenceKey, std::shared_ptr<Reference>> references;
    using StatisticsKey =
        std::tuple<std::string, std::string, int64_t, std::set<int>>; ///< model, data, images
    std::map<StatisticsKey, StatisticsPtr> statistics;
    /// Passes take long: their last results.
    struct Passed {
        std::string model, data;
        int64_t samples = 0;
        PrecisionPlan plan;
        passes::Prepared prepared;
    };
    std::deque<Passed> passed;
    LayerMemo memo;
    static constexpr size_t k_max_passed = 4, k_max_references = 8;

    /// Errors of requests that cannot be run at all.
    [[nodiscard]] static Result<void> check(const EvaluationRequest& request) {
        return check_runnable(request.model, *request.data);
    }
    [[nodiscard]] Result<StatisticsPtr>
    calibrate(const EvaluationRequest& request, const std::set<int>& by_channel, const WorkControl& control);
    /// Passes applied, formats resolved.
    [[nodiscard]] Result<passes::Prepared> prepare(const EvaluationRequest& request,
                                                   const WorkControl& control);
    /// Of the network that `prepared` runs, for formats that its plan does not have.
    [[nodiscard]] Result<StatisticsPtr> statistics_of(const EvaluationRequest& request,
                                                      const passes::Prepared& prepared,
                                                      const WorkControl& control);
    [[nodiscard]] static CalibrationInfo calibration_info(const EvaluationRequest& request,
                                                          const passes::Prepared& prepared);
    [[nodiscard]] Result<std::shared_ptr<Reference>> reference(const EvaluationRequest& request,
                                                               const DatasetPtr& data);
};

/// For kept activations: 2 GiB or a quarter of the memory, whichever is less.
[[nodiscard]] int64_t default_memory_budget();
/// "2026-03-01T12:00:00Z"
[[nodiscard]] std::string now_utc();

/// The images asked for.
[[nodiscard]] Result<DatasetPtr> limited_data(const EvaluationRequest& request);

/// Runs the quantized network beside the float one and gathers what an evaluation tells of them.
struct Measured {
    engine::PairedCounts counts; ///< labelled images
    std::optional<OutputAgreement> agreement;
    engine::Predictions predictions;
    std::optional<bool> within;
    int64_t run = 0; ///< images
};
/// `quantized`: null where the design is float. Progress and early stop as session.h says.
[[nodiscard]] Result<Measured> measure(engine::IncrementalEngine& engine, Reference& reference,
                                       engine::IncrementalEngine::Prepared* quantized,
                                       const EvaluationRequest& request, const WorkControl& control,
                                       const OnProgress& on_progress);

} // namespace widthwise::flow
