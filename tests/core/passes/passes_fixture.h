#pragma once
// Random small networks and images for them.

#include "core/base/rng.h"
#include "core/data/dataset.h"
#include "core/graph/graph.h"
#include "core/passes/layer_capture.h"

#include <QTest>

#include <cmath>

namespace widthwise::test {

/// Normal noise with a mean of its own in each channel, the same image for the same index.
class NoiseImages : public Dataset {
public:
    NoiseImages(int64_t count, std::array<int64_t, 3> shape, double mean = 0.3)
        : m_count(count), m_shape(shape), m_mean(mean) {
        m_name = "noise";
        m_class_count = 1;
    }
    [[nodiscard]] int64_t size() const override { return m_count; }
    [[nodiscard]] int64_t label(int64_t) const override { return 0; }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return m_shape; }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        Rng rng = Rng::stream(7, static_cast<uint64_t>(index));
        for (float& v : hwc) v = static_cast<float>(rng.normal() + m_mean);
        return {};
    }

private:
    int64_t m_count;
    std::array<int64_t, 3> m_shape;
    double m_mean;
};

/// Layers with weights whose channels differ by a factor of up to e^(2 spread).
struct Net {
    Rng rng;
    GraphBuilder builder{"net"};
    double spread = 1.5;
    int count = 0;

    explicit Net(uint64_t seed) : rng(seed) {}

    ValueId add(Op op, const char* type, Attributes attributes, std::vector<ValueId> inputs,
                std::string name = {}) {
        if (name.empty()) name = std::string(type) + std::to_string(count++);
        Result<ValueId> added =
            builder.add(op, type, std::move(name), std::move(attributes), std::move(inputs));
        if (!added) qFatal("%s", added.error().to_line().c_str());
        return *added;
    }
    ValueId constant(Shape shape, std::vector<float> values) {
        return builder.constant(
            "c" + std::to_string(count++),
            std::make_shared<const Tensor>(Tensor::from_f32(std::move(shape), std::move(values))));
    }
    ValueId weights(const Shape& shape) {
        const auto channels = static_cast<size_t>(shape[0]);
        const size_t each = static_cast<size_t>(shape.elements()) / channels;
        std::vector<float> values;
        for (size_t c = 0; c < channels; ++c) {
            const double size = std::exp(rng.uniform(-spread, spread)) / std::sqrt(static_cast<double>(each));
            for (size_t i = 0; i < each; ++i) values.push_back(static_cast<float>(rng.normal() * size));
        }
        return constant(shape, std::move(values));
    }
    ValueId vector(int64_t n, double lo, double hi) {
        std::vector<float> values;
        for (int64_t i = 0; i < n; ++i) values.push_back(static_cast<float>(rng.uniform(lo, hi)));
        return constant({n}, std::move(values));
    }
    ValueId conv(ValueId x, int64_t out, int64_t kernel, int64_t group = 1, std::string name = {}) {
        const int64_t in = builder.value(x).shape[1], p = kernel / 2;
        const ConvAttributes a{{kernel, kernel}, {1, 1}, {p, p, p, p}, {1, 1}, group};
        return add(Op::conv, "Conv", a,
                   {x, weights({out, in / group, kernel, kernel}), vector(out, -0.5, 0.5)}, std::move(name));
    }
    ValueId batch_norm(ValueId x) {
        const int64_t c = builder.value(x).shape[1];
        return add(Op::batch_norm, "BatchNormalization", BatchNormAttributes{},
                   {x, vector(c, 0.5, 1.5), vector(c, -0.5, 0.5), vector(c, -0.5, 0.5), vector(c, 0.5, 2)});
    }
    ValueId relu(ValueId x) { return add(Op::relu, "Relu", {}, {x}); }
    ValueId clip(ValueId x, float hi) { return add(Op::clip, "Clip", ClipAttributes{0, hi}, {x}); }
    ValueId head(ValueId x, int64_t classes) {
        const int64_t c = builder.value(x).shape[1];
        x = add(Op::global_average_pool, "GlobalAveragePool", {}, {x});
        x = add(Op::reshape, "Flatten", ReshapeAttributes{{1, c}}, {x});
        return add(Op::gemm, "Gemm", {}, {x, weights({classes, c}), vector(classes, -1, 1)});
    }
    GraphPtr finish(ValueId out) {
        builder.output(out);
        auto graph = builder.build();
        if (!graph) qFatal("%s", graph.error().to_line().c_str());
        return *graph;
    }
};

/// The first output of all images, image after image.
inline std::vector<float> outputs_of(const GraphPtr& graph, const PrecisionPlan& plan, const Dataset& data) {
    const auto each = static_cast<size_t>(graph->value(graph->outputs()[0]).shape.elements());
    std::vector<float> all(each * static_cast<size_t>(data.size()));
    auto ok = passes::watch_outputs(*graph, plan, {&data, data.size()}, {},
                                    [&](int64_t image, size_t which, std::span<const float> values) {
                                        if (which == 0)
                                            std::copy(values.begin(), values.end(),
                                                      all.begin() + image * static_cast<int64_t>(each));
                                    });
    if (!ok) qFatal("%s", ok.error().to_line().c_str());
    return all;
}

/// Root mean square of the difference, relative to that of `wanted`.
inline double relative_error(const std::vector<float>& wanted, const std::vector<float>& got) {
    double signal = 0, noise = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
        const double w = wanted[i], e = w - static_cast<double>(got[i]);
        signal += w * w;
        noise += e * e;
    }
    return std::sqrt(noise / signal);
}

inline float largest_magnitude(std::span<const float> values) {
    float most = 0;
    for (const float v : values) most = std::max(most, std::abs(v));
    return most;
}

} // namespace widthwise::test
