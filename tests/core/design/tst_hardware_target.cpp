#include "core/base/rng.h"
#include "core/design/hardware_target.h"

#include <QTest>

using namespace widthwise;

namespace {

const std::string k_full = R"({
  "format": "widthwise-target/1", "name": "mine", "description": "a chip", "kind": "spatial", "node_nm": 28,
  "voltage_v": 0.8, "clock_hz": 1e9, "array": {"rows": 16, "cols": 32}, "dataflow": "os",
  "mac": {"style": "bit_parallel", "weight_bits": 4, "activation_bits": 8, "accumulator_bits": 24},
  "memory": [{"name": "LPDDR", "bandwidth_bytes_per_s": 4e9, "energy_pj_per_bit": 8},
             {"name": "L2", "bytes": 1048576, "bytes_per_cycle": 64},
             {"name": "L1", "bytes": 65536, "read_energy_pj_per_bit": 0.2, "write_energy_pj_per_bit": 0.3}],
  "static_power_w": 0.25, "sizing": "to_design", "sources": {"node_nm": "guess"}})";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const size_t at = text.find(from);
    if (at == std::string::npos) qFatal("no %s", from.c_str());
    return text.replace(at, from.size(), to);
}

} // namespace

class HardwareTargetTest : public QObject {
    Q_OBJECT
private slots:
    void reads_every_key() {
        const auto read = target_from_json(k_full, "mine.json");
        QVERIFY2(read, read ? "" : read.error().to_line().c_str());
        const HardwareTarget& t = *read;
        QCOMPARE(t.name, "mine");
        QCOMPARE(t.description, "a chip");
        QCOMPARE(t.node_nm, 28.0);
        QCOMPARE(t.voltage_v, 0.8);
        QCOMPARE(t.clock_hz, 1e9);
        QCOMPARE(t.rows, 16);
        QCOMPARE(t.cols, 32);
        QVERIFY(t.dataflow == Dataflow::output_stationary);
        QCOMPARE(t.mac.weight_bits, 4);
        QCOMPARE(t.mac.activation_bits, 8);
        QCOMPARE(t.accumulator_bits, 24);
        QCOMPARE(t.memory.size(), 3U);
        QVERIFY((t.memory[0] == MemoryLevel{"LPDDR", std::nullopt, 4.0, 8.0, 8.0}));
        QVERIFY((t.memory[1] == MemoryLevel{"L2", 1048576, 64.0, std::nullopt, std::nullopt}));
        QVERIFY((t.memory[2] == MemoryLevel{"L1", 65536, std::nullopt, 0.2, 0.3}));
        QCOMPARE(t.static_power_w, 0.25);
        QVERIFY(t.sizing == Sizing::to_design);
        QCOMPARE(t.sources.at("node_nm"), "guess");
    }

    void round_trip() {
        for (const std::string& text : {k_full, std::string(R"({"format": "widthwise-target/1"})")}) {
            const HardwareTarget once = *target_from_json(text, "a");
            const auto twice = target_from_json(target_to_json(once), "b");
            QVERIFY2(twice, twice ? "" : twice.error().to_line().c_str());
            QVERIFY(*twice == once);
        }
    }

    void what_is_left_out_takes_the_default() {
        QVERIFY(*target_from_json(R"({"format": "widthwise-target/1"})", "a") == HardwareTarget());
        const HardwareTarget t = *target_from_json(
            R"({"format": "widthwise-target/1", "clock_hz": 1e9, "array": {"rows": 4}})", "a");
        QCOMPARE(t.rows, 4);
        QCOMPARE(t.cols, 16);
        QCOMPARE(*t.memory[0].bytes_per_cycle, 12.8); // the default DRAM gives 12.8 GB/s at any clock
    }

