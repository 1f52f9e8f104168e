// A target calibrated from measured layers: constants that made the measurements are found again, those that
// the measurements do not tell are left alone, and the error that is told is the fitted target's.

#include "core/base/rng.h"
#include "core/cost/fit.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/small_networks.h"

#include <cmath>
#include <map>

using namespace widthwise;
using namespace widthwise::test;
using cost::FittedConstant;
using cost::MeasuredRun;
using cost::TargetFit;

namespace {

/// Layers of many shapes: some live by the array, some by the memories.
GraphPtr network() {
    Net net(Shape{1, 16, 32, 32});
    net.conv("c1", 32, 3).conv("c2", 64, 3, 2).conv("c3", 64, 1).conv("dw", 64, 3, 1, 64);
    net.conv("c4", 128, 3, 2).conv("c5", 256, 1).conv("c6", 64, 1).conv("c7", 256, 5, 2);
    net.add(Op::reshape, "flatten", ReshapeAttributes{{1, 4096}});
    return net.gemm("f1", 512).gemm("f2", 256).gemm("f3", 10).build();
}

HardwareTarget true_target() {
    HardwareTarget target;
    target.name = "chip";
    target.rows = target.cols = 16;
    target.mac_efficiency = 0.8;
    target.memory = {{.name = "DRAM", .bytes = std::nullopt, .bytes_per_cycle = 3},
                     {.name = "buffer", .bytes = 65536, .bytes_per_cycle = 40}};
    target.memory[0].read_energy_pj_per_bit = target.memory[0].write_energy_pj_per_bit = 12;
    target.memory[1].read_energy_pj_per_bit = target.memory[1].write_energy_pj_per_bit = 0.5;
    target.mac_pj = 0.9;
    target.static_power_w = 0.05;
    return target;
}

/// What the datasheet would say before anyone measured.
HardwareTarget guessed_target() {
    HardwareTarget target = true_target();
    target.mac_efficiency = 1;
    target.memory[0].bytes_per_cycle = 8;
    target.memory[1].bytes_per_cycle = 64;
    target.memory[0].read_energy_pj_per_bit = target.memory[0].write_energy_pj_per_bit = 20;
    target.mac_pj = std::nullopt;
    target.static_power_w = 0;
    return target;
}

MeasuredRun run_of(const HardwareTarget& chip, bool latency, bool energy, double noise = 0,
                   int64_t batch = 1) {
    MeasuredRun run;
    run.graph = network();
    run.plan = PrecisionPlan(precision(8, 8));
    run.options.batch = batch;
    run.source = "chip.csv";
    Rng rng(3);
    for (const LayerCost& layer : take(cost::estimate(*run.graph, run.plan, chip, run.options)).layers) {
        if (layer.macs == 0) continue;
        const auto noisy = [&](double value) { return value * std::exp(noise * rng.normal()); };
        cost::MeasuredLayer measured{layer.layer, {}, {}};
        if (latency) measured.latency_s = noisy(layer.latency_s);
        if (energy) measured.energy_j = noisy(layer.energy.total_j());
        run.layers.push_back(measured);
    }
    return run;
}

/// Input channels, filters, side of the output, kernel, stride, groups.
struct Convolution {
    int64_t channels, filters, side, kernel = 3, stride = 1, groups = 1;
};
/// Krizhevsky 2012 and Simonyan 2014, D.
const std::map<std::string, std::vector<Convolution>> k_convolutions = {{"alexnet",
                                                                         {{3, 96, 55, 11, 4},
                                                                          {96, 256, 27, 5, 1, 2},
                                                                          {256, 384, 13},
                                                                          {384, 384, 13, 3, 1, 2},
                                                                          {384, 256, 13, 3, 1, 2}}},
                                                                        {"vgg16",
                                                                         {{3, 64, 224},
                                                                          {64, 64, 224},
                                                                          {64, 128, 112},
                                                                          {128, 128, 112},
                                                                          {128, 256, 56},
                                                                          {256, 256, 56},
                                                                          {256, 256, 56},
                                                                          {256, 512, 28},
                                                                          {512, 512, 28},
                                                                          {512, 512, 28},
                                                                          {512, 512, 14},
                                                                          {512, 512, 14},
                                                                          {512, 512, 14}}}};

/// The published rows of one network, each convolution by itself.
std::vector<MeasuredRun> eyeriss_runs(const std::string& network, int64_t batch) {
    std::vector<MeasuredRun> runs;
    for (const CsvRow& row : read_csv(reference_dir() / ("cost/tables/eyeriss_" + network + ".csv"))) {
        if (row.at("layer") == "Total") continue;
        const Convolution& c = k_convolutions.at(network)[runs.size()];
        const int64_t input = (c.side - 1) * c.stride + c.kernel - c.kernel / 2 * 2;
        MeasuredRun run;
        run.graph = Net(Shape{1, c.channels, input, input})
                        .conv(row.at("layer"), c.filters, c.kernel, c.stride, c.groups)
                        .build();
        run.plan = PrecisionPlan(precision(16, 16));
        run.source = network + ".csv";
        run.options.batch = batch;
        run.options.zeros[row.at("layer")].inputs = number(row, "ifmap_zeros_pct") / 100;
        const double seconds = number(row, "total_latency_ms") * 1e-3;
        run.layers = {{row.at("layer"), seconds, number(row, "power_mW") * 1e-3 * seconds}};
        runs.push_back(std::move(run));
    }
    return runs;
}

TargetFit fit(const HardwareTarget& start, const MeasuredRun& run) {
    return take(cost::fit_target(start, std::span(&run, 1)));
}

const FittedConstant& constant(const TargetFit& fit, const std::string& key) {
    for (const FittedConstant& c : fit.constants)
        if (c.key == key) return c;
    qFatal("no constant %s", key.c_str());
}

void expect_near(const TargetFit& fit, const std::string& key, double truth, double tolerance) {
    const FittedConstant& c = constant(fit, key);
    QVERIFY2(c.fitted, qPrintable(QString::fromStdString(key + ": " + c.note)));
    QVERIFY2(std::abs(*c.after / truth - 1) < tolerance,
             qPrintable(QString::fromStdString(key) + QString(" %1 instead of %2").arg(*c.after).arg(truth)));
}

} // namespace

