// A trained network and its design go through a file and come back the same, number by number.
#include "core/engine/evaluator.h"
#include "core/flow/trained_file.h"
#include "core/flow/training.h"
#include "core/graph/folding.h"
#include "core/graph/same_network.h"
#include "core/onnx/export.h"
#include "core/onnx/import.h"
#include "core/passes/prepare.h"
#include "tests/core/flow/small_world.h"

#include <QTest>

using namespace widthwise;

namespace {

/// A network with its design resolved on noise: what training hands over, but for the training.
flow::Model carrying(const std::string& source, PrecisionPlan plan, bool keeps_batch_norm) {
    flow::Model model = flow::load_model(source).value();
    plan.set_folds_batch_norm(!keeps_batch_norm);
    const test::NoiseImages images(3, 16, 32);
    auto prepared = passes::prepare(model.graph, plan, {&images, 16, 1}, {});
    if (!prepared) qFatal("%s", prepared.error().to_line().c_str());
    model.graph = prepared->graph;
    model.carried_design = prepared->plan;
    return model;
}

std::vector<float> logits(const flow::Model& model) {
    const test::NoiseImages images(4, 8, 32);
    engine::RunOptions options;
    options.keep_logits = true;
    const auto predictions = engine::predict(model.graph, *model.carried_design, images, options, {});
    if (!predictions) qFatal("%s", predictions.error().to_line().c_str());
    return predictions->logits;
}

PrecisionPlan mixed(const Graph& graph) {
    static const std::vector<std::pair<const char*, const char*>> k_formats = {
        {"4", "4"},       {"ternary", "2"},      {"1", "1"}, {"log4", "8"},
        {"e4m3", "fp16"}, {"fixed8", "dfixed8"}, {"3", "6"}};
    PrecisionPlan plan(parse_bits("w8a8").value());
    size_t next = 0;
    for (const Node& node : graph.nodes()) {
        if (node.op != Op::conv) continue;
        const auto& [weights, activations] = k_formats[next++ % k_formats.size()];
        plan.set(node.name, parse_bits("w" + std::string(weights) + " a" + activations).value());
    }
    return plan;
}

} // namespace

class TestTrainedFiles : public QObject {
    Q_OBJECT
private slots:
    void designsComeBackWhole_data() {
        QTest::addColumn<QString>("bits");
        QTest::addColumn<bool>("keep");
        for (const char* bits : {"w4a4", "w3a3", "w2a4", "w1a1", "w1a4", "ternary", "mixed", "codebook"})
            for (const bool keep : {true, false})
                QTest::addRow("%s %s", bits, keep ? "keep" : "fold") << bits << keep;
    }
    void designsComeBackWhole() {
        QFETCH(QString, bits);
        QFETCH(bool, keep);
        for (const char* source : {"demo", "zoo:resnet8"}) {
            const GraphPtr graph = flow::load_model(source)->graph;
            PrecisionPlan plan;
            if (bits == "mixed") {
                plan = mixed(*graph);
            } else if (bits == "codebook") {
                plan = PrecisionPlan(
                    {default_weight_format(FormatType::codebook, 3), activation_integer(4), {}});
            } else if (bits == "ternary") {
                plan = PrecisionPlan({default_weight_format(FormatType::ternary), activation_integer(4), {}});
            } else {
                plan = PrecisionPlan(parse_bits(bits.toStdString()).value());
            }
            const flow::Model model = carrying(source, plan, keep);
            const auto bytes = flow::write_trained(model, nullptr, {{"widthwise.seed", "1"}});
            QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
            const auto back = flow::load_model_bytes(*bytes, "file", "file");
            QVERIFY2(back, back ? "" : back.error().to_line().c_str());
            QVERIFY(back->carried_design);
            QVERIFY(*back->carried_design == *model.carried_design);
            QVERIFY(same_network(*back->graph, *model.graph)); // the float weights, not the rounded ones
            QVERIFY(logits(*back) == logits(model));
            QVERIFY(!back->scales);
        }
    }

    void othersReadQonnx() {
        // Without our metadata the nodes alone say the same: weights are rounded as the quantizers say.
        const flow::Model model = carrying("demo", PrecisionPlan(parse_bits("w3a4").value()), true);
        const std::string bytes = flow::write_trained(model, nullptr, {}).value();
        QVERIFY(bytes.find("qonnx.custom_op.general") != std::string::npos);
        flow::Model other = model;
        const auto nodes = onnx::import_model_bytes(
            onnx::export_quantized(*model.graph, *model.carried_design, onnx::QuantizedForm::qonnx).value(),
            "plain");
        other.graph = nodes->graph;
        other.carried_design = nodes->design;
        QVERIFY(logits(other) == logits(model));
    }

    void scalesComeBack() {
        flow::Model model = flow::load_model("demo").value();
        ScaleTable table;
        NumberFormat format = weight_integer(3);
        format.scale = {0.125F};
        format.granularity = Granularity::tensor;
        table.weights["stem/conv"][3] = format;
        const std::string bytes = flow::write_trained(model, &table, {}).value();
        const auto back = flow::load_model_bytes(bytes, "file", "file");
        QVERIFY(back->scales);
        QVERIFY(back->scales->weights.at("stem/conv").at(3).scale == format.scale);
        QVERIFY(back->warnings.empty());
        QVERIFY(!back->carried_design);
    }

    void hostileMetadataIsNamed_data() {
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<QByteArray>("text");
        for (const char* key : {"widthwise.design", "widthwise.scales"}) {
            for (const char* text :
                 {"", "{", "[]", "{\"format\": \"widthwise-design/1\", \"layers\": {\"no\": {}}}",
                  "{\"format\": \"widthwise-scales/1\", \"weights\": 3}", "1e999"})
                QTest::addRow("%s %s", key, text) << QByteArray(key) << QByteArray(text);
            QTest::addRow("%s nested", key) << QByteArray(key) << QByteArray(100000, '[');
            QTest::addRow("%s long", key) << QByteArray(key) << QByteArray(3 << 20, ' ');
        }
    }
    void hostileMetadataIsNamed() {
        QFETCH(QByteArray, key);
        QFETCH(QByteArray, text);
        const flow::Model model = flow::load_model("zoo:demo@width=0.5").value();
        const std::string bytes =
            onnx::export_model(*model.graph, {{key.toStdString(), text.toStdString()}}).value();
        const auto back = flow::load_model_bytes(bytes, "file", "file");
        QVERIFY2(back, back ? "" : back.error().to_line().c_str()); // the network itself is fine
        QVERIFY(!back->carried_design);
        QVERIFY(!back->scales);
        QCOMPARE(back->warnings.size(), size_t{1});
        QVERIFY2(back->warnings.front().find("metadata") != std::string::npos,
                 back->warnings.front().c_str());
    }
};

QTEST_APPLESS_MAIN(TestTrainedFiles)
#include "tst_trained_files.moc"
