// `train` as scripts run it: quantization-aware training that stays with the network, checkpoints,
// compression before training, meta-initializations.
#include "tests/cli/cli_process.h"

#include <QFileInfo>
#include <QTest>

using namespace widthwise::test;

namespace {

/// Few images, so that a run takes a second.
QStringList train(const QStringList& more, const QString& model = "demo") {
    return QStringList{"train", model, "--data", "demo:train", "--limit", "192", "--batch-size", "32"} + more;
}

QJsonObject run_json(const QStringList& arguments) {
    const CliRun run = run_cli(arguments + QStringList{"--json"});
    if (run.code != 0 || run.json().isEmpty())
        QTest::qFail(qPrintable(arguments.join(' ') + ": " + run.err.right(400)), __FILE__, __LINE__);
    return run.json();
}

QJsonObject evaluate(const QString& model, const QStringList& more = {}) {
    return run_json(QStringList{"evaluate", model, "--data", "demo"} + more);
}

QByteArray contents(const QString& path) {
    return QByteArray::fromStdString(read_file(path.toStdString()));
}

} // namespace

class TestCliTraining : public QObject {
    Q_OBJECT
private slots:
    void learnedDesignsStayWithTheNetwork_data() {
        QTest::addColumn<QStringList>("design");
        QTest::newRow("w3a3") << QStringList{"--bits", "w3a3"};
        QTest::newRow("folded") << QStringList{"--bits", "w4a4", "--batch-norm", "fold"};
        QTest::newRow("ternary") << QStringList{"--bits", "wternary a4"};
        QTest::newRow("binary, mixed") << QStringList{"--bits", "w1a4", "--layer", "classifier=w8a8"};
        QTest::newRow("pact") << QStringList{"--bits", "w4a4", "--activation-scales", "pact"};
    }
    void learnedDesignsStayWithTheNetwork() {
        QFETCH(QStringList, design);
        const QString folder = fresh_folder("learned");
        const QString out = folder + "out.onnx";
        const QJsonObject document = run_json(
            train(QStringList{"--qat", "--epochs", "1", "--validation", "demo", "-o", out} + design));
        QCOMPARE(document["epochs"].toArray().size(), 1);
        QVERIFY(document["float_top1"].toDouble() > 0.5);
        QCOMPARE(document["path"].toString(), out);
        QCOMPARE(files_in(folder), QStringList{"out.onnx"}); // the checkpoint is gone
        const QJsonObject measured = evaluate(out);
        QCOMPARE(measured["top1"].toDouble(), document["quantized_top1"].toDouble());
        QVERIFY(measured["layers"][0]["weight_format"].toString() != "float32");
        // A design still replaces what the network carries.
        const QJsonObject wider = evaluate(out, {"--bits", "w8a8"});
        QVERIFY(wider["layers"][0]["weight_format"].toString().contains("int8"));
    }

    void floatRunsSayNothingOfQuantization() {
        const QJsonObject document = run_json(train(
            {"--epochs", "1", "--validation-split", "0.25", "--optimizer", "adam", "--learning-rate", "0.001",
             "--label-smoothing", "0.1", "--cutout", "4", "--distillation", "0.5", "--patience", "3"}));
        QVERIFY(document["quantized_top1"].isNull());
        QVERIFY(document["float_top1"].toDouble() > 0.3);
        QVERIFY(document["path"].isNull());
        const QJsonObject unmeasured = run_json(train({"--steps", "2", "--nesterov"}));
        QVERIFY(unmeasured["float_top1"].isNull());
        QVERIFY(unmeasured["epochs"][0]["validation_top1"].isNull());
    }

    void checkpointsOfOtherRunsAreRefused() {
        const QString folder = fresh_folder("other");
        const QString checkpoint = folder + "c";
        write_file(checkpoint.toStdString(), "no checkpoint");
        const QStringList run = train({"--steps", "2", "--checkpoint", checkpoint, "--resume"});
        const CliRun refused = run_cli(run);
        expect_error(refused, 3, {checkpoint});
        QVERIFY2(!refused.err.contains("is kept in"), refused.err.constData());
        QCOMPARE(contents(checkpoint), QByteArray("no checkpoint"));
        // One of other options: an interrupted run's.
        QFile::remove(checkpoint);
        QCOMPARE(interrupt_cli(train({"--epochs", "1000", "--checkpoint", checkpoint})).code, 130);
        QVERIFY(QFileInfo::exists(checkpoint));
        const QByteArray kept = contents(checkpoint);
        expect_error(run_cli(train({"--epochs", "1000", "--weight-decay", "0.25", "--checkpoint", checkpoint,
                                    "--resume"})),
                     3, {"weight_decay"});
        expect_error(run_cli(train({"--epochs", "1000", "--checkpoint", checkpoint, "--resume"}, "zoo:demo")),
                     3, {checkpoint});
        QVERIFY(contents(checkpoint) == kept);
    }

