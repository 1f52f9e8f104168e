// GPUs: the roofline, waves and traffic worked out by hand, laws on random layers, and a served network.
#include "core/base/rng.h"
#include "core/cost/gpu_machine.h"
#include "core/cost/gpu_peak.h"
#include "core/graph/zoo.h"
#include "tests/core/cost/small_networks.h"

#include <cmath>

using namespace widthwise;
using namespace widthwise::test;
using namespace widthwise::cost;

namespace {

void compare(double ours, double expected) {
    if (std::abs(ours - expected) > 1e-9 * std::abs(expected))
        qFatal("%.12g instead of %.12g", ours, expected);
}

/// 10 multiprocessors that do 1e12 MACs/s on bytes, a quarter of it on float32.
GpuDevice device() {
    return {.multiprocessors = 10,
            .launch_s = 1e-6,
            .achievable = 1,
            .dram_bits_per_s = 8e11,
            .l2_bits_per_s = 8e12,
            .l2_bits = 8e6};
}

HardwareTarget small_gpu() {
    HardwareTarget target;
    target.name = "small";
    target.kind = TargetKind::gpu;
    target.clock_hz = 1e9;
    target.memory = {{"HBM", std::nullopt, 100.0, 4.0, 4.0}, {"L2", 1000000, 1000.0, 1.0, 1.0}};
    target.static_power_w = 1;
    target.gpu = Gpu{.multiprocessors = 10,
                     .peaks = {{{"float32", 32}, 0.25e12, 128, 128, 8, 8.0},
                               {{"float16", 16}, 0.5e12, 128, 128, 32, 2.0},
                               {{"integer", 8}, 1e12, 128, 128, 32, 1.0}},
                     .launch_overhead_s = 1e-6,
                     .achievable = 1};
    target.supports.pairs = {{{"float32", 32}, {"float32", 32}},
                             {{"float16", 16}, {"float16", 16}},
                             {{"integer", 8}, {"integer", 8}}};
    return target;
}

std::unique_ptr<const Machine> machine(const HardwareTarget& target) {
    return take(GpuMachine::create(target));
}

/// A fully connected layer for `batch` images.
MatrixProblem dense(int64_t batch, int64_t outputs, int64_t inputs) {
    MatrixProblem problem;
    problem.nest.out_channels = outputs;
    problem.nest.in_channels = inputs;
    problem.batch = batch;
    return problem;
}

MatrixResult run(const HardwareTarget& target, const MatrixProblem& problem) {
    return take(machine(target)->matrix(problem, nullptr));
}

OperandFormat integer(int bits) {
    return {Numeric::integer, bits};
}

} // namespace

class GpuMachineTest : public QObject {
    Q_OBJECT
private slots:
    /// 1280 x 128 x 64 is 10 tiles: one wave of 128 x 128 x 64 MACs at 1e11 per multiprocessor. One row more
    /// is an eleventh tile and a second wave.
    void waves_by_hand() {
        const GpuGemm gemm{.m = 1280, .n = 128, .k = 64, .inputs = 1280 * 64};
        const GpuKernel one = gemm_kernel(device(), gemm, {128, 128, 32, 1}, 1e12, false, false);
        compare(one.blocks, 10);
        compare(one.waves, 1);
        compare(one.compute_s, 128 * 128 * 64 / 1e11);
        GpuGemm more = gemm;
        more.m = 1281;
        const GpuKernel two = gemm_kernel(device(), more, {128, 128, 32, 1}, 1e12, false, false);
        compare(two.waves, 2);
        compare(two.compute_s, 2 * one.compute_s);
        // K is padded to whole steps of 32: 65 takes as long as 96.
        more.m = 1280;
        more.k = 65;
        compare(gemm_kernel(device(), more, {128, 128, 32, 1}, 1e12, false, false).compute_s,
                128 * 128 * 96 / 1e11);
    }

