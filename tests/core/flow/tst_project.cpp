#include "core/cost/cost_model.h"
#include "core/flow/project.h"
#include "tests/core/flow/small_world.h"
#include "tests/support/test_data.h"

using namespace widthwise;

namespace {

std::filesystem::path fresh_project() {
    const auto path = test::scratch_dir() / "p.widthwise";
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + suffix);
    return path;
}

flow::Model zoo_model() {
    return flow::load_model("zoo:demo@width=0.5").value();
}

Evaluation evaluated(const flow::Model& model, const std::string& bits) {
    flow::EvaluationRequest request;
    request.model = model;
    request.data = std::make_shared<test::NoiseImages>(1, 6, 32);
    request.plan = PrecisionPlan(parse_bits(bits).value());
    return flow::Evaluator().evaluate(request, {}).value().evaluation;
}

} // namespace

class TestProject : public QObject {
    Q_OBJECT
private slots:
    void storedRowsComeBack();
    void projectsBelongToOneNetwork();
    void reportsChosenDesigns();
    void emptyProjectsHaveNothingToReport();
};

void TestProject::storedRowsComeBack() {
    const flow::Model model = zoo_model();
    const Evaluation evaluation = evaluated(model, "w4a6");
    const auto target = cost::load_target("eyeriss").value();
    const auto cost = cost::estimate(*model.graph, evaluation.plan, target).value();
    const StoredEvaluation stored = flow::to_stored(evaluation, cost, *model.graph);
    QCOMPARE(stored.label, std::string("w4a6"));
    QCOMPARE(stored.energy_j, cost.energy_j);
    const auto back = flow::from_stored(stored, *model.graph);
    QVERIFY2(back.has_value(), back ? "" : back.error().to_line().c_str());
    QVERIFY(back->evaluation.plan == evaluation.plan);
    QVERIFY(back->evaluation.resolved == evaluation.resolved);
    QCOMPARE(back->evaluation.accuracy.top1, evaluation.accuracy.top1);
    QCOMPARE(back->evaluation.provenance.data_hash, evaluation.provenance.data_hash);
    QCOMPARE(back->cost.layers.size(), cost.layers.size());
    QCOMPARE(back->cost.energy_j, cost.energy_j);

    StoredEvaluation damaged = stored;
    damaged.id = 12;
    damaged.evaluation_json = damaged.evaluation_json.substr(0, damaged.evaluation_json.size() / 2);
    const auto failed = flow::from_stored(damaged, *model.graph);
    QVERIFY(!failed);
    QCOMPARE(failed.error().code, ErrorCode::invalid_input);
    QVERIFY(failed.error().to_line().find("12") != std::string::npos);
}

void TestProject::projectsBelongToOneNetwork() {
    auto project = ProjectFile::open(fresh_project()).value();
    const flow::Model model = zoo_model();
    const test::NoiseImages data(1, 6, 32);
    QVERIFY(flow::adopt_network(*project, model, data, "", "{}", {}).has_value());
    QVERIFY(flow::adopt_network(*project, model, data, "", "{}", {}).has_value());
    QCOMPARE(project->network().value()->path, std::string("zoo:demo@width=0.5"));
    const auto other =
        flow::adopt_network(*project, flow::load_model("zoo:demo").value(), data, "", "{}", {});
    QVERIFY(!other);
    QCOMPARE(other.error().code, ErrorCode::invalid_input);
}

void TestProject::reportsChosenDesigns() {
    auto project = ProjectFile::open(fresh_project()).value();
    const flow::Model model = zoo_model();
    const auto target = cost::load_target("tpu-v1").value();
    QVERIFY(flow::adopt_network(*project, model, test::NoiseImages(1, 6, 32), "", "{}", {}).has_value());
    for (const char* bits : {"w8a8", "w3a3"}) {
        const Evaluation evaluation = evaluated(model, bits);
        const auto cost = cost::estimate(*model.graph, evaluation.plan, target).value();
        QVERIFY(project->add_evaluation(flow::to_stored(evaluation, cost, *model.graph)).has_value());
    }
    const auto all = flow::project_report(*project, {});
    QVERIFY2(all.has_value(), all ? "" : all.error().to_line().c_str());
    QCOMPARE(all->designs.size(), size_t{2});
    const std::vector<int64_t> second{2};
    const auto one = flow::project_report(*project, second);
    QVERIFY(one.has_value());
    QCOMPARE(one->designs.size(), size_t{1});
    QCOMPARE(one->designs.front().label, std::string("w3a3"));
    const std::vector<int64_t> unknown{2, 5};
    const auto none = flow::project_report(*project, unknown);
    QVERIFY(!none);
    QVERIFY(none.error().to_line().find("1, 2") != std::string::npos);
}

void TestProject::emptyProjectsHaveNothingToReport() {
    auto project = ProjectFile::open(fresh_project()).value();
    const auto report = flow::project_report(*project, {});
    QVERIFY(!report);
    QCOMPARE(report.error().code, ErrorCode::invalid_input);
}

QTEST_APPLESS_MAIN(TestProject)
#include "tst_project.moc"