class TestFit : public QObject {
    Q_OBJECT

private slots:
    void latencyIsRecovered() {
        const TargetFit result = fit(guessed_target(), run_of(true_target(), true, false));
        expect_near(result, "mac_efficiency", 0.8, 0.01);
        expect_near(result, "memory[0].bytes_per_cycle", 3, 0.01);
        QVERIFY(result.latency && !result.energy);
        QVERIFY2(result.latency->worst < 0.01, result.latency->worst_layer.c_str());
        QVERIFY(result.latency->mean_before > 0.2);
        QVERIFY(result.latency->worst_left_out < 0.02);
        QCOMPARE(result.target.confidence.at("latency").basis, Basis::fitted);
        QVERIFY(result.target.confidence.at("latency").note.find("chip.csv") != std::string::npos);
        QVERIFY(result.target.sources.contains("mac_efficiency"));
        QCOMPARE(result.target.static_power_w, 0.0); // energy was not measured
    }

    void energyIsRecovered() {
        const TargetFit result = fit(guessed_target(), run_of(true_target(), true, true));
        expect_near(result, "mac_pj", 0.9, 0.02);
        expect_near(result, "static_power_w", 0.05, 0.02);
        expect_near(result, "memory[0].energy_pj_per_bit", 12, 0.02);
        QVERIFY2(result.energy->worst < 0.01, result.energy->worst_layer.c_str());
    }

    /// The measurements themselves are off by 5 %: so may the figures be, and the told error must not hide
    /// it.
    void noiseIsToldNotHidden() {
        const TargetFit result = fit(guessed_target(), run_of(true_target(), true, true, 0.05));
        expect_near(result, "mac_efficiency", 0.8, 0.1);
        expect_near(result, "memory[0].bytes_per_cycle", 3, 0.1);
        QVERIFY(result.latency->mean > 0.01 && result.latency->mean < 0.1);
        QVERIFY(result.latency->worst_left_out >= result.latency->worst * 0.99);
        QVERIFY(result.target.confidence.at("latency").factor > 1 + result.latency->worst * 0.9);
        QVERIFY(constant(result, "memory[0].bytes_per_cycle").relative_error > 0.001);
    }

