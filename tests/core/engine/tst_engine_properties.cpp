// Random layers over every pair of widths from 1 to 8 bits, with whatever else a layer can have: the executor
// equals the plain reference, bit for bit. CTest runs this binary once per instruction set; a failure prints
// the seed that rebuilds it.

#include "engine_comparison.h"

using namespace widthwise;
using namespace widthwise::engine;

namespace {

int64_t one_of(Rng& rng, std::initializer_list<int64_t> list) {
    return *(list.begin() + static_cast<std::ptrdiff_t>(rng.below(list.size())));
}

ConvCase random_layer(Rng& rng) {
    ConvCase c;
    c.kernel = one_of(rng, {1, 1, 2, 3, 3, 3, 5});
    c.stride = one_of(rng, {1, 1, 2, 3});
    c.dilation = c.kernel > 1 ? one_of(rng, {1, 1, 2}) : 1;
    c.size = std::max(one_of(rng, {4, 5, 7, 8, 9}), (c.kernel - 1) * c.dilation + 1);
    for (int64_t& pad : c.pads) pad = one_of(rng, {0, 0, 1, 2});
    switch (rng.below(3)) {
    case 0:
        c.in = one_of(rng, {1, 3, 4, 8, 16, 17});
        c.out = one_of(rng, {1, 5, 8, 16, 24});
        break;
    case 1: // depthwise
        c.in = c.group = one_of(rng, {1, 5, 8, 16, 20});
        c.out = c.in * one_of(rng, {1, 1, 2});
        break;
    default:
        c.group = one_of(rng, {2, 3, 4});
        c.in = c.group * one_of(rng, {1, 2, 4, 5});
        c.out = c.group * one_of(rng, {1, 2, 8});
        break;
    }
    c.clip = std::array{0.0F, std::numeric_limits<float>::infinity(), 0.5F}[rng.below(3)];
    return c;
}

NumberFormat random_weights(Rng& rng, int bits) {
    NumberFormat f = weight_integer(bits);
    if (bits == 2 && rng.below(2)) f = default_weight_format(FormatType::ternary);
    if (bits <= 4 && bits >= 2 && rng.below(4) == 0)
        f = default_weight_format(FormatType::power_of_two, bits);
    f.granularity = rng.below(2) ? Granularity::channel : Granularity::tensor;
    if (f.type == FormatType::integer && bits > 1) {
        f.narrow = rng.below(2) != 0;
        if (rng.below(3) == 0) { // unsigned with a zero point
            f.symmetric = false;
            f.narrow = false;
            if (rng.below(2)) {
                f.range.type = RangeRuleType::given; // far from the middle: no 8-bit number holds w - z
                f.range.lo = -0.05;
                f.range.hi = 0.9;
            }
        }
        if (rng.below(6) == 0) f.scale_type = ScaleType::power_of_two;
    }
    return f;
}

NumberFormat random_activations(Rng& rng, int bits) {
    NumberFormat f = activation_integer(bits);
    if (bits == 2 && rng.below(3) == 0) f = default_activation_format(FormatType::ternary);
    if (bits >= 2 && rng.below(4) == 0) f = default_activation_format(FormatType::dynamic_fixed_point, bits);
    if (f.type == FormatType::integer && bits > 1 && rng.below(4) == 0) {
        f.symmetric = true;
        f.range.type = RangeRuleType::minmax;
    }
    return f;
}

} // namespace

