#include "core/base/resource.h"
#include "core/base/rng.h"
#include "core/design/hardware_target.h"

#include <QTest>

#include <nlohmann/json.hpp>

#include <functional>

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

/// An array with scratchpads, and every key that k_full leaves out.
const std::string k_scratchpads = R"({
  "format": "widthwise-target/1", "array": {"rows": 12, "cols": 14}, "dataflow": "rs", "objective": "energy",
  "mac": {"weight_bits": 16, "activation_bits": 16, "accumulator_bits": 20}, "mac_efficiency": 0.86,
  "mac_pj": 1.5, "noc_pj_per_bit": 0.25, "diagonal_multicast": true, "keeps_feature_maps": true,
  "zeros": {"gating": true, "skips_inputs": true, "skips_weights": true, "compressed": true, "run_bits": 4},
  "memory": [{"name": "DRAM"},
             {"name": "GLB", "bytes": 110592, "holds": ["inputs", "outputs"], "area_mm2": 1.25},
             {"name": "spad", "bytes": 448, "per_pe": true, "holds": ["weights"], "element_bits": 16},
             {"name": "psum", "bytes": 72, "per_pe": true, "holds": ["outputs", "inputs"]}],
  "area_mm2": 12.25,
  "supports": {"formats": ["w16a16", "w4a8", "binary", {"weights": "power_of_two:4", "activations": "integer:8"}],
               "granularity": ["channel", "tensor"], "weight_zero_points": false, "input_zero_points": false},
  "confidence": {"latency": {"basis": "measured", "factor": 1.12, "note": "18 layers"}, "size": {"basis": "exact"}}})";

const std::string k_gpu = R"({
  "format": "widthwise-target/1", "kind": "gpu", "node_nm": 7, "clock_hz": 1.41e9,
  "memory": [{"name": "HBM2", "bandwidth_bytes_per_s": 1.555e12}, {"name": "L2", "bytes": 41943040}],
  "gpu": {"multiprocessors": 108, "launch_overhead_s": 4e-6, "achievable": 0.9,
          "peaks": [{"format": "integer:8", "macs_per_s": 3.12e14, "tile_m": 256, "tile_n": 64, "tile_k": 16,
                     "pj_per_mac": 0.4},
                    {"format": "float16", "macs_per_s": 1.56e14}]}})";

const std::string k_fpga = R"({
  "format": "widthwise-target/1", "kind": "fpga_dataflow", "sizing": "to_design",
  "mac": {"accumulator_bits": 24},
  "fpga": {"luts": 53200, "flip_flops": 106400, "bram18": 280, "urams": 1, "dsps": 220, "dsp": "dsp48e1",
           "fill_luts": 0.6, "fill_bram": 0.65, "fill_uram": 0.55, "fill_dsps": 0.75, "target_fps": 3000, "reconfigure_s": 0.25,
           "lut_pj": 0.1, "bram18_pj": 5, "uram_pj": 20, "dsp_pj": 3}})";

const std::string k_bits = R"({
  "format": "widthwise-target/1", "mac": {"style": "bit_composable", "min_bits": 2}, "dataflow": "is"})";

const std::string k_nlr = R"({"format": "widthwise-target/1", "dataflow": "nlr"})";

