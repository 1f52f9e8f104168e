// A program that starts from what earlier ones left behind must give the numbers of a run from the start, bit
// for bit, whatever was edited and however little memory there is.

#include "core/engine/cut_points.h"
#include "core/engine/incremental.h"
#include "core/graph/layer_work.h"
#include "core/onnx/import.h"
#include "engine_comparison.h"
#include "tests/support/test_data.h"

using namespace widthwise;
using namespace widthwise::engine;

namespace {

using What = Keep::What;

std::vector<std::vector<float>> outputs_of(IncrementalEngine& engine, const Graph& graph,
                                           const PrecisionPlan& plan, const ImageOrder& order, What what,
                                           int64_t stop = 0, int threads = 0) {
    auto prepared = engine.prepare(graph, plan, order);
    if (!prepared) qFatal("%s", prepared.error().to_line().c_str());
    const auto elements = IncrementalEngine::output_elements(**prepared);
    const int64_t end = stop > 0 ? stop : order.size();
    std::vector<std::vector<float>> all;
    for (const int64_t n : elements) all.emplace_back(static_cast<size_t>(n * end));
    WorkControl control;
    control.threads = threads;
    const auto done = engine.run(**prepared, 0, end, {what, 0, order.size()}, control,
                                 [&](const OutputBatch& batch) -> Result<void> {
                                     for (size_t o = 0; o < all.size(); ++o)
                                         std::copy(batch.outputs[o].begin(), batch.outputs[o].end(),
                                                   all[o].begin() + batch.first * elements[o]);
                                     return {};
                                 });
    if (!done) qFatal("%s", done.error().to_line().c_str());
    return all;
}

std::vector<std::vector<float>> from_the_start(const Graph& graph, const PrecisionPlan& plan,
                                               const ImageOrder& order) {
    IncrementalEngine fresh;
    return outputs_of(fresh, graph, plan, order, What::nothing);
}

/// A stem, a residual block, a branch joined by Concat, a pooled end; one output, or two with one in the
/// middle.
GraphPtr branched_network(uint64_t seed) {
    Rng rng(seed);
    Net net{rng};
    const float relu = std::numeric_limits<float>::infinity();
    const ValueId x = net.builder.input("x", {1, 3, 12, 12});
    const ValueId stem = net.conv(x, {3, 16, 12, 3, 1, 1, 1, {1, 1, 1, 1}, relu});
    const ValueId a = net.conv(stem, {16, 16, 12, 3, 1, 1, 1, {1, 1, 1, 1}, relu});
    const ValueId b = net.conv(a, {16, 16, 12, 3, 1, 1, 1, {1, 1, 1, 1}, 0});
    const ValueId sum = net.op(Op::relu, {}, {net.op(Op::add, {}, {b, stem})});
    const ValueId depthwise = net.conv(sum, {16, 16, 12, 3, 2, 1, 16, {1, 1, 1, 1}, 6});
    const ValueId left = net.conv(depthwise, {16, 8, 6, 1, 1, 1, 1, {0, 0, 0, 0}, relu});
    const ValueId right = net.conv(depthwise, {16, 24, 6, 3, 1, 1, 1, {1, 1, 1, 1}, 0});
    const ValueId both = net.op(Op::concat, ConcatAttributes{1}, {left, right});
    const ValueId last = net.conv(both, {32, 12, 6, 3, 1, 1, 1, {1, 1, 1, 1}, relu});
    if (seed % 3 == 0) net.builder.output(depthwise);
    const ValueId flat =
        net.op(Op::reshape, ReshapeAttributes{{1, 12}}, {net.op(Op::global_average_pool, {}, {last})});
    return net.finish(net.gemm(flat, 12, 7));
}

std::vector<std::string> layers_of(const Graph& graph) {
    std::vector<std::string> names;
    for (const NodeId id : graph.node_ids())
        if (is_weighted(graph, id) || reads_activations(graph, id)) names.push_back(graph.node(id).name);
    return names;
}

/// Integers mostly, now and then what is simulated, dynamic or float.
LayerPrecision random_precision(Rng& rng, bool weighted) {
    const auto width = [&] { return static_cast<int>(2 + rng.below(7)); };
    LayerPrecision p{weight_integer(width()), activation_integer(width()), {}};
    switch (rng.below(8)) {
    case 0:
        p.activations = float32_format();
        break;
    case 1:
        p.weights = float32_format();
        break;
    case 2:
        p.activations = activation_integer(12);
        break;
    case 3:
        p.activations = activation_integer(8);
        if (weighted) p.activations.range.type = RangeRuleType::dynamic;
        break;
    case 4:
        p.accumulator.bits = 14;
        break;
    default:
        break;
    }
    return p;
}

void edit_one(PrecisionPlan& plan, const Graph& graph, const std::vector<std::string>& layers, Rng& rng) {
    const std::string& layer = layers[static_cast<size_t>(rng.below(layers.size()))];
    plan.set(layer, random_precision(rng, is_weighted(graph, graph.find_node(layer))));
}

} // namespace

