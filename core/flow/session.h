#pragma once
// The composer: everything the window and the command line do, as calls on values.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/design/cost_breakdown.h"
#include "core/design/evaluation.h"
#include "core/design/sensitivity.h"
#include "core/engine/calibration.h"
#include "core/engine/evaluator.h"
#include "core/graph/graph.h"
#include "core/graph/zoo_weights.h"
#include "core/train/hessian.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise {
struct ScaleTable;
}

namespace widthwise::flow {

/// A network and where it came from.
struct Model {
    std::string source; ///< absolute file path, "demo" or "zoo:NAME..."
    std::string name;   ///< short, for titles
    std::string hash;   ///< SHA-256 of the file, or of the specification
    GraphPtr graph;
    bool trained = true;   ///< false for zoo networks and topologies: good for cost only
    bool topology = false; ///< a SCALE-Sim CSV: independent layers, nothing to run
    /// What a quantized network brings with it: the design to start from.
    std::optional<PrecisionPlan> carried_design;
    /// What a meta-initialization brings with it: the scales that its family of designs starts from.
    std::shared_ptr<const ScaleTable> scales;
    std::vector<std::string> warnings;
};

/// MODEL of the command line's contract: an .onnx file, "zoo:NAME[@...]", "demo", or a .csv topology.
/// `weights` of zoo networks: who reads shapes only (inspect, cost) asks for zeros, which take no time.
[[nodiscard]] Result<Model> load_model(const std::string& source,
                                       zoo::Weights weights = zoo::Weights::he_normal);
/// The same from a file's bytes (a project's version); `source` names them.
[[nodiscard]] Result<Model> load_model_bytes(std::string_view onnx, std::string source, std::string name);
/// DATA of the contract.
[[nodiscard]] Result<DatasetPtr> load_data(const std::string& source);
/// Errors when images and network do not fit: "the network wants 3x32x32, the data give 1x28x28".
[[nodiscard]] Result<void> check_fit(const Graph& graph, const Dataset& data);

struct EvaluationRequest {
    Model model;
    DatasetPtr data;
    PrecisionPlan plan;
    DatasetPtr calibration; ///< null: the first images of `data` serve
    int64_t calibration_samples = 256;
    int64_t limit = 0; ///< 0: all images; else the first ones in the data's order
    bool keep_logits = false;
    uint64_t seed = 1; ///< of the order in which images are run: any prefix of it is a fair sample
    /// Stop as soon as it is decided, at 95 % over all looks taken, whether top-1 lies within this of float.
    std::optional<double> decide_within;
};

/// What is known while an evaluation runs: accuracy and intervals over the images done.
struct RunningAccuracy {
    int64_t done = 0, total = 0;
    Accuracy so_far;
    std::optional<bool> within; ///< decide_within's answer once it is known
};
using OnProgress = std::function<void(const RunningAccuracy&)>;

struct EvaluationOutcome {
    Evaluation evaluation;
    engine::Predictions predictions; ///< in the data's order; images not run (early stop): -1
    std::optional<bool> within;      ///< decide_within's answer
    GraphPtr graph;                  ///< what ran: the network with passes applied
};

struct SensitivityRequest {
    EvaluationRequest base; ///< its plan: what all other layers keep (float: the usual choice)
    std::vector<int> widths = {2, 3, 4, 6, 8};
    std::vector<std::string> layers = {}; ///< only these; empty: all that take a precision
    /// How an entry's bits are written.
    std::function<NumberFormat(int bits)> weight_format = weight_integer;
    std::function<NumberFormat(int bits)> activation_format = activation_integer;
    std::optional<double> decide_within; ///< early stop for each entry
    /// Hessian traces to be taken first, on the same images, of the network that runs (passes applied), in
    /// float: weights' entries get a second-order estimate of their loss.
    std::optional<train::HessianOptions> traces;
};

/// Evaluates designs of one model on one data set, keeping what they share: float predictions, calibration
/// statistics, and activations at cut points within the memory budget. Not thread-safe: one job at a time.
class Evaluator {
public:
    Evaluator();
    ~Evaluator();
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;

    /// Bytes that kept activations may take; 0: keep none. Default: 2 GiB or a quarter of the memory,
    /// whichever is less.
    void set_memory_budget(int64_t bytes);
    /// What they take now.
    [[nodiscard]] int64_t memory_used() const;

    /// Blocks; progress in images. Passes are applied, formats resolved, the network run. Data without labels
    /// and networks without classes give `agreement` in place of accuracy. Errors as engine::predict; zero
    /// samples.
    [[nodiscard]] Result<EvaluationOutcome> evaluate(const EvaluationRequest& request,
                                                     const WorkControl& control,
                                                     const OnProgress& on_progress = {});

    /// One layer, one width at a time, the others as in the plan; weights and activations apart. Errors: as
    /// evaluate(); usage for widths that are none; with traces, as train::hessian_traces.
    [[nodiscard]] Result<Sensitivity> sensitivity(const SensitivityRequest& request,
                                                  const WorkControl& control);

    /// Fidelity and histograms of every layer over the first `samples` images, in one pass.
    [[nodiscard]] Result<std::vector<LayerReport>> layer_reports(const EvaluationRequest& request,
                                                                 int64_t samples, const WorkControl& control);

    /// Only the calibration statistics (for histograms and SQNR before any evaluation).
    [[nodiscard]] Result<std::shared_ptr<const engine::Statistics>>
    statistics(const EvaluationRequest& request, const WorkControl& control);

    /// Passes applied and formats resolved as evaluate() does, then written as a file: ModelProto bytes.
    enum class ExportForm { real, qdq, qonnx };
    [[nodiscard]] Result<std::string> export_network(const EvaluationRequest& request, ExportForm form,
                                                     const WorkControl& control);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

[[nodiscard]] std::string program_version();

} // namespace widthwise::flow
