// Networks that others quantized: imported as a float network and its design, they predict what the software
// that they were made for predicts. Networks that we quantize: exported, they come back the same.

#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/engine/evaluator.h"
#include "core/graph/layer_work.h"
#include "core/onnx/export.h"
#include "core/onnx/import.h"
#include "tests/support/test_data.h"

#include <QTest>

using namespace widthwise;
using test::data_dir;
using test::reference_dir;

namespace {

std::vector<int32_t> reference_predictions(const std::filesystem::path& csv) {
    std::vector<int32_t> predictions;
    for (const std::string& line : split(test::read_file(csv), '\n')) {
        const auto columns = split(trim(line), ',');
        if (columns.size() == 3 && columns[0] != "index") predictions.push_back(std::stoi(columns[2]));
    }
    return predictions;
}

/// The first images of a dataset.
class Prefix : public Dataset {
public:
    Prefix(DatasetPtr whole, int64_t size) : m_whole(std::move(whole)), m_size(size) {
        m_class_count = m_whole->class_count();
        m_network_is_nhwc = m_whole->network_is_nhwc();
    }
    [[nodiscard]] int64_t size() const override { return std::min(m_size, m_whole->size()); }
    [[nodiscard]] int64_t label(int64_t index) const override { return m_whole->label(index); }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return m_whole->image_shape(); }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        return m_whole->read(index, hwc);
    }

private:
    DatasetPtr m_whole;
    int64_t m_size;
};

std::filesystem::path model(const QString& name) {
    return data_dir() / "models" / (name.toStdString() + ".onnx");
}

} // namespace

class TestOnnxQuantizedNetworks : public QObject {
    Q_OBJECT
private slots:
    void predictions_are_the_other_softwares_data() {
        QTest::addColumn<QString>("card");
        QTest::addColumn<QString>("reference");
        QTest::addColumn<qint64>("images");
        QTest::addColumn<double>("share");
        QTest::newRow("TFC_1W1A") << "mnist/test.json"
                                  << "qonnx/TFC_1W1A-mnist-test" << qint64(10000) << 0.999;
        QTest::newRow("TFC_2W2A") << "mnist/test.json"
                                  << "qonnx/TFC_2W2A-mnist-test" << qint64(10000) << 0.999;
        QTest::newRow("resnet20-qdq") << "cifar10/test.json"
                                      << "ort/resnet20-qdq-cifar10-test" << qint64(846) << 0.995;
        QTest::newRow("resnet8-int8-qdq") << "cifar10/test-raw255.json"
                                          << "ort/resnet8-int8-qdq-cifar10-test" << qint64(846) << 0.995;
        QTest::newRow("mobilenet-v1-0.5-160-qdq")
            << "imagenet-sample/tf160.json"
            << "ort/mobilenet-v1-0.5-160-qdq-imagenet-sample" << qint64(200) << 0.995;
        QTest::newRow("mobilenet-v2-dynamic-int8")
            << "imagenet-sample/torch224.json"
            << "ort/mobilenet-v2-dynamic-int8-imagenet-sample" << qint64(100) << 0.98;
    }
    void predictions_are_the_other_softwares() {
        QFETCH(QString, card);
        QFETCH(QString, reference);
        QFETCH(qint64, images);
        QFETCH(double, share);
        const auto path = model(QTest::currentDataTag());
        const auto csv = reference_dir() / (reference.toStdString() + ".csv");
        WIDTHWISE_NEED(path);
        WIDTHWISE_NEED(csv);
        const auto imported = onnx::import_model(path);
        QVERIFY2(imported, imported ? "" : imported.error().to_line().c_str());
        QVERIFY(imported->design);
        QVERIFY(!imported->graph->first_unsupported().valid());
        QVERIFY2(engine::is_resolved(*imported->graph, *imported->design), "a scale is not given");

        const auto layers = engine::diagnose(*imported->graph, *imported->design, nullptr);
        QVERIFY2(layers, layers ? "" : layers.error().to_line().c_str());
        // The classifier of resnet20-qdq is float32 in the file.
        for (const LayerDiagnostics& layer : *layers) {
            const NodeId id = imported->graph->find_node(layer.layer);
            if (!is_weighted(*imported->graph, id) || layer.layer == "/linear/Gemm") continue;
            QVERIFY2(layer.execution == Execution::int8, layer.layer.c_str());
        }

        auto whole = open_dataset((data_dir() / card.toStdString()).string());
        QVERIFY2(whole, whole ? "" : whole.error().to_line().c_str());
        const Prefix data(*whole, images);
        const auto predicted = engine::predict(imported->graph, *imported->design, data, {}, {});
        QVERIFY2(predicted, predicted ? "" : predicted.error().to_line().c_str());
        const std::vector<int32_t> expected = reference_predictions(csv);
        QVERIFY(static_cast<int64_t>(expected.size()) >= data.size());
        int64_t equal = 0;
        for (size_t i = 0; i < predicted->top1.size(); ++i) equal += predicted->top1[i] == expected[i];
        const double found = static_cast<double>(equal) / static_cast<double>(data.size());
        qInfo("%s: %lld of %lld predictions equal", QTest::currentDataTag(), static_cast<long long>(equal),
              static_cast<long long>(data.size()));
        QVERIFY2(found >= share, std::to_string(found).c_str());
    }

    void exported_designs_predict_the_same_data() {
        QTest::addColumn<QString>("card");
        QTest::addColumn<qint64>("images");
        QTest::newRow("resnet20") << "cifar10/test.json" << qint64(846);
        QTest::newRow("resnet32") << "cifar10/test.json" << qint64(846); // BatchNormalization to be folded
        QTest::newRow("squeezenet") << "imagenet-sample/caffe227.json" << qint64(60);
    }
    void exported_designs_predict_the_same() {
        QFETCH(QString, card);
        QFETCH(qint64, images);
        const auto path = model(QTest::currentDataTag());
        WIDTHWISE_NEED(path);
        const GraphPtr graph = onnx::import_model(path).value().graph;
        const Prefix data(open_dataset((data_dir() / card.toStdString()).string()).value(), images);
        const auto statistics = engine::calibrate(graph, data, 32, {});
        QVERIFY2(statistics, statistics ? "" : statistics.error().to_line().c_str());
        const PrecisionPlan asked({weight_integer(8), activation_integer(8), {}});
        const auto plan = engine::resolve_plan(*graph, asked, *statistics);
        QVERIFY2(plan, plan ? "" : plan.error().to_line().c_str());
        const auto bytes = onnx::export_quantized(*graph, *plan, onnx::QuantizedForm::qdq);
        QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
        const auto again = onnx::import_model_bytes(*bytes, "again.onnx");
        QVERIFY2(again, again ? "" : again.error().to_line().c_str());
        QVERIFY2(again->metadata.empty(), "QuantizeLinear and DequantizeLinear say it all");
        engine::RunOptions options;
        options.keep_logits = true;
        const auto first = engine::predict(graph, *plan, data, options, {});
        const auto second = engine::predict(again->graph, *again->design, data, options, {});
        QVERIFY(first && second);
        QCOMPARE(second->top1, first->top1);
        QCOMPARE(second->logits, first->logits);
    }
};

QTEST_APPLESS_MAIN(TestOnnxQuantizedNetworks)
#include "tst_onnx_quantized_networks.moc"
