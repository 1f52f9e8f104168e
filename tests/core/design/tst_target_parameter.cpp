// Any key of any target, read and replaced; what was known of the chip as it was gives way.
#include "core/design/target_parameter.h"
#include "tests/support/test_data.h"

#include <QTest>

#include <nlohmann/json.hpp>

#include <fstream>
#include <set>

using namespace widthwise;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> preset_files() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(test::fixture_dir() / "../../resources/targets"))
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

HardwareTarget preset(const std::string& name) {
    const fs::path file = test::fixture_dir() / "../../resources/targets" / (name + ".json");
    auto target = target_from_json(test::read_file(file), name);
    if (!target) qFatal("%s", target.error().to_line().c_str());
    return *target;
}

HardwareTarget with(const HardwareTarget& target, std::string_view key, std::string_view value) {
    auto changed = with_target_parameter(target, key, value);
    if (!changed) qFatal("%s", changed.error().to_line().c_str());
    return *changed;
}

std::string value(const HardwareTarget& target, std::string_view key) {
    auto text = target_parameter(target, key);
    if (!text) qFatal("%s", text.error().to_line().c_str());
    return *text;
}

template <typename T> bool fails(const Result<T>& result, ErrorCode code, const std::string& with) {
    if (result) return false;
    const std::string line = result.error().to_line();
    if (result.error().code != code || line.find(with) == std::string::npos) qWarning("%s", line.c_str());
    return result.error().code == code && line.find(with) != std::string::npos;
}

bool is_number(const std::string& text) {
    return nlohmann::json::parse(text).is_number();
}

} // namespace

class TargetParameterTest : public QObject {
    Q_OBJECT
private slots:
    void every_preset_offers_parameters_that_work() {
        const auto files = preset_files();
        QCOMPARE(files.size(), size_t{13});
        for (const fs::path& file : files) {
            const HardwareTarget target = preset(file.stem().string());
            const auto parameters = target_parameters(target);
            QVERIFY2(parameters.size() >= 5, file.c_str());
            std::set<std::string> keys;
            for (const TargetParameter& parameter : parameters) {
                const std::string at = file.stem().string() + " " + parameter.key;
                QVERIFY2(keys.insert(parameter.key).second, at.c_str());
                QCOMPARE(value(target, parameter.key), parameter.value);
                QVERIFY2(parameter.suggestions.size() > 1, at.c_str());
                const auto& offered = parameter.suggestions;
                QVERIFY2(std::find(offered.begin(), offered.end(), parameter.value) != offered.end(),
                         at.c_str());
                double last = -1;
                for (const std::string& suggestion : offered) {
                    const HardwareTarget changed = with(target, parameter.key, suggestion);
                    // Read back as it was written, and still a target of its own.
                    if (suggestion == "null" || !is_number(suggestion))
                        QCOMPARE(value(changed, parameter.key), suggestion);
                    else
                        QVERIFY2(
                            qFuzzyCompare(std::stod(value(changed, parameter.key)), std::stod(suggestion)),
                            at.c_str());
                    const auto again = target_from_json(target_to_json(changed), "again");
                    QVERIFY2(again && *again == changed, at.c_str());
                    if (suggestion != "null" && is_number(suggestion)) {
                        QVERIFY2(std::stod(suggestion) > last, at.c_str());
                        last = std::stod(suggestion);
                    }
                }
            }
        }
    }

    void what_a_designer_varies_is_offered() {
        const auto keys = [](const std::string& name) {
            std::set<std::string> found;
            for (const TargetParameter& parameter : target_parameters(preset(name)))
                found.insert(parameter.key);
            return found;
        };
        const auto eyeriss = keys("eyeriss");
        for (const char* key :
             {"node_nm", "clock_hz", "array.rows", "array.cols", "mac.weight_bits", "mac.style",
              "memory.GLB.bytes", "memory.weight pad.bytes", "memory.DRAM.bandwidth_bytes_per_s", "dataflow"})
            QVERIFY2(eyeriss.contains(key), key);
        for (const char* key : {"area_mm2", "static_power_w", "memory.GLB.read_energy_pj_per_bit", "name",
                                "confidence", "mac_efficiency"})
            QVERIFY2(!eyeriss.contains(key), key);
        QVERIFY(keys("pynq-z1").contains("fpga.target_fps"));
        QVERIFY(!keys("pynq-z1").contains("array.rows"));
        QVERIFY(!keys("pynq-z1-overlay").contains("node_nm")); // its energies have no law
        QVERIFY(keys("a100").contains("gpu.multiprocessors"));
    }

