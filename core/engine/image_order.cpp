#include "core/engine/image_order.h"

#include "core/base/rng.h"

#include <numeric>
#include <utility>

namespace widthwise::engine {

ImageOrder in_data_order(const Dataset& data) {
    ImageOrder order{&data, std::vector<int64_t>(static_cast<size_t>(data.size())), {}};
    std::iota(order.images.begin(), order.images.end(), int64_t{0});
    order.key = data.hash() + " " + std::to_string(data.size()) + " in order";
    return order;
}

ImageOrder shuffled(const Dataset& data, uint64_t seed) {
    ImageOrder order = in_data_order(data);
    Rng rng(seed);
    for (size_t i = order.images.size(); i > 1; --i)
        std::swap(order.images[i - 1], order.images[static_cast<size_t>(rng.below(i))]);
    order.key = data.hash() + " " + std::to_string(data.size()) + " seed " + std::to_string(seed);
    return order;
}

} // namespace widthwise::engine
