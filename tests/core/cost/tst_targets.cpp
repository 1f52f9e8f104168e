// The built-in targets, and what they say of real workloads.
#include "core/cost/energy_law.h"
#include "core/cost/technology.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/small_networks.h"

#include <cmath>

using namespace widthwise;
using namespace widthwise::test;

namespace {

/// MACs per second x 2, in units of 1e12.
double tera_operations(const CostBreakdown& cost) {
    double macs = 0;
    for (const LayerCost& l : cost.layers) macs += static_cast<double>(l.macs);
    return 2 * macs / cost.latency_s * 1e-12;
}

} // namespace

class Targets : public QObject {
    Q_OBJECT
private slots:
    void presets_are_readable_and_sourced() {
        const std::vector<std::string> names = cost::preset_names();
        for (const char* expected :
             {"eyeriss", "tpu-v1", "edge-tpu-like", "bitfusion", "bit-serial", "v100", "a100", "alveo-u280",
              "alveo-u280-overlay", "pynq-z1", "pynq-z1-overlay", "mobile-npu", "asic-45nm"})
            QVERIFY2(std::find(names.begin(), names.end(), expected) != names.end(), expected);
        for (const std::string& name : names) {
            const HardwareTarget target = take(cost::load_target(name));
            QCOMPARE(target.name, name);
            QVERIFY(!target.description.empty());
            std::vector<std::string> keys = {"node_nm", "clock_hz", "static_power_w"};
            for (size_t i = 0; i < target.memory.size(); ++i)
                keys.push_back("memory[" + std::to_string(i) + "]");
            if (target.kind == TargetKind::spatial) keys.insert(keys.end(), {"array", "dataflow", "mac"});
            if (target.kind == TargetKind::gpu)
                keys.insert(keys.end(), {"supports", "gpu.peaks", "gpu.multiprocessors",
                                         "gpu.launch_overhead_s", "gpu.achievable"});
            if (target.fpga) keys.insert(keys.end(), {"fpga.luts", "fpga.fill_luts", "fpga.lut_pj"});
            if (!(target.supports == Capabilities())) keys.emplace_back("supports");
            for (const std::string& key : keys)
                QVERIFY2(target.sources.count(key) == 1, (name + ": " + key).c_str());
            for (const char* figure : {"latency", "energy", "area"})
                QVERIFY2(target.confidence.count(figure) == 1, (name + ": " + figure).c_str());
        }
    }

    void a_saved_preset_reads_back_from_a_file() {
        for (const std::string& name : cost::preset_names()) {
            const HardwareTarget target = take(cost::load_target(name));
            const auto file = scratch_dir() / "my.json";
            write_file(file, target_to_json(target));
            QVERIFY(take(cost::load_target(file.string())) == target);
        }
    }

    /// What is published of them: 4 and 8 TOPS at 8 bits.
    void accelerators_for_phones() {
        const GraphPtr graph = Net({1, 64, 32, 32}).conv("conv", 128, 3).build();
        const HardwareTarget edge = take(cost::load_target("edge-tpu-like"));
        const HardwareTarget npu = take(cost::load_target("mobile-npu"));
        const auto peak = [&](const HardwareTarget& target, int weights, int activations) {
            return 2 * cost_of(graph, PrecisionPlan(precision(weights, activations)), target)
                           .layers[0]
                           .peak_macs_per_s;
        };
        QVERIFY(std::abs(peak(edge, 8, 8) / 4e12 - 1) < 0.02);
        QCOMPARE(peak(edge, 4, 4), peak(edge, 8, 8)); // runs as w8a8
        QVERIFY(std::abs(peak(npu, 8, 8) / 8.192e12 - 1) < 1e-9);
        QVERIFY(std::abs(peak(npu, 4, 8) / peak(npu, 8, 8) - 2) < 1e-9);
        QVERIFY(std::abs(peak(npu, 16, 16) / peak(npu, 8, 8) - 0.25) < 1e-9);
        const auto fallback = [&](const HardwareTarget& target, int weights, int activations) {
            return cost_of(graph, PrecisionPlan(precision(weights, activations)), target).layers[0].fallback;
        };
        QCOMPARE(fallback(edge, 2, 8), "runs as w8a8: the target multiplies no w2a8");
        QCOMPARE(fallback(npu, 3, 9), "runs as w4a16: the target multiplies no w3a9");
        QCOMPARE(fallback(npu, 32, 32), "runs as float16: the target multiplies no float32");
        QCOMPARE(fallback(edge, 32, 32), "floating-point units are assumed: the target has none");
        const auto refused = cost::estimate(*graph, PrecisionPlan(precision(16, 8)), edge);
        QVERIFY(!refused);
        QVERIFY(refused.error().to_line().find("layer 'conv'") != std::string::npos);
    }