/// The document with `value` (JSON) at a pointer.
std::string with(const std::string& document, const std::string& pointer, const std::string& value) {
    auto json = nlohmann::json::parse(document);
    json[nlohmann::json::json_pointer(pointer)] = nlohmann::json::parse(value);
    return json.dump();
}

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
        QCOMPARE(t.mac.accumulator_bits, 24);
        QCOMPARE(t.memory.size(), 3U);
        QVERIFY((t.memory[0] == MemoryLevel{.name = "LPDDR",
                                            .bytes_per_cycle = 4.0,
                                            .read_energy_pj_per_bit = 8.0,
                                            .write_energy_pj_per_bit = 8.0}));
        QVERIFY((t.memory[1] == MemoryLevel{.name = "L2", .bytes = 1048576, .bytes_per_cycle = 64.0}));
        QVERIFY((t.memory[2] == MemoryLevel{.name = "L1",
                                            .bytes = 65536,
                                            .read_energy_pj_per_bit = 0.2,
                                            .write_energy_pj_per_bit = 0.3}));
        QCOMPARE(t.static_power_w, 0.25);
        QVERIFY(t.sizing == Sizing::to_design);
        QCOMPARE(t.sources.at("node_nm"), "guess");
    }

    void round_trip() {
        for (const std::string& text : {k_full, k_scratchpads, k_gpu, k_fpga, k_bits, k_nlr,
                                        std::string(R"({"format": "widthwise-target/1"})")}) {
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

    void reads_the_keys_of_arrays_with_scratchpads() {
        const auto read = target_from_json(k_scratchpads, "a");
        QVERIFY2(read, read ? "" : read.error().to_line().c_str());
        const HardwareTarget& t = *read;
        QVERIFY(t.dataflow == Dataflow::row_stationary);
        QVERIFY(t.objective == Objective::energy);
        QCOMPARE(t.mac_efficiency, 0.86);
        QCOMPARE(t.mac_pj, 1.5);
        QCOMPARE(t.noc_pj_per_bit, 0.25);
        QVERIFY(t.diagonal_multicast && t.keeps_feature_maps);
        QVERIFY((t.zeros == ZeroUse{true, true, true, true, 4}));
        QVERIFY((t.memory[1].holds == OperandSet{false, true, true}));
        QCOMPARE(t.memory[1].area_mm2, 1.25);
        QVERIFY((t.memory[2].holds == OperandSet{true, false, false}));
        QVERIFY(t.memory[2].per_pe && t.memory[3].per_pe && !t.memory[1].per_pe);
        QCOMPARE(t.memory[2].element_bits, 16);
        QCOMPARE(t.area_mm2, 12.25);
        const Capabilities expected{{{{"integer", 16}, {"integer", 16}},
                                     {{"integer", 4}, {"integer", 8}},
                                     {{"binary", 1}, {"binary", 1}},
                                     {{"power_of_two", 4}, {"integer", 8}}},
                                    true,
                                    false,
                                    false,
                                    false};
        QVERIFY(t.supports == expected);
        QVERIFY((t.confidence.at("latency") == Confidence{Basis::measured, 1.12, "18 layers"}));
        QVERIFY((t.confidence.at("size") == Confidence{Basis::exact, 1, ""}));
    }

    void reads_the_keys_of_gpus_and_fpgas() {
        const HardwareTarget gpu = *target_from_json(k_gpu, "a");
        QVERIFY(gpu.kind == TargetKind::gpu);
        QVERIFY(
            (*gpu.gpu ==
             Gpu{108, {{{"integer", 8}, 3.12e14, 256, 64, 16, 0.4}, {{"float16", 16}, 1.56e14}}, 4e-6, 0.9}));
        const HardwareTarget fpga = *target_from_json(k_fpga, "a");
        QVERIFY(fpga.kind == TargetKind::fpga_dataflow);
        QCOMPARE(fpga.mac.accumulator_bits, 24);
        auto without = nlohmann::json::parse(k_fpga);
        without.erase("sizing");
        QVERIFY(target_from_json(without.dump(), "a")->sizing == Sizing::to_design);
        QVERIFY((*fpga.fpga == Fpga{53200, 106400, 280, 1, 220, DspKind::dsp48e1, 0.6, 0.65, 0.55, 0.75, 3000,
                                    0.25, 0.1, 5, 20, 3}));
        const HardwareTarget serial = *target_from_json(
            R"({"format": "widthwise-target/1", "mac": {"style": "bit_serial", "serial": "both"}})", "a");
        QVERIFY(serial.mac.style == MacStyle::bit_serial && serial.mac.serial == SerialOperands::both);
        QVERIFY(*target_from_json(target_to_json(serial), "b") == serial);
        QVERIFY(target_from_json(k_bits, "a")->mac.style == MacStyle::bit_composable);
    }

    void contradictions_data() {
        QTest::addColumn<QString>("document");
        QTest::addColumn<QString>("pointer");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("expected");
        const auto row = [](const std::string& document, const char* pointer, const char* value,
                            const char* expected) {
            QTest::addRow("%s = %.40s", pointer, value)
                << QString::fromStdString(document) << pointer << value << expected;
        };
        const std::string& pads = k_scratchpads;
        row(pads, "/gpu", R"({"peaks": [{"format": "float16", "macs_per_s": 1}]})", "mine.json: gpu, leave");
        row(pads, "/memory/1/per_pe", "true", "no shared memory");
        row(pads, "/memory/0/per_pe", "true", "memory[0].per_pe");
        row(pads, "/memory/0/holds", R"(["weights"])", "memory[0].holds");
        row(pads, "/memory/2/per_pe", "false", "memory[2].bytes"); // as a shared level
        row(pads, "/memory/3/per_pe", "false", "\"psum\" inside it is shared");
        row(pads, "/memory/3/holds", R"(["outputs"])", "rs keeps inputs");
        row(pads, "/memory/3/holds", "[]", "memory[3].holds");
        row(pads, "/memory/3/holds", R"(["partial"])", "partial");
        row(pads, "/memory/3/holds", R"(["inputs", "inputs"])", "twice");
        row(pads, "/memory/3/holds", R"("inputs")", "memory[3].holds");
        // A sum of 20 bits beside an input of 16.
        row(pads, "/memory/3/bytes", "4", "one element of each operand that it holds needs 5");
        row(pads, "/memory/2/element_bits", "0", "element_bits");
        row(pads, "/mac/style", R"("bit_composable")", "mac.style, choose ws, os, is or best without");
        row(k_nlr, "/mac", R"({"style": "bit_composable"})", "mac.style, choose ws, os, is or best without");
        row(k_full, "/fpga", R"({"luts": 5e5})", "mine.json: sizing, write \"fixed\"");
        row(pads, "/memory/1/bytes", "671", "two tiles of the array need 672");
        row(pads, "/memory/1/area_mm2", "-1", "area_mm2");
        row(pads, "/mac_efficiency", "0", "mac_efficiency");
        row(pads, "/mac_efficiency", "1.01", "mac_efficiency");
        row(pads, "/mac_pj", "-1", "mac_pj");
        row(pads, "/mac/serial", R"("both")", "bit by bit, mine.json: mac.serial");
        row(pads, "/mac/min_bits", "2",
            "bit_composable units have a narrowest element, mine.json: mac.min_bits");
        row(pads, "/mac/style", R"("analog")", "mac.style");
        row(pads, "/objective", R"("area")", "objective");
        row(pads, "/diagonal_multicast", "1", "diagonal_multicast");
        row(pads, "/zeros/gating", R"("yes")", "zeros.gating");
        row(pads, "/zeros/compressed", "false", "nothing is compressed, mine.json: zeros.run_bits");
        row(pads, "/zeros/skip", "true", "skip");
        row(pads, "/area_mm2", "0", "area_mm2");
        row(pads, "/supports/formats", "[]", "supports.formats");
        row(pads, "/supports/formats/0", R"("w17a8")",
            "w17a8 does not fit MACs of 16 x 16 bits, mine.json: supports.formats[0]");
        row(pads, "/supports/formats/0", R"("w0a8")", "widths 1 to 32");
        row(pads, "/supports/formats/0", R"("integer")", "needs a width");
        row(pads, "/supports/formats/0", R"("int8")", "unknown number type");
        row(pads, "/supports/formats/0", R"("power_of_two:9")", "2 to 8 bits");
        row(pads, "/supports/formats/0", R"("w4a8")", "twice");
        row(pads, "/supports/formats/0", R"({"weights": "integer:4"})", "activations");
        row(pads, "/supports/formats/0", "8", "supports.formats[0]");
        row(pads, "/supports/granularity", R"(["channel"])", "tensor");
        row(pads, "/supports/granularity", R"(["row"])", "row");
        row(pads, "/confidence/latency/factor", "0.5", "confidence.latency.factor");
        row(pads, "/confidence/size/factor", "2", "exact has the factor 1");
        row(pads, "/confidence/energy", "{}", "basis");
        row(pads, "/confidence/energy", R"({"basis": "rumour"})", "rumour");
        row(pads, "/confidence", "[]", "confidence");
        row(k_full, "/dataflow", R"("rs")", "rs keeps rows");
        row(k_full, "/memory/1/holds", R"(["weights"])", "memory[1].holds");
        row(k_bits, "/mac/weight_bits", "6",
            "6 bits are not composed of elements of 2, mine.json: mac.weight_bits");
        row(k_gpu, "/array", R"({"rows": 4})", "mine.json: array, leave");
        row(k_gpu, "/dataflow", R"("ws")", "dataflow");
        row(k_gpu, "/mac", "{}", "mac");
        row(k_gpu, "/fpga", R"({"luts": 5})", "fpga");
        row(k_gpu, "/sizing", R"("to_design")", "sizing");
        row(k_gpu, "/gpu/peaks", "[]", "gpu.peaks");
        row(k_gpu, "/gpu/peaks/1/format", R"("integer:8")", "second peak of integer:8");
        row(k_gpu, "/gpu/peaks/1/format", R"("float17")", "float17");
        row(k_gpu, "/gpu/peaks/1/macs_per_s", "0", "gpu.peaks[1].macs_per_s");
        row(k_gpu, "/gpu/peaks/1", "{}", "format");
        row(k_gpu, "/gpu/achievable", "1.5", "gpu.achievable");
        row(k_gpu, "/gpu/multiprocessors", "-1", "gpu.multiprocessors");
        row(k_gpu, "/memory/1/per_pe", "true", "memory[1].per_pe");
        row(k_gpu, "/memory/1/holds", R"(["weights"])", "memory[1].holds");
        row(k_gpu, "/memory/1/element_bits", "8", "memory[1].element_bits, leave");
        row(k_gpu, "/memory/2", R"({"name": "L1", "bytes": 65536})", "two levels, its DRAM and its L2 cache");
        row(k_fpga, "/keeps_feature_maps", "true", "keeps_feature_maps, leave");
        row(k_fpga, "/sizing", R"("fixed")", "mine.json: sizing, write \"to_design\"");
        row(k_fpga, "/mac/style", R"("bit_serial")", "mine.json: mac.style, leave");
        for (const char* key : {"bytes_per_cycle", "energy_pj_per_bit", "area_mm2", "element_bits"})
            row(with(k_fpga, "/memory", R"([{"name": "DDR"}, {"name": "BRAM", "bytes": 1000}])"),
                ("/memory/1/" + std::string(key)).c_str(), "2", "means nothing for a target of kind");
        row(k_fpga, "/gpu", "{}", "gpu");
        row(k_fpga, "/array", "{}", "array");
        row(k_fpga, "/fpga/luts", "-5", "fpga.luts");
        row(k_fpga, "/fpga/dsp", R"("dsp47")", "fpga.dsp");
        row(k_fpga, "/fpga/fill_luts", "1.5", "fpga.fill_luts");
        row(k_fpga, "/fpga/target_fps", "0", "fpga.target_fps");
        row(k_fpga, "/fpga", "{}", "luts");
        row(k_fpga, "/kind", R"("gpu")", "mine.json: mac, leave");
        row(k_gpu, "/kind", R"("cpu")", "use spatial or fpga_dataflow or gpu");
    }

    void contradictions() {
        QFETCH(QString, document);
        QFETCH(QString, pointer);
        QFETCH(QString, value);
        QFETCH(QString, expected);
        QVERIFY(target_from_json(document.toStdString(), "a").has_value());
        const auto read = target_from_json(
            with(document.toStdString(), pointer.toStdString(), value.toStdString()), "mine.json");
        QVERIFY(!read);
        QVERIFY(read.error().code == ErrorCode::invalid_input);
        const std::string line = read.error().to_line();
        QVERIFY2(line.find(expected.toStdString()) != std::string::npos, line.c_str());
        QVERIFY2(line.find("mine.json") != std::string::npos, line.c_str());
    }

    void what_a_kind_cannot_do_without() {
        for (const char* kind : {"\"gpu\"", "\"fpga_dataflow\""}) {
            const auto read =
                target_from_json(with(R"({"format": "widthwise-target/1"})", "/kind", kind), "a");
            QVERIFY(!read);
            QVERIFY2(read.error().to_line().find("missing key") != std::string::npos,
                     read.error().to_line().c_str());
        }
    }

    void the_manual_names_every_key_and_its_example_is_read() {
        const std::string manual(resource("manual.md"));
        const size_t begin = manual.find(R"({"format": "widthwise-target/1", "name": "mine")");
        QVERIFY(begin != std::string::npos);
        const auto read =
            target_from_json(manual.substr(begin, manual.find("\n\n", begin) - begin), "manual");
        QVERIFY2(read, read ? "" : read.error().to_line().c_str());
        const std::function<void(const nlohmann::json&)> check = [&](const nlohmann::json& value) {
            if (value.is_array())
                for (const auto& entry : value) check(entry);
            if (!value.is_object()) return;
            for (const auto& [key, inside] : value.items()) {
                const bool named = manual.find('`' + key + '`') != std::string::npos ||
                                   manual.find('"' + key + '"') != std::string::npos;
                QVERIFY2(named || key == "latency" || key == "size", key.c_str());
                check(inside);
            }
        };
        for (const std::string& text : {k_full, k_scratchpads, k_gpu, k_fpga, k_bits})
            check(nlohmann::json::parse(text));
    }

    void unknown_keys_come_with_the_near_one() {
        const auto read = target_from_json(replaced(k_full, "static_power_w", "static_power"), "a");
        QVERIFY(!read);
        QVERIFY(read.error().to_line().find("did you mean \"static_power_w\"") != std::string::npos);
    }

    /// Values as large or as deep as a file: an error of one line, no deep recursion.
    void what_is_too_much() {
        const size_t many = 200000;
        const std::string deep = std::string(many, '[') + std::string(many, ']');
        const auto nested = target_from_json(replaced(k_full, "0.25", deep), "x");
        QVERIFY(!nested);
        QVERIFY(nested.error().to_line().find("nested") != std::string::npos);
        const std::string objects = [&] {
            std::string text;
            for (size_t i = 0; i < many; ++i) text += "{\"a\":";
            return text + "1" + std::string(many, '}');
        }();
        QVERIFY(!target_from_json(replaced(k_full, "0.25", objects), "x"));
        for (const std::string& value :
             {'"' + std::string(many, 'x') + '"', std::string(many, '9'),
              "[" + std::string(many, '0').replace(1, 1, ",") + "]", std::string("NaN"),
              std::string("-1e308"), std::string("1e-999999")}) {
            const auto read = target_from_json(replaced(k_full, "0.25", value), "x");
            if (!read) QVERIFY(read.error().to_line().size() < 300);
        }
        const auto key = target_from_json(replaced(k_full, "static_power_w", std::string(many, 'k')), "x");
        QVERIFY(!key);
        QVERIFY(key.error().to_line().size() < 600);
    }

    void what_is_no_object() {
        for (const char* text : {"", "[]", "3", "null", "\"x\"", "{", "{]", "\xff\xfe", "[[[[[[[[[["})
            QVERIFY(!target_from_json(text, "x"));
        QVERIFY(!target_from_json(std::string(100000, '['), "x"));
    }

    void truncated_documents() {
        for (const std::string* text : {&k_full, &k_scratchpads, &k_gpu, &k_fpga})
            for (size_t size = 0; size + 1 < text->size(); ++size)
                QVERIFY(!target_from_json(text->substr(0, size), "x"));
    }

    /// Bytes changed at random: read or refused, never a crash.
    void damaged_documents() {
        const uint64_t seed = 5;
        Rng rng(seed);
        for (int trial = 0; trial < 4000; ++trial) {
            std::string text = std::array{&k_full, &k_scratchpads, &k_gpu, &k_fpga}[rng.below(4)]->c_str();
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
