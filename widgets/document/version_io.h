#pragma once
// Versions of a network between memory and project file.

#include "core/store/project_file.h"
#include "widgets/document/version.h"

#include <string_view>

namespace widthwise::gui {

/// A stored version with its network read from the file's bytes. What the network is called, and where it
/// came from, is as of `own`, the project's own network. Errors: invalid_input naming the version.
[[nodiscard]] Result<Version> read_version(const StoredVersion& stored, std::string_view onnx,
                                           const flow::Model& own);

/// What fine-tuning `version` shall leave as it is, by its recipe, where its parent had to leave `had` so.
[[nodiscard]] train::Preserve preserved(const Version& version, const train::Preserve& had);

/// The row of a version, without its network.
[[nodiscard]] StoredVersion to_stored(const Version& version);

} // namespace widthwise::gui
