// Quantizers, integer operators and dynamic quantization, against what ONNX Runtime (QONNX: numpy) gave for
// the same model (tests/data/onnx_quantized_ops.json, made by tests/peer/make_onnx_quantized_fixtures.py);
// and files that contradict themselves.

#include "core/engine/layout.h"
#include "core/engine/lowering.h"
#include "core/engine/reference_engine.h"
#include "core/graph/layer_work.h"
#include "core/onnx/export.h"
#include "tests/core/onnx/proto_models.h"
#include "tests/support/test_data.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <cmath>

using namespace widthwise;
namespace ours = widthwise::onnx; // plain `onnx` is ambiguous beside libonnx
using test::error_of;
using test::Imported;
using test::ProtoModel;
using test::set;

namespace {

std::vector<float> floats(const QJsonValue& json) {
    std::vector<float> out;
    for (const QJsonValue& value : json.toArray()) out.push_back(static_cast<float>(value.toDouble()));
    return out;
}

const QJsonArray& fixtures() {
    static const QJsonArray cases =
        QJsonDocument::fromJson(
            QByteArray::fromStdString(test::read_file(test::fixture_dir() / "onnx_quantized_ops.json")))
            .array();
    return cases;
}

/// The first output of every image, row-major.
Result<std::vector<float>> run(const Imported& network, const std::vector<float>& images) {
    const Graph& graph = *network.graph;
    const auto program = engine::lower(graph, *network.design);
    if (!program) return tl::unexpected<Error>(program.error());
    engine::ReferenceEngine reference(*program);
    const Shape &in = graph.value(graph.inputs()[0]).shape, out = graph.value(graph.outputs()[0]).shape;
    const auto to = engine::storage_of_logical(in), from = engine::storage_of_logical(out);
    std::vector<float> outputs, image(to.size());
    for (size_t at = 0; at < images.size(); at += image.size()) {
        for (size_t i = 0; i < to.size(); ++i) image[static_cast<size_t>(to[i])] = images[at + i];
        reference.run(image);
        for (const auto position : from)
            outputs.push_back(reference.output(0)[static_cast<size_t>(position)]);
    }
    return outputs;
}

/// x -> QuantizeLinear -> y_q -> DequantizeLinear -> y with these scales and zero points.
ProtoModel quantizer(std::vector<float> scales, std::vector<int> zero_points, int64_t axis = 1) {
    ProtoModel m;
    m.input("x", {-1, 3, 2}).output("y", {-1, 3, 2});
    auto& s = m.floats("s", {}, {});
    if (scales.size() != 1) s.add_dims(static_cast<int64_t>(scales.size()));
    s.mutable_float_data()->Add(scales.begin(), scales.end());
    auto& z = *m.graph().add_initializer();
    z.set_name("z");
    z.set_data_type(::onnx::TensorProto::UINT8);
    if (zero_points.size() != 1) z.add_dims(static_cast<int64_t>(zero_points.size()));
    z.mutable_int32_data()->Add(zero_points.begin(), zero_points.end());
    set(m.node("QuantizeLinear", {"x", "s", "z"}, {"q"}, "quantizer"), "axis", axis);
    set(m.node("DequantizeLinear", {"q", "s", "z"}, {"y"}, "dequantizer"), "axis", axis);
    return m;
}

ProtoModel quant(float scale, float zero_point, float bits, const std::string& rounding = "ROUND") {
    ProtoModel m;
    m.input("x", {-1, 4}).output("y", {-1, 4});
    m.floats("s", {}, {scale});
    m.floats("z", {}, {zero_point});
    m.floats("n", {}, {bits});
    auto& node = m.node("Quant", {"x", "s", "z", "n"}, {"y"}, "quantizer");
    node.set_domain("onnx.brevitas");
    set(node, "signed", int64_t{1});
    set(node, "rounding_mode", rounding);
    return m;
}

/// Why the node stays unsupported; empty where it does not.
std::string reason(const ProtoModel& m, const std::string& node) {
    const auto imported = m.import();
    if (!imported) return "error: " + error_of(imported);
    const NodeId id = imported->graph->find_node(node);
    return id.valid() ? imported->graph->node(id).why_unsupported : std::string("no such node");
}

} // namespace