    void refuses_data() {
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* name, const char* from, const char* to, const char* expected) {
            QTest::newRow(name) << from << to << expected;
        };
        row("unknown key", "\"name\": \"mine\"", "\"nmae\": \"mine\"", "nmae");
        row("unknown key in array", "\"cols\"", "\"columns\"", "columns");
        row("unknown key in mac", "\"weight_bits\"", "\"weights\"", "mac");
        row("unknown key in memory", "\"bytes\": 65536", "\"size\": 65536", "memory[2]");
        row("doubled key", "\"node_nm\": 28", "\"node_nm\": 28, \"node_nm\": 7", "node_nm");
        row("wrong format", "target/1", "target/2", "format");
        row("negative node", "28", "-28", "node_nm");
        row("node out of the table", "28", "5", "node_nm");
        row("voltage", "0.8", "3.3", "voltage_v");
        row("text for a number", "1e9", "\"fast\"", "clock_hz");
        row("number too large", "1e9", "1e999", "JSON");
        row("zero array", "\"rows\": 16", "\"rows\": 0", "array.rows");
        row("negative array", "\"cols\": 32", "\"cols\": -32", "array.cols");
        row("fraction", "\"rows\": 16", "\"rows\": 16.5", "array.rows");
        row("array is no object", "{\"rows\": 16, \"cols\": 32}", "[16, 32]", "array");
        row("bits", "\"weight_bits\": 4", "\"weight_bits\": 64", "mac.weight_bits");
        row("unknown dataflow", "\"os\"", "\"xx\"", "dataflow");
        row("missing DRAM",
            "{\"name\": \"LPDDR\", \"bandwidth_bytes_per_s\": 4e9, \"energy_pj_per_bit\": 8},", "", "");
        row("buffer without size", "\"bytes\": 1048576, ", "", "memory[1]");
        row("negative size", "1048576", "-1048576", "memory[1].bytes");
        row("two bandwidths", "\"bytes_per_cycle\": 64",
            "\"bytes_per_cycle\": 64, \"bandwidth_bytes_per_s\": 1e9", "bandwidth_bytes_per_s");
        row("zero bandwidth", "\"bytes_per_cycle\": 64", "\"bytes_per_cycle\": 0", "bytes_per_cycle");
        row("two energies", "\"read_energy_pj_per_bit\": 0.2", "\"energy_pj_per_bit\": 0.2",
            "energy_pj_per_bit");
        row("negative energy", "0.2", "-0.2", "read_energy_pj_per_bit");
        row("same name twice", "\"L2\"", "\"L1\"", "L1");
        row("smaller than two tiles", "65536", "1023", "two tiles");
        row("negative power", "0.25", "-0.25", "static_power_w");
        row("source is no text", "\"guess\"", "5", "sources");
        row("truncated", "\"sources\": {\"node_nm\": \"guess\"}}", "\"sources\": {\"node_nm\"", "JSON");
    }

    void refuses() {
        QFETCH(QString, from);
        QFETCH(QString, to);
        QFETCH(QString, expected);
        std::string text = replaced(k_full, from.toStdString(), to.toStdString());
        if (expected.isEmpty()) { // one level only
            text = replaced(text, "{\"name\": \"L2\", \"bytes\": 1048576, \"bytes_per_cycle\": 64},", "");
            expected = "memory";
        }
        const auto read = target_from_json(text, "mine.json");
        QVERIFY(!read);
        QVERIFY(read.error().code == ErrorCode::invalid_input);
        const std::string line = read.error().to_line();
        QVERIFY2(line.find(expected.toStdString()) != std::string::npos, line.c_str());
        QVERIFY2(line.find("mine.json") != std::string::npos, line.c_str());
    }

    void later_models_are_named_as_such() {
        for (const auto& [from, to] : {std::pair{"\"spatial\"", "\"gpu\""},
                                       {"\"spatial\"", "\"fpga_dataflow\""},
                                       {"\"bit_parallel\"", "\"bit_serial\""},
                                       {"\"bit_parallel\"", "\"bit_composable\""},
                                       {"\"os\"", "\"rs\""},
                                       {"\"os\"", "\"nlr\""}}) {
            const auto read = target_from_json(replaced(k_full, from, to), "mine.json");
            QVERIFY(!read);
            QVERIFY(read.error().code == ErrorCode::unsupported);
            QVERIFY(read.error().to_line().find(to) != std::string::npos);
        }
    }

    void what_is_no_object() {
        for (const char* text : {"", "[]", "3", "null", "\"x\"", "{", "{]", "\xff\xfe", "[[[[[[[[[["})
            QVERIFY(!target_from_json(text, "x"));
        QVERIFY(!target_from_json(std::string(100000, '['), "x"));
    }

    /// Bytes changed at random: read or refused, never a crash.
    void damaged_documents() {
        const uint64_t seed = 5;
        Rng rng(seed);
        for (int trial = 0; trial < 3000; ++trial) {
            std::string text = k_full;
            for (uint64_t n = 1 + rng.below(3); n > 0; --n)
                text[rng.below(text.size())] = static_cast<char>(rng.below(256));
            if (const auto read = target_from_json(text, "x")) {
                QVERIFY(read->memory.size() >= 2);
                QVERIFY(read->rows >= 1 && read->cols >= 1 && read->clock_hz > 0);
            }
        }
    }
};

QTEST_APPLESS_MAIN(HardwareTargetTest)
#include "tst_hardware_target.moc"
