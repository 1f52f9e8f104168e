#pragma once
// The composer: everything the window and the command line do, as calls on values.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/design/cost_breakdown.h"
#include "core/design/evaluation.h"
#include "core/engine/calibration.h"
#include "core/engine/evaluator.h"
#include "core/graph/graph.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace widthwise::flow {

/// A network and where it came from.
struct Model {
    std::string source; ///< absolute file path, "demo" or "zoo:NAME..."
    std::string name;   ///< short, for titles
    std::string hash;   ///< SHA-256 of the file, or of the specification
    GraphPtr graph;
    bool trained = true;   ///< false for zoo networks and topologies: good for cost only
    bool topology = false; ///< a SCALE-Sim CSV: independent layers, nothing to run
    std::vector<std::string> warnings;
};

/// MODEL of the command line's contract: an .onnx file, "zoo:NAME[@...]", "demo", or a .csv topology.
[[nodiscard]] Result<Model> load_model(const std::string& source);
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
    int64_t limit = 0; ///< 0: all images
    bool keep_logits = false;
};

struct EvaluationOutcome {
    Evaluation evaluation;
    engine::Predictions predictions;
};

/// Evaluates designs of one model on one data set, keeping what they share: float predictions and calibration
/// statistics. Not thread-safe: one job at a time.
class Evaluator {
public:
    Evaluator();
    ~Evaluator();
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;

    /// Blocks; progress in images. on_batch: running accuracy of the quantized run. Errors as
    /// engine::predict; zero samples.
    [[nodiscard]] Result<EvaluationOutcome>
    evaluate(const EvaluationRequest& request, const WorkControl& control,
             const std::function<void(int64_t done, int64_t right, int64_t total)>& on_batch = {});

    /// Only the calibration statistics (for histograms and SQNR before any evaluation).
    [[nodiscard]] Result<std::shared_ptr<const engine::Statistics>>
    statistics(const EvaluationRequest& request, const WorkControl& control);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

[[nodiscard]] std::string program_version();

} // namespace widthwise::flow
