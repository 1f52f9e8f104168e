// What targets can run, what layers become where they cannot run as designed, and what scales and zero points
// cost on a layer's way out.
#include "core/cost/legality.h"
#include "core/cost/requantize.h"
#include "tests/core/cost/small_networks.h"

using namespace widthwise;
using namespace widthwise::test;
using cost::Numeric;
using cost::Operands;
using cost::VectorWork;

namespace {

HardwareTarget with_pairs(std::vector<FormatPair> pairs) {
    HardwareTarget target;
    target.mac.weight_bits = target.mac.activation_bits = 16;
    target.supports.pairs = std::move(pairs);
    return target;
}

FormatPair integers(int weights, int activations) {
    return {{"integer", weights}, {"integer", activations}};
}
FormatPair both(const std::string& type, int bits) {
    return {{type, bits}, {type, bits}};
}

cost::RunFormats run(const HardwareTarget& target, const NumberFormat& weights,
                     const NumberFormat& activations) {
    return take(cost::run_formats(target, weights, activations));
}

NumberFormat asymmetric_weights(int bits) {
    NumberFormat format = weight_integer(bits);
    format.symmetric = format.narrow = false;
    return format;
}
NumberFormat in_groups(int bits, int size) {
    NumberFormat format = weight_integer(bits);
    format.granularity = Granularity::group;
    format.group_size = size;
    return format;
}

/// 8 -> 16 channels, 3 x 3, 10 x 10 results.
LoopNest example_nest() {
    LoopNest nest;
    nest.in_channels = 8;
    nest.out_channels = 16;
    nest.out_height = nest.out_width = nest.in_height = nest.in_width = 10;
    nest.kernel_height = nest.kernel_width = 3;
    return nest;
}

} // namespace

class Legality : public QObject {
    Q_OBJECT
private slots:
    void the_narrowest_pair_that_holds_both_is_run() {
        const HardwareTarget target = with_pairs({integers(16, 16), integers(8, 8), integers(4, 8)});
        const auto exact = run(target, weight_integer(8), activation_integer(8));
        QVERIFY((exact.operands == Operands{{Numeric::integer, 8}, {Numeric::integer, 8}}));
        QVERIFY(exact.fallback.empty());
        const auto narrow = run(target, weight_integer(3), activation_integer(5));
        QVERIFY((narrow.operands == Operands{{Numeric::integer, 4}, {Numeric::integer, 8}}));
        QCOMPARE(narrow.fallback, "runs as w4a8: the target multiplies no w3a5");
        QCOMPARE(narrow.stored_weight_bits, 4);
        const auto wide = run(target, weight_integer(5), activation_integer(9));
        QCOMPARE(wide.fallback, "runs as w16a16: the target multiplies no w5a9");
        const auto signs = run(target, weight_integer(1), activation_integer(1));
        QCOMPARE(signs.fallback, "runs as w4a8: the target multiplies no binary");
        const auto too_wide =
            cost::run_formats(with_pairs({integers(8, 8)}), weight_integer(9), activation_integer(8));
        QVERIFY(!too_wide);
        QVERIFY(too_wide.error().to_line().find("w9a8 does not fit the MACs of target 'custom' (w8a8)") !=
                std::string::npos);
    }