    /// A memory that is never the bottleneck tells nothing of its bandwidth.
    void whatIsNotMeasuredIsLeftAlone() {
        HardwareTarget fast = true_target();
        fast.memory[0].bytes_per_cycle = fast.memory[1].bytes_per_cycle = std::nullopt;
        HardwareTarget start = fast;
        start.mac_efficiency = 1;
        const TargetFit result = fit(start, run_of(fast, true, false));
        expect_near(result, "mac_efficiency", 0.8, 0.001);
        for (const char* key : {"memory[0].bytes_per_cycle", "memory[1].bytes_per_cycle"}) {
            QVERIFY2(!constant(result, key).fitted, key);
            QVERIFY(constant(result, key).note.find("not identifiable") != std::string::npos);
        }
        QVERIFY(!result.target.memory[0].bytes_per_cycle);
        QVERIFY(!result.target.sources.contains("memory[0].bytes_per_cycle"));
    }

    /// ... but a file that says it is slower than measured is wrong, and is raised to what is seen. Outputs
    /// stay in the array: with stationary weights a slow memory is spared by more tiles, and how fast it
    /// would have to be for fewer of them is not seen.
    void aContradictedBandwidthIsRaised() {
        HardwareTarget slow = true_target();
        slow.dataflow = Dataflow::output_stationary;
        HardwareTarget fast = slow;
        fast.memory[0].bytes_per_cycle = fast.memory[1].bytes_per_cycle = std::nullopt;
        const TargetFit result = fit(slow, run_of(fast, true, false));
        const FittedConstant& bandwidth = constant(result, "memory[0].bytes_per_cycle");
        QVERIFY2(bandwidth.fitted && *bandwidth.after > 3.5, bandwidth.note.c_str());
        QVERIFY2(result.latency->worst < 0.01, std::to_string(result.latency->worst).c_str());
    }

    /// Static energy follows the measured latency in the fit, the modelled one in the model: where latency is
    /// poorly known, so is energy, of layers that were measured and of others.
    void othersPredictWithTheSameModel() {
        HardwareTarget hot = true_target();
        hot.static_power_w = 3;
        MeasuredRun run = run_of(hot, true, true);
        for (size_t i = 0; i < run.layers.size(); ++i) {
            auto& [layer, seconds, joules] = run.layers[i];
            const double stretched = *seconds * (i % 2 == 0 ? 1.6 : 0.7);
            *joules += (stretched - *seconds) * hot.static_power_w;
            *seconds = stretched;
        }
        const TargetFit result = fit(hot, run);
        QVERIFY(result.energy->mean > 0.05);
        QVERIFY(result.energy->mean_left_out > 0.8 * result.energy->mean);
    }

    /// A constant that hardly shows is not set to nothing: the file's own figure is the better guess.
    void whatHardlyShowsIsLeftAlone() {
        HardwareTarget hot = true_target();
        hot.mac_pj = 1e-4;
        hot.static_power_w = 3;
        HardwareTarget start = hot;
        start.static_power_w = 1;
        const TargetFit result = fit(start, run_of(hot, true, true, 0.02));
        expect_near(result, "static_power_w", 3, 0.1);
        QVERIFY(!constant(result, "mac_pj").fitted);
        QCOMPARE(*result.target.mac_pj, 1e-4);
    }

    /// ... unless it then makes more of the energy than was measured.
    void whatCannotBeIsCorrected() {
        HardwareTarget cold = true_target();
        cold.static_power_w = 0;
        HardwareTarget start = cold;
        start.static_power_w = 1;
        const TargetFit result = fit(start, run_of(cold, true, true, 0.02));
        QVERIFY(constant(result, "static_power_w").fitted);
        QVERIFY2(result.target.static_power_w < 0.01,
                 qPrintable(QString::number(result.target.static_power_w)));
        QVERIFY(result.energy->worst < 0.15);
    }

    /// One shape only: everything moves together, one constant explains it and the others stay.
    void equalLayersTellOneConstant() {
        Net net(Shape{1, 32, 16, 16});
        for (const char* name : {"a", "b", "c", "d"}) net.conv(name, 32, 3);
        MeasuredRun run;
        run.graph = net.build();
        run.plan = PrecisionPlan(precision(8, 8));
        run.source = "equal.csv";
        for (const char* name : {"a", "b", "c", "d"}) run.layers.push_back({name, {}, 1e-3});
        const TargetFit result = fit(guessed_target(), run);
        int fitted = 0;
        for (const FittedConstant& c : result.constants) fitted += c.fitted ? 1 : 0;
        QCOMPARE(fitted, 1);
        QVERIFY(result.energy->worst < 0.02);
    }

