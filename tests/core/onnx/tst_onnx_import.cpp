// What an ONNX node means, case by case, on models written by hand.

#include "tests/core/onnx/proto_models.h"
#include "tests/support/test_data.h"

using namespace widthwise;
using test::attributes_of;
using test::error_of;
using test::Imported;
using test::ProtoModel;
using test::set;

namespace {

#define IMPORT(imported, model)                                                                              \
    const auto imported##_result = (model).import();                                                         \
    QVERIFY2(imported##_result, error_of(imported##_result).c_str());                                        \
    const Imported& imported = *imported##_result

Shape output_shape(const Imported& imported) {
    return imported.graph->value(imported.graph->outputs().front()).shape;
}

const Tensor& constant_of(const Imported& imported, size_t node, size_t input) {
    return *imported.graph->value(imported.graph->nodes()[node].inputs[input]).constant;
}

const Node& only_node(const Imported& imported) {
    return imported.graph->nodes().front();
}

} // namespace

class TestOnnxImport : public QObject {
    Q_OBJECT
private slots:
    void a_convolution_with_all_attributes() {
        ProtoModel m;
        m.input("x", {-1, 4, 11, 9}).output("y", {-1, 6, 5, 9});
        m.weights("w", {6, 2, 3, 1});
        m.weights("b", {6});
        auto& node = m.node("Conv", {"x", "w", "b"}, {"y"}, "conv");
        set(node, "strides", std::vector<int64_t>{2, 1});
        set(node, "pads", std::vector<int64_t>{1, 0, 1, 0});
        set(node, "dilations", std::vector<int64_t>{2, 1});
        set(node, "group", int64_t{2});
        IMPORT(imported, m);
        const ConvAttributes expected{{3, 1}, {2, 1}, {1, 0, 1, 0}, {2, 1}, 2};
        QVERIFY(attributes_of<ConvAttributes>(imported) == expected);
        QCOMPARE(output_shape(imported), (Shape{1, 6, 5, 9}));
        QCOMPARE(only_node(imported).inputs.size(), size_t(3));
        QCOMPARE(imported.graph->value(imported.graph->inputs()[0]).name, std::string("x"));
        QCOMPARE(imported.graph->value(imported.graph->inputs()[0]).shape, (Shape{1, 4, 11, 9}));
        QCOMPARE(imported.graph->value(imported.graph->outputs()[0]).name, std::string("y"));
        QCOMPARE(imported.hash.size(), size_t(64));
        QVERIFY(imported.warnings.empty());
    }

    void auto_pad_data() {
        QTest::addColumn<QString>("mode");
        QTest::addColumn<int>("in");
        QTest::addColumn<int>("kernel");
        QTest::addColumn<int>("stride");
        QTest::addColumn<int>("before");
        QTest::addColumn<int>("after");
        QTest::addColumn<int>("out");
        QTest::newRow("upper, odd pad") << "SAME_UPPER" << 32 << 3 << 2 << 0 << 1 << 16;
        QTest::newRow("lower, odd pad") << "SAME_LOWER" << 32 << 3 << 2 << 1 << 0 << 16;
        QTest::newRow("upper, even pad") << "SAME_UPPER" << 33 << 3 << 2 << 1 << 1 << 17;
        QTest::newRow("stride beyond kernel") << "SAME_UPPER" << 33 << 1 << 2 << 0 << 0 << 17;
        QTest::newRow("valid") << "VALID" << 32 << 3 << 2 << 0 << 0 << 15;
    }
    void auto_pad() {
        QFETCH(QString, mode);
        QFETCH(int, in);
        QFETCH(int, kernel);
        QFETCH(int, stride);
        QFETCH(int, before);
        QFETCH(int, after);
        QFETCH(int, out);
        for (const bool pool : {false, true}) {
            ProtoModel m;
            m.input("x", {-1, 2, in, in}).output("y", {-1, 2, out, out});
            if (!pool) m.weights("w", {2, 2, kernel, kernel});
            auto& node = pool ? m.node("AveragePool", {"x"}, {"y"}) : m.node("Conv", {"x", "w"}, {"y"});
            set(node, "kernel_shape", std::vector<int64_t>{kernel, kernel});
            set(node, "strides", std::vector<int64_t>{stride, stride});
            set(node, "auto_pad", mode.toStdString());
            IMPORT(imported, m);
            const std::array<int64_t, 4> expected{before, before, after, after};
            if (pool)
                QVERIFY(attributes_of<PoolAttributes>(imported).pads == expected);
            else
                QVERIFY(attributes_of<ConvAttributes>(imported).pads == expected);
            QCOMPARE(output_shape(imported), (Shape{1, 2, out, out}));
        }
    }

