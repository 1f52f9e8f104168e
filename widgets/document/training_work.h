#pragma once
// One training run as its worker does it: data read, network trained, version made. No window in sight.

#include "widgets/document/training_backend.h"
#include "widgets/document/training_setup.h"
#include "widgets/document/version.h"

#include <optional>

namespace widthwise::gui {

class TrainingFeed;

/// A snapshot of what is trained.
struct TrainingWork {
    TrainingSetup setup;
    Version from;
    PrecisionPlan design;
    DatasetPtr evaluation;  ///< validates where the setup names nothing else; null: none
    DatasetPtr calibration; ///< null: training images serve
    QString label;          ///< of the version
};

struct TrainedVersion {
    Version version;                     ///< without id
    std::optional<double> before, after; ///< top-1 of the validation data, 0..1; nullopt: not measured
};

/// Errors: of the data, and those of flow::train_network.
[[nodiscard]] Result<TrainedVersion> run_training(const TrainingWork& work, const TrainingBackend& backend,
                                                  TrainingFeed& feed, const WorkControl& control);

/// What it takes to train the same network again, for the file's metadata.
[[nodiscard]] std::map<std::string, std::string> recipe_of(const TrainingWork& work);

} // namespace widthwise::gui
