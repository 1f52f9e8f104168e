#pragma once
// Images as a network's input wants them.

#include "core/data/dataset.h"
#include "core/graph/graph.h"

#include <span>
#include <vector>

namespace widthwise::engine {

/// "the network wants 3x32x32 images, the data give 1x28x28".
[[nodiscard]] Result<void> check_input_fits(const Graph& graph, const Dataset& data);

/// Several threads may read at once, each with its own scratch.
class InputReader {
public:
    /// `data` outlives the reader. Errors: invalid_input when images do not fit the network's input.
    [[nodiscard]] static Result<InputReader> create(const Graph& graph, const Dataset& data);
    /// One image, preprocessed, in the storage order of the program's input.
    [[nodiscard]] Result<void> read(int64_t image, std::span<float> target,
                                    std::vector<float>& scratch) const;
    [[nodiscard]] size_t elements() const { return m_elements; }

private:
    const Dataset* m_data = nullptr;
    size_t m_elements = 0;
    std::vector<int32_t> m_map; ///< empty: as the data give it
};

} // namespace widthwise::engine