    void gemm_resolves_its_scalars_into_the_constants() {
        ProtoModel m;
        m.input("x", {-1, 2}).output("y", {-1, 3});
        m.floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
        m.floats("b", {1, 3}, {1, 2, 4});
        auto& node = m.node("Gemm", {"x", "w", "b"}, {"y"});
        set(node, "alpha", 2.0F);
        set(node, "beta", 0.5F);
        IMPORT(imported, m);
        QCOMPARE(only_node(imported).op, Op::gemm);
        QCOMPARE(constant_of(imported, 0, 1).shape(), (Shape{3, 2}));
        QCOMPARE(constant_of(imported, 0, 1).to_f32(), (std::vector<float>{2, 8, 4, 10, 6, 12}));
        QCOMPARE(constant_of(imported, 0, 2).shape(), (Shape{3}));
        QCOMPARE(constant_of(imported, 0, 2).to_f32(), (std::vector<float>{0.5F, 1, 2}));
    }

    void gemm_with_transposed_weights_keeps_them_and_spreads_a_scalar_bias() {
        ProtoModel m;
        m.input("x", {-1, 2}).output("y", {-1, 3});
        m.floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
        m.floats("b", {}, {7});
        set(m.node("Gemm", {"x", "w", "b"}, {"y"}), "transB", int64_t{1});
        IMPORT(imported, m);
        QCOMPARE(constant_of(imported, 0, 1).to_f32(), (std::vector<float>{1, 2, 3, 4, 5, 6}));
        QCOMPARE(constant_of(imported, 0, 2).to_f32(), (std::vector<float>{7, 7, 7}));
    }

    void matmul_with_constant_weights_is_fully_connected() {
        ProtoModel m;
        m.input("x", {-1, 2}).output("y", {-1, 3});
        m.floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
        m.node("MatMul", {"x", "w"}, {"y"});
        IMPORT(imported, m);
        QCOMPARE(only_node(imported).op, Op::gemm);
        QCOMPARE(only_node(imported).op_type, std::string("MatMul"));
        QCOMPARE(only_node(imported).name, std::string("MatMul_0"));
        QCOMPARE(constant_of(imported, 0, 1).to_f32(), (std::vector<float>{1, 4, 2, 5, 3, 6}));
    }

    void clip_bounds_are_attributes_or_inputs() {
        ProtoModel old(10);
        old.input("x", {-1, 2}).output("y", {-1, 2});
        auto& node = old.node("Clip", {"x"}, {"y"});
        set(node, "min", 0.0F);
        set(node, "max", 6.0F);
        IMPORT(first, old);
        QVERIFY(attributes_of<ClipAttributes>(first) == (ClipAttributes{0, 6}));

        ProtoModel half;
        half.input("x", {-1, 2}).output("y", {-1, 2});
        half.floats("six", {}, {6});
        half.node("Clip", {"x", "", "six"}, {"y"});
        IMPORT(second, half);
        QVERIFY(attributes_of<ClipAttributes>(second) ==
                (ClipAttributes{-std::numeric_limits<float>::infinity(), 6}));
    }