class TestEngineProperties : public QObject {
    Q_OBJECT
private slots:
    void random_layers_data() {
        QTest::addColumn<int>("weight_bits");
        for (int w = 1; w <= 8; ++w) QTest::addRow("%d-bit weights", w) << w;
    }
    void random_layers() {
        QFETCH(int, weight_bits);
        constexpr int cases = 33; // x 64 pairs of widths
        for (int activation_bits = 1; activation_bits <= 8; ++activation_bits)
            for (int i = 0; i < cases; ++i) {
                const auto seed = static_cast<uint64_t>(10000 * weight_bits + 1000 * activation_bits + i);
                Rng rng(seed);
                Net net{rng};
                const ConvCase c = random_layer(rng);
                ValueId y = net.builder.input("x", {1, c.in, c.size, c.size});
                const bool transposed = rng.below(5) == 0 && c.pads == std::array<int64_t, 4>{};
                const bool normalized = !transposed && rng.below(4) == 0;
                if (transposed) {
                    y = net.conv_transpose(y, c);
                } else if (normalized) {
                    ConvCase plain = c;
                    plain.clip = 0;
                    y = net.clipped(net.batch_norm(net.conv(y, plain), c.out), c.clip);
                } else {
                    y = net.conv(y, c);
                }
                // The second layer reads what the first one requantized.
                y = net.conv(y, {c.out, 4, 1, 1, 1, 1, 1, {0, 0, 0, 0}, 0});
                const GraphPtr graph = net.finish(y);

                LayerPrecision p{
                    random_weights(rng, weight_bits), random_activations(rng, activation_bits), {}};
                PrecisionPlan plan;
                plan.set_folds_batch_norm(rng.below(2) != 0);
                if (rng.below(4) == 0)
                    plan.set_requantization({rng.below(2) ? RequantizationMode::integer_multiplier
                                                          : RequantizationMode::power_of_two_shift,
                                             std::array{Rounding::half_even, Rounding::half_up,
                                                        Rounding::half_away, Rounding::floor}[rng.below(4)]});
                if (rng.below(4) == 0)
                    p.accumulator = {static_cast<int>(6 + rng.below(12)),
                                     rng.below(2) ? Overflow::wrap : Overflow::saturate};
                if (activation_bits == 8 && rng.below(4) == 0) {
                    p.activations = activation_integer(8);
                    p.activations.range.type = RangeRuleType::dynamic;
                }
                plan.set_default(p);
                const LowerOptions options{rng.below(6) == 0};
                const QString wrong = first_difference(graph, plan, seed, options);
                QVERIFY2(wrong.isEmpty(), qPrintable(QStringLiteral("seed %1: %2").arg(seed).arg(wrong)));
            }
    }

    /// Formats that are simulated stay within the bound that the manual states: the sum of n products in f32
    /// is off by at most n 2^-23 sum |w x| (Higham 2002, equation 3.5, with u = 2^-24 and n u << 1).
    void simulated_formats_within_their_bound_data() {
        QTest::addColumn<int>("type");
        QTest::addColumn<int>("bits");
        for (const int bits : {9, 12, 16, 32})
            QTest::addRow("int%d", bits) << int(FormatType::integer) << bits;
        for (const FormatType type :
             {FormatType::float16, FormatType::bfloat16, FormatType::float8_e4m3, FormatType::float8_e5m2,
              FormatType::fixed_point, FormatType::power_of_two})
            QTest::addRow("%s", std::string(to_string(type)).c_str())
                << int(type) << (type == FormatType::fixed_point ? 12 : 0);
        for (const int bits : {1, 4, 8})
            QTest::addRow("codebook%d", bits) << int(FormatType::codebook) << bits;
    }
    void simulated_formats_within_their_bound() {
        QFETCH(int, type);
        QFETCH(int, bits);
        for (uint64_t seed = 0; seed < 8; ++seed) {
            Rng rng(seed);
            Net net{rng};
            const ValueId x = net.builder.input("x", {1, 6, 7, 7});
            const GraphPtr graph = net.finish(net.conv(x, {6, 5, 7, 3, 1, 1, 1, {1, 1, 1, 1}, 0}));
            const auto format_type = static_cast<FormatType>(type);
            LayerPrecision p{
                default_weight_format(format_type, bits), default_activation_format(format_type, bits), {}};
            if (bits == 32)
                for (NumberFormat* f : {&p.weights, &p.activations}) {
                    *f = weight_integer(16);
                    f->bits = 32;
                    f->granularity = Granularity::tensor;
                }
            const bool codebook = format_type == FormatType::codebook; // activations have none
            if (codebook) p.activations = activation_integer(8);
            if (seed % 2 == 1) { // groups of 4 weights, activations per channel
                p.weights.granularity = codebook ? Granularity::tensor : Granularity::group;
                p.weights.group_size = 4;
                p.activations.granularity = Granularity::channel;
            }
            const Images images({6, 7, 7}, 2, seed);
            const PrecisionPlan plan(p);
            const auto statistics = calibrate(graph, images, 2, {}, values_read_by_channel(*graph, plan));
            QVERIFY(statistics);
            const auto resolved = resolve_plan(*graph, plan, *statistics);
            QVERIFY2(resolved, resolved ? "" : resolved.error().to_line().c_str());
            const auto layers = diagnose(*graph, *resolved, nullptr);
            QVERIFY(layers);
            QCOMPARE(layers->front().execution, Execution::simulated);
            auto program = lower(*graph, *resolved);
            QVERIFY2(program, program ? "" : program.error().to_line().c_str());
            // The same sums with all signs positive, for the bound.
            Program magnitudes = *program;
            for (Step& step : magnitudes.steps)
                if (auto* conv = std::get_if<ConvStep>(&step.operation)) {
                    for (float& w : conv->weights_f32) w = std::fabs(w);
                    for (float& b : conv->bias) b = std::fabs(b);
                }
            std::vector<float> image(6 * 7 * 7), magnitude;
            QVERIFY(images.read(0, image));
            for (const float v : image) magnitude.push_back(std::fabs(v));
            ReferenceEngine exact(*program), bound(magnitudes);
            exact.run(image);
            bound.run(magnitude);
            const auto executor = *Executor::create(*program, 1);
            use_one_openmp_thread();
            Executor::Context context(executor);
            std::copy(image.begin(), image.end(), context.input().begin());
            context.run();
            for (size_t i = 0; i < context.output().size(); ++i) {
                const double off = std::fabs(static_cast<double>(context.output()[i]) -
                                             static_cast<double>(exact.output()[i]));
                const double allowed = (6 * 9 + 1) * 0x1p-23 * static_cast<double>(bound.output()[i]) + 1e-12;
                QVERIFY2(off <= allowed,
                         qPrintable(QStringLiteral("seed %1: %2 > %3").arg(seed).arg(off).arg(allowed)));
            }
        }
    }