class TestOnnxQuantized : public QObject {
    Q_OBJECT

    static void add_rows() {
        QTest::addColumn<QJsonObject>("fixture");
        for (const QJsonValue& value : fixtures()) {
            const QJsonObject fixture = value.toObject();
            QTest::newRow(qPrintable(fixture["name"].toString())) << fixture;
        }
    }

private slots:
    void fixtures_are_there() { QVERIFY(fixtures().size() >= 40); }

    void same_numbers_as_the_other_software_data() { add_rows(); }
    void same_numbers_as_the_other_software() {
        QFETCH(QJsonObject, fixture);
        const std::string bytes =
            QByteArray::fromBase64(fixture["model"].toString().toLatin1()).toStdString();
        const auto imported = ours::import_model_bytes(bytes, "fixture");
        QVERIFY2(imported, error_of(imported).c_str());
        if (const NodeId id = imported->graph->first_unsupported(); id.valid())
            QFAIL(imported->graph->node(id).why_unsupported.c_str());
        QVERIFY(imported->design);
        const auto images = floats(fixture["x"]), expected = floats(fixture["y"]);
        const auto outputs = run(*imported, images);
        QVERIFY2(outputs, outputs ? "" : outputs.error().to_line().c_str());
        QCOMPARE(outputs->size(), expected.size());
        for (size_t i = 0; i < expected.size(); ++i) {
            const float tolerance = 2e-5F * (1 + std::fabs(expected[i]));
            QVERIFY2(
                std::fabs((*outputs)[i] - expected[i]) <= tolerance,
                qPrintable(
                    QStringLiteral("value %1 is %2, not %3").arg(i).arg((*outputs)[i]).arg(expected[i])));
        }

        // Written as QONNX it is the same network again.
        const auto written =
            ours::export_quantized(*imported->graph, *imported->design, ours::QuantizedForm::qonnx);
        QVERIFY2(written, written ? "" : written.error().to_line().c_str());
        const auto again = ours::import_model_bytes(*written, "again");
        QVERIFY2(again, error_of(again).c_str());
        QVERIFY(again->design);
        const auto repeated = run(*again, images);
        QVERIFY2(repeated, repeated ? "" : repeated.error().to_line().c_str());
        QCOMPARE(*repeated, *outputs);
    }

    /// Four-bit codes 7, -3, 1, 7 lose two bits: floor of a quarter, hand-worked.
    void truncated_codes() {
        ProtoModel m;
        m.input("x", {-1, 4}).output("y", {-1, 4});
        m.floats("s", {}, {0.5F});
        m.floats("z", {}, {0});
        m.floats("in", {}, {4});
        m.floats("out", {}, {2});
        auto& quantizer = m.node("Quant", {"x", "s", "z", "in"}, {"q"}, "quantizer");
        quantizer.set_domain("qonnx.custom_op.general");
        set(quantizer, "signed", int64_t{1});
        m.node("Trunc", {"q", "s", "z", "in", "out"}, {"y"}, "trunc").set_domain("qonnx.custom_op.general");
        const auto imported = m.import();
        QVERIFY2(imported, error_of(imported).c_str());
        QVERIFY(!imported->graph->first_unsupported().valid());
        QVERIFY(imported->design);
        const auto outputs = run(*imported, {3.3F, -1.3F, 0.6F, 10});
        QVERIFY2(outputs, outputs ? "" : outputs.error().to_line().c_str());
        QCOMPARE(*outputs, (std::vector<float>{0.5F, -0.5F, 0, 0.5F}));
    }

    void scales_that_are_none_data() {
        QTest::addColumn<float>("scale");
        QTest::newRow("zero") << 0.0F;
        QTest::newRow("negative") << -0.5F;
        QTest::newRow("not a number") << std::nanf("");
        QTest::newRow("infinite") << std::numeric_limits<float>::infinity();
    }
    void scales_that_are_none() {
        QFETCH(float, scale);
        for (const ProtoModel& m : {quantizer({scale}, {0}), quant(scale, 0, 4)}) {
            const auto imported = m.import();
            QVERIFY(!imported);
            QCOMPARE(imported.error().code, ErrorCode::invalid_input);
            QVERIFY2(error_of(imported).find("no positive number") != std::string::npos &&
                         error_of(imported).find("'quantizer'") != std::string::npos,
                     error_of(imported).c_str());
        }
    }

