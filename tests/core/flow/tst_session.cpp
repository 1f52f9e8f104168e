#include "core/flow/session.h"
#include "tests/core/flow/small_world.h"
#include "tests/support/test_data.h"

using namespace widthwise;
using flow::EvaluationRequest;

namespace {

EvaluationRequest request(std::shared_ptr<const Dataset> data, const std::string& bits) {
    EvaluationRequest request;
    request.model.source = "small.onnx";
    request.model.name = "small";
    request.model.hash = "hash of small";
    request.model.graph = test::small_network();
    request.data = std::move(data);
    request.plan = PrecisionPlan(parse_bits(bits).value());
    request.calibration_samples = 10;
    return request;
}

} // namespace

class TestSession : public QObject {
    Q_OBJECT
private slots:
    void modelsThatAreNotThere();
    void zooNetworksAreUntrained();
    void topologiesCannotRun();
    void fitNamesBothShapes();
    void floatIsItsOwnReference();
    void sharesReferenceAndStatistics();
    void weightsAloneNeedNoCalibration();
    void resolvedPlanRepeatsWithoutCalibration();
    void provenanceSaysHow();
    void limitTakesTheFirstImages();
    void cancelStops();
};

void TestSession::modelsThatAreNotThere() {
    for (const char* source : {"", "no/such.onnx", "/", "zoo:nothing-like-it", "no/such.csv"}) {
        const auto model = flow::load_model(source);
        QVERIFY2(!model, source);
        QVERIFY(model.error().code == ErrorCode::invalid_input || model.error().code == ErrorCode::usage);
        QVERIFY(!model.error().message.empty());
    }
    QCOMPARE(flow::load_model("no/such.onnx").error().where, std::string("no/such.onnx"));
}

void TestSession::zooNetworksAreUntrained() {
    const auto model = flow::load_model("zoo:demo");
    QVERIFY2(model.has_value(), model ? "" : model.error().to_line().c_str());
    QVERIFY(!model->trained && !model->topology);
    QCOMPARE(model->hash, flow::load_model("zoo:demo")->hash);
    QVERIFY(model->hash != flow::load_model("zoo:demo@width=2")->hash);
}

void TestSession::topologiesCannotRun() {
    const auto path = test::scratch_dir() / "two.csv";
    test::write_file(path, "Layer,H,W,FH,FW,C,N,S\nConv1,10,10,3,3,3,8,1,\n");
    const auto model = flow::load_model(path.string());
    QVERIFY2(model.has_value(), model ? "" : model.error().to_line().c_str());
    QVERIFY(model->topology && !model->trained);
    auto asked = request(std::make_shared<test::NoiseImages>(1), "float");
    asked.model = *model;
    const auto outcome = flow::Evaluator().evaluate(asked, {});
    QVERIFY(!outcome);
    QCOMPARE(outcome.error().code, ErrorCode::unsupported);
}

void TestSession::fitNamesBothShapes() {
    const GraphPtr graph = test::small_network();
    QVERIFY(flow::check_fit(*graph, test::NoiseImages(1)).has_value());
    const auto too_large = flow::check_fit(*graph, test::NoiseImages(1, 40, 9));
    QVERIFY(!too_large);
    QVERIFY(too_large.error().message.find("1x3x8x8") != std::string::npos);
    QVERIFY(too_large.error().message.find("1x3x9x9") != std::string::npos);
    QVERIFY(!flow::check_fit(*graph, test::NoiseImages(1, 40, 8, 5)));
    QVERIFY(!flow::check_fit(*graph, test::NoiseImages(1, 0)));
}

void TestSession::floatIsItsOwnReference() {
    const auto data = std::make_shared<test::NoiseImages>(1);
    flow::Evaluator evaluator;
    int64_t told = 0;
    const auto outcome = evaluator.evaluate(request(data, "float"), {},
                                            [&](const flow::RunningAccuracy& r) { told = r.done; });
    QVERIFY2(outcome.has_value(), outcome ? "" : outcome.error().to_line().c_str());
    QCOMPARE(data->reads(), 40);
    QCOMPARE(told, 40);
    QCOMPARE(outcome->evaluation.accuracy.agreement, 1.0);
    QCOMPARE(outcome->evaluation.accuracy.delta_top1, 0.0);
    QCOMPARE(outcome->predictions.top1.size(), size_t{40});
    told = 0;
    QVERIFY(evaluator.evaluate(request(data, "float"), {},
                               [&](const flow::RunningAccuracy& r) { told = r.done; }));
    QCOMPARE(data->reads(), 40);
    QCOMPARE(told, 40);

    auto with_logits = request(data, "float");
    with_logits.keep_logits = true;
    QCOMPARE(evaluator.evaluate(with_logits, {})->predictions.logits.size(), size_t{40 * test::k_classes});
}

