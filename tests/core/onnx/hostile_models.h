#pragma once
// A sound network to be broken, and what must come of it.

#include "core/graph/layer_work.h"
#include "tests/core/onnx/proto_models.h"

#include <QTest>

namespace widthwise::test {

/// A small network with most of what files contain.
inline ProtoModel sample() {
    ProtoModel m;
    m.input("x", {-1, 3, 8, 8}).output("y", {-1, 10});
    m.weights("w", {4, 3, 3, 3});
    m.weights("b", {4});
    auto& conv = m.node("Conv", {"x", "w", "b"}, {"c"}, "conv");
    set(conv, "pads", std::vector<int64_t>{1, 1, 1, 1});
    set(conv, "strides", std::vector<int64_t>{2, 2});
    for (const char* name : {"g", "h", "m", "v"}) m.weights(name, {4});
    set(m.node("BatchNormalization", {"c", "g", "h", "m", "v"}, {"n"}, "bn"), "epsilon", 0.001F);
    m.node("Relu", {"n"}, {"r"}, "relu");
    auto& pool = m.node("MaxPool", {"r"}, {"p"}, "pool");
    set(pool, "kernel_shape", std::vector<int64_t>{2, 2});
    set(pool, "strides", std::vector<int64_t>{2, 2});
    m.node("Shape", {"p"}, {"shape"});
    m.integers("zero", {0}, true);
    set(m.node("Gather", {"shape", "zero"}, {"size"}, "gather"), "axis", int64_t{0});
    m.integers("axis", {0});
    m.node("Unsqueeze", {"size", "axis"}, {"sizes"}, "unsqueeze");
    m.integers("rest", {-1});
    set(m.node("Concat", {"sizes", "rest"}, {"target"}, "concat"), "axis", int64_t{0});
    m.node("Reshape", {"p", "target"}, {"f"}, "view");
    m.weights("fc", {16, 10});
    m.node("Gemm", {"f", "fc"}, {"y"}, "fc");
    return m;
}

/// An Error that names the file, or a graph whose numbers can be asked for.
inline void expect_sound(const Result<Imported>& result) {
    if (!result) {
        QVERIFY2(result.error().where.find("hand.onnx") != std::string::npos,
                 result.error().to_line().c_str());
        QVERIFY(!result.error().message.empty());
        return;
    }
    const Graph& graph = *result->graph;
    QVERIFY(!graph.inputs().empty() && !graph.outputs().empty());
    static_cast<void>(graph_totals(graph));
    for (const NodeId id : graph.node_ids()) {
        const Node& node = graph.node(id);
        QVERIFY(!node.name.empty());
        QCOMPARE(graph.find_node(node.name), id);
        for (const ValueId output : node.outputs)
            QVERIFY(!graph.value(output).shape_known || graph.value(output).shape.checked_elements());
    }
}

/// The import must fail with this in its line.
inline void expect_error(const Result<Imported>& result, const std::string& part,
                         ErrorCode code = ErrorCode::invalid_input) {
    QVERIFY2(!result, "it was accepted");
    const std::string line = result.error().to_line();
    QVERIFY2(line.find(part) != std::string::npos, line.c_str());
    QVERIFY2(line.find('\n') == std::string::npos, line.c_str());
    QCOMPARE(result.error().code, code);
    QVERIFY(result.error().where.find("hand.onnx") != std::string::npos);
}

} // namespace widthwise::test
