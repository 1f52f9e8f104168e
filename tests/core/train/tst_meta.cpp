// Plans drawn at random, the table of scales and its document, and meta-training itself on a toy problem.

#include "core/engine/evaluator.h"
#include "core/passes/compression.h"
#include "core/train/meta.h"
#include "core/train/parameters.h"
#include "tests/core/train/toy_problem.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace widthwise;
using namespace widthwise::train;
using widthwise::test::toy_network;
using widthwise::test::ToyDataset;

namespace {

PlanFamily toy_family() {
    PlanFamily family;
    family.base = PrecisionPlan({weight_integer(4), activation_integer(4), {}});
    family.base.set("block/add", {weight_integer(8), activation_integer(8), {}});
    family.base.set("stem/conv", {weight_integer(8), activation_integer(8), {}});
    family.fixed = {"stem/conv"};
    return family;
}

WorkControl with_threads(int threads) {
    WorkControl control;
    control.threads = threads;
    return control;
}

/// The toy network after a little training: where meta-training starts.
GraphPtr toy_trained() {
    static const GraphPtr graph = [] {
        Options options;
        options.epochs = 2;
        options.batch_size = 32;
        options.learning_rate = 0.05;
        options.augmentation.crop = false;
        const ToyDataset data(320, 1);
        return train::train(toy_network(), data, nullptr, options, {}).value().graph;
    }();
    return graph;
}

ScaleTable toy_scales(const GraphPtr& graph, const PlanFamily& family = toy_family()) {
    const ToyDataset data(64, 1);
    return calibrated_scales(*graph, family, *engine::calibrate(graph, data, 64, {})).value();
}

MetaOptions quick() {
    MetaOptions options;
    options.family = toy_family();
    options.tasks = 3;
    options.inner_steps = 2;
    options.tasks_each = 2;
    options.inner.batch_size = 32;
    options.inner.learning_rate = 0.02;
    options.inner.schedule = Schedule::constant;
    options.inner.augmentation.crop = false;
    return options;
}

std::vector<float> numbers(const Graph& graph) {
    const ParameterLayout layout(graph);
    std::vector<float> all = layout.read_trained(graph);
    const std::vector<float> statistics = layout.read_statistics(graph);
    all.insert(all.end(), statistics.begin(), statistics.end());
    return all;
}

/// The loss of the first of a few steps to a plan: how near the start is.
double first_loss(const GraphPtr& graph, const ScaleTable& scales, const PrecisionPlan& plan) {
    Options options = quick().inner;
    options.batch_size = 160;
    options.steps = 1;
    options.seed = 99;
    options.qat = QatOptions{scales.resolve(plan)};
    const ToyDataset data(160, 3);
    return train::train(graph, data, nullptr, options, {}).value().epochs.front().loss;
}

} // namespace

class TestMeta : public QObject {
    Q_OBJECT
private slots:
    void plans_are_drawn_uniformly_and_repeatably();
    void one_bit_is_binary_and_other_types_stay();
    void impossible_families_are_refused();
    void every_plan_of_the_family_finds_its_scales();
    void what_the_table_does_not_know_stays_open();
    void table_survives_its_document();
    void broken_documents_are_refused_data();
    void broken_documents_are_refused();
    void truncated_documents_are_refused();
    void reptile_all_the_way_is_training();
    void fomaml_goes_along_the_gradient();
    void same_seed_same_bits_whatever_the_threads();
    void plans_come_nearer_data();
    void plans_come_nearer();
    void order_of_constants_does_not_matter();
    void reports_and_stops();
    void options_out_of_range_are_refused();
};

void TestMeta::plans_are_drawn_uniformly_and_repeatably() {
    const GraphPtr graph = toy_network();
    const PlanFamily family = toy_family();
    std::map<std::pair<int, int>, int> seen;
    constexpr int plans = 900;
    for (uint64_t i = 0; i < plans; ++i) {
        const PrecisionPlan plan = draw_plan(family, *graph, 5, i);
        QVERIFY(plan == draw_plan(family, *graph, 5, i));
        QVERIFY(!plan.folds_batch_norm());
        QVERIFY(plan.at("stem/conv") == family.base.at("stem/conv"));
        QVERIFY(plan.at("block/add") == family.base.at("block/add"));
        const LayerPrecision& p = plan.at("dw/pointwise");
        QVERIFY(p.weights == weight_integer(p.weights.bits));
        QVERIFY(p.activations == activation_integer(p.activations.bits));
        ++seen[{p.weights.bits, p.activations.bits}];
    }
    // Nine pairs, 100 of each expected, deviation 9.4.
    QCOMPARE(seen.size(), size_t{9});
    for (const auto& [bits, count] : seen) {
        QVERIFY(bits.first >= 2 && bits.first <= 4 && bits.second >= 2 && bits.second <= 4);
        QVERIFY2(std::abs(count - 100) < 45, qPrintable(QString::number(count)));
    }
    QVERIFY(draw_plan(family, *graph, 5, 0) != draw_plan(family, *graph, 6, 0));
}

