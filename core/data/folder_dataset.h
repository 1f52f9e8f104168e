#pragma once
// A data set of JPEG and PNG files, decoded when they are read.

#include "core/data/dataset.h"
#include "core/data/dataset_card.h"

namespace widthwise {

/// Images are those of the card's labels.csv (without one in the card: of images/labels.csv where it exists),
/// else those of one sub-directory per class: *.jpg, *.jpeg, *.png in any case, sorted by name; hidden
/// entries are skipped. Classes are the card's, else the sub-directories sorted by name. A folder of images
/// alone, without sub-directories, labels or named classes, is unlabelled: every label is -1. Every file is
/// hashed at once; only the first image is decoded, for the size of an image (and not even that when the card
/// crops). Errors: invalid_input as in open_dataset().
[[nodiscard]] Result<DatasetPtr> open_folder_dataset(const DatasetCard& card, std::string name);

} // namespace widthwise