    /// One tile of 128 x 128 x 1024 keeps one multiprocessor of ten busy; eight share it in an eighth of the
    /// time and pass 32-bit partial sums through L2.
    void splitting_k_by_hand() {
        const GpuGemm gemm{.m = 128, .n = 128, .k = 1024, .inputs = 128 * 1024};
        const GpuKernel whole = gemm_kernel(device(), gemm, {128, 128, 32, 1}, 1e12, false, false);
        const GpuKernel split = gemm_kernel(device(), gemm, {128, 128, 32, 8}, 1e12, false, false);
        compare(whole.compute_s, 128 * 128 * 1024 / 1e11);
        compare(split.compute_s, whole.compute_s / 8);
        compare(split.l2_bits - whole.l2_bits, 2 * 8 * 128 * 128 * 32.0);
        compare(split.dram_bits(), whole.dram_bits());
    }

    void traffic_by_hand() {
        // 2 x 3 tiles. L2 to multiprocessors: inputs for each of 3 columns, weights for each of 2 rows.
        const GpuGemm gemm{.m = 256,
                           .n = 384,
                           .k = 64,
                           .inputs = 256 * 64,
                           .input_bits = 8,
                           .weight_bits = 4,
                           .output_bits = 16};
        const GpuKernel fits = gemm_kernel(device(), gemm, {128, 128, 32, 1}, 1e12, false, false);
        compare(fits.l2_bits, 3 * 256 * 64 * 8 + 2 * 384 * 64 * 4 + 256 * 384 * 16);
        compare(fits.dram_bits(), 256 * 64 * 8 + 384 * 64 * 4 + 256 * 384 * 16);
        compare(gemm_kernel(device(), gemm, {128, 128, 32, 1}, 1e12, true, true).dram_bits(), 384 * 64 * 4);
        // No cache at all, 5 multiprocessors: by rows a wave is 1 x 3 tiles (weights pass twice), by columns
        // 2 x 2 (inputs pass twice). Weights are the smaller: they pass twice.
        GpuDevice bare = device();
        bare.l2_bits = 0;
        bare.multiprocessors = 5;
        compare(gemm_kernel(bare, gemm, {128, 128, 32, 1}, 1e12, false, false).dram_bits(),
                256 * 64 * 8 + 2 * 384 * 64 * 4 + 256 * 384 * 16);
        // One stripe of inputs (half of them) and all weights fit.
        bare.l2_bits = 128 * 64 * 8 + 384 * 64 * 4;
        compare(gemm_kernel(bare, gemm, {128, 128, 32, 1}, 1e12, false, false).dram_bits(), fits.dram_bits());
    }

    /// A depthwise convolution has one filter per group: the tiles would be nearly empty. The general units
    /// do its 9 x 32 x 1024 MACs at 0.25e12, the memory its 2 x 32 KiB at 1e11 bytes: 0.66 us.
    void depthwise_by_hand() {
        MatrixProblem problem;
        problem.nest = {.out_channels = 32,
                        .in_channels = 32,
                        .groups = 32,
                        .out_height = 32,
                        .out_width = 32,
                        .in_height = 32,
                        .in_width = 32,
                        .kernel_height = 3,
                        .kernel_width = 3};
        const MatrixResult result = run(small_gpu(), problem);
        QCOMPARE(result.figures.compute_cycles, int64_t(std::ceil(1000 + 9 * 32 * 1024 / 0.25e12 * 1e9)));
        QCOMPARE(result.mapping, std::string("direct: 32 groups of 1024 x 1 x 9, float32"));
        compare(result.figures.dram_bytes, 2 * 32 * 1024 + 9 * 32);
        compare(result.figures.energy.compute_j, 9 * 32 * 1024 * 8e-12);
    }