    /// Every value of the wanted format is one of the format that runs it.
    void what_holds_what() {
        const auto holds = [](const char* type, int bits, Numeric numeric, int wanted) {
            return cost::holds({type, bits}, {numeric, wanted});
        };
        // +-{1, 2, .., 64}, 0: log4 is within int8, no narrower; log5's largest is 2^14.
        QVERIFY(holds("integer", 8, Numeric::power_of_two, 4));
        QVERIFY(!holds("integer", 7, Numeric::power_of_two, 4));
        QVERIFY(holds("integer", 16, Numeric::power_of_two, 5));
        QVERIFY(!holds("integer", 32, Numeric::power_of_two, 8));
        QVERIFY(holds("integer", 2, Numeric::binary, 1));
        QVERIFY(holds("integer", 2, Numeric::ternary, 2));
        QVERIFY(holds("ternary", 2, Numeric::binary, 1));
        QVERIFY(!holds("ternary", 2, Numeric::integer, 2));
        QVERIFY(!holds("binary", 1, Numeric::ternary, 2));
        QVERIFY(holds("power_of_two", 4, Numeric::ternary, 2));
        QVERIFY(!holds("power_of_two", 4, Numeric::power_of_two, 5));
        QVERIFY(!holds("power_of_two", 4, Numeric::integer, 2));
        QVERIFY(holds("float16", 16, Numeric::integer, 11));
        QVERIFY(!holds("bfloat16", 16, Numeric::integer, 9));
        QVERIFY(!holds("integer", 16, Numeric::float16, 16));
        QVERIFY(holds("float32", 32, Numeric::integer, 16));
        QVERIFY(holds("codebook", 4, Numeric::codebook, 3));
        QVERIFY(!holds("integer", 8, Numeric::codebook, 3));
    }

    void floats_without_units_for_them() {
        const auto none = run(with_pairs({integers(8, 8)}), float32_format(), float32_format());
        QVERIFY((none.operands == Operands{{Numeric::float32, 32}, {Numeric::float32, 32}}));
        QCOMPARE(none.fallback, "floating-point units are assumed: the target has none");
        const auto half =
            run(with_pairs({integers(8, 8), both("float16", 16)}), float32_format(), float32_format());
        QVERIFY((half.operands == Operands{{Numeric::float16, 16}, {Numeric::float16, 16}}));
        QCOMPARE(half.fallback, "runs as float16: the target multiplies no float32");
        const auto mixed = run(with_pairs({integers(8, 8), both("float16", 16)}), weight_integer(4),
                               default_activation_format(FormatType::float16));
        QVERIFY((mixed.operands == Operands{{Numeric::float16, 16}, {Numeric::float16, 16}}));
        HardwareTarget plain;
        QCOMPARE(run(plain, float32_format(), float32_format()).fallback,
                 "floating-point units are assumed: the target has none");
        plain.sizing = Sizing::to_design;
        QVERIFY(run(plain, float32_format(), float32_format()).fallback.empty());
        QVERIFY(run(plain, weight_integer(16), activation_integer(16)).fallback.empty());
    }

    /// Without data paths for them, powers of two are integers of 2^(bits - 1) bits; signs fit one bit.
    void powers_of_two_as_wide_as_integers() {
        HardwareTarget target; // 8 x 8 bits
        NumberFormat log4 = default_weight_format(FormatType::power_of_two), log6 = log4;
        log4.bits = 4;
        log6.bits = 6;
        QVERIFY(run(target, log4, activation_integer(8)).fallback.empty());
        const auto refused = cost::run_formats(target, log6, activation_integer(8));
        QVERIFY(!refused);
        QVERIFY2(refused.error().to_line().find("does not fit the MACs") != std::string::npos,
                 refused.error().to_line().c_str());
        target.mac.weight_bits = 32;
        QVERIFY(cost::run_formats(target, log6, activation_integer(8)));
        target.mac.weight_bits = 31;
        QVERIFY(!cost::run_formats(target, log6, activation_integer(8)));
        target.mac.weight_bits = target.mac.activation_bits = 1;
        QVERIFY(cost::run_formats(target, weight_integer(1), activation_integer(1)));
        target.sizing = Sizing::to_design;
        QVERIFY(cost::run_formats(target, log6, activation_integer(8)));
    }