void TestSession::sharesReferenceAndStatistics() {
    const auto data = std::make_shared<test::NoiseImages>(1);
    const auto calibration = std::make_shared<test::NoiseImages>(2);
    flow::Evaluator evaluator;
    evaluator.set_memory_budget(0);
    for (const char* bits : {"w8a8", "w4a4", "w2a3"}) {
        auto asked = request(data, bits);
        asked.calibration = calibration;
        const auto outcome = evaluator.evaluate(asked, {});
        QVERIFY2(outcome.has_value(), outcome ? "" : outcome.error().to_line().c_str());
        QCOMPARE(outcome->evaluation.provenance.calibration.samples, 10);
    }
    QCOMPARE(data->reads(), 40 * 4); // once in float, three times quantized
    QCOMPARE(calibration->reads(), 10);
}

void TestSession::weightsAloneNeedNoCalibration() {
    const auto data = std::make_shared<test::NoiseImages>(1);
    const auto outcome = flow::Evaluator().evaluate(request(data, "w4a32"), {});
    QVERIFY2(outcome.has_value(), outcome ? "" : outcome.error().to_line().c_str());
    QCOMPARE(outcome->evaluation.provenance.calibration.samples, 0);
    QCOMPARE(data->reads(), 80);
    QVERIFY(outcome->evaluation.accuracy.agreement <= 1.0);
    for (const LayerDiagnostics& layer : outcome->evaluation.layers)
        QVERIFY(layer.execution != Execution::int8);
}

void TestSession::resolvedPlanRepeatsWithoutCalibration() {
    const auto data = std::make_shared<test::NoiseImages>(1);
    flow::Evaluator first, second;
    const auto outcome = first.evaluate(request(data, "w3a3"), {});
    QVERIFY2(outcome.has_value(), outcome ? "" : outcome.error().to_line().c_str());
    auto again = request(data, "w3a3");
    again.plan = outcome->evaluation.resolved;
    const auto repeated = second.evaluate(again, {});
    QVERIFY2(repeated.has_value(), repeated ? "" : repeated.error().to_line().c_str());
    QCOMPARE(repeated->predictions.top1, outcome->predictions.top1);
    QCOMPARE(repeated->evaluation.provenance.calibration.samples, 0);
    QVERIFY(repeated->evaluation.provenance.calibration.data.empty());
}

void TestSession::provenanceSaysHow() {
    const auto data = std::make_shared<test::NoiseImages>(1);
    const auto outcome = flow::Evaluator().evaluate(request(data, "w8a8"), {});
    QVERIFY2(outcome.has_value(), outcome ? "" : outcome.error().to_line().c_str());
    const Provenance& provenance = outcome->evaluation.provenance;
    QCOMPARE(provenance.model, std::string("small.onnx"));
    QCOMPARE(provenance.model_hash, std::string("hash of small"));
    QCOMPARE(provenance.data_hash, data->hash());
    QVERIFY(provenance.calibration.shared_with_evaluation);
    QCOMPARE(provenance.calibration.data, data->name());
    QCOMPARE(provenance.program_version, flow::program_version());
    QVERIFY(!provenance.cpu_isa.empty());
    QCOMPARE(provenance.created_utc.size(), std::string("2000-01-01T00:00:00Z").size());
    QVERIFY(outcome->evaluation.images_per_second > 0);
}

void TestSession::limitTakesTheFirstImages() {
    const auto data = std::make_shared<test::NoiseImages>(1);
    flow::Evaluator evaluator;
    auto limited = request(data, "w4a4");
    limited.limit = 7;
    const auto few = evaluator.evaluate(limited, {});
    const auto all = evaluator.evaluate(request(data, "w4a4"), {});
    QVERIFY(few && all);
    QCOMPARE(few->evaluation.accuracy.samples, 7);
    QVERIFY(std::equal(few->predictions.top1.begin(), few->predictions.top1.end(),
                       all->predictions.top1.begin()));
    limited.limit = -1;
    QCOMPARE(evaluator.evaluate(limited, {}).error().code, ErrorCode::usage);
    limited.limit = 0;
    limited.calibration_samples = 0;
    QCOMPARE(evaluator.evaluate(limited, {}).error().code, ErrorCode::usage);
}

void TestSession::cancelStops() {
    WorkControl control;
    control.cancel.cancel();
    const auto outcome =
        flow::Evaluator().evaluate(request(std::make_shared<test::NoiseImages>(1), "w8a8"), control);
    QVERIFY(!outcome);
    QCOMPARE(outcome.error().code, ErrorCode::cancelled);
}

QTEST_APPLESS_MAIN(TestSession)
#include "tst_session.moc"
