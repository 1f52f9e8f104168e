#pragma once
// How a network that a job made becomes a version: in the project file first, then in the document.

#include "widgets/document/problem.h"
#include "widgets/document/project_store.h"
#include "widgets/document/training_backend.h"
#include "widgets/document/version.h"

#include <optional>

namespace widthwise::gui {

struct KeptVersion {
    Version version;
    std::optional<Problem> problem; ///< it could not be stored: it lives in memory, with a negative id
};

/// On the worker. Gives the version its id, its model's hash and its time. `recipe`: for the file's metadata.
[[nodiscard]] KeptVersion keep_version(Version version, const std::map<std::string, std::string>& recipe,
                                       ProjectStore& store, const TrainingBackend& backend);

} // namespace widthwise::gui