    /// Levels are looked up before integer multipliers as the integers of a table's entries: 8 bits, or as
    /// wide as the other operand.
    void codebooks_without_units_for_them() {
        const NumberFormat codebook = default_weight_format(FormatType::codebook, 4);
        const auto decoded =
            run(with_pairs({integers(4, 8), integers(8, 8)}), codebook, activation_integer(8));
        QVERIFY((decoded.operands == Operands{{Numeric::integer, 8}, {Numeric::integer, 8}}));
        QCOMPARE(decoded.fallback,
                 "runs as w8a8: the target multiplies no weights codebook:4, activations integer:8");
        QCOMPARE(decoded.stored_weight_bits, 8); // memory holds them decoded
        const auto floats =
            run(with_pairs({integers(8, 8), both("float16", 16)}), codebook, activation_integer(8));
        QVERIFY((floats.operands == Operands{{Numeric::float16, 16}, {Numeric::float16, 16}}));
        const FormatPair table{{"codebook", 4}, {"integer", 8}};
        const auto looked_up = run(with_pairs({integers(8, 8), table}), codebook, activation_integer(8));
        QVERIFY((looked_up.operands == Operands{{Numeric::codebook, 4}, {Numeric::integer, 8}}));
        QVERIFY(looked_up.fallback.empty());
        QCOMPARE(looked_up.stored_weight_bits, 4);
        QVERIFY(!cost::run_formats(with_pairs({integers(4, 4)}), codebook, activation_integer(4)));
        const auto plain = run(HardwareTarget(), codebook, activation_integer(8)); // 8 x 8 bits, no list
        QVERIFY((plain.operands == Operands{{Numeric::codebook, 4}, {Numeric::integer, 8}}));
        QCOMPARE(plain.scales.weights, Granularity::tensor);
        HardwareTarget gpu;
        gpu.kind = TargetKind::gpu;
        gpu.gpu = Gpu{1, {{{"float32", 32}, 1e12}, {{"float16", 16}, 2e12}, {{"integer", 8}, 4e12}}};
        const auto unpacked = run(gpu, codebook, activation_integer(8));
        QCOMPARE(unpacked.fallback,
                 "runs as float16: the target multiplies no weights codebook:4, activations integer:8");
        QCOMPARE(unpacked.stored_weight_bits, 4);
    }

    void a_gpu_without_a_list_runs_its_peaks() {
        HardwareTarget gpu;
        gpu.kind = TargetKind::gpu;
        gpu.gpu = Gpu{1, {{{"float32", 32}, 1e12}, {{"float16", 16}, 2e12}, {{"integer", 8}, 4e12}}};
        const auto narrow = run(gpu, weight_integer(4), activation_integer(8));
        QCOMPARE(narrow.fallback, "runs as w8a8: the target multiplies no w4a8");
        QCOMPARE(narrow.stored_weight_bits, 4); // kernels unpack them
        QCOMPARE(run(gpu, weight_integer(16), activation_integer(16)).fallback,
                 "runs as float32: the target multiplies no w16a16");
        QVERIFY(run(gpu, float32_format(), float32_format()).fallback.empty());
    }

    void coarser_scales_stand_in() {
        HardwareTarget target;
        target.supports.per_group = false;
        const auto grouped = run(target, in_groups(8, 32), activation_integer(8));
        QVERIFY(grouped.scales.weights == Granularity::channel);
        QCOMPARE(grouped.fallback, "weights take one scale per channel: the target has none per group");
        target.supports.per_channel = false;
        QCOMPARE(run(target, weight_integer(8), activation_integer(8)).fallback,
                 "weights take one scale per tensor: the target has none per channel");
        QVERIFY(run(target, weight_integer(1), activation_integer(8)).scales.weights == Granularity::tensor);
        QVERIFY(run(target, float32_format(), float32_format()).scales.weights == Granularity::tensor);
        target = {};
        target.supports.weight_zero_points = target.supports.input_zero_points = false;
        target.supports.pairs = {integers(8, 8)};
        const auto asymmetric = run(target, asymmetric_weights(4), activation_integer(8));
        QCOMPARE(asymmetric.fallback,
                 "runs as w8a8: the target multiplies no w4a8; weights run symmetric: the target has no zero "
                 "points of weights; inputs run symmetric: the target has no zero points of inputs");
        QVERIFY(!asymmetric.scales.weight_zero_point && !asymmetric.scales.input_zero_point);
    }

    void given_zero_points_of_zero_are_none() {
        NumberFormat activations = activation_integer(8);
        const HardwareTarget target;
        QVERIFY(run(target, weight_integer(8), activations).scales.input_zero_point);
        activations.scale = {0.5F};
        activations.zero_point = {0};
        QVERIFY(!run(target, weight_integer(8), activations).scales.input_zero_point);
    }

