#pragma once
// Walking over row-major arrays.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

namespace widthwise::engine {

/// Row-major strides.
[[nodiscard]] inline std::vector<int64_t> strides_of(const std::vector<int64_t>& dims) {
    std::vector<int64_t> strides(dims.size(), 1);
    for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
    return strides;
}

/// Calls `visit(coordinates)` for each element in row-major order.
template <typename Visit> void for_each_coordinate(const std::vector<int64_t>& dims, Visit visit) {
    const int64_t elements = std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
    std::vector<int64_t> at(dims.size(), 0);
    for (int64_t n = 0; n < elements; ++n) {
        visit(at);
        for (size_t axis = dims.size(); axis-- > 0;) {
            if (++at[axis] < dims[axis]) break;
            at[axis] = 0;
        }
    }
}

} // namespace widthwise::engine
