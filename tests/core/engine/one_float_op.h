#pragma once
// One float op at a time, in a network of its own, through lowering and both engines.

#include "core/engine/executor.h"
#include "core/engine/layout.h"
#include "core/engine/program.h"
#include "core/engine/reference_engine.h"
#include "tests/core/engine/float_samples.h"

#include <QTest>

#include <cmath>

namespace widthwise::test {

using namespace widthwise::engine;

/// The samples' input: sixteenths within about +-3, the same in every order of evaluation.
inline std::vector<float> pattern(int64_t count, int64_t seed = 0) {
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i)
        values.push_back(static_cast<float>((i * 37 + 11 + seed * 29) % 101 - 50) / 16.0F);
    return values;
}

struct Net {
    GraphBuilder builder{"net"};
    ValueId x;
    explicit Net(Shape shape) : x(builder.input("x", std::move(shape))) {}
    ValueId add(Op op, Attributes a, std::vector<ValueId> in) {
        auto v = builder.add(op, "op", "", std::move(a), std::move(in));
        if (!v) qFatal("%s", v.error().to_line().c_str());
        return *v;
    }
    ValueId function(Function f, ValueId in, float alpha = 0, float beta = 0) {
        return add(Op::function, FunctionAttributes{f, alpha, beta}, {in});
    }
    ValueId constant(Shape shape, std::vector<float> values) {
        return builder.constant(
            "c", std::make_shared<Tensor>(Tensor::from_f32(std::move(shape), std::move(values))));
    }
    ValueId constant(Shape shape, int64_t seed) { return constant(shape, pattern(shape.elements(), seed)); }
    ValueId scalar(float value) { return constant(Shape{}, std::vector<float>{value}); }
    ValueId positive() { // |x| + 1/16
        return add(Op::add, {}, {function(Function::abs, x), scalar(0.0625F)});
    }
    ValueId sign() { return function(Function::sign, x); }
};

inline std::vector<float> to_storage(const Shape& shape, const std::vector<float>& logical) {
    const auto storage = storage_of_logical(shape);
    std::vector<float> out(logical.size());
    for (size_t i = 0; i < out.size(); ++i) out[static_cast<size_t>(storage[i])] = logical[i];
    return out;
}

inline std::vector<float> to_logical(const Shape& shape, std::span<const float> stored) {
    const auto storage = storage_of_logical(shape);
    std::vector<float> out(storage.size());
    for (size_t i = 0; i < out.size(); ++i) out[i] = stored[static_cast<size_t>(storage[i])];
    return out;
}

/// Runs `out` in both engines, three images at once in the faster one; row-major.
inline void evaluate(Net& net, ValueId out, std::vector<float>& result) {
    net.builder.output(out);
    const GraphPtr graph = net.builder.build().value();
    const auto program = lower(*graph, PrecisionPlan());
    QVERIFY2(program, program ? "" : program.error().to_line().c_str());
    const Shape in_shape = graph->value(graph->inputs()[0]).shape;
    const Shape out_shape = graph->value(graph->outputs()[0]).shape;
    const auto image = to_storage(in_shape, pattern(in_shape.elements()));
    ReferenceEngine reference(*program);
    reference.run(image);
    result = to_logical(out_shape, reference.output());

    const auto executor = Executor::create(*program, 3);
    QVERIFY(executor);
    Executor::Context context(*executor);
    const auto input = context.input();
    for (size_t i = 0; i < input.size(); ++i) // the second of the three images
        input[i] = i / image.size() == 1 ? image[i % image.size()] : 0.5F;
    context.run();
    const size_t each = result.size();
    const auto fast = to_logical(out_shape, context.output().subspan(each, each));
    for (size_t i = 0; i < each; ++i)
        QVERIFY2(std::fabs(fast[i] - result[i]) <= 1e-5F * (1 + std::fabs(result[i])),
                 qPrintable(QString("engines differ at %1: %2, %3").arg(i).arg(fast[i]).arg(result[i])));
}

inline void compare(const char* name, Net& net, ValueId out) {
    std::vector<float> result;
    evaluate(net, out, result);
    if (QTest::currentTestFailed()) {
        qWarning("in %s", name);
        return;
    }
    const auto found = test::float_samples().find(name);
    QVERIFY2(found != test::float_samples().end(), name);
    const auto& expected = found->second;
    QVERIFY2(result.size() == expected.size(), name);
    for (size_t i = 0; i < result.size(); ++i)
        QVERIFY2(std::fabs(result[i] - expected[i]) <= 2e-5F * (1 + std::fabs(expected[i])),
                 qPrintable(
                     QString("%1 at %2: %3, expected %4").arg(name).arg(i).arg(result[i]).arg(expected[i])));
}

} // namespace widthwise::test