    void every_key_of_the_document_can_be_read() {
        const HardwareTarget eyeriss = preset("eyeriss");
        QCOMPARE(value(eyeriss, "node_nm"), "65");
        QCOMPARE(value(eyeriss, "array.cols"), "14");
        QCOMPARE(value(eyeriss, "dataflow"), "\"rs\"");
        QCOMPARE(value(eyeriss, "zeros.gating"), "true");
        QCOMPARE(value(eyeriss, "mac_pj"), "null");
        QCOMPARE(value(eyeriss, "memory.DRAM.bytes"), "null");
        QCOMPARE(value(eyeriss, "memory.DRAM.bandwidth_bytes_per_s"), "480000000");
        QCOMPARE(value(eyeriss, "memory.DRAM.bytes_per_cycle"), "2.4");
        QCOMPARE(value(eyeriss, "memory.DRAM.read_energy_pj_per_bit"), "8");
        QCOMPARE(value(eyeriss, "memory.GLB.energy_pj_per_bit"), "null"); // reads and writes differ
        QCOMPARE(value(eyeriss, "memory.GLB.holds"), "[\"inputs\",\"outputs\"]");
        QCOMPARE(value(eyeriss, "supports.granularity"), "[\"tensor\",\"channel\",\"group\"]");
        QCOMPARE(value(preset("a100"), "gpu.peaks.integer:8.macs_per_s"), "312000000000000");
        QCOMPARE(value(preset("pynq-z1"), "fpga.target_fps"), "null");
        QCOMPARE(value(preset("bitfusion"), "mac.min_bits"), "2");
    }

    void unknown_keys_name_near_ones() {
        const HardwareTarget eyeriss = preset("eyeriss");
        QVERIFY(fails(target_parameter(eyeriss, "aray.rows"), ErrorCode::usage, "array.rows"));
        QVERIFY(fails(target_parameter(eyeriss, "memory.GBL.bytes"), ErrorCode::usage, "memory.GLB.bytes"));
        for (const char* key :
             {"", ".", "memory", "memory.GLB", "memory[1].bytes", "confidence", "sources", "name", "kind",
              "format", "memory.GLB.name", "gpu.multiprocessors", "fpga.target_fps", "mac.min_bits"}) {
            QVERIFY2(fails(target_parameter(eyeriss, key), ErrorCode::usage, "eyeriss"), key);
            QVERIFY2(fails(with_target_parameter(eyeriss, key, "1"), ErrorCode::usage, "eyeriss"), key);
        }
        QVERIFY(fails(target_parameter(preset("pynq-z1"), "array.rows"), ErrorCode::usage, "pynq-z1"));
        QVERIFY(fails(target_parameter(preset("a100"), "memory.L2.holds"), ErrorCode::usage, "a100"));
        QVERIFY(fails(target_parameter(eyeriss, std::string(100000, 'x')), ErrorCode::usage, "eyeriss"));
    }

    void values_are_checked_as_those_of_files() {
        const HardwareTarget eyeriss = preset("eyeriss"), bitfusion = preset("bitfusion");
        for (const auto& [key, bad] : std::vector<std::pair<const char*, std::string>>{
                 {"array.rows", "0"},
                 {"array.rows", "1e9"},
                 {"array.rows", "12.5"},
                 {"array.rows", "\"12\""},
                 {"node_nm", "5"},
                 {"dataflow", "rs"}, // no JSON
                 {"dataflow", "\"xs\""},
                 {"clock_hz", "1e400"},
                 {"memory.GLB.bytes", "16"},
                 {"memory.GLB.bytes", "null"},
                 {"memory.GLB.holds", "[]"},
                 {"mac.style", "\"bit_composable\""}, // not with scratchpads
                 {"mac.style", "{\"a\": 1}"},
                 {"array.rows", ""},
                 {"array.rows", "[[[["},
                 {"array.rows", std::string(100000, '[')}})
            QVERIFY2(fails(with_target_parameter(eyeriss, key, bad), ErrorCode::invalid_input, "eyeriss"),
                     (std::string(key) + " " + bad.substr(0, 20)).c_str());
        QVERIFY(fails(with_target_parameter(bitfusion, "mac.weight_bits", "6"), ErrorCode::invalid_input,
                      "composed"));
        QVERIFY(fails(with_target_parameter(preset("edge-tpu-like"), "mac.weight_bits", "4"),
                      ErrorCode::invalid_input, "w8a8"));
    }