    void bestDataflowIsFittedToo() {
        HardwareTarget chip = true_target();
        chip.dataflow = Dataflow::best;
        HardwareTarget start = chip;
        start.mac_efficiency = 1;
        start.memory[0].bytes_per_cycle = 10;
        const TargetFit result = fit(start, run_of(chip, true, false));
        QVERIFY2(result.latency->worst < 0.02, result.latency->worst_layer.c_str());
    }

    /// What a target says of itself is no reason to change it.
    void everyPresetExplainsItself() {
        for (const std::string& name : cost::preset_names()) {
            const HardwareTarget target = take(cost::load_target(name));
            const TargetFit result = fit(target, run_of(target, true, true));
            QVERIFY2(result.latency->worst < 0.01, (name + ": " + result.latency->worst_layer).c_str());
            QVERIFY2(result.energy->worst < 0.01, (name + ": " + result.energy->worst_layer).c_str());
            const auto again = target_from_json(target_to_json(result.target), name);
            QVERIFY2(again, again ? "" : again.error().to_line().c_str());
        }
    }

    void gpusAreFittedToo() {
        HardwareTarget chip = take(cost::load_target("v100"));
        HardwareTarget start = chip;
        chip.gpu->achievable = 0.6;
        chip.gpu->launch_overhead_s = 9e-6;
        *chip.memory[0].bytes_per_cycle *= 0.7;
        chip.static_power_w *= 1.3;
        for (GpuPeak& peak : chip.gpu->peaks) peak.pj_per_mac *= 0.8;
        start.gpu->achievable = 1;
        const TargetFit result = fit(start, run_of(chip, true, true, 0, 4096));
        QVERIFY2(result.latency->worst < 0.03, result.latency->worst_layer.c_str());
        expect_near(result, "gpu.launch_overhead_s", 9e-6, 0.05);
        QVERIFY2(result.energy->worst < 0.05, result.energy->worst_layer.c_str());
        expect_near(result, "static_power_w", chip.static_power_w, 0.05);
    }

    void fpgasAreFittedToo() {
        HardwareTarget chip = take(cost::load_target("pynq-z1-overlay"));
        HardwareTarget start = chip;
        chip.mac_efficiency = 0.7;
        const TargetFit result = fit(start, run_of(chip, true, false, 0, 8));
        QVERIFY2(result.latency->worst < 0.03, result.latency->worst_layer.c_str());
        expect_near(result, "mac_efficiency", 0.7, 0.03);

        HardwareTarget slow = take(cost::load_target("alveo-u280"));
        const HardwareTarget hoped = slow;
        slow.clock_hz *= 0.6; // what synthesis left of it
        for (MemoryLevel& level : slow.memory)
            if (level.bytes_per_cycle) *level.bytes_per_cycle /= 0.6;
        slow.static_power_w *= 1.5;
        const TargetFit clock = fit(hoped, run_of(slow, true, true, 0, 8));
        expect_near(clock, "clock_hz", slow.clock_hz, 0.01);
        QVERIFY2(clock.latency->worst < 0.01 && clock.energy->worst < 0.05,
                 clock.energy->worst_layer.c_str());
    }

    /// JSSC 2017, Tables V and VI: power x latency of 18 layers, all energy but the MACs' and the standing
    /// one taken out of the target; 0.213 W and 6.0 pJ per MAC with a non-zero input.
    void eyerissIsFitted() {
        WIDTHWISE_NEED(reference_dir() / "cost/tables/eyeriss_alexnet.csv");
        HardwareTarget target = take(cost::load_target("eyeriss"));
        target.static_power_w = 0;
        target.mac_pj = 1;
        target.noc_pj_per_bit = 0;
        for (MemoryLevel& level : target.memory) // next to nothing, so that there is still a best mapping
            level.read_energy_pj_per_bit = level.write_energy_pj_per_bit = 1e-9;
        QVERIFY(target.zeros.gating);
        const auto runs = eyeriss_runs("alexnet", 4), more = eyeriss_runs("vgg16", 3);
        std::vector<MeasuredRun> all = runs;
        all.insert(all.end(), more.begin(), more.end());
        const TargetFit result = take(cost::fit_target(target, all));
        expect_near(result, "static_power_w", 0.213, 0.02);
        expect_near(result, "mac_pj", 6.0, 0.05);
        QCOMPARE(result.energy->layers.size(), size_t{18});
    }