    /// Units for floating point take room on a chip that exists, too.
    void float_units_take_area() {
        const GraphPtr graph = Net({1, 8, 8, 8}).conv("conv", 8, 3).build();
        HardwareTarget npu = take(cost::load_target("mobile-npu"));
        const auto mac_mm2 = [&] {
            return cost_of(graph, PrecisionPlan(precision(8, 8)), npu).area.at("mac");
        };
        const double with = mac_mm2();
        // Horowitz's float16 multiplier and adder, 1640 and 1360 um^2 at 45 nm.
        QVERIFY(with >= 32 * 32 * (1640 + 1360) * cost::area_scale(npu.node_nm) * 1e-6 * (1 - 1e-9));
        std::erase_if(npu.supports.pairs, [](const FormatPair& p) { return p.weights.type == "float16"; });
        QVERIFY(mac_mm2() <= with);
        npu.supports.pairs.push_back({{"float32", 32}, {"float32", 32}});
        QVERIFY(mac_mm2() > with);
    }

    /// The energy of a MAC of theirs is that of DSP and LUTs, registers included.
    void overlays_have_no_registers_apart() {
        const GraphPtr graph = Net({1, 8, 8, 8}).conv("conv", 8, 3).build();
        for (const char* name : {"alveo-u280-overlay", "pynq-z1-overlay"}) {
            HardwareTarget overlay = take(cost::load_target(name));
            const PrecisionPlan plan(precision(8, 8));
            QCOMPARE(cost_of(graph, plan, overlay).layers[0].energy.registers_j, 0.0);
            overlay.mac_pj.reset();
            QVERIFY(cost_of(graph, plan, overlay).layers[0].energy.registers_j > 0);
        }
    }

    void unknown_names_come_with_near_ones() {
        const auto none = cost::load_target("eyeris");
        QVERIFY(!none);
        QVERIFY(none.error().code == ErrorCode::invalid_input);
        QVERIFY(none.error().to_line().find("eyeriss") != std::string::npos);
        QVERIFY(!cost::load_target(""));
        QVERIFY(!cost::load_target(scratch_dir().string())); // a folder
        const auto file = scratch_dir() / "broken.json";
        write_file(file, "{");
        const auto broken = cost::load_target(file.string());
        QVERIFY(!broken);
        QVERIFY(broken.error().to_line().find("broken.json") != std::string::npos);
    }

    void tpu_buffer_energy_is_the_law_at_its_node() {
        const HardwareTarget tpu = take(cost::load_target("tpu-v1"));
        const double law =
            cost::sram_pj_per_bit(*tpu.memory[1].bytes) * cost::energy_scale(tpu.node_nm, tpu.voltage_v);
        QVERIFY2(std::abs(*tpu.memory[1].read_energy_pj_per_bit / law - 1) < 0.01,
                 qPrintable(QString::number(law)));
    }

    /// ISCA 2017's memory-bound applications as stacks of square fully connected layers with the published
    /// weights, batch and hence operations per weight byte: measured throughput within 20 %, never above the
    /// roofline.
    void tpu_roofline() {
        const auto path = reference_dir() / "cost" / "tables" / "tpu_v1_apps.csv";
        WIDTHWISE_NEED(path);
        const HardwareTarget tpu = take(cost::load_target("tpu-v1"));
        int checked = 0;
        for (const CsvRow& row : read_csv(path)) {
            const std::string& app = row.at("app");
            if (app != "MLP0" && app != "MLP1" && app != "LSTM0") continue;
            const int64_t layers = integer(row, "layers");
            const double weights = std::stod(row.at("weights")) * 1e6; // "20M"
            const auto side = static_cast<int64_t>(std::sqrt(weights / static_cast<double>(layers)));
            Net net({1, side});
            for (int64_t i = 0; i < layers; ++i) net.gemm("fc" + std::to_string(i), side);
            const auto cost = take(
                cost::estimate(*net.build(), PrecisionPlan(precision(8, 8)), tpu, {integer(row, "batch")}));
            const double ours = tera_operations(cost);
            const double roofline = number(row, "roofline_TOPS=min(92,2*OI*34GB/s)");
            const double measured = number(row, "measured_TOPS");
            const QByteArray figures = QByteArray::fromStdString(app) + ": " + QByteArray::number(ours) +
                                       " TOPS, measured " + QByteArray::number(measured);
            qInfo("%s", figures.constData());
            QVERIFY2(ours <= roofline * 1.005, figures);
            QVERIFY2(std::abs(ours / measured - 1) < 0.2, figures);
            QVERIFY2(cost.layers[0].bound == Bound::memory, figures);
            ++checked;
        }
        QCOMPARE(checked, 3);
    }

    /// CNN0 (3 x 3 convolutions on 19 x 19 maps, 16 layers, 8 M weights, batch 8): never above the peak of 92
    /// TOPS.
    void tpu_peak() {
        const HardwareTarget tpu = take(cost::load_target("tpu-v1"));
        Net net({1, 236, 19, 19});
        for (int i = 0; i < 16; ++i) net.conv("c" + std::to_string(i), 236, 3);
        const auto cost = take(cost::estimate(*net.build(), PrecisionPlan(precision(8, 8)), tpu, {8}));
        qInfo("CNN0: %.1f TOPS, measured 86", tera_operations(cost));
        QVERIFY(tera_operations(cost) > 30 && tera_operations(cost) < 92);
        // Jouppi et al. measured 40 W busy; absolute energies are good to a factor of two.
        qInfo("CNN0: %.1f W, measured 40", cost.power_w);
        QVERIFY(cost.power_w > 20 && cost.power_w < 80);
    }
};

QTEST_APPLESS_MAIN(Targets)
#include "tst_targets.moc"
