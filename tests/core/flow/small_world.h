#pragma once
// A network of two convolutions and a classifier, and images to run it on, small enough to evaluate in
// milliseconds.

#include "core/base/hash.h"
#include "core/base/rng.h"
#include "core/data/dataset.h"
#include "core/graph/graph.h"

#include <atomic>

namespace widthwise::test {

inline constexpr int64_t k_side = 8, k_classes = 4;

inline TensorPtr random_tensor(Rng& rng, Shape shape) {
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (float& value : values) value = static_cast<float>(rng.normal() * 0.4);
    return std::make_shared<const Tensor>(Tensor::from_f32(std::move(shape), std::move(values)));
}

/// 1x3x8x8 -> conv "first" -> relu -> conv "second" -> global average pool -> reshape -> gemm "classifier" ->
/// 1x4.
inline GraphPtr small_network() {
    Rng rng(7);
    GraphBuilder builder("small", 13);
    const ConvAttributes same{.kernel = {3, 3}, .pads = {1, 1, 1, 1}};
    ValueId x = builder.input("x", Shape{1, 3, k_side, k_side});
    x = builder
            .add(Op::conv, "Conv", "first", same,
                 {x, builder.constant("w1", random_tensor(rng, Shape{8, 3, 3, 3}))})
            .value();
    x = builder.add(Op::relu, "Relu", "relu", {}, {x}).value();
    x = builder
            .add(Op::conv, "Conv", "second", same,
                 {x, builder.constant("w2", random_tensor(rng, Shape{8, 8, 3, 3}))})
            .value();
    x = builder.add(Op::global_average_pool, "GlobalAveragePool", "pool", {}, {x}).value();
    x = builder.add(Op::reshape, "Flatten", "flatten", ReshapeAttributes{{1, 8}}, {x}).value();
    x = builder
            .add(Op::gemm, "Gemm", "classifier", {},
                 {x, builder.constant("w3", random_tensor(rng, Shape{k_classes, 8}))})
            .value();
    builder.output(x);
    return builder.build().value();
}

/// Noise from a seed with a label each; counts how often images are read.
class NoiseImages : public Dataset {
public:
    explicit NoiseImages(uint64_t seed, int64_t images = 40, int64_t side = k_side,
                         int64_t classes = k_classes)
        : m_seed(seed), m_images(images), m_side(side) {
        m_name = "noise " + std::to_string(seed);
        m_hash = sha256(m_name + std::to_string(images));
        m_preprocessing = "none";
        m_class_count = classes;
    }
    [[nodiscard]] int64_t size() const override { return m_images; }
    [[nodiscard]] int64_t label(int64_t index) const override { return index % k_classes; }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return {3, m_side, m_side}; }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        ++m_reads;
        Rng rng = Rng::stream(m_seed, static_cast<uint64_t>(index));
        for (float& value : hwc) value = static_cast<float>(rng.normal());
        return {};
    }
    [[nodiscard]] int64_t reads() const { return m_reads; }

private:
    uint64_t m_seed;
    int64_t m_images, m_side;
    mutable std::atomic<int64_t> m_reads = 0;
};

} // namespace widthwise::test