    void constants_of_another_node_give_way() {
        const HardwareTarget eyeriss = preset("eyeriss"), moved = with(eyeriss, "node_nm", "28");
        QCOMPARE(moved.node_nm, 28.0);
        QVERIFY(!moved.area_mm2);
        QVERIFY(!moved.memory[1].read_energy_pj_per_bit);
        QVERIFY(!moved.memory[3].write_energy_pj_per_bit);
        QVERIFY(moved.memory[0].read_energy_pj_per_bit == 8.0); // DRAM is another chip
        QCOMPARE(moved.memory[1].bytes_per_cycle, eyeriss.memory[1].bytes_per_cycle);
        QVERIFY(moved.confidence.at("energy").basis == Basis::estimate);
        QCOMPARE(moved.confidence.at("energy").factor, 2.0);
        QCOMPARE(moved.confidence.at("energy").note, "changed: node_nm");
        QVERIFY(moved.confidence.at("area").basis == Basis::estimate);
        QVERIFY(moved.confidence.at("latency") == eyeriss.confidence.at("latency")); // the clock stands
        QVERIFY(!moved.sources.contains("area_mm2"));
        QVERIFY(moved.sources.at("node_nm").starts_with("changed"));
        // A lower voltage moves energies, not areas.
        const HardwareTarget lower = with(preset("bitfusion"), "voltage_v", "0.8");
        QVERIFY(!lower.memory[1].read_energy_pj_per_bit);
        QVERIFY(lower.memory[1].area_mm2 == 1.253);
        QVERIFY(fails(with_target_parameter(preset("a100"), "node_nm", "12"), ErrorCode::invalid_input,
                      "no law"));
        QVERIFY(fails(with_target_parameter(preset("pynq-z1-overlay"), "voltage_v", "0.9"),
                      ErrorCode::invalid_input, "no law"));
    }

    void another_array_is_not_the_measured_die() {
        const HardwareTarget eyeriss = preset("eyeriss");
        const HardwareTarget wider = with(eyeriss, "array.cols", "28");
        QCOMPARE(wider.cols, 28);
        QVERIFY(!wider.area_mm2);
        QVERIFY(wider.memory == eyeriss.memory);
        QCOMPARE(wider.confidence.at("latency").note, "changed: array.cols");
        const HardwareTarget both = with(wider, "array.rows", "24");
        QCOMPARE(both.confidence.at("latency").note, "changed: array.cols, array.rows");
        QVERIFY(with(both, "array.rows", "12").confidence == both.confidence);
        // The value that it has is judged by the same laws as any other.
        QVERIFY(!with(eyeriss, "array.cols", "14").area_mm2);
        // What the die does not depend on leaves it alone.
        QVERIFY(with(eyeriss, "clock_hz", "1e8").area_mm2 == 12.25);
        QVERIFY(with(eyeriss, "memory.GLB.bytes_per_cycle", "32").area_mm2 == 12.25);
    }

    void another_size_has_another_energy() {
        const HardwareTarget bitfusion = preset("bitfusion");
        const HardwareTarget larger = with(bitfusion, "memory.buffer.bytes", "262144");
        QVERIFY(larger.memory[1].bytes == int64_t{262144});
        QVERIFY(!larger.memory[1].read_energy_pj_per_bit);
        QVERIFY(!larger.memory[1].write_energy_pj_per_bit);
        QVERIFY(!larger.memory[1].area_mm2);
        QVERIFY(larger.sources.at("memory[1]").starts_with("changed"));
        QVERIFY(larger.memory[0] == bitfusion.memory[0]);
        const HardwareTarget dram = with(bitfusion, "memory.DRAM.bytes", "1000000000");
        QVERIFY(dram.memory[0].read_energy_pj_per_bit == 20.3125);
        // Blocks of an FPGA's memory stay what they are.
        const HardwareTarget overlay = with(preset("pynq-z1-overlay"), "memory.BRAM.bytes", "196608");
        QVERIFY(overlay.memory[1].read_energy_pj_per_bit == 0.33);
    }

    void another_unit_has_another_energy() {
        const HardwareTarget overlay = preset("pynq-z1-overlay");
        QVERIFY(overlay.mac_pj == 15.0);
        QVERIFY(!with(overlay, "mac.weight_bits", "4").mac_pj);
        QVERIFY(with(overlay, "mac.accumulator_bits", "24").mac_pj == 15.0);
        const HardwareTarget bitfusion = preset("bitfusion");
        const HardwareTarget serial = with(bitfusion, "mac.style", "\"bit_serial\"");
        QVERIFY(serial.mac.style == MacStyle::bit_serial);
        QCOMPARE(value(serial, "mac.serial"), "\"activations\"");
        QVERIFY(fails(target_parameter(serial, "mac.min_bits"), ErrorCode::usage, "mac."));
        // Written again as it is, it keeps what belongs to the style.
        const HardwareTarget wide = with(bitfusion, "mac.min_bits", "4");
        QCOMPARE(with(wide, "mac.style", "\"bit_composable\"").mac.min_bits, 4);
    }

