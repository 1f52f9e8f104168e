#pragma once
// Small networks around one operation, for GradientCheck.

#include "tests/core/train/gradient_check.h"

#include <QTest>

#include <functional>

namespace widthwise::test {

/// Grows the network under test; ends it in a flat vector.
struct Bench {
    explicit Bench(Shape in) : builder("bench", 13) { last = builder.input("x", std::move(in)); }

    ValueId random(const std::string& name, Shape shape, double lo = -1, double hi = 1) {
        std::vector<float> values(static_cast<size_t>(shape.elements()));
        for (float& v : values) v = static_cast<float>(rng.uniform(lo, hi));
        return builder.constant(name,
                                std::make_shared<const Tensor>(Tensor::from_f32(std::move(shape), values)));
    }
    ValueId node(Op op, Attributes attributes, std::vector<ValueId> inputs) {
        Result<ValueId> added = builder.add(op, "Op", "", std::move(attributes), std::move(inputs));
        if (!added) qFatal("%s", added.error().to_line().c_str());
        last = *added;
        return last;
    }
    /// The same on what came last.
    ValueId then(Op op, Attributes attributes = {}) { return node(op, std::move(attributes), {last}); }
    ValueId conv(ConvAttributes attributes, int64_t channels, bool bias = false, double size = 1) {
        const int64_t in = builder.value(last).shape[1] / attributes.group;
        std::vector<ValueId> inputs{
            last, random("w", {channels, in, attributes.kernel[0], attributes.kernel[1]}, -size, size)};
        if (bias) inputs.push_back(random("b", {channels}));
        return node(Op::conv, attributes, inputs);
    }
    /// 1x1, to other channel counts; weights small enough for many inputs.
    ValueId mix(int64_t channels) {
        const auto in = static_cast<double>(builder.value(last).shape[1]);
        return conv({}, channels, false, 2 / std::sqrt(in));
    }
    ValueId gemm(int64_t outputs, bool bias = false) {
        const int64_t in = builder.value(last).shape[1];
        std::vector<ValueId> inputs{last, random("w", {outputs, in})};
        if (bias) inputs.push_back(random("b", {outputs}));
        return node(Op::gemm, {}, inputs);
    }
    /// Scale and bias put each channel wholly above or below zero, away from a following ReLU's kink.
    ValueId batch_norm() {
        const int64_t channels = builder.value(last).shape[1];
        std::vector<float> bias(static_cast<size_t>(channels));
        for (size_t c = 0; c < bias.size(); ++c) bias[c] = c % 3 == 0 ? -4.0F : 4.0F;
        const ValueId shift =
            builder.constant("b", std::make_shared<const Tensor>(Tensor::from_f32({channels}, bias)));
        return node(Op::batch_norm, BatchNormAttributes{1e-3F},
                    {last, random("s", {channels}, 0.3, 0.8), shift, random("m", {channels}),
                     random("v", {channels}, 1, 2)});
    }
    ValueId flatten() {
        return then(Op::reshape, ReshapeAttributes{{1, builder.value(last).shape.elements()}});
    }
    GraphPtr finish() {
        if (!is_flat) flatten();
        builder.output(last);
        return *builder.build();
    }

    GraphBuilder builder;
    Rng rng{7};
    ValueId last;
    bool is_flat = false; ///< it ends as it is
};

using Recipe = std::function<void(Bench&)>;

/// A table of networks: each row's gradients are compared with finite differences.
inline void gradient_column() {
    QTest::addColumn<Recipe>("recipe");
    QTest::addColumn<QList<qint64>>("image");
}
inline void gradient_row(const char* name, Recipe recipe, const QList<qint64>& image = {4, 6, 6}) {
    QTest::newRow(name) << std::move(recipe) << image;
}
inline void check_gradient_row() {
    const train::SingleThreadedKernels single;
    QFETCH(Recipe, recipe);
    QFETCH(QList<qint64>, image);
    Bench bench({1, image[0], image[1], image[2]});
    recipe(bench);
    QCOMPARE(QString::fromStdString(GradientCheck(bench.finish(), 2, 5).run(0.004F)), QString());
}

} // namespace widthwise::test
