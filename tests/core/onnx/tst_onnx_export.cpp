// What is exported comes back as the same network, with the same bytes each time.

#include "core/onnx/export.h"
#include "tests/core/onnx/graph_difference.h"
#include "tests/core/onnx/proto_models.h"
#include "tests/support/test_data.h"

#include "core/base/rng.h"

using namespace widthwise;
using test::difference;

namespace {

TensorPtr random_tensor(Rng& rng, Shape shape) {
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (float& v : values) v = static_cast<float>(rng.normal());
    return std::make_shared<const Tensor>(Tensor::from_f32(std::move(shape), std::move(values)));
}

/// Every op that we run, once or more.
GraphPtr everything() {
    Rng rng(3);
    GraphBuilder b("everything", 13);
    const auto constant = [&](const char* name, Shape shape) {
        return b.constant(name, random_tensor(rng, std::move(shape)));
    };
    const auto add = [&](Op op, const char* op_type, const char* name, Attributes attributes,
                         std::vector<ValueId> inputs) {
        return b.add(op, op_type, name, std::move(attributes), std::move(inputs)).value();
    };
    const auto image = b.input("image", {1, 3, 9, 8});
    auto x = add(Op::conv, "Conv", "conv", ConvAttributes{{3, 3}, {2, 1}, {1, 0, 2, 1}, {1, 1}},
                 {image, constant("conv.w", {4, 3, 3, 3}), constant("conv.b", {4})});
    x = add(Op::batch_norm, "BatchNormalization", "bn", BatchNormAttributes{0.001F},
            {x, constant("g", {4}), constant("h", {4}), constant("m", {4}), constant("v", {4})});
    x = add(Op::relu, "Relu", "relu", {}, {x});
    const auto side = add(Op::conv, "Conv", "dw", ConvAttributes{{3, 3}, {1, 1}, {2, 2, 2, 2}, {2, 2}, 4},
                          {x, constant("dw.w", {4, 1, 3, 3})});
    x = add(Op::add, "Add", "sum", {}, {x, side});
    x = add(Op::clip, "Clip", "relu6", ClipAttributes{0, 6}, {x});
    x = add(Op::clip, "Clip", "below", ClipAttributes{-std::numeric_limits<float>::infinity(), 5}, {x});
    x = add(Op::clip, "Clip", "above", ClipAttributes{-1, std::numeric_limits<float>::infinity()}, {x});
    x = add(Op::leaky_relu, "LeakyRelu", "leaky", LeakyReluAttributes{0.125F}, {x});
    x = add(Op::pad, "Pad", "pad", PadAttributes{{0, 1, 0, 2}, {0, 0, 1, 0}, -0.5F}, {x});
    x = add(Op::slice, "Slice", "back", SliceAttributes{{0, 4, 0, 1}, {1, -1, 5, 9}, {1, -1, 2, 1}}, {x});
    const auto max =
        add(Op::max_pool, "MaxPool", "max", PoolAttributes{{2, 2}, {1, 2}, {0, 1, 1, 0}, true, false}, {x});
    const auto mean = add(Op::average_pool, "AveragePool", "mean",
                          PoolAttributes{{2, 2}, {1, 2}, {0, 1, 1, 0}, true, true}, {x});
    x = add(Op::concat, "Concat", "joined", ConcatAttributes{1}, {max, mean, max});
    x = add(Op::transpose, "Transpose", "hwc", TransposeAttributes{{0, 2, 3, 1}}, {x});
    x = add(Op::transpose, "Transpose", "chw", TransposeAttributes{{0, 3, 1, 2}}, {x});
    x = add(Op::sigmoid, "Sigmoid", "sigmoid", {}, {x});
    x = add(Op::tanh, "Tanh", "tanh", {}, {x});
    x = add(Op::exp, "Exp", "exp", {}, {x});
    x = add(Op::sub, "Sub", "sub", {}, {x, constant("c", {15, 1, 1})});
    x = add(Op::mul, "Mul", "mul", {}, {x, x});
    x = add(Op::div, "Div", "div", {},
            {x, b.constant("two", std::make_shared<const Tensor>(Tensor::from_f32({}, {2})))});
    const auto global = add(Op::global_average_pool, "GlobalAveragePool", "global", {}, {x});
    const auto squeezed = add(Op::reshape, "Squeeze", "squeezed", ReshapeAttributes{{1, 15}}, {global});
    const auto wide = add(Op::reshape, "Unsqueeze", "wide", ReshapeAttributes{{1, 15, 1, 1}}, {squeezed});
    x = add(Op::reduce_mean, "ReduceMean", "reduced", ReduceAttributes{{2, 3}, true}, {x});
    x = add(Op::add, "Sum", "both", {}, {x, wide});
    x = add(Op::reshape, "Reshape", "again", ReshapeAttributes{{1, 5, 3}}, {x});
    x = add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 15}}, {x});
    x = add(Op::identity, "Dropout", "dropout", {}, {x});
    x = add(Op::identity, "Identity", "identity", {}, {x});
    x = add(Op::gemm, "Gemm", "fc1", {}, {x, constant("fc1.w", {7, 15}), constant("fc1.b", {7})});
    x = add(Op::gemm, "MatMul", "fc2", {}, {x, constant("fc2.w", {10, 7})});
    x = add(Op::softmax, "Softmax", "softmax", SoftmaxAttributes{1, false}, {x});
    b.output(x);
    b.output(global);
    return b.build().value();
}

} // namespace

