// Training as users ask for it, on a toy: what is resolved, measured and handed over.
#include "core/flow/training.h"
#include "core/graph/same_network.h"
#include "tests/core/flow/small_world.h"

#include <QTest>

using namespace widthwise;

namespace {

/// Images whose classes can be told apart: noise on a plane of each class.
class Planes : public test::NoiseImages {
public:
    using NoiseImages::NoiseImages;
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        if (auto ok = NoiseImages::read(index, hwc); !ok) return ok;
        const auto level = static_cast<float>(label(index)) - 1.5F;
        for (size_t i = 0; i < hwc.size(); ++i) hwc[i] = 0.3F * hwc[i] + (i % 3 == 0 ? level : -level / 2);
        return {};
    }
};

/// test::small_network() with a BatchNormalization behind each convolution, and biases in the classifier:
/// without them images whose few bits are all 0 there have equal logits, which rounding errors of the
/// simulation tell apart and integers do not.
GraphPtr with_norms() {
    Rng rng(11);
    GraphBuilder b("norms", 13);
    const ConvAttributes same{.kernel = {3, 3}, .pads = {1, 1, 1, 1}};
    const auto ones = [&](const char* name, float value) {
        return b.constant(
            name, std::make_shared<const Tensor>(Tensor::from_f32(Shape{8}, std::vector<float>(8, value))));
    };
    ValueId x = b.input("x", Shape{1, 3, test::k_side, test::k_side});
    for (const std::string name : {"first", "second"}) {
        const int64_t channels = name == "first" ? 3 : 8;
        x = b.add(Op::conv, "Conv", name, same,
                  {x, b.constant(name + ".w", test::random_tensor(rng, Shape{8, channels, 3, 3}))})
                .value();
        x = b.add(Op::batch_norm, "BatchNormalization", name + ".norm", BatchNormAttributes{},
                  {x, ones("g", 1), ones("b", 0), ones("m", 0), ones("v", 4)})
                .value();
        x = b.add(Op::relu, "Relu", name + ".relu", {}, {x}).value();
    }
    x = b.add(Op::global_average_pool, "GlobalAveragePool", "pool", {}, {x}).value();
    x = b.add(Op::reshape, "Flatten", "flatten", ReshapeAttributes{{1, 8}}, {x}).value();
    x = b.add(Op::gemm, "Gemm", "classifier", {},
              {x, b.constant("c.w", test::random_tensor(rng, Shape{test::k_classes, 8})),
               b.constant("c.b", test::random_tensor(rng, Shape{test::k_classes}))})
            .value();
    b.output(x);
    return b.build().value();
}

flow::TrainingRequest request(const char* bits = nullptr) {
    flow::TrainingRequest request;
    request.model.source = request.model.name = request.model.hash = "toy";
    request.model.graph = with_norms();
    request.data = std::make_shared<Planes>(1, 128);
    request.validation = std::make_shared<Planes>(2, 64);
    request.calibration_samples = 32;
    request.options = flow::recommended_options(bits != nullptr, true);
    request.options.epochs = 12;
    request.options.batch_size = 32;
    request.options.augmentation.crop = false;
    request.options.learning_rate = 0.05;
    if (bits) request.design = PrecisionPlan(parse_bits(bits).value());
    return request;
}

flow::TrainingOutcome trained(const flow::TrainingRequest& what) {
    auto outcome = flow::train_network(what, {});
    if (!outcome) qFatal("%s", outcome.error().to_line().c_str());
    return std::move(*outcome);
}

Accuracy measured(const flow::Model& model, const DatasetPtr& data) {
    flow::EvaluationRequest request;
    request.model = model;
    request.data = data;
    request.plan = model.carried_design.value_or(PrecisionPlan());
    return flow::Evaluator().evaluate(request, {})->evaluation.accuracy;
}

} // namespace

class TestTrainNetwork : public QObject {
    Q_OBJECT
private slots:
    void floatRunsCarryNothing() {
        flow::TrainingRequest what = request();
        what.model.carried_design = PrecisionPlan(parse_bits("w4a4").value());
        const auto outcome = trained(what);
        QVERIFY(!outcome.model.carried_design);
        QVERIFY(outcome.model.trained);
        QVERIFY(outcome.model.hash != what.model.hash);
        QCOMPARE(outcome.training.epochs.size(), size_t{12});
        QCOMPARE(outcome.float_top1->top1, outcome.after->top1);
        QVERIFY(outcome.after->top1 > outcome.before->top1 + 0.2);
        QCOMPARE(measured(outcome.model, what.validation).top1, outcome.after->top1);
    }

    void designsAreLearned_data() {
        QTest::addColumn<QString>("bits");
        QTest::addColumn<bool>("keep");
        for (const char* bits : {"w4a4", "w2a2", "w1a4", "w8a8"}) {
            QTest::addRow("%s keep", bits) << bits << true;
            QTest::addRow("%s fold", bits) << bits << false;
        }
    }
    void designsAreLearned() {
        QFETCH(QString, bits);
        QFETCH(bool, keep);
        flow::TrainingRequest what = request(qPrintable(bits));
        what.batch_norm = keep ? train::BatchNormMode::keep : train::BatchNormMode::fold;
        const auto outcome = trained(what);
        const PrecisionPlan& learned = *outcome.model.carried_design;
        QCOMPARE(learned.folds_batch_norm(), !keep);
        QCOMPARE(outcome.model.graph->find_node("first.norm").valid(), keep);
        QVERIFY(learned.at("first").weights.is_resolved());
        QVERIFY(learned.at("second").activations.is_resolved());
        QVERIFY(learned.values().empty());
        QCOMPARE(learned.at("second").weights.bits, what.design->at("second").weights.bits);
        // The engine's accuracy is the trainer's.
        const int best = outcome.training.best_epoch;
        const double seen = best < 0 ? outcome.training.epochs.back().validation_top1
                                     : outcome.training.epochs[static_cast<size_t>(best)].validation_top1;
        QVERIFY2(std::abs(outcome.after->top1 - seen) <= 1.0 / 64 + 1e-9,
                 qPrintable(QString("%1 %2").arg(outcome.after->top1).arg(seen)));
        QVERIFY(outcome.after->top1 > 0.6);
        QVERIFY(outcome.before);
        QVERIFY(outcome.float_top1);
        QCOMPARE(outcome.after->float_top1, outcome.float_top1->top1);
        // Through a file it is the same network.
        const auto back =
            flow::load_model_bytes(flow::write_trained(outcome.model, nullptr, {}).value(), "f", "f");
        QVERIFY2(back, back ? "" : back.error().to_line().c_str());
        QVERIFY(*back->carried_design == learned);
        QVERIFY(same_network(*back->graph, *outcome.model.graph));
        QCOMPARE(measured(*back, what.validation).top1, outcome.after->top1);
    }