    void scales_and_zero_points_of_different_number() {
        const std::string error = error_of(quantizer({0.5F, 1, 2}, {0, 1}).import());
        QVERIFY2(error.find("2 zero points for 3 scales") != std::string::npos, error.c_str());
    }
    void scales_of_another_number_than_channels() {
        const std::string error = error_of(quantizer({0.5F, 1}, {0, 1}).import());
        QVERIFY2(error.find("2 scales for axis 1 of 1x3x2") != std::string::npos, error.c_str());
    }
    void an_axis_outside_the_tensor() {
        for (const int64_t axis : {int64_t{3}, int64_t{-4}, std::numeric_limits<int64_t>::min()}) {
            const std::string error = error_of(quantizer({0.5F, 1, 2}, {0, 1, 2}, axis).import());
            QVERIFY2(error.find("'quantizer'") != std::string::npos, error.c_str());
        }
    }
    void an_axis_that_is_not_the_channels() {
        const ProtoModel m = quantizer({0.5F, 1}, {0, 1}, 2);
        QCOMPARE(reason(m, "quantizer"),
                 std::string("scales along other axes than the channels are not run"));
    }

    void quantizers_that_disagree() {
        ProtoModel m = quantizer({0.5F}, {3});
        m.floats("t", {}, {0.25F});
        m.graph().mutable_node(1)->set_input(1, "t");
        QCOMPARE(reason(m, "dequantizer"),
                 std::string("its scale differs from that of the quantizer before it"));
    }
    void reals_that_are_dequantized() {
        ProtoModel m;
        m.input("x", {-1, 4}).output("y", {-1, 4});
        m.floats("s", {}, {1});
        m.weights("w", {4});
        m.node("DequantizeLinear", {"w", "s"}, {"d"}, "dequantizer");
        m.node("Add", {"x", "d"}, {"y"});
        QVERIFY(!m.import());
    }
    void a_computed_scale() {
        ProtoModel m;
        m.input("x", {-1, 4}).output("y", {-1, 4});
        m.node("ReduceMax", {"x"}, {"s"});
        m.node("QuantizeLinear", {"x", "s"}, {"q"}, "quantizer");
        m.node("DequantizeLinear", {"q", "s"}, {"y"}, "dequantizer");
        QCOMPARE(reason(m, "quantizer"), std::string("its scale ('s') is computed, not constant"));
    }
    void arithmetic_of_integers() {
        ProtoModel m = quantizer({0.5F}, {3});
        m.node("Add", {"q", "z"}, {"sum"}, "sum");
        m.node("DequantizeLinear", {"sum", "s", "z"}, {"out"});
        m.output("out", {-1, 3, 2});
        QCOMPARE(reason(m, "sum"), std::string("Add of integers is not run by this version"));
    }
    /// 200 times the reals of one tensor of 4 MiB would be 3.2 GiB.
    void one_tensor_dequantized_many_times() {
        ProtoModel m;
        m.input("x", {-1, 4}).output("y", {-1, 4});
        m.floats("s", {}, {1});
        auto& weights = *m.graph().add_initializer();
        weights.set_name("w");
        weights.set_data_type(::onnx::TensorProto::INT8);
        weights.add_dims(4 << 20);
        weights.set_raw_data(std::string(4 << 20, '\1'));
        for (int i = 0; i < 200; ++i) {
            const std::string number = std::to_string(i);
            m.node("DequantizeLinear", {"w", "s"}, {"d" + number}, "dequantizer" + number);
        }
        m.node("Relu", {"x"}, {"y"});
        QCOMPARE(reason(m, "dequantizer199"),
                 std::string("its constants would take more memory than the file calls for"));
    }
    void sums_that_something_else_reads() {
        ProtoModel m;
        m.input("x", {-1, 2, 8, 8}).output("y", {-1, 4, 8, 8}, ::onnx::TensorProto::INT32);
        auto& weights = *m.graph().add_initializer();
        weights.set_name("w");
        weights.set_data_type(::onnx::TensorProto::INT8);
        for (const int64_t dim : {4, 2, 3, 3}) weights.add_dims(dim);
        weights.set_raw_data(std::string(72, '\1'));
        m.node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"});
        set(m.node("ConvInteger", {"q", "w", "z"}, {"y"}, "conv"), "pads", std::vector<int64_t>{1, 1, 1, 1});
        QCOMPARE(reason(m, "conv"), std::string("the network returns its integers"));
    }