    void bandwidth_follows_the_clock_where_it_does() {
        const HardwareTarget eyeriss = preset("eyeriss"), faster = with(eyeriss, "clock_hz", "400000000");
        QCOMPARE(value(faster, "memory.DRAM.bandwidth_bytes_per_s"), "480000000");
        QCOMPARE(value(faster, "memory.GLB.bytes_per_cycle"), "16");
        const HardwareTarget a100 = preset("a100"), slow = with(a100, "clock_hz", "705000000");
        QCOMPARE(slow.gpu->peaks[0].macs_per_s, a100.gpu->peaks[0].macs_per_s / 2);
        QCOMPARE(value(slow, "memory.HBM.bandwidth_bytes_per_s"), "1555000000000");
        const HardwareTarget half = with(a100, "gpu.multiprocessors", "54");
        QCOMPARE(half.gpu->peaks[3].macs_per_s, a100.gpu->peaks[3].macs_per_s / 2);
        QVERIFY(!half.area_mm2);
        const std::vector<std::pair<std::string, std::string>> both = {{"clock_hz", "705000000"},
                                                                       {"gpu.multiprocessors", "54"}};
        const auto quarter = with_target_parameters(a100, both);
        QVERIFY(quarter);
        QCOMPARE(quarter->gpu->peaks[1].macs_per_s, a100.gpu->peaks[1].macs_per_s / 4);
    }

    void each_way_to_give_a_number_works() {
        const HardwareTarget eyeriss = preset("eyeriss");
        const HardwareTarget per_second = with(eyeriss, "memory.DRAM.bandwidth_bytes_per_s", "9.6e8");
        QVERIFY(per_second.memory[0].bytes_per_cycle == 4.8);
        const HardwareTarget per_cycle = with(eyeriss, "memory.DRAM.bytes_per_cycle", "4.8");
        QVERIFY(per_second.memory == per_cycle.memory);
        QVERIFY(!with(eyeriss, "memory.DRAM.bytes_per_cycle", "null").memory[0].bytes_per_cycle);
        const HardwareTarget read = with(eyeriss, "memory.DRAM.read_energy_pj_per_bit", "4");
        QVERIFY(read.memory[0].read_energy_pj_per_bit == 4.0);
        QVERIFY(read.memory[0].write_energy_pj_per_bit == 8.0);
        const HardwareTarget same = with(eyeriss, "memory.GLB.energy_pj_per_bit", "0.5");
        QVERIFY(same.memory[1].read_energy_pj_per_bit == 0.5);
        QVERIFY(same.memory[1].write_energy_pj_per_bit == 0.5);
        const HardwareTarget frames = with(preset("pynq-z1"), "fpga.target_fps", "1000");
        QVERIFY(frames.fpga->target_fps == 1000.0);
        QVERIFY(!with(frames, "fpga.target_fps", "null").fpga->target_fps);
        QVERIFY(!with(with(eyeriss, "zeros.gating", "false"), "zeros.compressed", "false").zeros.compressed);
        QVERIFY(with(preset("asic-45nm"), "zeros.gating", "true").zeros.gating);
        QVERIFY(
            !with(preset("asic-45nm"), "supports.weight_zero_points", "false").supports.weight_zero_points);
    }

    void several_are_judged_together() {
        const HardwareTarget eyeriss = preset("eyeriss");
        // A buffer of 102,400 bytes holds no two tiles of such an array.
        const std::pair<std::string, std::string> rows{"array.rows", "4096"},
            bytes{"memory.GLB.bytes", "1048576"};
        QVERIFY(fails(with_target_parameter(eyeriss, rows.first, rows.second), ErrorCode::invalid_input,
                      "two tiles"));
        for (const auto& order : {std::vector{rows, bytes}, std::vector{bytes, rows}}) {
            const auto changed = with_target_parameters(eyeriss, order);
            QVERIFY2(changed, changed ? "" : changed.error().to_line().c_str());
            QCOMPARE(changed->rows, 4096);
            QVERIFY(changed->memory[1].bytes == int64_t{1048576});
        }
        QVERIFY(*with_target_parameters(eyeriss, {}) == eyeriss);
    }

    void levels_may_have_any_name() {
        HardwareTarget odd = preset("eyeriss");
        odd.memory[1].name = "a.b \"c\"/~ \xC3\xA9";
        odd.memory[2].name = "a";
        QCOMPARE(value(odd, "memory." + odd.memory[1].name + ".bytes"), "102400");
        const HardwareTarget changed = with(odd, "memory." + odd.memory[1].name + ".bytes", "204800");
        QVERIFY(changed.memory[1].bytes == int64_t{204800});
        QVERIFY(changed.memory[2] == odd.memory[2]);
    }
};

QTEST_APPLESS_MAIN(TargetParameterTest)
#include "tst_target_parameter.moc"