    void designsWithScalesStayAsTheySay() {
        flow::TrainingRequest what = request("w4a4");
        what.weight_scales = what.activation_scales = train::ScaleLearning::fixed;
        what.batch_norm = train::BatchNormMode::fold;
        const PrecisionPlan folded = *trained(what).model.carried_design;
        what.design = folded;
        what.batch_norm = train::BatchNormMode::keep;
        const auto again = trained(what);
        QVERIFY(again.model.carried_design->folds_batch_norm());
        for (const char* layer : {"first", "second", "classifier"})
            QVERIFY2(again.model.carried_design->at(layer) == folded.at(layer), layer);
    }

    void passesAreAppliedFirst() {
        flow::TrainingRequest what = request("w4a4");
        what.design->set_passes({Pass::equalize, Pass::bias_correction});
        const auto outcome = trained(what);
        QVERIFY(outcome.model.carried_design->passes().empty());
        QVERIFY(outcome.model.carried_design->values().empty());
        QVERIFY(!outcome.model.graph->find_node("first.norm").valid());
        QVERIFY(outcome.after->top1 > 0.6);
    }

    void aSplitIsMeasuredOn() {
        flow::TrainingRequest what = request("w4a4");
        what.validation = nullptr;
        what.options.validation_split = 0.25;
        const auto outcome = trained(what);
        QCOMPARE(outcome.after->samples, 32);
        what.options.validation_split = 0;
        const auto unmeasured = trained(what);
        QVERIFY(!unmeasured.after && !unmeasured.before && !unmeasured.float_top1);
    }

    void networksThatKnowNothingHaveNoBefore() {
        flow::TrainingRequest what = request("w4a4");
        what.model.trained = false;
        const auto outcome = trained(what);
        QVERIFY(!outcome.before && !outcome.float_top1);
        QVERIFY(outcome.after);
    }

    void metaInitializationsAreAdapted() {
        flow::MetaRequest what;
        const flow::TrainingRequest toy = request();
        what.model = toy.model;
        what.data = toy.data;
        what.calibration_samples = 32;
        what.options = flow::recommended_meta_options(*toy.model.graph);
        QCOMPARE(what.options.family.fixed, (std::vector<std::string>{"first", "classifier"}));
        what.options.tasks = 4;
        what.options.inner.batch_size = 32;
        const auto meta = flow::meta_train_network(what, {});
        QVERIFY2(meta, meta ? "" : meta.error().to_line().c_str());
        QCOMPARE(meta->losses.size(), size_t{4});
        const auto file = flow::load_model_bytes(
            flow::write_trained(meta->model, meta->scales.get(), {}).value(), "init", "init");
        QVERIFY(same_network(*file->graph, *meta->model.graph));
        QVERIFY(*file->scales == *meta->scales);

        flow::TrainingRequest adapt = request("w3a3");
        adapt.options.steps = 5;
        adapt.model = *file;
        adapt.weight_scales = adapt.activation_scales = train::ScaleLearning::fixed;
        const auto outcome = trained(adapt);
        QVERIFY(outcome.model.carried_design->at("second").weights.scale ==
                meta->scales->weights.at("second").at(3).scale);
        QVERIFY(!outcome.model.scales);
    }

    void wrongRequestsAreErrors() {
        flow::TrainingRequest what = request("w4a4");
        what.model.topology = true;
        QCOMPARE(flow::train_network(what, {}).error().code, ErrorCode::unsupported);
        what = request("w4a4");
        what.data = std::make_shared<Planes>(1, 16, 9);
        QCOMPARE(flow::train_network(what, {}).error().code, ErrorCode::invalid_input);
        what = request("w4a4");
        what.validation = std::make_shared<Planes>(1, 16, 9);
        QCOMPARE(flow::train_network(what, {}).error().code, ErrorCode::invalid_input);
        what = request("w4a4");
        what.calibration_samples = 0;
        QCOMPARE(flow::train_network(what, {}).error().code, ErrorCode::usage);
        what = request("w4a4");
        what.options.compute = train::ComputeType::bf16;
        QCOMPARE(flow::train_network(what, {}).error().code, ErrorCode::usage);
        what = request();
        what.validation = nullptr;
        what.data = std::make_shared<Planes>(1, 1);
        what.options.validation_split = 0.5;
        QCOMPARE(flow::train_network(what, {}).error().code, ErrorCode::invalid_input);
        const CancelToken cancel;
        cancel.cancel();
        WorkControl control;
        control.cancel = cancel;
        QCOMPARE(flow::train_network(request("w4a4"), control).error().code, ErrorCode::cancelled);
    }
};

QTEST_APPLESS_MAIN(TestTrainNetwork)
#include "tst_train_network.moc"