class TestOnnxExport : public QObject {
    Q_OBJECT
private slots:
    void every_op_comes_back() {
        const GraphPtr graph = everything();
        const auto bytes = widthwise::onnx::export_model(*graph);
        QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
        const auto back = widthwise::onnx::import_model_bytes(*bytes, "everything");
        QVERIFY2(back, test::error_of(back).c_str());
        const std::string d = difference(*graph, *back->graph);
        QVERIFY2(d.empty(), d.c_str());
        QVERIFY2(back->warnings.empty(), back->warnings.empty() ? "" : back->warnings.front().c_str());
        QCOMPARE(back->graph->opset(), 13);
        QCOMPARE(*widthwise::onnx::export_model(*graph), *bytes);
        QCOMPARE(*widthwise::onnx::export_model(*back->graph), *bytes);
    }

    void format_and_metadata() {
        const auto bytes = widthwise::onnx::export_model(*everything(), {{"b", "2"}, {"a", "1"}}).value();
        ::onnx::ModelProto model;
        QVERIFY(model.ParseFromString(bytes));
        QCOMPARE(model.ir_version(), int64_t(7));
        QCOMPARE(model.graph().input(0).type().tensor_type().shape().dim(0).dim_param(), std::string("N"));
        QCOMPARE(model.metadata_props_size(), 2);
        QCOMPARE(model.metadata_props(0).key(), std::string("a"));
    }

    void softmax_of_old_meaning_is_written_with_new_words() {
        GraphBuilder b("old");
        const auto x = b.input("x", {1, 3, 4});
        b.output(*b.add(Op::softmax, "Softmax", "soft", SoftmaxAttributes{1, true}, {x}));
        const auto bytes = widthwise::onnx::export_model(*b.build().value()).value();
        const auto back = widthwise::onnx::import_model_bytes(bytes, "old");
        QVERIFY2(back, test::error_of(back).c_str());
        const auto& nodes = back->graph->nodes();
        QCOMPARE(nodes.size(), size_t(3));
        QCOMPARE(std::get<ReshapeAttributes>(nodes[0].attributes).shape, (std::vector<int64_t>{1, 12}));
        QVERIFY(std::get<SoftmaxAttributes>(nodes[1].attributes) == (SoftmaxAttributes{1, false}));
        QCOMPARE(back->graph->value(back->graph->outputs()[0]).shape, (Shape{1, 3, 4}));
    }

    void values_of_one_name_get_names_of_their_own() {
        Rng rng(5);
        GraphBuilder b("names");
        const auto x = b.input("w", {1, 3});
        const auto first = b.add(Op::gemm, "Gemm", "w", {}, {x, b.constant("w", random_tensor(rng, {3, 3}))});
        const auto second =
            b.add(Op::gemm, "Gemm", "v", {}, {*first, b.constant("", random_tensor(rng, {3, 3}))});
        b.output(*second);
        const GraphPtr graph = b.build().value();
        const auto back =
            widthwise::onnx::import_model_bytes(widthwise::onnx::export_model(*graph).value(), "names");
        QVERIFY2(back, test::error_of(back).c_str());
        const std::string d = difference(*graph, *back->graph);
        QVERIFY2(d.empty(), d.c_str());
    }

    void what_cannot_run_cannot_be_exported() {
        GraphBuilder b("odd");
        const auto x = b.input("x", {1, 3});
        Value y;
        y.name = "y";
        y.shape = {1, 3};
        b.output(b.add_unsupported("Odd", "odd", "Odd is not run by this version", {x}, {y}).front());
        const auto bytes = widthwise::onnx::export_model(*b.build().value());
        QVERIFY(!bytes);
        QCOMPARE(bytes.error().code, ErrorCode::unsupported);
        QCOMPARE(bytes.error().where, std::string("node 'odd'"));
    }

    void real_networks_come_back_data() {
        QTest::addColumn<QString>("file");
        for (const char* name : {"resnet8", "resnet20", "resnet32", "squeezenet", "vww-mobilenet",
                                 "mobilenet-cifar", "mnist-cnn", "ultraface-rfb320"}) {
            QTest::newRow(name) << QString(name) + ".onnx";
        }
    }
    void real_networks_come_back() {
        QFETCH(QString, file);
        const auto path = test::data_dir() / "models" / file.toStdString();
        WIDTHWISE_NEED(path);
        const GraphPtr graph = widthwise::onnx::import_model(path).value().graph;
        const auto bytes = widthwise::onnx::export_model(*graph);
        QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
        const auto back = widthwise::onnx::import_model_bytes(*bytes, "exported");
        QVERIFY2(back, test::error_of(back).c_str());
        const std::string d = difference(*graph, *back->graph);
        QVERIFY2(d.empty(), d.c_str());
    }
};

QTEST_APPLESS_MAIN(TestOnnxExport)
#include "tst_onnx_export.moc"