class TestIncremental : public QObject {
    Q_OBJECT
private slots:
    void cutsByHand();
    void storeKeepsItsBudget();
    void shuffledOrderIsAPermutation();
    void whatIsAlikeGetsOneNumber();
    void randomEdits_data();
    void randomEdits();
    void anEditRunsOnlyWhatFollows();
    void earlyStopThenAll();
    void cancelledRunsLeaveNothingWrong();
    void layersOfManyDesignsStayWithinTheirBudget();
    void resnet20();
};

void TestIncremental::cutsByHand() {
    // input -> u0 (10 s) -> v1 -> u1 (1 s) -> v2 -> u2 (1 s, reads v1 and v2) -> v3, 1 byte each but v2: 100.
    CutProblem p;
    p.values = {{1, true, true}, {1, true, false}, {100, true, false}, {1, true, false}};
    p.units = {{{0}, 1, 10}, {{1}, 2, 1}, {{1, 2}, 3, 1}};
    p.outputs = {3};
    p.bytes_per_second = 1e9;
    const std::vector<Cut> cuts = choose_cuts(p);
    // After u0: v1 for 1 byte saves 10 s for an edit of u1, of u2, and a repeat: 30 s. After u2: v3 saves 12
    // s for a repeat, 2 s more than the first cut. After u1 both v1 and v2 live: 100 new bytes save 1 s for
    // u2.
    QCOMPARE(cuts.size(), size_t{3});
    QCOMPARE(cuts[0].after, size_t{0});
    QCOMPARE(cuts[0].values, std::vector<size_t>{1});
    QVERIFY(std::abs(cuts[0].worth - 30) < 1e-6);
    QCOMPARE(cuts[1].after, size_t{2});
    QVERIFY(std::abs(cuts[1].worth - 2) < 1e-6);
    QCOMPARE(cuts[2].after, size_t{1});
    QCOMPARE(cuts[2].values, std::vector<size_t>{2});
    QVERIFY(std::abs(cuts[2].worth - 0.01) < 1e-6);
    // Values that cannot be kept make cuts impossible; loading that takes longer than computing is left out.
    p.values[2].can_keep = false;
    QCOMPARE(choose_cuts(p).size(), size_t{2});
    p.bytes_per_second = 1e-3;
    QVERIFY(choose_cuts(p).empty());
}

