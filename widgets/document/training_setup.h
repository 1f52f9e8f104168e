#pragma once
// What a training run is asked for in the window, as plain values; remembered between sessions.

#include "core/flow/training.h"

#include <QString>

class QSettings;

namespace widthwise::gui {

enum class TrainingMode {
    plain,     ///< float
    quantized, ///< fine-tuning with the current design (QAT)
    adapt,     ///< a few steps of QAT from a meta-initialization
    meta       ///< a start from which many designs are a few steps away
};

struct TrainingSetup {
    TrainingMode mode = TrainingMode::plain;
    QString data;       ///< as flow::load_data reads it; several are separated by semicolons and joined
    QString validation; ///< the same, one; empty: the document's evaluation data
    train::Options options;
    train::BatchNormMode batch_norm = train::BatchNormMode::keep;
    train::ScaleLearning weight_scales = train::ScaleLearning::lsq;
    train::ScaleLearning activation_scales = train::ScaleLearning::lsq;
    int64_t tasks = 300;     ///< meta: outer steps
    int64_t inner_steps = 5; ///< meta: of each task
};

/// What usually works for this network: flow's recommendations. Without a graph: for a trained one.
[[nodiscard]] TrainingSetup recommended_setup(TrainingMode mode, const flow::Model& model);

/// Whether a mode counts epochs; else steps (adapt) or tasks (meta).
[[nodiscard]] inline bool counts_epochs(TrainingMode mode) {
    return mode == TrainingMode::plain || mode == TrainingMode::quantized;
}

/// "train", "qat", "adapt", "meta": kinds of versions and runs.
[[nodiscard]] QString kind_of(TrainingMode mode);
/// "QAT w4a4, 5 epochs"; `design`: the label of what it trains for.
[[nodiscard]] QString run_label(const TrainingSetup& setup, const QString& design);

/// Where the training images probably are: those of the demo, or train.json beside the evaluation data's
/// card; empty: no idea.
[[nodiscard]] QString guess_training_data(const Dataset* evaluation);

/// Each mode's fields on their own, and those of a start from random weights; what must be preserved belongs
/// to the network and is not remembered. Restoring leaves what was never stored as it is.
void store_setup(const TrainingSetup& setup, const flow::Model& model, QSettings& settings);
void restore_setup(TrainingSetup& setup, const flow::Model& model, const QSettings& settings);

/// The options as JSON: how a run is kept in the project.
[[nodiscard]] std::string setup_to_json(const TrainingSetup& setup);

} // namespace widthwise::gui