    /// Hand-worked: a 1x1 layer, weight code 3, input codes 0..3, one output step a quarter of a sum.
    void requantization_by_hand() {
        GraphBuilder builder("hand");
        const ValueId x = builder.input("x", {1, 1, 1, 4});
        const auto constant = [&](const char* n, std::vector<float> v) {
            return builder.constant(n,
                                    std::make_shared<Tensor>(Tensor::from_f32({1, 1, 1, 1}, std::move(v))));
        };
        const ValueId a = *builder.add(Op::conv, "Conv", "first", ConvAttributes{}, {x, constant("w", {3})});
        const ValueId b = *builder.add(Op::conv, "Conv", "second", ConvAttributes{}, {a, constant("v", {1})});
        builder.output(b);
        const GraphPtr graph = *builder.build();
        const auto given = [](NumberFormat f, float scale) {
            f.granularity = Granularity::tensor;
            f.scale = {scale};
            f.zero_point = {0};
            return f;
        };
        const auto outputs = [&](Requantization how, AccumulatorFormat accumulator) {
            PrecisionPlan plan;
            plan.set("first", {given(weight_integer(8), 1), given(activation_integer(8), 1), accumulator});
            plan.set("second", {given(weight_integer(8), 1), given(activation_integer(8), 4), {}});
            plan.set_requantization(how);
            const auto executor = *Executor::create(*lower(*graph, plan), 1);
            use_one_openmp_thread();
            Executor::Context context(executor);
            for (size_t i = 0; i < 4; ++i) context.input()[i] = static_cast<float>(2 * i); // 0 2 4 6
            context.run();
            return std::vector<float>(context.output().begin(), context.output().end());
        };
        using Values = std::vector<float>;
        // Sums 0 6 12 18, in steps of 4: 0, 1.5, 3, 4.5.
        const auto mode = RequantizationMode::power_of_two_shift;
        QCOMPARE(outputs({}, {}), (Values{0, 8, 12, 16}));
        QCOMPARE(outputs({mode, Rounding::half_even}, {}), (Values{0, 8, 12, 16}));
        QCOMPARE(outputs({mode, Rounding::half_up}, {}), (Values{0, 8, 12, 20}));
        QCOMPARE(outputs({mode, Rounding::half_away}, {}), (Values{0, 8, 12, 20}));
        QCOMPARE(outputs({mode, Rounding::floor}, {}), (Values{0, 4, 12, 16}));
        QCOMPARE(outputs({RequantizationMode::integer_multiplier, Rounding::half_up}, {}),
                 (Values{0, 8, 12, 20}));
        // Five bits hold -16..15: 18 wraps to -14 (cut to 0), or stays at 15 (3.75 steps).
        QCOMPARE(outputs({}, {5, Overflow::wrap}), (Values{0, 8, 12, 0}));
        QCOMPARE(outputs({}, {5, Overflow::saturate}), (Values{0, 8, 12, 16}));
        QCOMPARE(outputs({mode, Rounding::floor}, {5, Overflow::saturate}), (Values{0, 4, 12, 12}));
    }
};

QTEST_APPLESS_MAIN(TestEngineProperties)
#include "tst_engine_properties.moc"