void TestMeta::one_bit_is_binary_and_other_types_stay() {
    const GraphPtr graph = toy_network();
    PlanFamily family = toy_family();
    family.weight_bits = {1};
    family.activation_bits = {1};
    family.base.set("classifier", {default_weight_format(FormatType::ternary), activation_integer(4), {}});
    const PrecisionPlan plan = draw_plan(family, *graph, 1, 0);
    QVERIFY(plan.at("block/conv").weights.type == FormatType::binary);
    QVERIFY(plan.at("block/conv").activations.type == FormatType::binary);
    QVERIFY(plan.at("classifier").weights.type == FormatType::ternary);
    QVERIFY(plan.at("classifier").activations.type == FormatType::binary);
}

void TestMeta::impossible_families_are_refused() {
    const GraphPtr graph = toy_network();
    const auto error = [&](auto change) {
        PlanFamily family = toy_family();
        change(family);
        const Result<void> checked = validate(family, *graph);
        return checked ? Error{} : checked.error();
    };
    QVERIFY(validate(toy_family(), *graph));
    for (const std::vector<int>& bits : std::vector<std::vector<int>>{{}, {0}, {2, 17}, {-3}}) {
        QVERIFY(error([&](PlanFamily& f) { f.weight_bits = bits; }).code == ErrorCode::usage);
        QVERIFY(error([&](PlanFamily& f) { f.activation_bits = bits; }).code == ErrorCode::usage);
    }
    const Error unknown = error([](PlanFamily& f) { f.fixed = {"stem/con"}; });
    QVERIFY(unknown.code == ErrorCode::usage);
    QVERIFY(unknown.remedy.find("stem/conv") != std::string::npos);
}

void TestMeta::every_plan_of_the_family_finds_its_scales() {
    const GraphPtr graph = toy_trained();
    PlanFamily family = toy_family();
    family.weight_bits = {1, 2, 5}; // as many widths of one as of the other is not needed
    const ScaleTable table = toy_scales(graph, family);
    for (uint64_t i = 0; i < 20; ++i) {
        const PrecisionPlan open = draw_plan(family, *graph, 3, i);
        QVERIFY(!engine::is_resolved(*graph, open));
        QVERIFY(engine::is_resolved(*graph, table.resolve(open)));
    }
}

void TestMeta::what_the_table_does_not_know_stays_open() {
    const GraphPtr graph = toy_trained();
    const ScaleTable table = toy_scales(graph);
    PrecisionPlan plan(LayerPrecision{weight_integer(3), activation_integer(6), {}});
    const LayerPrecision found = table.resolve(plan).at("block/conv");
    QVERIFY(found.weights == table.weights.at("block/conv").at(3));
    QVERIFY(!found.activations.is_resolved());

    NumberFormat per_tensor = weight_integer(3);
    per_tensor.granularity = Granularity::tensor;
    NumberFormat given = activation_integer(3);
    given.scale = {0.5F};
    given.zero_point = {1};
    plan.set("block/conv", {per_tensor, given, {}});
    QVERIFY(table.resolve(plan).at("block/conv") == plan.at("block/conv"));

    // How a range would be found does not matter once it is known.
    NumberFormat by_mse = weight_integer(3);
    by_mse.range.type = RangeRuleType::mse;
    plan.set("block/conv", {by_mse, activation_integer(3), {}});
    QVERIFY(table.resolve(plan).at("block/conv").weights == table.weights.at("block/conv").at(3));
}

void TestMeta::table_survives_its_document() {
    const ScaleTable table = toy_scales(toy_trained());
    QVERIFY(table.weights.size() >= 5);
    const auto read = scale_table_from_json(to_json(table), "scales");
    QVERIFY2(read, read ? "" : read.error().to_line().c_str());
    QVERIFY(*read == table);
    QVERIFY(*scale_table_from_json(to_json(ScaleTable()), "scales") == ScaleTable());
}

