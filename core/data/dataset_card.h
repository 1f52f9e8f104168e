#pragma once
// A dataset card: the JSON file that says where images and labels lie and how a pixel becomes a number.

#include "core/base/result.h"
#include "core/data/preprocess.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace widthwise {

enum class DataFormat { idx, cifar10, cifar100, folder, npy };

[[nodiscard]] std::string_view to_string(DataFormat format);

struct DatasetCard {
    DataFormat format = DataFormat::folder;
    /// Absolute or relative to the working directory: the card's own folder is already in front. One file
    /// (several for CIFAR's batches) or a folder.
    std::vector<std::filesystem::path> images;
    std::optional<std::filesystem::path> labels;
    std::vector<std::string> classes;
    Preprocessing preprocessing;
    bool network_is_nhwc = false;
    std::string text; ///< the card's bytes, for the hash; empty where a plain folder stands in for one
};

/// Errors: invalid_input naming the file and the key: not JSON, unknown or missing keys, wrong types, numbers
/// out of range (sizes 1..8192, scale and std above 0, all finite). `null` counts as absent.
[[nodiscard]] Result<DatasetCard> read_card(const std::filesystem::path& path);

/// Cards directly in `folder`: JSON objects with a "format", sorted by name. (Other JSON files may lie
/// about.)
[[nodiscard]] std::vector<std::filesystem::path> find_cards(const std::filesystem::path& folder);

} // namespace widthwise