    void what_may_be_chosen() {
        HardwareTarget target;
        cost::LegalFormats legal = cost::legal_formats(target);
        QVERIFY(legal.pairs.empty());
        QCOMPARE(legal.widest_weights, 8);
        QVERIFY(!legal.floats);
        QCOMPARE(cost::to_text(legal), "integers up to w8a8; scales per tensor or channel or group");
        target.sizing = Sizing::to_design;
        QCOMPARE(cost::to_text(cost::legal_formats(target)),
                 "integers up to w16a16, floating point; scales per tensor or channel or group");
        target = with_pairs({integers(4, 8), integers(8, 16), both("float16", 16)});
        target.supports.per_group = false;
        target.supports.weight_zero_points = false;
        legal = cost::legal_formats(target);
        QCOMPARE(legal.pairs.size(), 3U);
        QCOMPARE(legal.widest_weights, 8);
        QCOMPARE(legal.widest_activations, 16);
        QVERIFY(legal.floats);
        QCOMPARE(cost::to_text(legal),
                 "w4a8, w8a16, float16; scales per tensor or channel; zero points of inputs only");
        target.supports.input_zero_points = target.supports.per_channel = false;
        QVERIFY(cost::to_text(cost::legal_formats(target)).ends_with("; scales per tensor; no zero points"));
    }

    void activations_are_stored_as_multipliers_read_them() {
        const HardwareTarget target = with_pairs({integers(8, 8), integers(8, 16)});
        QCOMPARE(cost::stored_activation_bits(target, activation_integer(4)), 8);
        QCOMPARE(cost::stored_activation_bits(target, activation_integer(9)), 16);
        QCOMPARE(cost::stored_activation_bits(target, float32_format()), 32);
        QCOMPARE(cost::stored_activation_bits(HardwareTarget(), activation_integer(4)), 4);
        // What runs as float16 is stored as float16.
        const HardwareTarget half = with_pairs({integers(8, 8), both("float16", 16)});
        QCOMPARE(cost::stored_activation_bits(half, float32_format()), 16);
        HardwareTarget gpu;
        gpu.kind = TargetKind::gpu;
        gpu.gpu = Gpu{1, {{{"float16", 16}, 2e12}, {{"integer", 8}, 4e12}}};
        QCOMPARE(cost::stored_activation_bits(gpu, activation_integer(4)), 8);
        QCOMPARE(cost::stored_activation_bits(gpu, activation_integer(9)), 16);
        QCOMPARE(cost::stored_activation_bits(gpu, float32_format()), 16);
    }

    /// A map that one reader takes wider than the other is stored as the wider one needs it, and no wider,
    /// whatever the words of the memory.
    void words_of_the_memory() {
        Net net({1, 8, 8, 8});
        const ValueId input = net.last();
        net.conv("wide", 8, 1);
        const ValueId wide = net.last();
        const GraphPtr graph =
            net.from(input)
                .add(Op::relu, "relu")
                .add(Op::max_pool, "pool", PoolAttributes{{1, 1}, {1, 1}, {}, false, false})
                .add(Op::add, "sum", {}, {wide})
                .build();
        HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        const auto bytes_of_pool = [&](int word, int bits) {
            for (MemoryLevel& level : target.memory) level.element_bits = word;
            PrecisionPlan plan(precision(8, 8));
            plan.set("pool", precision(8, bits));
            return layer(cost_of(graph, plan, target), "pool").dram_bytes;
        };
        // 512 elements of 8 bits leave, for the sum; as many of the pool's own width come in.
        QCOMPARE(bytes_of_pool(1, 5), 512.0 + 512 * 5 / 8.0);
        QCOMPARE(bytes_of_pool(8, 5), 1024.0);
        QCOMPARE(bytes_of_pool(8, 6), 1024.0);
        QCOMPARE(bytes_of_pool(8, 8), 1024.0);
        QCOMPARE(bytes_of_pool(16, 8), 2048.0);
    }

