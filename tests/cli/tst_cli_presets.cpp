// Every preset through the program as scripts run it: tst_cost_everywhere prices every network in-process.
#include "tests/cli/cli_process.h"

#include <QTest>

using namespace widthwise::test;

namespace {

QJsonObject run_json(const QStringList& arguments) {
    const CliRun run = run_cli(arguments + QStringList{"--json"});
    if (run.code != 0) qWarning("%s", run.err.constData());
    return run.json();
}

} // namespace

class CliPresets : public QObject {
    Q_OBJECT
private slots:
    void everyPresetPricesEveryKindOfModel() {
        const auto topology = scratch_dir() / "topology.csv";
        write_file(topology,
                   "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, "
                   "Num Filter, Strides,\nConv1, 32, 32, 3, 3, 3, 16, 1,\nFC, 1, 1, 1, 1, 64, 10, 1,\n");
        const QJsonArray targets = run_json({"targets"})["targets"].toArray();
        QVERIFY(targets.size() >= 10);
        for (const QJsonValue& target : targets)
            for (const QString& model :
                 {QStringLiteral("demo"), QStringLiteral("zoo:mobilenet-v2@size=96,classes=10"),
                  QString::fromStdString(topology.string())}) {
                const QString name = target["name"].toString();
                const QJsonObject cost = run_json({"cost", model, "--target", name, "--bits", "w8a8"});
                const QByteArray where = (name + ", " + model).toUtf8();
                QVERIFY2(cost["target"].toString() == name, where);
                for (const char* key : {"batch", "latency_s", "throughput_ips", "energy_j", "power_w",
                                        "weight_bytes", "model_bytes", "bops", "dram_bytes", "utilization"})
                    QVERIFY2(cost[key].isDouble(), where);
                QVERIFY2(cost.contains("area_mm2") && cost["area"].isObject(), where);
                const QJsonArray layers = cost["layers"].toArray();
                QVERIFY2(!layers.isEmpty(), where);
                for (const QJsonValue& layer : layers)
                    for (const char* key : {"name", "macs", "weight_bits", "activation_bits",
                                            "compute_cycles", "cycles", "latency_s", "energy_j", "energy",
                                            "dram_bytes", "buffer_bytes", "utilization", "bound", "mapping"})
                        QVERIFY2(layer.toObject().contains(key), where);
            }
    }
};

QTEST_APPLESS_MAIN(CliPresets)
#include "tst_cli_presets.moc"