void TestMeta::broken_documents_are_refused_data() {
    QTest::addColumn<QString>("text");
    const auto row = [](const char* name, const char* text) { QTest::newRow(name) << QString(text); };
    row("no object", "[]");
    row("no format", R"({"weights": {}, "activations": {}})");
    row("another format", R"({"format": "widthwise-design/1", "weights": {}, "activations": {}})");
    row("unknown key", R"({"format": "widthwise-scales/1", "weights": {}, "activations": {}, "x": 1})");
    row("no activations", R"({"format": "widthwise-scales/1", "weights": {}})");
    row("no layers", R"({"format": "widthwise-scales/1", "weights": 3, "activations": {}})");
    row("no list", R"({"format": "widthwise-scales/1", "weights": {"a": 3}, "activations": {}})");
    row("no scale",
        R"({"format": "widthwise-scales/1", "weights": {"a": [{"type": "integer", "bits": 3}]}, "activations": {}})");
    row("scale 0",
        R"({"format": "widthwise-scales/1", "weights": {"a": [{"type": "integer", "bits": 3, "scale": 0}]}, "activations": {}})");
    row("scale below 0",
        R"({"format": "widthwise-scales/1", "weights": {"a": [{"type": "integer", "bits": 3, "scale": -1}]}, "activations": {}})");
    row("width",
        R"({"format": "widthwise-scales/1", "weights": {"a": [{"type": "integer", "bits": 99, "scale": 1}]}, "activations": {}})");
    row("twice",
        R"({"format": "widthwise-scales/1", "weights": {"a": [{"type": "integer", "bits": 3, "scale": 1}, {"type": "integer", "bits": 3, "scale": 2}]}, "activations": {}})");
    row("null", "null");
}

void TestMeta::broken_documents_are_refused() {
    QFETCH(QString, text);
    const auto read = scale_table_from_json(text.toStdString(), "net.onnx");
    QVERIFY(!read);
    QVERIFY(read.error().code == ErrorCode::invalid_input);
    QVERIFY2(read.error().where.starts_with("net.onnx"), read.error().to_line().c_str());
}

void TestMeta::truncated_documents_are_refused() {
    PlanFamily family = toy_family();
    family.weight_bits = family.activation_bits = {2};
    const std::string text = to_json(toy_scales(toy_trained(), family));
    for (size_t length = 0; length < text.size(); length += 7)
        QVERIFY(!scale_table_from_json(std::string_view(text).substr(0, length), "scales"));
}

/// One task, the whole way: the result is what training with the task's plan and seed gives.
void TestMeta::reptile_all_the_way_is_training() {
    const GraphPtr graph = toy_trained();
    const ScaleTable scales = toy_scales(graph);
    const ToyDataset data(320, 1);
    MetaOptions options = quick();
    options.tasks = options.tasks_each = 1;
    options.outer_rate = 1;
    const auto meta = meta_train(graph, scales, data, options, {});
    QVERIFY2(meta, meta ? "" : meta.error().to_line().c_str());

    Options plain = options.inner;
    plain.steps = options.inner_steps;
    plain.keep_best = false;
    plain.seed = task_seed(options.inner.seed, 0);
    plain.qat = QatOptions{scales.resolve(draw_plan(options.family, *graph, options.inner.seed, 0))};
    const auto trained = train::train(graph, data, nullptr, plain, {});
    QVERIFY(trained);
    const ParameterLayout layout(*graph);
    QVERIFY(layout.read_trained(*meta->graph) == layout.read_trained(*trained->graph));
    QVERIFY(layout.read_trained(*meta->graph) != layout.read_trained(*graph));
    double moved = 0;
    for (const char* layer : {"block/conv", "classifier", "stem/conv"}) {
        const LayerPrecision& learned = trained->plan.at(layer);
        const NumberFormat& weights = meta->scales.weights.at(layer).at(learned.weights.bits);
        const NumberFormat& start = scales.weights.at(layer).at(learned.weights.bits);
        for (size_t i = 0; i < weights.scale.size(); ++i) {
            QVERIFY(std::abs(weights.scale[i] / learned.weights.scale[i] - 1) < 1e-6);
            moved =
                std::max(moved, std::abs(std::log(static_cast<double>(weights.scale[i] / start.scale[i]))));
        }
        const NumberFormat& activations = meta->scales.activations.at(layer).at(learned.activations.bits);
        QVERIFY(std::abs(activations.scale[0] / learned.activations.scale[0] - 1) < 1e-6);
        // Widths that the task did not have stay.
        for (const auto& [bits, format] : scales.weights.at(layer))
            if (bits != learned.weights.bits) QVERIFY(meta->scales.weights.at(layer).at(bits) == format);
    }
    QVERIFY(moved > 1e-5);
}

