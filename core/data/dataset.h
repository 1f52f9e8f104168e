#pragma once
// Labelled images, read and preprocessed on demand; never all in memory as float.

#include "core/base/result.h"
#include "core/tensor/shape.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

/// Thread-safe for reading: any number of threads may call read() at once.
class Dataset {
public:
    virtual ~Dataset() = default;
    Dataset() = default;
    Dataset(const Dataset&) = delete;
    Dataset& operator=(const Dataset&) = delete;

    [[nodiscard]] virtual int64_t size() const = 0;
    /// -1: unlabelled.
    [[nodiscard]] virtual int64_t label(int64_t index) const = 0;
    /// C, H, W of one preprocessed image.
    [[nodiscard]] virtual std::array<int64_t, 3> image_shape() const = 0;
    /// Writes image `index`, preprocessed ((p * scale - mean) / std), f32, always H x W x C (channels last:
    /// the engine's layout; `layout` of the card only says how the network declares its input). Errors:
    /// invalid_input naming the file.
    [[nodiscard]] virtual Result<void> read(int64_t index, std::span<float> hwc) const = 0;

    /// As the user named it: card path, or "demo", "demo:train".
    [[nodiscard]] const std::string& name() const { return m_name; }
    /// SHA-256 over card and files (for a folder: names, sizes and contents).
    [[nodiscard]] const std::string& hash() const { return m_hash; }
    /// One line for provenance: "folder, resize 256, crop 227, bgr, x*1, mean 104 117 123, std 1".
    [[nodiscard]] const std::string& preprocessing() const { return m_preprocessing; }
    /// Empty when the card names none.
    [[nodiscard]] const std::vector<std::string>& classes() const { return m_classes; }
    /// Highest label + 1, or the number of class names if more; 0: unlabelled.
    [[nodiscard]] int64_t class_count() const { return m_class_count; }
    /// How the network wants its input: true for N x H x W x C.
    [[nodiscard]] bool network_is_nhwc() const { return m_network_is_nhwc; }

protected:
    std::string m_name, m_hash, m_preprocessing;
    std::vector<std::string> m_classes;
    int64_t m_class_count = 0;
    bool m_network_is_nhwc = false;
};

using DatasetPtr = std::shared_ptr<const Dataset>;

/// `where` is a card (JSON file), a directory (holding exactly one card, or images, in one folder per class
/// or unlabelled, with the documented default preprocessing), "demo" or "demo:train". Errors: invalid_input
/// that names the file and the remedy: missing or truncated files, images and labels that disagree, unknown
/// keys, zero samples.
[[nodiscard]] Result<DatasetPtr> open_dataset(const std::string& where);

/// The first `count` images of another dataset (count >= 1, clamped to its size).
[[nodiscard]] DatasetPtr first_images(DatasetPtr dataset, int64_t count);

/// All images of several sets (at least one), one after the other. Errors: invalid_input where image shapes,
/// layouts or class names differ, naming the set.
[[nodiscard]] Result<DatasetPtr> join_datasets(std::vector<DatasetPtr> parts);

} // namespace widthwise
