#pragma once
// Random networks, and the executor held against the plain reference: every buffer that it writes, bit for
// bit.

#include "core/base/rng.h"
#include "core/engine/evaluator.h"
#include "core/engine/executor.h"
#include "core/engine/reference_engine.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>

namespace widthwise::engine {

inline TensorPtr random_tensor(Rng& rng, Shape shape, double lo, double hi) {
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (float& v : values) v = static_cast<float>(rng.uniform(lo, hi));
    return std::make_shared<Tensor>(Tensor::from_f32(std::move(shape), std::move(values)));
}

struct ConvCase {
    int64_t in = 8, out = 8, size = 9, kernel = 3, stride = 1, dilation = 1, group = 1;
    std::array<int64_t, 4> pads{1, 1, 1, 1};
    float clip = 0; ///< 0: none, infinity: ReLU, else Clip at this value
};

/// Grows a network with random constants; every method returns the new value.
struct Net {
    Rng& rng;
    GraphBuilder builder{"random"};
    int count = 0;

    std::string name(const char* op) { return std::string(op) + std::to_string(count++); }
    ValueId check(Result<ValueId> value) {
        if (!value) qFatal("%s", value.error().to_line().c_str());
        return *value;
    }
    ValueId clipped(ValueId y, float clip) {
        if (clip == 0) return y;
        if (std::isinf(clip)) return check(builder.add(Op::relu, "Relu", name("relu"), {}, {y}));
        return check(builder.add(Op::clip, "Clip", name("clip"), ClipAttributes{0, clip}, {y}));
    }
    ValueId conv(ValueId in, const ConvCase& c, double spread = 1) {
        const std::string n = name("conv");
        const double fan_in = static_cast<double>(c.in / c.group * c.kernel * c.kernel);
        const double limit = spread / std::sqrt(fan_in);
        const ValueId w = builder.constant(
            n + ".w", random_tensor(rng, {c.out, c.in / c.group, c.kernel, c.kernel}, -limit, limit));
        const ValueId b = builder.constant(n + ".b", random_tensor(rng, {c.out}, -0.3, 0.3));
        const ConvAttributes a{
            {c.kernel, c.kernel}, {c.stride, c.stride}, c.pads, {c.dilation, c.dilation}, c.group};
        return clipped(check(builder.add(Op::conv, "Conv", n, a, {in, w, b})), c.clip);
    }
    ValueId conv_transpose(ValueId in, const ConvCase& c) {
        const std::string n = name("deconv");
        const double limit = 1 / std::sqrt(static_cast<double>(c.in / c.group * c.kernel * c.kernel));
        const ValueId w = builder.constant(
            n + ".w", random_tensor(rng, {c.in, c.out / c.group, c.kernel, c.kernel}, -limit, limit));
        const ValueId b = builder.constant(n + ".b", random_tensor(rng, {c.out}, -0.3, 0.3));
        ConvTransposeAttributes a;
        a.conv = {{c.kernel, c.kernel}, {c.stride, c.stride}, c.pads, {c.dilation, c.dilation}, c.group};
        a.output_padding = {c.stride - 1, 0};
        return clipped(check(builder.add(Op::conv_transpose, "ConvTranspose", n, a, {in, w, b})), c.clip);
    }
    /// A BatchNormalization with factors of both signs, one of them 0.
    ValueId batch_norm(ValueId in, int64_t channels) {
        const std::string n = name("bn");
        auto gamma = random_tensor(rng, {channels}, -1.5, 1.5)->to_f32();
        gamma[0] = 0;
        const auto constant = [&](const char* what, TensorPtr tensor) {
            return builder.constant(n + what, std::move(tensor));
        };
        const ValueId g =
            constant(".g", std::make_shared<Tensor>(Tensor::from_f32({channels}, std::move(gamma))));
        const ValueId b = constant(".b", random_tensor(rng, {channels}, -0.5, 0.5));
        const ValueId m = constant(".m", random_tensor(rng, {channels}, -0.5, 0.5));
        const ValueId v = constant(".v", random_tensor(rng, {channels}, 0.2, 2));
        return check(
            builder.add(Op::batch_norm, "BatchNormalization", n, BatchNormAttributes{}, {in, g, b, m, v}));
    }
    ValueId gemm(ValueId in, int64_t from, int64_t to) {
        const std::string n = name("gemm");
        const ValueId w = builder.constant(n + ".w", random_tensor(rng, {to, from}, -0.4, 0.4));
        const ValueId b = builder.constant(n + ".b", random_tensor(rng, {to}, -0.3, 0.3));
        return check(builder.add(Op::gemm, "Gemm", n, {}, {in, w, b}));
    }
    ValueId op(Op op, Attributes a, std::vector<ValueId> in) {
        const std::string n = name("op");
        return check(builder.add(op, n, n, std::move(a), std::move(in)));
    }
    GraphPtr finish(ValueId out) {
        builder.output(out);
        return builder.build().value();
    }
};

/// Deterministic pseudo-images as a Dataset.
class Images : public Dataset {
public:
    Images(std::array<int64_t, 3> chw, int64_t count, uint64_t seed)
        : m_chw(chw), m_count(count), m_seed(seed) {
        m_name = "random images";
        m_class_count = 1;
    }
    int64_t size() const override { return m_count; }
    int64_t label(int64_t) const override { return 0; }
    std::array<int64_t, 3> image_shape() const override { return m_chw; }
    Result<void> read(int64_t index, std::span<float> hwc) const override {
        Rng rng = Rng::stream(m_seed, static_cast<uint64_t>(index));
        for (float& v : hwc) v = static_cast<float>(rng.uniform(-1.5, 2));
        return {};
    }

private:
    std::array<int64_t, 3> m_chw;
    int64_t m_count;
    uint64_t m_seed;
};

/// The first difference between the two engines over some images, in words; empty: none. Layers that run in
/// float are compared to 1e-4, since float sums have an order.
inline QString first_difference(const GraphPtr& graph, const PrecisionPlan& plan, uint64_t seed,
                                const LowerOptions& options = {}) {
    constexpr size_t k_images = 3;
    const auto words = [](const auto& result) { return QString::fromStdString(result.error().to_line()); };
    const Shape& in = graph->value(graph->inputs()[0]).shape;
    const Images images({in[1], in[2], in[3]}, k_images, seed);
    const auto statistics = calibrate(graph, images, k_images, {}, values_read_by_channel(*graph, plan));
    if (!statistics) return words(statistics);
    const auto resolved = resolve_plan(*graph, plan, *statistics);
    if (!resolved) return words(resolved);
    auto program = lower(*graph, *resolved, options);
    if (!program) return words(program);
    auto created = Executor::create(*program, k_images);
    if (!created) return words(created);
    const auto executor = *created;
    use_one_openmp_thread();
    Executor::Context context(executor);
    const auto per_image = static_cast<size_t>(in.elements());
    std::vector<ReferenceEngine> references;
    for (size_t i = 0; i < k_images; ++i) {
        std::vector<float> image(per_image);
        if (!images.read(static_cast<int64_t>(i), image)) return QStringLiteral("unreadable image");
        // Channels last, as both store it.
        std::copy(image.begin(), image.end(), context.input().begin() + static_cast<int64_t>(i * per_image));
        references.emplace_back(executor->program());
        references.back().run(image);
    }

    QString wrong;
    context.run([&](BufferId id) {
        if (!wrong.isEmpty()) return;
        const Program& p = executor->program();
        const Buffer& buffer = p.buffers[id.position()];
        const auto writer = std::find_if(p.steps.begin(), p.steps.end(),
                                         [&](const Step& s) { return writes(s.operation) == id; });
        const auto step = static_cast<size_t>(writer - p.steps.begin());
        const auto* conv = std::get_if<ConvStep>(&writer->operation);
        const bool float_conv = conv && !conv->is_integer();
        const auto n = static_cast<size_t>(buffer.extent.elements());
        const auto value = [&](size_t image, size_t i) -> std::pair<double, double> {
            switch (buffer.representation.element) {
            case Element::u8:
                return {context.u8(id)[image * n + i], references[image].u8(id)[i]};
            case Element::s32:
                return {context.s32(id)[image * n + i], references[image].s32(id)[i]};
            case Element::f32:
                break;
            }
            return {static_cast<double>(context.f32(id)[image * n + i]),
                    static_cast<double>(references[image].f32(id)[i])};
        };
        for (size_t image = 0; image < k_images && wrong.isEmpty(); ++image)
            for (size_t i = 0; i < n; ++i) {
                const auto [got, expected] = value(image, i);
                const double tolerance = float_conv ? 1e-4 * (1 + std::fabs(expected)) : 0;
                if (std::fabs(got - expected) <= tolerance) continue;
                wrong = QStringLiteral("seed %1 step %2 (%3, %4): element %5 is %6, reference %7")
                            .arg(seed)
                            .arg(step)
                            .arg(QString::fromStdString(writer->node),
                                 QString::fromStdString(executor->implementation(step)))
                            .arg(i)
                            .arg(got, 0, 'g', 9)
                            .arg(expected, 0, 'g', 9);
                break;
            }
    });
    return wrong;
}

} // namespace widthwise::engine
