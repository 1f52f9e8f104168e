#pragma once
// Training as users ask for it: networks, data and a design in, a new version of the network out.

#include "core/flow/session.h"
#include "core/passes/compression.h"
#include "core/passes/stored_size.h"
#include "core/train/meta.h"
#include "core/train/trainer.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace widthwise::flow {

/// Where the options of a run start: what suits quantization-aware training and float training, of a network
/// that is trained already and of one that is not. Not the plan of QAT, nor what depends on the images
/// (flip).
[[nodiscard]] train::Options recommended_options(bool qat, bool pretrained);

/// The peak learning rate that goes with an optimizer, where recommended_options() would take another one.
[[nodiscard]] double recommended_rate(train::OptimizerType optimizer, bool pretrained);

/// Where meta-training starts: random plans of 2 to 4 bits; the first and the last weighted layer, and what
/// adds or joins activations, at 8 bits.
[[nodiscard]] train::MetaOptions recommended_meta_options(const Graph& graph);

struct TrainingRequest {
    Model model;
    /// The float network that accuracies are compared with, where `model` is one that was compressed;
    /// nullopt: `model`.
    std::optional<Model> reference;
    DatasetPtr data;
    DatasetPtr validation;               ///< null: Options::validation_split, or none
    std::optional<PrecisionPlan> design; ///< QAT with this design, resolved or not; nullopt: float
    train::BatchNormMode batch_norm = train::BatchNormMode::keep; ///< with a design whose scales are open
    train::ScaleLearning weight_scales = train::ScaleLearning::lsq;
    train::ScaleLearning activation_scales = train::ScaleLearning::lsq;
    DatasetPtr calibration; ///< null: the first training images, none that are held out
    int64_t calibration_samples = 256;
    train::Options options; ///< its qat is filled in here
    /// Scales of a meta-initialization; null: those that the model carries, if any.
    std::shared_ptr<const ScaleTable> scales;
};

struct TrainingOutcome {
    Model model; ///< the trained network; QAT: carried_design has the learned scales
    train::Outcome training;
    /// On the validation data, by the engine (integers where the design allows); nullopt without them. What
    /// they say of float and of agreement is of the request's reference.
    std::optional<Accuracy> before; ///< the network as it was; QAT: with the scales that learning starts from
    std::optional<Accuracy> float_top1; ///< the reference, or of a float run the result
    std::optional<Accuracy> after;      ///< the result
};

/// Applies the design's passes, calibrates, trains, measures in the engine. Where scales are learned, open
/// integers of up to 4 bits with the default range rule start from the least squared error instead. What
/// comes out carries no design unless it was trained with one. A validation split is held out of `data` here,
/// so that the engine measures on the images that the trainer looked at. Errors: as Evaluator and
/// train::train; invalid_input for validation data without labels.
[[nodiscard]] Result<TrainingOutcome> train_network(const TrainingRequest& request,
                                                    const WorkControl& control,
                                                    const train::Observer& observer = {});

struct MetaRequest {
    Model model;
    DatasetPtr data;
    DatasetPtr calibration; ///< null: the first training images
    int64_t calibration_samples = 256;
    train::MetaOptions options;
};
struct MetaResult {
    Model model; ///< meta-initialized; `scales` belong to it
    std::shared_ptr<const ScaleTable> scales;
    std::vector<double> losses;
};
[[nodiscard]] Result<MetaResult> meta_train_network(const MetaRequest& request, const WorkControl& control,
                                                    const train::Observer& observer = {});

/// ONNX bytes of a trained network: QONNX where a design is carried, with what QONNX cannot hold, and the
/// recipe, in the file's metadata; load_model() reads it all back.
[[nodiscard]] Result<std::string> write_trained(const Model& model, const ScaleTable* scales,
                                                const std::map<std::string, std::string>& recipe);

/// A compression step and what it does to everything that is shown.
struct CompressionOutcome {
    Model model;        ///< compressed
    PrecisionPlan plan; ///< the plan given, fitted to it: codebooks, precision of new layers, no lost layers
    passes::Compressed compressed;
    passes::NetworkSize size_before, size_after;
    int64_t parameters_before = 0, parameters_after = 0, macs_before = 0, macs_after = 0;
};
[[nodiscard]] Result<CompressionOutcome> compress_network(const Model& model, const PrecisionPlan& plan,
                                                          const passes::CompressionRequest& request,
                                                          const WorkControl& control);

/// Shares of zeros, by weighted layer, for cost::Options: weights as `plan` quantizes them; inputs and
/// outputs as the quantized network computes them over the first `samples` images (null data: weights only).
struct ZeroShares {
    double inputs = 0, weights = 0, outputs = 0; ///< 0..1
};
[[nodiscard]] Result<std::map<std::string, ZeroShares>> measure_zeros(const Model& model,
                                                                      const PrecisionPlan& plan,
                                                                      const DatasetPtr& data, int64_t samples,
                                                                      const WorkControl& control);

} // namespace widthwise::flow