    /// The device does 10 MACs a byte from DRAM: K of a large square product decides on which side it lies.
    void roofline_and_energy() {
        const HardwareTarget target = small_gpu();
        const MatrixResult above = run(target, dense(1280, 1280, 512));
        // 100 tiles of 128 x 128 x 512 in 10 waves.
        QCOMPARE(above.figures.cycles, int64_t(std::ceil(1000 + 1280.0 * 1280 * 512 / 1e12 * 1e9)));
        QCOMPARE(above.figures.limited_by, std::string_view("compute"));
        QVERIFY(above.figures.bound == Bound::compute);
        compare(above.figures.mapped_units, 1);
        compare(above.figures.peak_macs_per_cycle, 1000);
        compare(above.figures.energy.compute_j, 1280.0 * 1280 * 512 * 1e-12);
        compare(above.figures.energy.dram_j, (2.0 * 1280 * 512 + 1280 * 1280) * 8 * 4e-12);
        compare(above.figures.energy.static_j, static_cast<double>(above.figures.cycles) * 1e-9);
        QCOMPARE(above.mapping.substr(0, 31), std::string("implicit GEMM 1280 x 1280 x 512"));

        const auto gpu = machine(target); // owns the names of what limits a layer
        const MatrixResult single = take(gpu->matrix(dense(1, 4096, 4096), nullptr));
        compare(static_cast<double>(single.figures.cycles),
                std::ceil(1000 + (4096.0 * 4096 + 2 * 4096) / 100));
        QCOMPARE(single.mapping, std::string("direct: 1 x 4096 x 4096, float32"));
        QCOMPARE(single.figures.limited_by, std::string_view("HBM"));
        QVERIFY(single.figures.bound == Bound::memory);

        const MatrixResult tiny = run(target, dense(1, 16, 16));
        QCOMPARE(tiny.figures.limited_by, std::string_view("launch"));
        QVERIFY(tiny.figures.cycles >= 1000 && tiny.figures.cycles < 1100);
    }

    /// One tile of 128 x 128 x 1024, split in 8 or not: 16-bit results and 32-bit partial sums go into L2,
    /// the rest comes out of it.
    void writes_into_the_cache() {
        const GpuGemm gemm{.m = 128, .n = 128, .k = 1024, .inputs = 128 * 1024, .output_bits = 16};
        const double results = 128 * 128;
        compare(gemm_kernel(device(), gemm, {128, 128, 32, 1}, 1e12, false, false).l2_write_bits,
                results * 16);
        compare(gemm_kernel(device(), gemm, {128, 128, 32, 8}, 1e12, false, false).l2_write_bits,
                results * 16 + 8 * results * 32);
        compare(direct_kernel(device(), gemm, 1e12, false, true).l2_write_bits, results * 16);
        HardwareTarget target = small_gpu();
        const auto buffer_j = [&](double read, double write) {
            target.memory[1].read_energy_pj_per_bit = read;
            target.memory[1].write_energy_pj_per_bit = write;
            return run(target, dense(1280, 1280, 512)).figures.energy.buffer_j;
        };
        compare(buffer_j(0, 2), 1280.0 * 1280 * 8 * 2e-12);
        compare(buffer_j(3, 2), buffer_j(3, 0) + buffer_j(0, 2));
    }

    void the_peak_is_that_of_the_fastest_units() {
        HardwareTarget target = small_gpu();
        compare(machine(target)->macs_per_cycle(), 1000);
        std::swap(target.gpu->peaks[0], target.gpu->peaks[2]);
        compare(machine(target)->macs_per_cycle(), 1000);
        QCOMPARE(unit_name(highest_peak(*target.gpu)->format), std::string("int8"));
    }

