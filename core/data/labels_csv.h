#pragma once
// labels.csv of a flat image folder: lines `file,label`, with or without that header.

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace widthwise {

struct LabelledFile {
    std::string file; ///< as the line says, relative to the image folder
    int32_t label = 0;
};

/// In the file's order. The label stands after the last comma; a name may be in double quotes; empty lines
/// are skipped. Errors: invalid_input naming file and line: no label, not a whole number from 0, an empty
/// name, no line at all.
[[nodiscard]] Result<std::vector<LabelledFile>> read_labels_csv(const std::filesystem::path& path);

} // namespace widthwise
