#pragma once
// A network just large enough to have every kind of layer that a design speaks of.

#include "core/graph/graph.h"

#include <QtGlobal>

namespace widthwise::test {

/// conv1 (2 -> 3, 3x3) - relu1 - conv_9 (3 -> 3, 3x3) - add1 (with relu1) - pool - flatten - fc (3 -> 4);
/// input 1x2x6x6. Names can be replaced, for hostile ones.
inline GraphPtr small_graph(const std::string& conv1 = "conv1", const std::string& fc = "fc") {
    GraphBuilder builder("small");
    const auto add = [&](Op op, const char* type, const std::string& name, Attributes attributes,
                         std::vector<ValueId> inputs) {
        Result<ValueId> added = builder.add(op, type, name, std::move(attributes), std::move(inputs));
        if (!added) qFatal("%s", added.error().to_line().c_str());
        return *added;
    };
    const auto weights = [&](const char* name, const Shape& shape) {
        std::vector<float> values(static_cast<size_t>(shape.elements()));
        for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7) - 3;
        return builder.constant(name,
                                std::make_shared<const Tensor>(Tensor::from_f32(shape, std::move(values))));
    };
    const ConvAttributes conv{{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1};
    const ValueId input = builder.input("image", {1, 2, 6, 6});
    const ValueId a = add(Op::conv, "Conv", conv1, conv, {input, weights("w1", {3, 2, 3, 3})});
    const ValueId b = add(Op::relu, "Relu", "relu1", {}, {a});
    const ValueId c = add(Op::conv, "Conv", "conv_9", conv, {b, weights("w9", {3, 3, 3, 3})});
    const ValueId d = add(Op::add, "Add", "add1", {}, {c, b});
    const ValueId e = add(Op::global_average_pool, "GlobalAveragePool", "pool", {}, {d});
    const ValueId f = add(Op::reshape, "Flatten", "flatten", ReshapeAttributes{{1, 3}}, {e});
    builder.output(add(Op::gemm, "Gemm", fc, {}, {f, weights("wf", {4, 3})}));
    Result<GraphPtr> graph = builder.build();
    if (!graph) qFatal("%s", graph.error().to_line().c_str());
    return *graph;
}

} // namespace widthwise::test