    void what_quant_does_not_run_data() {
        QTest::addColumn<float>("zero_point");
        QTest::addColumn<float>("bits");
        QTest::addColumn<QString>("rounding");
        QTest::addColumn<QString>("why");
        QTest::newRow("floor") << 0.0F << 4.0F << "FLOOR"
                               << "rounding_mode 'FLOOR' is not run, only ROUND";
        QTest::newRow("fraction") << 0.0F << 4.5F << "ROUND"
                                  << "a width of 4.500000 bits is not run";
        QTest::newRow("none") << 0.0F << 0.0F << "ROUND"
                              << "integers of 0.000000 bits are not run, only 1 to 16";
        QTest::newRow("many") << 0.0F << 1e9F << "ROUND"
                              << "integers of 1000000000.000000 bits are not run, only 1 to 16";
        QTest::newRow("not a number") << 0.0F << std::nanf("") << "ROUND"
                                      << "integers of nan bits are not run, only 1 to 16";
        QTest::newRow("zero point") << 0.5F << 4.0F << "ROUND"
                                    << "the fractional zero point 0.500000 is not run";
        QTest::newRow("far zero point") << 100.0F << 4.0F << "ROUND"
                                        << "zero point 100.000000 outside its 4 bits is not run";
        QTest::newRow("endless zero point") << std::numeric_limits<float>::infinity() << 4.0F << "ROUND"
                                            << "zero point inf outside its 4 bits is not run";
    }
    void what_quant_does_not_run() {
        QFETCH(float, zero_point);
        QFETCH(float, bits);
        QFETCH(QString, rounding);
        QFETCH(QString, why);
        QCOMPARE(reason(quant(0.5F, zero_point, bits, rounding.toStdString()), "quantizer"),
                 why.toStdString());
    }

    /// Their weights are not there to be run with, but the work is known: 4 x 2 x 3 x 3 weights at 8 x 8
    /// places.
    void integer_convolutions_are_counted() {
        ProtoModel m;
        m.input("x", {-1, 3}).input("q", {-1, 2, 8, 8}, ::onnx::TensorProto::UINT8);
        m.output("y", {-1, 3}).output("z", {-1, 4, 8, 8}, ::onnx::TensorProto::INT32);
        auto& weights = *m.graph().add_initializer();
        weights.set_name("w");
        weights.set_data_type(::onnx::TensorProto::INT8);
        for (const int64_t dim : {4, 2, 3, 3}) weights.add_dims(dim);
        weights.set_raw_data(std::string(72, '\1'));
        set(m.node("ConvInteger", {"q", "w"}, {"z"}, "conv"), "pads", std::vector<int64_t>{1, 1, 1, 1});
        m.node("Relu", {"x"}, {"y"});
        const auto imported = m.import();
        QVERIFY2(imported, error_of(imported).c_str());
        const Graph& graph = *imported->graph;
        const NodeId conv = graph.find_node("conv");
        QCOMPARE(graph.node(conv).why_unsupported, std::string("ConvInteger is not run by this version"));
        QCOMPARE(node_macs(graph, conv), int64_t(72 * 64));
        QCOMPARE(node_parameters(graph, conv), int64_t(72));
        QVERIFY(!is_weighted(graph, conv));
        QCOMPARE(graph.value(graph.node(conv).output()).type, DataType::i32);
    }
};

QTEST_APPLESS_MAIN(TestOnnxQuantized)
#include "tst_onnx_quantized.moc"