    void fittedTargetsAreFiles() {
        const TargetFit result = fit(guessed_target(), run_of(true_target(), true, true, 0.02));
        const HardwareTarget again = take(target_from_json(target_to_json(result.target), "fitted.json"));
        QCOMPARE(again.mac_efficiency, result.target.mac_efficiency);
        QVERIFY(again == result.target);
    }

    void layersWithoutACostAreRefused() {
        Net net(Shape{1, 8, 8, 8});
        net.conv("a", 8, 3).add(Op::relu, "r").conv("b", 8, 3);
        MeasuredRun run;
        run.graph = net.build();
        run.source = "m.csv";
        run.layers = {{"a", 1e-3, {}}, {"r", 1e-3, {}}};
        auto fused = cost::fit_target(true_target(), std::span(&run, 1));
        QVERIFY(!fused);
        QCOMPARE(fused.error().code, ErrorCode::invalid_input);
        QVERIFY(fused.error().to_line().find("'r'") != std::string::npos);
        QVERIFY(fused.error().to_line().find("fused into a") != std::string::npos);
        run.layers = {{"a", 1e-3, {}}};
        QVERIFY(!cost::fit_target(true_target(), std::span(&run, 1)));
        QVERIFY(!cost::fit_target(true_target(), {}));
    }

    void measurementsAreReadStrictly() {
        const GraphPtr graph = network();
        const auto path = scratch_dir() / "m.csv";
        const auto line_of = [&](const std::string& text) {
            write_file(path, text);
            auto read = cost::read_measurements(path, *graph);
            return read ? std::string() : read.error().to_line();
        };
        write_file(path, "\xEF\xBB\xBFlayer,energy_j,latency_s,comment\r\n# by hand\r\nc1,1e-6,0.5,\"a, "
                         "b\"\r\n\r\nf1,,2,\r\n");
        const auto read = take(cost::read_measurements(path, *graph));
        QCOMPARE(read.size(), size_t{2});
        QCOMPARE(*read[0].energy_j, 1e-6);
        QCOMPARE(*read[0].latency_s, 0.5);
        QVERIFY(!read[1].energy_j && *read[1].latency_s == 2.0);
        const std::pair<const char*, std::vector<const char*>> wrong[] = {
            {"", {"no header"}},
            {"layer,latency_s\n", {"no line"}},
            {"name,latency_s\nc1,1\n", {"no column 'layer'"}},
            {"layer,latency\nc1,1\n", {"latency_s"}},
            {"layer,latency_s\nc9x,1\n", {"line 2, column layer", "no layer 'c9x'"}},
            {"layer,latency_s\nC1,1\n", {"did you mean c1"}},
            {"layer,latency_s\nc1,1\nc1,2\n", {"line 3", "twice"}},
            {"layer,latency_s\nc1,-1\n", {"line 2, column latency_s", "'-1'"}},
            {"layer,latency_s\nc1,0\n", {"above 0"}},
            {"layer,latency_s\nc1,nan\n", {"'nan'"}},
            {"layer,latency_s\nc1,inf\n", {"'inf'"}},
            {"layer,latency_s\nc1,1 ms\n", {"'1 ms'"}},
            {"layer,latency_s\nc1,1e300\n", {"1e300"}},
            {"layer,latency_s\nc1\n", {"1 cells where the header has 2"}},
            {"layer,latency_s\nc1,\n", {"no figure"}},
            {"layer,latency_s\n\"c1,1\n", {"line 2", "quote"}},
            {"layer,layer,latency_s\nc1,c1,1\n", {"twice"}},
        };
        for (const auto& [text, words] : wrong) {
            const std::string line = line_of(text);
            for (const char* word : words)
                QVERIFY2(line.find(word) != std::string::npos, (std::string(text) + " -> " + line).c_str());
        }
        QVERIFY(line_of(std::string(1 << 20, ',') + "\n1\n").find("1000 columns") != std::string::npos);
        QVERIFY(!cost::read_measurements(scratch_dir() / "absent.csv", *graph));
    }
};

QTEST_APPLESS_MAIN(TestFit)
#include "tst_fit.moc"
