#include "core/graph/zoo_weights.h"

#include "core/base/fast_normal.h"
#include "core/base/worker_pool.h"

#include <algorithm>
#include <cmath>

namespace widthwise::zoo {
namespace {

constexpr size_t k_block = size_t{1} << 18; // numbers that one stream gives

struct Block {
    std::span<float> values;
    double deviation;
};

} // namespace

Result<void> WeightMaker::count(const Shape& shape) {
    const auto elements = shape.checked_elements();
    if (!elements || m_parameters + *elements > k_most_parameters) {
        return fail(ErrorCode::invalid_input, "the network would have more than 2 GiB of weights", {},
                    "give a smaller width, size or number of classes");
    }
    m_parameters += *elements;
    return {};
}

Result<TensorPtr> WeightMaker::he_normal(Shape shape, int64_t fan_in) {
    if (Result<void> ok = count(shape); !ok) return forward_error(ok);
    auto tensor = std::make_shared<Tensor>(DataType::f32, std::move(shape));
    m_pending.push_back({tensor, std::sqrt(2.0 / static_cast<double>(fan_in))});
    return tensor;
}

Result<TensorPtr> WeightMaker::filled(int64_t length, float value) {
    Shape shape{length};
    if (Result<void> ok = count(shape); !ok) return forward_error(ok);
    auto tensor = std::make_shared<Tensor>(DataType::f32, std::move(shape));
    if (value != 0) std::ranges::fill(tensor->as<float>(), value);
    return tensor;
}

void WeightMaker::draw_one_by_one(const std::vector<Pending>& pending) const {
    Rng rng(m_seed);
    for (const Pending& weights : pending)
        for (float& value : weights.tensor->as<float>())
            value = static_cast<float>(weights.deviation * rng.normal());
}

Result<void> WeightMaker::draw_in_blocks(const std::vector<Pending>& pending) const {
    std::vector<Block> blocks;
    for (const Pending& weights : pending) {
        std::span<float> rest = weights.tensor->as<float>();
        while (!rest.empty()) {
            const size_t length = std::min(k_block, rest.size());
            blocks.push_back({rest.first(length), weights.deviation});
            rest = rest.subspan(length);
        }
    }
    return parallel_for(static_cast<int64_t>(blocks.size()), 0, [&](int64_t index, int) -> Result<void> {
        const Block& block = blocks[static_cast<size_t>(index)];
        Rng rng = Rng::stream(m_seed, static_cast<uint64_t>(index));
        fill_normal(block.values, block.deviation, rng);
        return {};
    });
}

Result<void> WeightMaker::finish() {
    const std::vector<Pending> pending = std::move(m_pending);
    if (m_weights == Weights::zero) return {};
    if (m_parameters > static_cast<int64_t>(k_block)) return draw_in_blocks(pending);
    draw_one_by_one(pending); // the embedded demo was trained from these very numbers
    return {};
}

} // namespace widthwise::zoo