    void units_that_take_the_operands() {
        const Gpu gpu = *small_gpu().gpu;
        const auto unit = [&](OperandFormat weights, OperandFormat activations) {
            const GpuPeak* peak = fastest_peak(gpu, {weights, activations});
            return peak ? unit_name(peak->format) : "none";
        };
        QCOMPARE(unit(integer(8), integer(8)), std::string("int8"));
        QCOMPARE(unit(integer(2), integer(4)), std::string("int8"));
        QCOMPARE(unit({Numeric::binary, 1}, {Numeric::ternary, 2}), std::string("int8"));
        Gpu slow = gpu;
        slow.peaks[2].macs_per_s = 1e11; // still whole numbers on whole-number units
        QCOMPARE(unit_name(fastest_peak(slow, {integer(8), integer(8)})->format), std::string("int8"));
        QCOMPARE(unit(integer(9), integer(8)), std::string("float16"));
        QCOMPARE(unit(integer(12), integer(8)), std::string("float32"));
        QCOMPARE(unit(integer(4), {Numeric::float16, 16}), std::string("float16"));
        QCOMPARE(unit({Numeric::bfloat16, 16}, {Numeric::bfloat16, 16}), std::string("float32"));
        QCOMPARE(unit({Numeric::float8, 8}, {Numeric::float8, 8}), std::string("float16"));
        QVERIFY(!unit_takes({"binary", 1}, integer(2)));
        QVERIFY(unit_takes({"binary", 1}, {Numeric::binary, 1}));
        QVERIFY(!unit_takes({"integer", 8}, {Numeric::power_of_two, 4}));

        HardwareTarget integers_only = small_gpu();
        integers_only.gpu->peaks = {{{"integer", 8}, 1e12}};
        MatrixProblem wide = dense(1, 8, 8);
        wide.operands = {integer(16), integer(8)};
        const auto refused = machine(integers_only)->matrix(wide, nullptr);
        QVERIFY(!refused);
        QVERIFY(refused.error().to_line().find("w16a8") != std::string::npos);
        integers_only.gpu->peaks.clear();
        QVERIFY(!GpuMachine::create(integers_only));
    }

    /// No less time than the peak and the compulsory traffic take; less of nothing makes a layer faster.
    void laws_on_random_layers() {
        Rng rng(20);
        const auto pick = [&](int64_t lo, int64_t hi) {
            return lo + static_cast<int64_t>(rng.below(static_cast<uint64_t>(hi - lo + 1)));
        };
        for (int trial = 0; trial < 400; ++trial) {
            MatrixProblem problem;
            LoopNest& nest = problem.nest;
            nest.groups = pick(0, 3) == 0 ? pick(2, 32) : 1;
            nest.in_channels = nest.groups * pick(1, 64);
            nest.out_channels = nest.groups * pick(1, 64);
            nest.kernel_height = nest.kernel_width = 2 * pick(0, 2) + 1;
            nest.out_height = nest.in_height = pick(1, 60);
            nest.out_width = nest.in_width = pick(1, 60);
            problem.batch = pick(1, 8);
            HardwareTarget target = small_gpu();
            target.gpu->multiprocessors = static_cast<int>(pick(1, 40));
            target.memory[1].bytes = pick(1, 2000000);
            const LayerFigures base = run(target, problem).figures;
            const double macs = problem.macs();
            QVERIFY(static_cast<double>(base.cycles) >= macs / base.peak_macs_per_cycle);
            QVERIFY(base.mapped_units > 0 && base.mapped_units <= 1);
            const double weights = static_cast<double>(nest.out_channels * nest.in_channels / nest.groups *
                                                       nest.kernel_height * nest.kernel_width);
            const double maps = static_cast<double>((nest.in_channels + nest.out_channels) * nest.out_height *
                                                    nest.out_width * problem.batch);
            QVERIFY(base.dram_bytes >= (weights + maps) * (1 - 1e-9));

            const auto not_faster = [&](const HardwareTarget& changed) {
                return run(changed, problem).figures.cycles >= base.cycles;
            };
            HardwareTarget slow_dram = target, slow_l2 = target, small_l2 = target, fewer = target;
            *slow_dram.memory[0].bytes_per_cycle /= 1 + rng.uniform();
            *slow_l2.memory[1].bytes_per_cycle /= 1 + rng.uniform();
            *small_l2.memory[1].bytes = *target.memory[1].bytes / 2 + 1;
            // As fast each, but one fewer.
            if (target.gpu->multiprocessors > 1) --fewer.gpu->multiprocessors;
            for (GpuPeak& peak : fewer.gpu->peaks)
                peak.macs_per_s *=
                    static_cast<double>(fewer.gpu->multiprocessors) / target.gpu->multiprocessors;
            QVERIFY(not_faster(slow_dram));
            QVERIFY(not_faster(slow_l2));
            QVERIFY(not_faster(small_l2));
            QVERIFY(not_faster(fewer));
            MatrixProblem kept = problem;
            kept.input_on_chip = kept.output_on_chip = true;
            const LayerFigures on_chip = run(target, kept).figures;
            QVERIFY(on_chip.cycles <= base.cycles);
            MatrixProblem wider = problem;
            wider.operands.weights = {Numeric::float16, 16};
            wider.stored.weights = 16;
            QVERIFY(run(target, wider).figures.cycles >= base.cycles);
        }
    }