    void whatIsLostIsSaid() {
        const QString folder = fresh_folder("said");
        const QString pruned = folder + "pruned.onnx", checkpoint = folder + "c";
        const auto said = [](const QStringList& arguments, const char* words) {
            const CliRun run = run_cli(arguments);
            if (run.code != 0) qWarning("%s", run.err.constData());
            return run.code == 0 && run.err.contains(words);
        };
        QVERIFY(said(train({"--steps", "6", "--learning-rate", "0.5", "--validation", "demo"}),
                     "worse than before by"));
        QVERIFY(said(train({"--steps", "1", "--checkpoint", checkpoint, "--resume"}), "there is no"));
        write_file(checkpoint.toStdString(), "of another run");
        QVERIFY(said(train({"--steps", "1", "--checkpoint", checkpoint}), "will be replaced"));
        run_json({"compress", "demo", "0.5", "-o", pruned});
        QVERIFY(said(train({"--steps", "1"}, pruned), "--keep-sparsity"));
        QVERIFY(!said(train({"--steps", "1", "--keep-sparsity"}, pruned), "will not stay"));
        run_json({"compress", "demo", "share:4", "-o", pruned});
        QVERIFY(said(train({"--steps", "1"}, pruned), "--keep-sharing"));
        const CliRun meta = run_cli(train({"--meta", "--meta-tasks", "2", "--meta-inner-steps", "1"}));
        QVERIFY2(meta.out.contains("2 tasks, loss "), meta.out.constData());
    }

    void compressedNetworksStaySo() {
        const QString folder = fresh_folder("compressed");
        const QString out = folder + "out.onnx";
        const QJsonObject whole = run_json({"inspect", "demo"});
        run_json(train({"--prune", "channels:0.3", "--epochs", "1", "-o", out}));
        const QJsonObject narrower = run_json({"inspect", out});
        QVERIFY(narrower["totals"]["macs"].toDouble() < whole["totals"]["macs"].toDouble());
        const QJsonObject shared =
            run_json(train({"--prune", "0.5", "--prune", "share:3", "--qat", "--bits", "w4a8", "--epochs",
                            "1", "--validation", "demo", "-o", out}));
        const QJsonObject measured = evaluate(out);
        QCOMPARE(measured["top1"].toDouble(), shared["quantized_top1"].toDouble());
        QVERIFY(shared["float_top1"].toDouble() > 0.9); // of the network before it was compressed
        QVERIFY2(measured["layers"][0]["weight_format"].toString().contains("codebook"),
                 qPrintable(measured["layers"][0]["weight_format"].toString()));
    }

    void metaInitializationsAreAdapted() {
        const QString folder = fresh_folder("meta");
        const QString init = folder + "init.onnx", out = folder + "out.onnx";
        const QJsonObject meta = run_json(train(
            {"--meta", "--meta-bits", "2,3,4", "--meta-tasks", "3", "--meta-inner-steps", "2", "-o", init}));
        QCOMPARE(meta["task_losses"].toArray().size(), 3);
        const QJsonObject start = evaluate(init);
        QVERIFY(start["layers"][0]["weight_format"].toString().contains("float"));
        const QJsonObject adapted = run_json(
            train({"--qat", "--bits", "w3a3", "--steps", "4", "--validation", "demo", "-o", out}, init));
        QCOMPARE(evaluate(out)["top1"].toDouble(), adapted["quantized_top1"].toDouble());
        // As many tasks as the epochs have room for: 192 / 32 steps an epoch, 3 a task.
        const QJsonObject epochs = run_json(train({"--meta", "--epochs", "2", "--meta-inner-steps", "3"}));
        QCOMPARE(epochs["task_losses"].toArray().size(), 4);
    }

    void fullDisksLeaveNoNetwork() {
        const QString folder = fresh_folder("full");
        const CliRun run =
            run_cli(train({"--steps", "2", "-o", folder + "out.onnx"}), {.file_size_limit = 4096});
        expect_error(run, 4, {folder});
        for (const QString& name : files_in(folder)) QVERIFY2(!name.endsWith(".onnx"), qPrintable(name));
    }
};

QTEST_GUILESS_MAIN(TestCliTraining)
#include "tst_cli_training.moc"
