#pragma once
// Which images a search sees, and which ones it is judged by.

#include "core/flow/explore.h"

namespace widthwise::flow {

struct ExploreData {
    DatasetPtr search, report;
    DatasetPtr sensitivity; ///< of the search images
    std::string note;       ///< what a reader has to know of the split; mostly empty
};
/// Without report data, or with the search's own as such, 30 % of the images are drawn by the seed and set
/// aside. `limit` and `sensitivity_samples` are drawn from the search images by the seed too, for data may be
/// ordered by class. Errors: usage for negative limits; invalid_input for a single image to split.
[[nodiscard]] Result<ExploreData> explore_data(const ExploreRequest& request);

/// At most `count` images of `data`, drawn by the seed.
[[nodiscard]] DatasetPtr drawn_images(const DatasetPtr& data, uint64_t seed, int64_t count);

} // namespace widthwise::flow