void TestIncremental::storeKeepsItsBudget() {
    const auto id = [](int i) { return ContentId{i}; };
    ActivationStore store;
    QVERIFY(!store.reserve(id(0), 0, 100, 4096, 1, 1));
    store.set_budget(300 * 4096);
    KeptActivation* first = store.reserve(id(0), 0, 100, 4096, 5, 1);
    QVERIFY(first && first->end == 100);
    QVERIFY(!store.find(id(0))); // nothing in it yet
    first->ready = 100;
    QVERIFY(store.find(id(0)));
    QVERIFY(store.reserve(id(1), 0, 100, 4096, 1, 1));
    QVERIFY(store.reserve(id(2), 0, 100, 4096, 3, 1));
    QCOMPARE(store.used(), int64_t{300 * 4096});
    // The same program's stay; a later one's evict the least worthy, but not for less.
    QVERIFY(!store.reserve(id(3), 0, 100, 4096, 100, 1));
    store.touch(id(0), 2);
    QVERIFY(!store.reserve(id(3), 0, 100, 4096, 0.1, 2));
    KeptActivation* fourth = store.reserve(id(3), 0, 60, 4096, 1, 2);
    QVERIFY(fourth && fourth->end == 60);
    QVERIFY(store.used() <= 300 * 4096);
    // What is left holds a prefix.
    KeptActivation* part = store.reserve(id(4), 0, 100, 4096, 0.1, 2);
    QVERIFY(part);
    QCOMPARE(part->end, int64_t{32});
    QVERIFY(store.used() <= store.budget());
    store.set_budget(100 * 4096);
    QVERIFY(store.used() <= 100 * 4096);
    QVERIFY(store.find(id(0))); // the worthiest
    store.set_budget(0);
    QCOMPARE(store.used(), int64_t{0});
}

void TestIncremental::shuffledOrderIsAPermutation() {
    const Images images({3, 12, 12}, 101, 1);
    const ImageOrder a = shuffled(images, 1), again = shuffled(images, 1), b = shuffled(images, 2);
    QCOMPARE(a.images, again.images);
    QVERIFY(a.images != b.images && a.key != b.key);
    std::vector<int64_t> sorted = a.images;
    std::sort(sorted.begin(), sorted.end());
    QVERIFY(sorted != a.images);
    QCOMPARE(sorted, in_data_order(images).images);
}

void TestIncremental::whatIsAlikeGetsOneNumber() {
    const GraphPtr graph = branched_network(1);
    const Images images({3, 12, 12}, 40, 3);
    const auto statistics = calibrate(graph, images, 20, {}).value();
    const PrecisionPlan plan =
        resolve_plan(*graph, PrecisionPlan({weight_integer(8), activation_integer(8), {}}), statistics)
            .value();
    PrecisionPlan edited = plan;
    LayerPrecision p = plan.at("conv4");
    p.weights = weight_integer(3);
    edited.set("conv4", p);
    Program one = lower(*graph, plan).value(),
            two = lower(*graph, resolve_plan(*graph, edited, statistics).value()).value();
    const std::vector<Step> before = one.steps;
    ContentTable table;
    const Numbering a = table.number(one, 4, "images"), b = table.number(two, 4, "images");
    for (size_t s = 0; s < before.size(); ++s) QVERIFY(before[s].operation == one.steps[s].operation);
    QCOMPARE(one.steps.size(), two.steps.size());
    bool after = false;
    for (size_t s = 0; s < one.steps.size(); ++s) {
        const BufferId out = writes(one.steps[s].operation);
        after = after || one.steps[s].node == "conv4";
        QCOMPARE(a.operations[s] == b.operations[s], one.steps[s].node != "conv4");
        if (!after) QVERIFY(a.of(out) == b.of(out));
    }
    for (const BufferId output : one.outputs) QVERIFY(a.of(output) != b.of(output));
    // Other images, other contents.
    const Numbering c = table.number(one, 4, "other images");
    QVERIFY(c.operations == a.operations);
    QVERIFY(c.of(one.outputs[0]) != a.of(one.outputs[0]));
}

