#pragma once
// What one input of arbitrary bytes goes through; shared by the fuzz targets and the test of the corpus. Each
// ends in an Error or a success that is sound: std::abort() otherwise.

#include <cstdint>
#include <span>

namespace widthwise::fuzz {

/// An ONNX file: imported, counted, and, where every op is run, exported and imported again.
void run_onnx(std::span<const uint8_t> bytes);

/// A data file: the first byte says which reader gets the rest.
enum class Reader : uint8_t {
    card,
    idx_images,
    idx_labels,
    cifar10,
    cifar100,
    npy_images,
    npy_labels,
    image,
    labels_csv,
    folder,
    count
};
void run_data(std::span<const uint8_t> bytes);

} // namespace widthwise::fuzz
