#pragma once
// A data set whose stored pixels fit in memory (idx, CIFAR, npy): kept as they are stored, preprocessed when
// read.

#include "core/data/array_set.h"
#include "core/data/dataset.h"
#include "core/data/dataset_card.h"

namespace widthwise {

/// Reads the card's files, hashing them meanwhile. Errors: invalid_input as in open_dataset().
[[nodiscard]] Result<DatasetPtr> open_array_dataset(const DatasetCard& card, std::string name);

} // namespace widthwise