void TestIncremental::randomEdits_data() {
    QTest::addColumn<int>("seed");
    QTest::addColumn<int>("kilobytes");
    for (int seed = 0; seed < 12; ++seed)
        QTest::addRow("seed %d", seed) << seed << (seed % 4 == 0 ? 200000 : seed % 4 == 1 ? 900 : 150);
}
void TestIncremental::randomEdits() {
    QFETCH(int, seed);
    QFETCH(int, kilobytes);
    Rng rng(static_cast<uint64_t>(seed) + 100);
    const GraphPtr graph = branched_network(static_cast<uint64_t>(seed));
    const Images images({3, 12, 12}, 77, static_cast<uint64_t>(seed));
    const ImageOrder order = shuffled(images, 5);
    const auto statistics = calibrate(graph, images, 20, {}).value();
    const std::vector<std::string> layers = layers_of(*graph);
    IncrementalEngine engine;
    engine.set_memory_budget(int64_t{1024} * kilobytes);
    PrecisionPlan plan(rng.below(2) ? LayerPrecision{weight_integer(8), activation_integer(8), {}}
                                    : LayerPrecision{float32_format(), float32_format(), {}});
    for (int edit = 0; edit < 14; ++edit) {
        if (edit % 5 != 1) edit_one(plan, *graph, layers, rng);
        const auto resolved = resolve_plan(*graph, plan, statistics);
        QVERIFY2(resolved.has_value(), resolved ? "" : resolved.error().to_line().c_str());
        const What what = edit == 3 ? What::everything : edit == 7 ? What::nothing : What::repeated;
        const auto now = outputs_of(engine, *graph, *resolved, order, what, 0, 1 + edit % 3);
        QVERIFY2(now == from_the_start(*graph, *resolved, order),
                 qPrintable(QStringLiteral("seed %1, edit %2").arg(seed).arg(edit)));
        QVERIFY(engine.memory_used() <= engine.memory_budget());
    }
    QVERIFY(engine.memory_used() > 0);
}

void TestIncremental::anEditRunsOnlyWhatFollows() {
    const GraphPtr graph = branched_network(1);
    const Images images({3, 12, 12}, 64, 3);
    const ImageOrder order = shuffled(images, 1);
    const auto statistics = calibrate(graph, images, 20, {}).value();
    PrecisionPlan plan({weight_integer(8), activation_integer(8), {}});
    IncrementalEngine engine;
    engine.set_memory_budget(int64_t{64} << 20);
    const auto steps_of = [&](const PrecisionPlan& p) {
        const int64_t before = engine.steps_executed();
        (void)outputs_of(engine, *graph, resolve_plan(*graph, p, statistics).value(), order, What::repeated);
        return engine.steps_executed() - before;
    };
    const int64_t full = steps_of(plan);
    QCOMPARE(steps_of(plan), full); // computed once more and kept
    const std::vector<std::string> layers = layers_of(*graph);
    const auto edit = [&](const std::string& layer, int bits) {
        PrecisionPlan edited = plan;
        LayerPrecision p = plan.at(layer);
        p.weights = weight_integer(bits);
        edited.set(layer, p);
        return edited;
    };
    // gemm alone: its own step and perhaps what feeds it, where that was not worth keeping.
    QVERIFY(steps_of(edit(layers.back(), 4)) <= full / 4);
    QVERIFY(steps_of(edit(layers.back(), 3)) <= full / 4);
    QVERIFY(steps_of(edit(layers.front(), 3)) > full / 2);
    QVERIFY(steps_of(plan) <= full / 4);
}

void TestIncremental::earlyStopThenAll() {
    const GraphPtr graph = branched_network(2);
    const Images images({3, 12, 12}, 150, 3);
    const ImageOrder order = shuffled(images, 1);
    const auto statistics = calibrate(graph, images, 20, {}).value();
    const PrecisionPlan plan =
        resolve_plan(*graph, PrecisionPlan({weight_integer(8), activation_integer(8), {}}), statistics)
            .value();
    IncrementalEngine engine;
    engine.set_memory_budget(int64_t{64} << 20);
    (void)outputs_of(engine, *graph, plan, order, What::repeated, 64);
    (void)outputs_of(engine, *graph, plan, order, What::repeated, 64); // kept for a prefix
    const auto all = outputs_of(engine, *graph, plan, order, What::repeated);
    QVERIFY(all == from_the_start(*graph, plan, order));
    QVERIFY(outputs_of(engine, *graph, plan, order, What::repeated) == all);
}

