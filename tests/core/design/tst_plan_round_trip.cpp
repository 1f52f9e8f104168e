// Random designs survive their file: an equal plan, and the same bytes again.
#include "core/base/rng.h"
#include "core/design/layer_lookup.h"
#include "core/design/precision_plan.h"
#include "core/graph/layer_work.h"
#include "tests/support/small_graph.h"

#include <QTest>

#include <cmath>

using namespace widthwise;

namespace {

template <typename Choices> auto one_of(Rng& rng, const Choices& choices) {
    return choices[rng.below(choices.size())];
}

/// Any positive float that is not subnormal, in all its bits.
float random_float(Rng& rng) {
    return std::ldexp(1.0F + static_cast<float>(rng.below(1U << 23U)) * 0x1p-23F,
                      static_cast<int>(rng.below(200)) - 100);
}

RangeRule random_range(Rng& rng) {
    constexpr std::array k_rules = {RangeRuleType::minmax,     RangeRuleType::moving_average,
                                    RangeRuleType::percentile, RangeRuleType::mse,
                                    RangeRuleType::entropy,    RangeRuleType::given};
    RangeRule rule;
    rule.type = one_of(rng, k_rules);
    if (rule.type == RangeRuleType::percentile) rule.percentile = rng.uniform(50.1, 100);
    if (rule.type == RangeRuleType::given) {
        rule.lo = rng.uniform(-10, 0);
        rule.hi = rng.uniform(0.1, 10);
    }
    return rule;
}

size_t scale_count(const Graph& graph, NodeId id, const NumberFormat& format, bool weights) {
    const auto ceil_div = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
    const int64_t channels =
        weights ? weight_channels(graph, id) : graph.value(graph.node(id).inputs[0]).shape[1];
    if (format.granularity == Granularity::tensor) return 1;
    if (format.granularity == Granularity::channel) return static_cast<size_t>(channels);
    if (!weights) return static_cast<size_t>(ceil_div(channels, format.group_size));
    return static_cast<size_t>(channels * ceil_div(weight_elements(graph, id) / channels, format.group_size));
}

void resolve(Rng& rng, NumberFormat& format, size_t count) {
    const bool power = format.type == FormatType::power_of_two || format.type == FormatType::fixed_point ||
                       format.type == FormatType::dynamic_fixed_point;
    for (size_t i = 0; i < count; ++i) {
        const int exponent =
            format.fraction_bits ? -*format.fraction_bits : static_cast<int>(rng.below(20)) - 10;
        format.scale.push_back(power ? std::ldexp(1.0F, exponent) : random_float(rng));
        if (format.type == FormatType::integer && !format.symmetric)
            format.zero_point.push_back(
                static_cast<int32_t>(rng.below(static_cast<uint64_t>(format.q_max()) + 1)));
        if (format.type == FormatType::ternary)
            format.threshold.push_back(format.scale.back() * static_cast<float>(rng.uniform(0, 0.9)));
    }
}

/// `layer` invalid: a default, which stays unresolved.
NumberFormat random_format(Rng& rng, const Graph& graph, NodeId layer, bool weights) {
    FormatType type = one_of(rng, k_format_types);
    if (!weights && type == FormatType::codebook) type = FormatType::integer;
    NumberFormat format = weights ? default_weight_format(type) : default_activation_format(type);
    if (type == FormatType::integer) {
        format.bits = static_cast<int>(1 + rng.below(17));
        if (format.bits == 17) format.bits = 32;
        format.symmetric = format.bits == 32 || (format.bits > 1 && rng.below(2) == 0);
        format.narrow = format.bits > 1 && rng.below(2) == 0;
    }
    if (type == FormatType::power_of_two) format.bits = static_cast<int>(2 + rng.below(7));
    if (type == FormatType::fixed_point || type == FormatType::dynamic_fixed_point) {
        format.bits = static_cast<int>(2 + rng.below(15));
        format.narrow = rng.below(2) == 0;
        if (rng.below(2) == 0) format.fraction_bits = static_cast<int>(rng.below(21)) - 10;
    }
    if (type == FormatType::codebook) {
        format.bits = static_cast<int>(1 + rng.below(8));
        const bool given = layer.valid() && rng.below(2) == 0;
        for (int i = 1 << format.bits; given && i > 0; --i)
            format.codebook.push_back((i % 2 == 0 ? 1.0F : -1.0F) * random_float(rng));
        std::ranges::sort(format.codebook);
        format.codebook.erase(std::ranges::unique(format.codebook).begin(), format.codebook.end());
    }
    if (!format.has_scale()) return format;
    format.granularity =
        one_of(rng, std::array{Granularity::tensor, Granularity::channel, Granularity::group});
    if (format.granularity == Granularity::group) format.group_size = static_cast<int>(1 + rng.below(9));
    format.range = random_range(rng);
    if (rng.below(4) == 0) format.scale_type = ScaleType::power_of_two;
    if (layer.valid() && rng.below(2) == 0) resolve(rng, format, scale_count(graph, layer, format, weights));
    const bool may_be_dynamic = !weights && type == FormatType::integer && !format.symmetric &&
                                !format.narrow && format.bits == 8 && format.scale.empty() &&
                                format.granularity == Granularity::tensor;
    if (may_be_dynamic) format.range = {RangeRuleType::dynamic, 99.99, 0, 0};
    return format;
}

LayerPrecision random_precision(Rng& rng, const Graph& graph, NodeId layer) {
    LayerPrecision p;
    // Without weights, their format is never resolved.
    const bool weighted = layer.valid() && is_weighted(graph, layer);
    p.weights = random_format(rng, graph, weighted ? layer : NodeId(), true);
    p.activations = random_format(rng, graph, layer, false);
    if (rng.below(2) == 0)
        p.accumulator = {static_cast<int>(2 + rng.below(31)),
                         one_of(rng, std::array{Overflow::wrap, Overflow::saturate})};
    return p;
}

PrecisionPlan random_plan(Rng& rng, const Graph& graph) {
    PrecisionPlan plan(random_precision(rng, graph, {}));
    std::vector<Pass> passes;
    for (const Pass pass : k_passes)
        if (rng.below(3) == 0) passes.push_back(pass);
    plan.set_passes(passes);
    plan.set_folds_batch_norm(rng.below(2) == 0);
    Requantization how{one_of(rng, k_requantization_modes), one_of(rng, k_roundings)};
    if (how.mode == RequantizationMode::float_scale) how.rounding = Rounding::half_even;
    plan.set_requantization(how);
    for (const std::string& name : precision_layers(graph)) {
        const NodeId id = graph.find_node(name);
        if (rng.below(3) > 0) plan.set(name, random_precision(rng, graph, id));
        if (!is_weighted(graph, id) || rng.below(3) == 0) continue;
        LayerValues values;
        for (int64_t i = 0; i < weight_elements(graph, id); ++i) values.weights.push_back(-random_float(rng));
        for (int64_t i = 0; i < weight_channels(graph, id); ++i) values.bias.push_back(random_float(rng));
        if (rng.below(2) == 0) values.clip_hi = random_float(rng);
        plan.set_values(name, std::make_shared<const LayerValues>(std::move(values)));
    }
    return plan;
}

} // namespace

class TestPlanRoundTrip : public QObject {
    Q_OBJECT

private slots:
    void randomPlans() {
        const GraphPtr graph = test::small_graph();
        for (uint64_t seed = 1; seed <= 500; ++seed) {
            Rng rng(seed);
            const PrecisionPlan plan = random_plan(rng, *graph);
            const std::string text = plan_to_json(plan);
            const Result<PrecisionPlan> again = plan_from_json(text, *graph, "d.json");
            const std::string what = "seed " + std::to_string(seed) + ": " +
                                     (again ? "not equal" : again.error().to_line()) + "\n" + text;
            QVERIFY2(again.has_value(), what.c_str());
            QVERIFY2(*again == plan, what.c_str());
            QVERIFY2(plan_to_json(*again) == text, what.c_str());
        }
    }
};

QTEST_APPLESS_MAIN(TestPlanRoundTrip)
#include "tst_plan_round_trip.moc"