    void element_wise_work_is_bound_by_memory() {
        VectorWork add{.adds = 1e6,
                       .bits = 8,
                       .read_bits = 16e6,
                       .write_bits = 8e6,
                       .dram_read_bits = 16e6,
                       .dram_write_bits = 8e6};
        const auto gpu = machine(small_gpu());
        const LayerFigures figures = gpu->vector(add);
        QCOMPARE(figures.cycles, 1000 + 30000);
        QCOMPARE(figures.limited_by, std::string_view("HBM"));
        compare(figures.energy.compute_j, 1e6 * 4e-12);
        compare(figures.energy.dram_j, 24e6 * 4e-12);
        compare(figures.energy.buffer_j, 24e6 * 1e-12);
        add.dram_read_bits = add.dram_write_bits = 0; // it stays in L2
        QCOMPARE(machine(small_gpu())->vector(add).cycles, 1000 + 4000);
    }

    /// What a server measures around the network in float16 (ONNX Runtime with TensorRT under Triton, one
    /// instance, 256 requests in flight: batches of about 115): 11.34 ms on an A100, 21.06 ms on a V100
    /// (NVIDIA/DeepLearningExamples@49e23b45 PyTorch/Classification/ConvNets/triton/resnet50/README.md).
    /// The runtime's own time is in there: the kernels alone take less, but not by more than a factor of
    /// two and a half.
    void served_resnet50() {
        const GraphPtr graph = take(zoo::build("resnet50", zoo::Weights::zero));
        const PrecisionPlan plan(take(parse_bits("fp16")));
        for (const auto& [name, measured_s] : {std::pair{"a100", 11.34e-3}, std::pair{"v100", 21.06e-3}}) {
            const HardwareTarget target = take(load_target(name));
            const CostBreakdown cost = cost_of(graph, plan, target, 115);
            qInfo("%s: %.2f ms, measured around it %.2f ms, %.0f W, utilization %.2f", name,
                  cost.latency_s * 1e3, measured_s * 1e3, cost.power_w, cost.utilization);
            QVERIFY(cost.latency_s < measured_s && cost.latency_s > measured_s / 2.5);
            QVERIFY(cost.power_w < 400);
            QVERIFY(cost.utilization > 0.1 && cost.utilization < 1);
            const CostBreakdown one = cost_of(graph, plan, target, 1);
            qInfo("batch 1: %.3f ms, %.0f W", one.latency_s * 1e3, one.power_w);
            const CostBreakdown bytes = cost_of(graph, PrecisionPlan(precision(8, 8)), target, 115);
            qInfo("int8: %.2f ms", bytes.latency_s * 1e3);
            // Twice the rate of float16 on one, half of it on the other.
            QCOMPARE(bytes.latency_s < cost.latency_s, std::string(name) == "a100");
            const PrecisionPlan narrow(precision(4, 4));
            const CostBreakdown nibbles = cost_of(graph, narrow, target, 115);
            QCOMPARE(nibbles.latency_s < bytes.latency_s, std::string(name) == "a100");
            QCOMPARE(nibbles.layers[0].fallback.empty(), std::string(name) == "a100");
        }
    }
};

QTEST_APPLESS_MAIN(GpuMachineTest)
#include "tst_gpu_machine.moc"