/// With one inner step of a vanishing rate the gradient is that at the start, and the outer step is plain
/// gradient descent: the same as training one step on that batch with the outer rate.
void TestMeta::fomaml_goes_along_the_gradient() {
    const GraphPtr graph = toy_trained();
    const ScaleTable scales = toy_scales(graph);
    const ToyDataset data(320, 1);
    MetaOptions options = quick();
    options.algorithm = MetaAlgorithm::fomaml;
    options.tasks = options.tasks_each = options.inner_steps = 1;
    options.outer_rate = 0.05;
    options.inner.learning_rate = 1e-4;
    options.inner.momentum = 0;
    options.inner.weight_decay = 0;
    const auto meta = meta_train(graph, scales, data, options, {});
    QVERIFY2(meta, meta ? "" : meta.error().to_line().c_str());
    Options plain = options.inner;
    plain.learning_rate = options.outer_rate;
    plain.steps = 1;
    plain.keep_best = false;
    plain.seed = ~task_seed(options.inner.seed, 0); // another batch than the inner step's
    plain.qat = QatOptions{scales.resolve(draw_plan(options.family, *graph, options.inner.seed, 0))};
    const auto trained = train::train(graph, data, nullptr, plain, {});
    QVERIFY(trained);
    const ParameterLayout layout(*graph);
    const std::vector<float> start = layout.read_trained(*graph), a = layout.read_trained(*meta->graph),
                             b = layout.read_trained(*trained->graph);
    double same = 0, of_a = 0, of_b = 0;
    for (size_t i = 0; i < start.size(); ++i) {
        const double da = static_cast<double>(a[i]) - start[i], db = static_cast<double>(b[i]) - start[i];
        same += da * db;
        of_a += da * da;
        of_b += db * db;
    }
    const double cosine = same / std::sqrt(of_a * of_b);
    QVERIFY2(cosine > 0.99, qPrintable(QString::number(cosine)));
    QVERIFY2(std::abs(std::sqrt(of_a / of_b) - 1) < 0.05,
             qPrintable(QString::number(std::sqrt(of_a / of_b))));
}

void TestMeta::same_seed_same_bits_whatever_the_threads() {
    const GraphPtr graph = toy_trained();
    const ScaleTable scales = toy_scales(graph);
    const ToyDataset data(320, 1);
    for (const MetaAlgorithm algorithm : {MetaAlgorithm::reptile, MetaAlgorithm::fomaml}) {
        MetaOptions options = quick();
        options.algorithm = algorithm;
        options.outer_rate = algorithm == MetaAlgorithm::reptile ? 0.5 : 0.01;
        const auto one = meta_train(graph, scales, data, options, with_threads(1));
        const auto many = meta_train(graph, scales, data, options, with_threads(3));
        QVERIFY(one && many);
        QVERIFY(numbers(*one->graph) == numbers(*many->graph));
        QVERIFY(one->scales == many->scales && one->losses == many->losses);
        QVERIFY(numbers(*one->graph) != numbers(*graph));
        QVERIFY(one->scales != scales);
        options.inner.seed = 2;
        QVERIFY(numbers(*meta_train(graph, scales, data, options, {})->graph) != numbers(*one->graph));
    }
}

void TestMeta::plans_come_nearer_data() {
    QTest::addColumn<bool>("reptile");
    QTest::newRow("reptile") << true;
    QTest::newRow("fomaml") << false;
}

void TestMeta::plans_come_nearer() {
    QFETCH(bool, reptile);
    const GraphPtr graph = toy_trained();
    const ScaleTable scales = toy_scales(graph);
    const ToyDataset data(480, 1);
    MetaOptions options = quick();
    options.algorithm = reptile ? MetaAlgorithm::reptile : MetaAlgorithm::fomaml;
    options.tasks = 25;
    options.tasks_each = 1;
    options.inner_steps = 4;
    options.outer_rate = reptile ? 0.7 : 0.3;
    const auto meta = meta_train(graph, scales, data, options, {});
    QVERIFY2(meta, meta ? "" : meta.error().to_line().c_str());
    double before = 0, after = 0;
    for (uint64_t i = 0; i < 6; ++i) {
        const PrecisionPlan plan = draw_plan(options.family, *graph, 1234, i);
        before += first_loss(graph, scales, plan) / 6;
        after += first_loss(meta->graph, meta->scales, plan) / 6;
    }
    QVERIFY2(after < 0.7 * before, qPrintable(QString("%1 before, %2 after").arg(before).arg(after)));
}

