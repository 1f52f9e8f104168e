#pragma once
// A data set and networks small enough to train within a test.

#include "core/base/rng.h"
#include "core/data/dataset.h"
#include "core/graph/zoo_layers.h"

#include <algorithm>
#include <vector>

namespace widthwise::test {

/// 8x8 colour images whose label is the side (0 left, 1 right, 2 neither) on which a bright patch lies, with
/// noise.
class ToyDataset final : public Dataset {
public:
    explicit ToyDataset(int64_t images, uint64_t seed, int64_t classes = 3) : m_images(images), m_seed(seed) {
        m_name = "toy";
        m_class_count = classes;
    }
    [[nodiscard]] int64_t size() const override { return m_images; }
    [[nodiscard]] int64_t label(int64_t index) const override { return index % m_class_count; }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return {3, 8, 8}; }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        if (m_broken == index) return fail(m_failure, "cannot read", "toy image");
        Rng rng = Rng::stream(m_seed, static_cast<uint64_t>(index));
        for (float& v : hwc) v = static_cast<float>(0.3 * rng.normal());
        if (label(index) > 1) return {};
        const size_t row = rng.below(5), column = (label(index) == 0 ? 0 : 5);
        for (size_t y = row; y < row + 3; ++y)
            for (size_t x = column; x < column + 3; ++x)
                for (size_t c = 0; c < 3; ++c) hwc[(y * 8 + x) * 3 + c] += 1.5F;
        return {};
    }
    void break_at(int64_t index, ErrorCode failure = ErrorCode::invalid_input) {
        m_broken = index;
        m_failure = failure;
    }

private:
    int64_t m_images;
    uint64_t m_seed;
    int64_t m_broken = -1;
    ErrorCode m_failure = ErrorCode::invalid_input;
};

/// Convolutions of each kind and a residual; position-aware through a flattened end. 1x3x8x8 in.
inline GraphPtr toy_network(uint64_t seed = 1, int64_t classes = 3) {
    zoo::LayerStack net("toy", Shape{1, 3, 8, 8}, seed);
    ValueId x = net.conv_bn("stem", net.input(), {8});
    const ValueId main = net.conv_bn("block", x, {8}, zoo::Activation::none);
    x = net.activate("block", net.add("block/add", main, x), zoo::Activation::relu);
    x = net.separable("dw", x, 16, 2);
    x = net.fully_connected("classifier", net.flatten("flatten", x), classes);
    Result<GraphPtr> graph = net.finish(x);
    return graph.value();
}

} // namespace widthwise::test