void TestIncremental::cancelledRunsLeaveNothingWrong() {
    const GraphPtr graph = branched_network(2);
    const Images images({3, 12, 12}, 150, 3);
    const ImageOrder order = shuffled(images, 1);
    const auto statistics = calibrate(graph, images, 20, {}).value();
    const PrecisionPlan plan =
        resolve_plan(*graph, PrecisionPlan({weight_integer(6), activation_integer(8), {}}), statistics)
            .value();
    IncrementalEngine engine;
    engine.set_memory_budget(int64_t{64} << 20);
    (void)outputs_of(engine, *graph, plan, order, What::repeated);
    WorkControl control;
    auto prepared = engine.prepare(*graph, plan, order).value();
    const auto done = engine.run(*prepared, 0, order.size(), {What::everything, 0, order.size()}, control,
                                 [&](const OutputBatch& batch) -> Result<void> {
                                     if (batch.first >= 48) control.cancel.cancel();
                                     return {};
                                 });
    QVERIFY(!done);
    QCOMPARE(done.error().code, ErrorCode::cancelled);
    QVERIFY(outputs_of(engine, *graph, plan, order, What::repeated) == from_the_start(*graph, plan, order));
}

/// As in a long search: designs that share little.
void TestIncremental::layersOfManyDesignsStayWithinTheirBudget() {
    const GraphPtr graph = branched_network(5);
    const Images images({3, 12, 12}, 32, 3);
    const ImageOrder order = shuffled(images, 1);
    const auto statistics = calibrate(graph, images, 20, {}).value();
    IncrementalEngine roomy, tight;
    roomy.set_memory_budget(1 << 20);
    tight.set_memory_budget(1 << 20);
    constexpr int64_t budget = 40'000; // about three programs
    tight.set_layer_budget(budget);
    Rng rng(11);
    int64_t most = 0, most_roomy = 0;
    size_t layers = 0;
    for (int design = 0; design < 40; ++design) {
        PrecisionPlan plan;
        for (const std::string& layer : layers_of(*graph))
            plan.set(layer, {weight_integer(static_cast<int>(2 + rng.below(7))),
                             activation_integer(static_cast<int>(2 + rng.below(7))),
                             {}});
        plan = resolve_plan(*graph, plan, statistics).value();
        const auto expected = from_the_start(*graph, plan, order);
        QCOMPARE(outputs_of(tight, *graph, plan, order, What::repeated), expected);
        QCOMPARE(outputs_of(roomy, *graph, plan, order, What::repeated), expected);
        most = std::max(most, tight.layer_bytes());
        most_roomy = std::max(most_roomy, roomy.layer_bytes());
        layers = std::max(layers, tight.compiled_layers());
    }
    QVERIFY2(most <= budget, qPrintable(QString::number(most)));
    QVERIFY2(most_roomy > 2 * budget, qPrintable(QString::number(most_roomy)));
    QVERIFY2(layers < 40, qPrintable(QString::number(layers)));
}

void TestIncremental::resnet20() {
    const auto path = test::data_dir() / "models" / "resnet20.onnx",
               card = test::data_dir() / "cifar10" / "test.json";
    WIDTHWISE_NEED(path);
    WIDTHWISE_NEED(card);
    const GraphPtr graph = onnx::import_model(path).value().graph;
    const DatasetPtr data = first_images(open_dataset(card.string()).value(), 100);
    const ImageOrder order = shuffled(*data, 1);
    const auto statistics = calibrate(graph, *data, 32, {}).value();
    const std::vector<std::string> layers = layers_of(*graph);
    Rng rng(11);
    for (const bool base_is_float : {false, true}) {
        const PrecisionPlan base(base_is_float
                                     ? LayerPrecision{float32_format(), float32_format(), {}}
                                     : LayerPrecision{weight_integer(8), activation_integer(8), {}});
        IncrementalEngine engine;
        engine.set_memory_budget(base_is_float ? int64_t{40} << 20 : int64_t{1} << 30);
        for (int edit = 0; edit < 8; ++edit) {
            PrecisionPlan plan = base;
            if (edit > 1) edit_one(plan, *graph, layers, rng);
            const auto resolved = resolve_plan(*graph, plan, statistics).value();
            QVERIFY2(outputs_of(engine, *graph, resolved, order, What::repeated) ==
                         from_the_start(*graph, resolved, order),
                     qPrintable(QStringLiteral("float %1, edit %2").arg(base_is_float).arg(edit)));
            QVERIFY(engine.memory_used() <= engine.memory_budget());
        }
        QVERIFY(engine.memory_used() > 0);
    }
}

QTEST_APPLESS_MAIN(TestIncremental)
#include "tst_incremental.moc"