    void softmax_changed_its_meaning_in_opset_13() {
        const auto imported_with = [](int opset, std::initializer_list<int64_t> dims,
                                      std::optional<int64_t> axis) {
            ProtoModel m(opset);
            m.input("x", dims).output("y", dims);
            auto& node = m.node("Softmax", {"x"}, {"y"});
            if (axis) set(node, "axis", *axis);
            return m.import().value();
        };
        QVERIFY(attributes_of<SoftmaxAttributes>(imported_with(9, {-1, 3, 4}, {})) ==
                (SoftmaxAttributes{1, true}));
        QVERIFY(attributes_of<SoftmaxAttributes>(imported_with(9, {-1, 3, 4}, 2)) ==
                (SoftmaxAttributes{2, false}));
        QVERIFY(attributes_of<SoftmaxAttributes>(imported_with(13, {-1, 3, 4}, {})) ==
                (SoftmaxAttributes{2, false}));
        QVERIFY(attributes_of<SoftmaxAttributes>(imported_with(13, {-1, 3, 4}, 1)) ==
                (SoftmaxAttributes{1, false}));
        // Nothing but ones follows: both readings are one.
        QVERIFY(attributes_of<SoftmaxAttributes>(imported_with(9, {-1, 3, 1, 1}, {})) ==
                (SoftmaxAttributes{1, false}));
        const auto batch = imported_with(13, {-1, 3}, 0);
        QCOMPARE(only_node(batch).op, Op::unsupported);
    }

    void reshapes_free_the_batch_data() {
        QTest::addColumn<int>("batch");
        QTest::addColumn<std::vector<int64_t>>("target");
        QTest::addColumn<bool>("runs");
        using V = std::vector<int64_t>;
        QTest::newRow("-1 in front") << -1 << V{-1, 12} << true;
        QTest::newRow("one in front") << 1 << V{1, 12} << true;
        QTest::newRow("one in front of a free batch") << -1 << V{1, 12} << true;
        QTest::newRow("copied") << -1 << V{0, -1} << true;
        QTest::newRow("a batch of 8") << 8 << V{8, 12} << true;
        QTest::newRow("channels into the batch") << -1 << V{3, 4} << false;
        QTest::newRow("all in one") << -1 << V{-1} << false;
    }
    void reshapes_free_the_batch() {
        QFETCH(int, batch);
        QFETCH(std::vector<int64_t>, target);
        QFETCH(bool, runs);
        ProtoModel m;
        m.input("x", {batch, 3, 2, 2}).output("y", {-1, -1});
        m.integers("shape", target);
        m.node("Reshape", {"x", "shape"}, {"y"});
        IMPORT(imported, m);
        QCOMPARE(only_node(imported).op == Op::reshape, runs);
        if (runs)
            QCOMPARE(attributes_of<ReshapeAttributes>(imported).shape, (std::vector<int64_t>{1, 12}));
        else
            QVERIFY(only_node(imported).why_unsupported.find("batch") != std::string::npos);
    }

    void flatten_squeeze_and_unsqueeze_are_reshapes() {
        ProtoModel m;
        m.input("x", {-1, 3, 1, 1}).output("y", {-1, 3, 1}).output("f", {-1, 3}).output("s", {-1, 3});
        m.integers("axes", {-1, 2});
        m.integers("last", {-1});
        m.node("Squeeze", {"x", "axes"}, {"s"});
        m.node("Unsqueeze", {"s", "last"}, {"y"});
        m.node("Flatten", {"x"}, {"f"});
        IMPORT(imported, m);
        for (const Node& node : imported.graph->nodes()) QCOMPARE(node.op, Op::reshape);
        QCOMPARE(imported.graph->nodes()[2].op_type, std::string("Flatten"));
        QCOMPARE(output_shape(imported), (Shape{1, 3, 1}));
        QCOMPARE(attributes_of<ReshapeAttributes>(imported, 0).shape, (std::vector<int64_t>{1, 3}));
    }