    /// 1600 results of 72 products each; 100 positions.
    void requantization_by_hand() {
        const HardwareTarget target;
        const LoopNest nest = example_nest();
        const auto work = [&](const NumberFormat& weights, const NumberFormat& activations,
                              bool constant = true, int64_t batch = 1) {
            return cost::requantization(nest, batch, run(target, weights, activations), constant, 32);
        };
        const VectorWork plain = work(weight_integer(8), activation_integer(8));
        QCOMPARE(plain.adds, 3200.0);
        QCOMPARE(plain.multiplies, 1600.0);
        QCOMPARE(plain.bits, 32);
        QVERIFY(!plain.is_float && plain.read_bits == 0 && plain.dram_write_bits == 0);
        QCOMPARE(work(weight_integer(8), activation_integer(8), true, 3).adds, 9600.0);
        // Sums of the inputs: 72 at each of 100 positions, then one multiplication and addition per result.
        const VectorWork asymmetric = work(asymmetric_weights(8), activation_integer(8));
        QCOMPARE(asymmetric.adds, 3200.0 + 7200 + 1600);
        QCOMPARE(asymmetric.multiplies, 3200.0);
        // 72 weights in groups of 32: three.
        const VectorWork grouped = work(in_groups(4, 32), activation_integer(8));
        QCOMPARE(grouped.adds, 3200.0 + 3 * 1600);
        QCOMPARE(grouped.multiplies, 1600.0 + 3 * 1600);
        // Inputs with a scale for each of 8 channels; and weights in groups of 32 across them: 8 + 3 - 1
        // parts.
        NumberFormat by_channel = activation_integer(8);
        by_channel.granularity = Granularity::channel;
        QCOMPARE(work(weight_integer(8), by_channel).multiplies, 1600.0 + 8 * 1600);
        QCOMPARE(work(in_groups(4, 32), by_channel).adds, 3200.0 + 10 * 1600);
        by_channel.granularity = Granularity::group;
        by_channel.group_size = 3;
        QCOMPARE(work(weight_integer(8), by_channel).adds, 3200.0 + 3 * 1600);
        QCOMPARE(work(in_groups(4, 72), activation_integer(8)).adds, 3200.0); // one group is the channel
        const VectorWork shifted = work(default_weight_format(FormatType::fixed_point),
                                        default_activation_format(FormatType::fixed_point));
        QCOMPARE(shifted.adds, 4800.0);
        QCOMPARE(shifted.multiplies, 0.0);
        // The right operand's sums: 72 products of each of 16 columns, and their use.
        const VectorWork product = work(weight_integer(8), activation_integer(8), false);
        QCOMPARE(product.adds, 3200.0 + 16 * 72 + 1600);
        QCOMPARE(product.multiplies, 3200.0);
        QVERIFY((work(float32_format(), float32_format()) == VectorWork{}));
        QCOMPARE(
            cost::requantization(nest, 1, run(target, weight_integer(8), activation_integer(8)), true, 64)
                .bits,
            32);
        QCOMPARE(
            cost::requantization(nest, 1, run(target, weight_integer(8), activation_integer(8)), true, 16)
                .bits,
            16);
    }

    /// 4 groups of 2 -> 4 channels: 18 products a result; each group sums its own inputs.
    void requantization_of_groups() {
        LoopNest nest = example_nest();
        nest.groups = 4;
        const VectorWork work = cost::requantization(
            nest, 1, run(HardwareTarget(), asymmetric_weights(8), activation_integer(8)), true, 32);
        QCOMPARE(work.adds, 3200.0 + 100 * 4 * 18 + 1600);
    }

