// Real networks on real data, against ONNX Runtime's predictions and outputs.

#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/engine/evaluator.h"
#include "core/engine/reference_engine.h"
#include "core/graph/layer_work.h"
#include "core/onnx/import.h"
#include "tests/support/test_data.h"

#include <QTest>

#include <cmath>
#include <cstring>

using namespace widthwise;
using namespace widthwise::engine;
using widthwise::test::data_dir;
using widthwise::test::reference_dir;

namespace {

std::vector<int> reference_predictions(const std::filesystem::path& csv) {
    std::vector<int> predictions;
    for (const std::string& line : split(test::read_file(csv), '\n')) {
        const auto columns = split(trim(line), ',');
        if (columns.size() == 3 && columns[0] != "index") predictions.push_back(std::stoi(columns[2]));
    }
    return predictions;
}

/// The 64 x 10 float32 values of a .npy file of version 1.
std::vector<float> reference_outputs(const std::filesystem::path& npy) {
    const std::string bytes = test::read_file(npy);
    const size_t header =
        10 + static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
    std::vector<float> values((bytes.size() - header) / sizeof(float));
    std::memcpy(values.data(), bytes.data() + header, values.size() * sizeof(float));
    return values;
}

struct Loaded {
    GraphPtr graph;
    DatasetPtr data;
};

Loaded load(const QString& network, const QString& card) {
    auto model = onnx::import_model(data_dir() / "models" / (network.toStdString() + ".onnx"));
    if (!model) qFatal("%s", model.error().to_line().c_str());
    auto data = open_dataset((data_dir() / card.toStdString()).string());
    if (!data) qFatal("%s", data.error().to_line().c_str());
    return {model->graph, *data};
}

double top1(const Dataset& data, const Predictions& p) {
    return compare(data, p, p).top1;
}

PrecisionPlan uniform(int weights, int activations) {
    return PrecisionPlan({weight_integer(weights), activation_integer(activations)});
}

} // namespace

class TestRealNetworks : public QObject {
    Q_OBJECT
private slots:
    void float_predictions_are_onnx_runtimes_data() {
        QTest::addColumn<QString>("card");
        QTest::addColumn<QString>("reference");
        const auto row = [](const char* network, const char* card, const char* reference) {
            QTest::newRow(network) << QString(card) << QString(reference);
        };
        row("resnet8", "cifar10/test-raw255.json", "resnet8-cifar10-test");
        row("resnet20", "cifar10/test.json", "resnet20-cifar10-test");
        row("resnet32", "cifar10/test.json", "resnet32-cifar10-test");
        row("mobilenet-cifar", "cifar10-jpeg/test.json", "mobilenet-cifar-cifar10-jpeg-test");
        row("vww-mobilenet", "vww/test.json", "vww-mobilenet-vww-test");
        row("mnist-cnn", "mnist/test.json", "mnist-cnn-mnist-test");
        row("squeezenet", "imagenet-sample/caffe227.json", "squeezenet-imagenet-sample");
    }
    void float_predictions_are_onnx_runtimes() {
        QFETCH(QString, card);
        QFETCH(QString, reference);
        const auto csv = reference_dir() / "ort" / (reference.toStdString() + ".csv");
        const auto npy = reference_dir() / "ort" / (reference.toStdString() + "-first64.npy");
        WIDTHWISE_NEED(data_dir() / card.toStdString());
        WIDTHWISE_NEED(csv);
        const Loaded l = load(QTest::currentDataTag(), card);
        RunOptions options;
        options.keep_logits = std::filesystem::exists(npy);
        const auto p = predict(l.graph, PrecisionPlan(), *l.data, options, {});
        QVERIFY2(p, p ? "" : p.error().to_line().c_str());
        const auto expected = reference_predictions(csv);
        QCOMPARE(p->top1.size(), expected.size());
        size_t different = 0;
        for (size_t i = 0; i < expected.size(); ++i) different += p->top1[i] != expected[i];
        qInfo("%zu of %zu predictions differ", different, expected.size());
        QVERIFY(different <= std::max<size_t>(1, expected.size() / 1000));
        if (!options.keep_logits) return;
        float worst = 0;
        const auto outputs = reference_outputs(npy);
        QCOMPARE(outputs.size(), size_t{640});
        for (size_t i = 0; i < outputs.size(); ++i)
            worst = std::max(worst, std::fabs(outputs[i] - p->logits[i]));
        qInfo("outputs differ by at most %g", static_cast<double>(worst));
        QVERIFY(worst < 1e-3F);
    }