    /// What PyTorch writes for x.view(x.size(0), -1).
    void computed_shapes_are_folded() {
        ProtoModel m;
        m.input("x", {-1, 3, 2, 2}).output("y", {-1, 12});
        m.node("Shape", {"x"}, {"shape"});
        m.integers("zero", {0}, true);
        m.node("Gather", {"shape", "zero"}, {"size"});
        m.integers("axis", {0});
        m.node("Unsqueeze", {"size", "axis"}, {"sizes"});
        m.integers("rest", {-1});
        set(m.node("Concat", {"sizes", "rest"}, {"target"}), "axis", int64_t{0});
        m.node("Reshape", {"x", "target"}, {"y"}, "view");
        IMPORT(imported, m);
        QCOMPARE(imported.graph->nodes().size(), size_t(1));
        QCOMPARE(only_node(imported).name, std::string("view"));
        QCOMPARE(output_shape(imported), (Shape{1, 12}));
    }

    void slices_of_both_kinds() {
        ProtoModel old(9);
        old.input("x", {-1, 3, 8, 8}).output("y", {-1, 3, 7, 8});
        auto& node = old.node("Slice", {"x"}, {"y"});
        set(node, "axes", std::vector<int64_t>{2});
        set(node, "starts", std::vector<int64_t>{-7});
        set(node, "ends", std::vector<int64_t>{std::numeric_limits<int64_t>::max()});
        IMPORT(first, old);
        QVERIFY(attributes_of<SliceAttributes>(first) ==
                (SliceAttributes{{0, 0, 1, 0}, {1, 3, 8, 8}, {1, 1, 1, 1}}));

        ProtoModel backward;
        backward.input("x", {-1, 3, 8, 8}).output("y", {-1, 3, 4, 8});
        backward.integers("starts", {-1});
        backward.integers("ends", {std::numeric_limits<int64_t>::min()});
        backward.integers("axes", {-2});
        backward.integers("steps", {-2});
        backward.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"});
        IMPORT(second, backward);
        QVERIFY(attributes_of<SliceAttributes>(second) ==
                (SliceAttributes{{0, 0, 7, 0}, {1, 3, -1, 8}, {1, 1, -2, 1}}));
        QCOMPARE(output_shape(second), (Shape{1, 3, 4, 8}));

        ProtoModel batch;
        batch.input("x", {-1, 3}).output("y", {-1, 3});
        batch.integers("starts", {0});
        batch.integers("ends", {1});
        batch.node("Slice", {"x", "starts", "ends"}, {"y"});
        IMPORT(third, batch);
        QCOMPARE(only_node(third).op, Op::unsupported);
    }

    void pads() {
        ProtoModel m;
        m.input("x", {-1, 3, 8, 8}).output("y", {-1, 7, 8, 10});
        m.integers("pads", {0, 2, 0, 1, 0, 2, 0, 1});
        m.floats("value", {}, {-1});
        m.node("Pad", {"x", "pads", "value"}, {"y"});
        IMPORT(imported, m);
        QVERIFY(attributes_of<PadAttributes>(imported) == (PadAttributes{{0, 2, 0, 1}, {0, 2, 0, 1}, -1}));
        ProtoModel crop;
        crop.input("x", {-1, 3}).output("y", {-1, 2});
        crop.integers("pads", {0, -1, 0, 0});
        crop.node("Pad", {"x", "pads"}, {"y"}, "crop");
        IMPORT(cropped, crop); // a slice, and nothing to pad
        QCOMPARE(only_node(cropped).op, Op::slice);
        QCOMPARE(output_shape(cropped), (Shape{1, 2}));
    }