    /// A grouped convolution of numbers, once with the zero points taken off each operand and once as the
    /// hardware does it, which counts what it adds and multiplies besides the products.
    void zero_points_by_running_a_layer() {
        constexpr int64_t k_groups = 2, k_channels = 3, k_filters = 4, k_side = 4, k_kernel = 2;
        constexpr int64_t k_out = k_side - k_kernel + 1;
        constexpr int64_t k_zero_weight = 7, k_zero_input = 11;
        int64_t state = 1;
        const auto numbers = [&](size_t count) {
            std::vector<int64_t> values(count);
            for (int64_t& v : values) v = state = (state * 37 + 11) % 251;
            return values;
        };
        const auto inputs = numbers(k_groups * k_channels * k_side * k_side);
        const auto weights = numbers(k_groups * k_filters * k_channels * k_kernel * k_kernel);
        const auto x = [&](int64_t g, int64_t c, int64_t y, int64_t z) {
            return inputs[static_cast<size_t>(((g * k_channels + c) * k_side + y) * k_side + z)];
        };
        const auto w = [&](int64_t g, int64_t k, int64_t c, int64_t r, int64_t t) {
            return weights[static_cast<size_t>(
                (((g * k_filters + k) * k_channels + c) * k_kernel + r) * k_kernel + t)];
        };
        double adds = 0, multiplies = 0;
        for (int64_t g = 0; g < k_groups; ++g)
            for (int64_t p = 0; p < k_out; ++p)
                for (int64_t q = 0; q < k_out; ++q) {
                    const auto each = [&](auto body) {
                        for (int64_t c = 0; c < k_channels; ++c)
                            for (int64_t r = 0; r < k_kernel; ++r)
                                for (int64_t t = 0; t < k_kernel; ++t) body(c, r, t);
                    };
                    int64_t sum = 0;
                    each([&](int64_t c, int64_t r, int64_t t) {
                        sum += x(g, c, p + r, q + t);
                        ++adds;
                    });
                    for (int64_t k = 0; k < k_filters; ++k) {
                        int64_t exact = 0, products = 0, bias = 0; // bias: known before any input
                        each([&](int64_t c, int64_t r, int64_t t) {
                            exact +=
                                (w(g, k, c, r, t) - k_zero_weight) * (x(g, c, p + r, q + t) - k_zero_input);
                            products += w(g, k, c, r, t) * x(g, c, p + r, q + t);
                            bias += k_zero_input * (k_zero_weight - w(g, k, c, r, t));
                        });
                        const int64_t corrected = products + bias - k_zero_weight * sum;
                        ++adds, ++multiplies;
                        QCOMPARE(corrected, exact);
                    }
                }
        LoopNest nest;
        nest.groups = k_groups;
        nest.in_channels = k_groups * k_channels;
        nest.out_channels = k_groups * k_filters;
        nest.in_height = nest.in_width = k_side;
        nest.out_height = nest.out_width = k_out;
        nest.kernel_height = nest.kernel_width = k_kernel;
        const VectorWork work = cost::requantization(
            nest, 1, run(HardwareTarget(), asymmetric_weights(8), activation_integer(8)), true, 32);
        const double results = k_groups * k_filters * k_out * k_out;
        QCOMPARE(work.adds, 2 * results + adds);
        QCOMPARE(work.multiplies, results + multiplies);
    }

    void fallbacks_reach_the_layers_and_cost() {
        Net net({1, 16, 8, 8});
        const GraphPtr graph = net.conv("conv", 32, 3).build();
        HardwareTarget narrow = square_target(8, Dataflow::weight_stationary);
        HardwareTarget listed = narrow;
        listed.supports.pairs = {integers(8, 8)};
        const auto plan = PrecisionPlan(precision(4, 8));
        const CostBreakdown free = cost_of(graph, plan, narrow), bound = cost_of(graph, plan, listed);
        QVERIFY(free.layers[0].fallback.empty());
        QCOMPARE(bound.layers[0].fallback, "runs as w8a8: the target multiplies no w4a8");
        QCOMPARE(bound.layers[0].weight_bits, 4);
        QCOMPARE(bound.layers[0].run_weight_bits, 8);
        QVERIFY(bound.energy_j > free.energy_j);
        QVERIFY(bound.dram_bytes > free.dram_bytes);
        QCOMPARE(bound.bops, free.bops);                 // of the design
        QCOMPARE(bound.weight_bytes, free.weight_bytes); // of the design
        const CostBreakdown eight = cost_of(graph, PrecisionPlan(precision(8, 8)), listed);
        QCOMPARE(bound.energy_j, eight.energy_j);
        QCOMPARE(bound.dram_bytes, eight.dram_bytes);
    }
};

QTEST_APPLESS_MAIN(Legality)
#include "tst_legality.moc"