    void fewer_bits_cost_accuracy_gradually() {
        WIDTHWISE_NEED(data_dir() / "cifar10/test.json");
        const Loaded l = load("resnet20", "cifar10/test.json");
        const auto statistics = calibrate(l.graph, *l.data, 256, {});
        QVERIFY(statistics);
        const auto accuracy = [&](const PrecisionPlan& plan) {
            const auto resolved = resolve_plan(*l.graph, plan, *statistics);
            return top1(*l.data, *predict(l.graph, *resolved, *l.data, {}, {}));
        };
        const double reference = top1(*l.data, *predict(l.graph, PrecisionPlan(), *l.data, {}, {}));
        const double w8a8 = accuracy(uniform(8, 8)), w4a4 = accuracy(uniform(4, 4)),
                     w2a2 = accuracy(uniform(2, 2));
        qInfo("float %.4f, w8a8 %.4f, w4a4 %.4f, w2a2 %.4f", reference, w8a8, w4a4, w2a2);
        QVERIFY(w8a8 >= reference - 0.005);
        QVERIFY(w4a4 < w8a8 && w4a4 > w2a2);
        QVERIFY(w2a2 < 0.6);
    }

    void integers_are_the_references_data() {
        QTest::addColumn<int>("bits");
        for (const int bits : {8, 4, 3}) QTest::addRow("%d bits", bits) << bits;
    }
    void integers_are_the_references() {
        QFETCH(int, bits);
        WIDTHWISE_NEED(data_dir() / "cifar10/test.json");
        const Loaded l = load("resnet20", "cifar10/test.json");
        const DatasetPtr some = first_images(l.data, 12);
        const auto statistics = calibrate(l.graph, *some, 12, {});
        const auto resolved = resolve_plan(*l.graph, uniform(bits, bits), *statistics);
        RunOptions keep;
        keep.keep_logits = true;
        const auto p = predict(l.graph, *resolved, *some, keep, {});
        const Program program = *lower(*l.graph, *resolved);
        ReferenceEngine reference(program);
        std::vector<float> image(3 * 32 * 32), logits;
        for (int64_t i = 0; i < some->size(); ++i) {
            QVERIFY(some->read(i, image));
            reference.run(image);
            logits.insert(logits.end(), reference.output().begin(), reference.output().end());
        }
        QCOMPARE(p->logits, logits);
    }

    void every_weighted_layer_runs_on_int8() {
        WIDTHWISE_NEED(data_dir() / "cifar10/test.json");
        const Loaded l = load("resnet20", "cifar10/test.json");
        const auto statistics = calibrate(l.graph, *l.data, 32, {});
        for (const auto& [w, a] : {std::pair{8, 8}, {4, 4}, {3, 5}}) {
            const auto resolved = resolve_plan(*l.graph, uniform(w, a), *statistics);
            const auto layers = diagnose(*l.graph, *resolved, &*statistics);
            QVERIFY(layers);
            int weighted = 0;
            for (const LayerDiagnostics& d : *layers) {
                if (!is_weighted(*l.graph, l.graph->find_node(d.layer))) continue;
                ++weighted;
                QCOMPARE(d.execution, Execution::int8);
                QVERIFY(d.weight_sqnr_db && d.activation_sqnr_db && d.accumulator_bits);
            }
            QCOMPARE(weighted, 20);
        }
    }

    void threads_change_nothing() {
        WIDTHWISE_NEED(data_dir() / "cifar10/test.json");
        const Loaded l = load("resnet8", "cifar10/test-raw255.json");
        const DatasetPtr some = first_images(l.data, 101);
        WorkControl one, three;
        one.threads = 1;
        three.threads = 3;
        const auto a = calibrate(l.graph, *some, 101, one), b = calibrate(l.graph, *some, 101, three);
        QVERIFY(a->groups == b->groups);
        const auto plan = resolve_plan(*l.graph, uniform(4, 6), *a);
        RunOptions keep;
        keep.keep_logits = true;
        const auto p = predict(l.graph, *plan, *some, keep, one),
                   q = predict(l.graph, *plan, *some, keep, three);
        QCOMPARE(p->logits, q->logits);
    }

    void data_that_do_not_fit_are_refused() {
        WIDTHWISE_NEED(data_dir() / "mnist/test.json");
        const Loaded l = load("resnet20", "mnist/test.json");
        const auto p = predict(l.graph, PrecisionPlan(), *l.data, {}, {});
        QVERIFY(!p);
        QCOMPARE(p.error().code, ErrorCode::invalid_input);
        QVERIFY(p.error().to_line().find("3x32x32") != std::string::npos);
        QVERIFY(p.error().to_line().find("1x28x28") != std::string::npos);
    }

    void cancelling_stops() {
        WIDTHWISE_NEED(data_dir() / "cifar10/test.json");
        const Loaded l = load("resnet20", "cifar10/test.json");
        WorkControl control;
        RunOptions options;
        options.on_batch = [&](int64_t, int64_t, int64_t) { control.cancel.cancel(); };
        const auto p = predict(l.graph, PrecisionPlan(), *l.data, options, control);
        QVERIFY(!p);
        QCOMPARE(p.error().code, ErrorCode::cancelled);
    }
};

QTEST_APPLESS_MAIN(TestRealNetworks)
#include "tst_real_networks.moc"