    void means_and_norms() {
        ProtoModel m;
        m.input("x", {-1, 3, 8, 8}).output("y", {-1, 3});
        for (const char* name : {"g", "b", "m", "v"}) m.weights(name, {3});
        set(m.node("BatchNormalization", {"x", "g", "b", "m", "v"}, {"n"}), "epsilon", 0.25F);
        auto& mean = m.node("ReduceMean", {"n"}, {"y"});
        set(mean, "axes", std::vector<int64_t>{-1, 2});
        set(mean, "keepdims", int64_t{0});
        IMPORT(imported, m);
        QCOMPARE(attributes_of<BatchNormAttributes>(imported).epsilon, 0.25F);
        QVERIFY(attributes_of<ReduceAttributes>(imported, 1) == (ReduceAttributes{{2, 3}, false}));
        QCOMPARE(output_shape(imported), (Shape{1, 3}));
    }

    /// Operator set 18 moved the axes of a mean to an input; libonnx here reads that as a mean of everything.
    void newer_operator_sets_open_with_a_warning() {
        ProtoModel m(18, 10);
        m.input("x", {-1, 3, 8, 8}).output("y", {-1, 3, 1, 1});
        m.integers("axes", {2, 3});
        m.node("ReduceMean", {"x", "axes"}, {"y"});
        IMPORT(imported, m);
        QCOMPARE(only_node(imported).op, Op::reduce_mean);
        QCOMPARE(output_shape(imported), (Shape{1, 3, 1, 1}));
        QCOMPARE(imported.warnings.size(), size_t(2));
        QVERIFY(imported.warnings[0].find("IR version 8") != std::string::npos);
    }

    void initializers_may_stand_among_the_inputs() {
        ProtoModel m(8, 3);
        m.input("x", {1, 2}).input("w", {2, 3}).output("y", {1, 3});
        m.weights("w", {2, 3});
        m.node("MatMul", {"x", "w"}, {"y"});
        IMPORT(imported, m);
        QCOMPARE(imported.graph->inputs().size(), size_t(1));
    }

    void what_is_not_run_is_named_and_kept() {
        ProtoModel m;
        m.input("x", {-1, 4, 8, 8}).output("y", {-1, 4, 1, 1});
        auto& pool = m.node("GlobalLpPool", {"x"}, {"d"}, "pool");
        set(pool, "p", int64_t{3});
        m.node("Relu", {"d"}, {"y"}, "relu");
        IMPORT(imported, m);
        QCOMPARE(only_node(imported).op, Op::unsupported);
        QCOMPARE(only_node(imported).why_unsupported, std::string("GlobalLpPool is not run by this version"));
        QCOMPARE(imported.graph->nodes()[1].op, Op::relu);
        QCOMPARE(output_shape(imported), (Shape{1, 4, 1, 1}));
        QCOMPARE(imported.graph->first_unsupported(), NodeId{0});
    }

    void computed_weights_cannot_run() {
        ProtoModel m;
        m.input("x", {-1, 2}).input("w", {2, 3}).output("y", {-1, 3});
        m.node("Gemm", {"x", "w"}, {"y"});
        IMPORT(imported, m);
        QCOMPARE(only_node(imported).op, Op::unsupported);
        QCOMPARE(only_node(imported).why_unsupported,
                 std::string("its weights ('w') are computed, not constant"));
        QCOMPARE(output_shape(imported), (Shape{1, 3}));
    }

    void names_become_unique() {
        ProtoModel m;
        m.input("x", {-1, 2}).output("y", {-1, 2});
        m.node("Relu", {"x"}, {"a"}, "same");
        m.node("Relu", {"a"}, {"b"}, "same");
        m.node("Relu", {"b"}, {"c"});
        m.node("Relu", {"c"}, {"y"}, "Relu_2");
        IMPORT(imported, m);
        std::vector<std::string> names;
        for (const Node& node : imported.graph->nodes()) names.push_back(node.name);
        QCOMPARE(names, (std::vector<std::string>{"same", "same_2", "Relu_2_2", "Relu_2"}));
        QCOMPARE(imported.warnings.size(), size_t(1));
    }
};

QTEST_APPLESS_MAIN(TestOnnxImport)
#include "tst_onnx_import.moc"
