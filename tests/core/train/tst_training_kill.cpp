// kill -9, several times in one run, at whatever moment it hits: resumed, training ends with the same bits as
// a run that nobody disturbed. The test starts itself as the victim.

#include "core/engine/evaluator.h"
#include "core/train/parameters.h"
#include "core/train/trainer.h"
#include "tests/core/train/toy_problem.h"
#include "tests/support/test_data.h"

#include <QCoreApplication>
#include <QProcess>

#include <cstdio>
#include <cstring>

using namespace widthwise;

namespace {

constexpr int64_t k_steps = 240;
constexpr int k_kills = 4;

/// w4a4 with learned scales where `quantized`: slots and optimizer states are part of what is resumed.
Result<train::Outcome> run(const std::string& checkpoint, bool quantized, int threads) {
    const test::ToyDataset training(128, 3), validation(32, 4);
    const GraphPtr graph = test::toy_network();
    train::Options options;
    options.steps = k_steps;
    options.batch_size = 32;
    options.learning_rate = 0.02;
    options.checkpoint = {.file = checkpoint, .every_steps = 1, .resume = true};
    if (quantized) {
        PrecisionPlan plan(parse_bits("w4a4").value());
        plan.set_folds_batch_norm(false);
        const auto statistics = engine::calibrate(graph, training, 32, {});
        options.qat = train::QatOptions{.plan = engine::resolve_plan(*graph, plan, *statistics).value()};
    } else {
        options.optimizer = train::OptimizerType::adam;
        options.learning_rate = 0.002;
    }
    WorkControl control;
    control.threads = threads;
    train::Observer observer;
    observer.on_step = [](const train::StepReport& report) {
        std::printf("%lld\n", static_cast<long long>(report.step));
        std::fflush(stdout);
    };
    return train::train(graph, training, &validation, options, control, observer);
}

/// Weights, statistics and the plan's scales.
std::string result(const train::Outcome& outcome) {
    const train::ParameterLayout layout(*outcome.graph);
    std::vector<float> numbers = layout.read_trained(*outcome.graph);
    const std::vector<float> statistics = layout.read_statistics(*outcome.graph);
    numbers.insert(numbers.end(), statistics.begin(), statistics.end());
    std::string bytes(numbers.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), numbers.data(), bytes.size());
    for (const train::Epoch& epoch : outcome.epochs)
        bytes += std::to_string(epoch.loss) + " " + std::to_string(epoch.validation_top1) + "\n";
    return bytes + std::to_string(outcome.best_epoch) + "\n" + plan_to_json(outcome.plan);
}

int be_the_victim(const QStringList& arguments) {
    const auto outcome =
        run(arguments[2].toStdString(), arguments[4] == QLatin1String("quantized"), arguments[5].toInt());
    if (!outcome) {
        std::fprintf(stderr, "%s\n", outcome.error().to_line().c_str());
        return 1;
    }
    test::write_file(arguments[3].toStdString(), result(*outcome));
    return 0;
}

struct Victim {
    QProcess process;
    int64_t first = -1, last = -1; ///< steps that it told of

    Victim(const std::filesystem::path& folder, const QString& kind, int threads) {
        process.start(QCoreApplication::applicationFilePath(),
                      {QStringLiteral("--victim"), QString::fromStdString((folder / "checkpoint").string()),
                       QString::fromStdString((folder / "result").string()), kind, QString::number(threads)});
    }
    /// Until it has told of step `step`, or has ended.
    void wait_for(int64_t step) {
        while (last < step && (process.canReadLine() || process.waitForReadyRead(60000)))
            while (process.canReadLine()) {
                last = process.readLine().trimmed().toLongLong();
                if (first < 0) first = last;
            }
    }
};

} // namespace

class TestTrainingKill : public QObject {
    Q_OBJECT
private slots:
    void killed_and_resumed_ends_with_the_same_bits_data() {
        QTest::addColumn<QString>("kind");
        QTest::newRow("float") << "float";
        QTest::newRow("quantization-aware") << "quantized";
    }
    void killed_and_resumed_ends_with_the_same_bits() {
        QFETCH(QString, kind);
        const auto folder = test::scratch_dir() / kind.toStdString();
        const auto undisturbed = folder / "undisturbed", disturbed = folder / "disturbed";
        for (const auto& path : {undisturbed, disturbed}) {
            std::filesystem::remove_all(path);
            std::filesystem::create_directories(path);
        }
        Victim whole(undisturbed, kind, 1);
        whole.wait_for(k_steps);
        QVERIFY(whole.process.waitForFinished());
        QVERIFY2(whole.process.exitCode() == 0, whole.process.readAllStandardError().constData());

        int64_t reached = 0;
        for (int kill = 1; kill <= k_kills; ++kill) {
            Victim victim(disturbed, kind, 2);
            victim.wait_for(kill * k_steps / (k_kills + 2));
            victim.process.kill(); // SIGKILL
            QVERIFY(victim.process.waitForFinished());
            QCOMPARE(victim.process.exitStatus(), QProcess::CrashExit); // it was in the middle
            // A checkpoint is written after every step, at most the last one was lost.
            QVERIFY2(victim.first >= reached,
                     qPrintable(QStringLiteral("%1 after %2").arg(victim.first).arg(reached)));
            QVERIFY(victim.first <= victim.last);
            reached = victim.last;
        }
        Victim last(disturbed, kind, 2);
        last.wait_for(k_steps);
        QVERIFY(last.process.waitForFinished());
        QVERIFY2(last.process.exitCode() == 0, last.process.readAllStandardError().constData());
        QVERIFY(last.first >= reached);
        const std::string expected = test::read_file(undisturbed / "result");
        QVERIFY(expected.size() > 1000);
        QVERIFY(test::read_file(disturbed / "result") == expected);
    }
};

int main(int argc, char** argv) {
    QCoreApplication app(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() == 6 && arguments[1] == QLatin1String("--victim")) return be_the_victim(arguments);
    TestTrainingKill test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_training_kill.moc"
