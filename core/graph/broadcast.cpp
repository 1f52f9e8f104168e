#include "core/graph/broadcast.h"

#include <algorithm>

namespace widthwise {

Result<Shape> broadcast_shape(const Shape& a, const Shape& b) {
    std::vector<int64_t> out(std::max(a.rank(), b.rank()));
    for (size_t i = 0; i < out.size(); ++i) {
        const int64_t from_a = i < a.rank() ? a[a.rank() - 1 - i] : 1;
        const int64_t from_b = i < b.rank() ? b[b.rank() - 1 - i] : 1;
        if (from_a != from_b && from_a != 1 && from_b != 1)
            return fail(ErrorCode::invalid_input,
                        "shapes " + a.to_string() + " and " + b.to_string() + " cannot be broadcast");
        out[out.size() - 1 - i] = from_a == 1 ? from_b : from_a;
    }
    return Shape(std::move(out));
}

} // namespace widthwise