/// A network compressed in memory has its constants before all nodes.
void TestMeta::order_of_constants_does_not_matter() {
    passes::CompressionRequest request{*passes::parse_compression("weights:0.5"), {}};
    const GraphPtr compressed = passes::compress(toy_trained(), request, {})->graph;
    const ParameterLayout layout(*compressed);
    const GraphPtr ordered =
        *layout.rebuild(*compressed, layout.read_trained(*compressed), layout.read_statistics(*compressed));
    const auto weights_of = [](const Graph& graph) {
        return graph.node(graph.find_node("block/conv")).inputs[1];
    };
    QVERIFY(weights_of(*compressed) != weights_of(*ordered));
    QVERIFY(numbers(*compressed) == numbers(*ordered));

    const ScaleTable scales = toy_scales(compressed);
    const ToyDataset data(160, 1);
    for (const MetaAlgorithm algorithm : {MetaAlgorithm::reptile, MetaAlgorithm::fomaml}) {
        MetaOptions options = quick();
        options.algorithm = algorithm;
        options.outer_rate = algorithm == MetaAlgorithm::reptile ? 0.5 : 0.01;
        const auto one = meta_train(compressed, scales, data, options, {});
        QVERIFY2(one, one ? "" : one.error().to_line().c_str());
        const auto other = meta_train(ordered, scales, data, options, {});
        QVERIFY(other && one->losses == other->losses && one->scales == other->scales);
        QVERIFY(numbers(*one->graph) == numbers(*other->graph));
        QVERIFY(numbers(*one->graph) != numbers(*compressed));
    }
}

void TestMeta::reports_and_stops() {
    const GraphPtr graph = toy_trained();
    const ScaleTable scales = toy_scales(graph);
    const ToyDataset data(320, 1);
    WorkControl control;
    std::vector<int64_t> done;
    control.progress = [&](const Progress& p) {
        done.push_back(p.done);
        QCOMPARE(p.total, int64_t{3});
    };
    std::vector<StepReport> steps;
    Observer observer;
    observer.on_step = [&](const StepReport& report) { steps.push_back(report); };
    const auto meta = meta_train(graph, scales, data, quick(), control, observer);
    QVERIFY(meta);
    QVERIFY((done == std::vector<int64_t>{1, 2, 3}));
    QCOMPARE(steps.size(), size_t{3});
    QCOMPARE(meta->losses.size(), size_t{3});
    for (size_t i = 0; i < 3; ++i) {
        QCOMPARE(steps[i].step, static_cast<int64_t>(i + 1));
        QCOMPARE(steps[i].steps, int64_t{3});
        QCOMPARE(steps[i].loss, meta->losses[i]);
        // Half of the way at first, falling linearly.
        QCOMPARE(steps[i].learning_rate, 0.5 * static_cast<double>(3 - i) / 3);
    }

    WorkControl stopped;
    stopped.progress = [&](const Progress&) { stopped.cancel.cancel(); };
    const auto none = meta_train(graph, scales, data, quick(), stopped);
    QVERIFY(!none && none.error().code == ErrorCode::cancelled);
}

void TestMeta::options_out_of_range_are_refused() {
    const GraphPtr graph = toy_trained();
    const ScaleTable scales = toy_scales(graph);
    const ToyDataset data(64, 1);
    const auto code = [&](auto change) {
        MetaOptions options = quick();
        change(options);
        const auto meta = meta_train(graph, scales, data, options, {});
        return meta ? ErrorCode::failed : meta.error().code;
    };
    QVERIFY(code([](MetaOptions& o) { o.tasks = 0; }) == ErrorCode::usage);
    QVERIFY(code([](MetaOptions& o) { o.inner_steps = 0; }) == ErrorCode::usage);
    QVERIFY(code([](MetaOptions& o) { o.tasks_each = 0; }) == ErrorCode::usage);
    QVERIFY(code([](MetaOptions& o) { o.tasks = INT64_MAX; }) == ErrorCode::usage);
    QVERIFY(code([](MetaOptions& o) { o.outer_rate = 0; }) == ErrorCode::usage);
    QVERIFY(code([](MetaOptions& o) { o.outer_rate = 1.5; }) == ErrorCode::usage);
    QVERIFY(code([](MetaOptions& o) { o.outer_rate = std::nan(""); }) == ErrorCode::usage);
    QVERIFY(code([](MetaOptions& o) { o.family.weight_bits.clear(); }) == ErrorCode::usage);
    QVERIFY(code([](MetaOptions& o) { o.inner.learning_rate = -1; }) == ErrorCode::usage);
    // A width without scales.
    QVERIFY(code([](MetaOptions& o) { o.family.weight_bits = {7}; }) == ErrorCode::invalid_input);
}

QTEST_APPLESS_MAIN(TestMeta)
#include "tst_meta.moc"
