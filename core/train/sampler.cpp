#include "core/train/sampler.h"

#include "core/base/hash.h"
#include "core/base/rng.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace widthwise::train {
namespace {

std::vector<int64_t> shuffled(int64_t count, Rng rng) {
    std::vector<int64_t> order(static_cast<size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
    return order;
}

/// Some images of another set.
class Subset final : public Dataset {
public:
    Subset(const Dataset& whole, std::vector<int64_t> images, const std::string& what)
        : m_whole(whole), m_images(std::move(images)) {
        m_name = whole.name() + " (" + what + ")";
        Sha256 hash;
        hash.update(whole.hash());
        hash.update(std::as_bytes(std::span(m_images)));
        m_hash = hash.finish();
        m_preprocessing = whole.preprocessing();
        m_classes = whole.classes();
        m_class_count = whole.class_count();
        m_network_is_nhwc = whole.network_is_nhwc();
    }
    [[nodiscard]] int64_t size() const override { return std::ssize(m_images); }
    [[nodiscard]] int64_t label(int64_t index) const override { return m_whole.label(whole_index(index)); }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return m_whole.image_shape(); }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        return m_whole.read(whole_index(index), hwc);
    }

private:
    [[nodiscard]] int64_t whole_index(int64_t index) const { return m_images[static_cast<size_t>(index)]; }
    const Dataset& m_whole;
    std::vector<int64_t> m_images;
};

} // namespace

std::vector<Sample> epoch_order(int64_t images, int64_t batch, uint64_t seed, int epoch) {
    // Streams of their own, far from those of the images' variations.
    const std::vector<int64_t> order = shuffled(images, Rng::stream(~seed, static_cast<uint64_t>(epoch)));
    const auto total = static_cast<size_t>((images + batch - 1) / batch * batch);
    std::vector<Sample> samples(total);
    for (size_t i = 0; i < total; ++i)
        samples[i] = {order[i % order.size()], static_cast<uint64_t>(epoch) * total + i};
    return samples;
}

Split split(const Dataset& data, double share, uint64_t seed) {
    assert(data.size() >= 2);
    constexpr uint64_t k_split_stream = 0x73706c6974; // "split": no epoch has this number
    std::vector<int64_t> order = shuffled(data.size(), Rng::stream(~seed, k_split_stream));
    const auto held =
        std::clamp<int64_t>(std::llround(share * static_cast<double>(data.size())), 1, data.size() - 1);
    const auto middle = order.begin() + held;
    std::sort(order.begin(), middle);
    std::sort(middle, order.end());
    return {std::make_unique<Subset>(data, std::vector(middle, order.end()), "training part"),
            std::make_unique<Subset>(data, std::vector(order.begin(), middle), "held out")};
}

} // namespace widthwise::train
