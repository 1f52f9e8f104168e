#include "core/cost/cost_model.h"
#include "core/flow/project.h"
#include "core/onnx/export.h"
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
    void versionsAreNetworksOfTheirOwn();
    void damagedVersionsAreErrors();
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

void TestProject::versionsAreNetworksOfTheirOwn() {
    auto project = ProjectFile::open(fresh_project()).value();
    const flow::Model own = zoo_model();
    const auto nothing = flow::load_version(*project, 0);
    QVERIFY(!nothing);
    QCOMPARE(nothing.error().code, ErrorCode::invalid_input);
    const test::NoiseImages data(1, 6, 32);
    QVERIFY(flow::adopt_network(*project, own, data, "", "{}", {}).has_value());
    // Another architecture: its layers have other names and counts than the project's own network.
    const GraphPtr pruned = test::small_network();
    StoredVersion version;
    version.label = "half <of> it";
    QVERIFY(project->add_version(version, onnx::export_model(*pruned).value()).has_value());

    const auto first = flow::load_version(*project, 1);
    QVERIFY2(first.has_value(), first ? "" : first.error().to_line().c_str());
    QCOMPARE(first->name, version.label);
    QCOMPARE(first->source, project->path().string() + "#1");
    QVERIFY(first->graph->find_node("classifier").valid());
    QVERIFY(!flow::load_version(*project, 2));
    QCOMPARE(flow::load_version(*project, 0)->hash, own.hash);
    QVERIFY(flow::adopt_network(*project, *first, data, "", "{}", {}).has_value());

    const auto target = cost::load_target("tpu-v1").value();
    for (const flow::Model* model : {&own, &*first}) {
        flow::EvaluationRequest request;
        request.model = *model;
        request.data = std::make_shared<test::NoiseImages>(1, 6, model == &own ? 32 : test::k_side);
        request.plan = PrecisionPlan(parse_bits("w4a4").value());
        const Evaluation evaluation = flow::Evaluator().evaluate(request, {}).value().evaluation;
        const auto cost = cost::estimate(*model->graph, evaluation.plan, target).value();
        StoredEvaluation stored = flow::to_stored(evaluation, cost, *model->graph);
        stored.version = model == &own ? 0 : 1;
        QVERIFY(project->add_evaluation(stored).has_value());
    }
    const auto report = flow::project_report(*project, {});
    QVERIFY2(report.has_value(), report ? "" : report.error().to_line().c_str());
    QCOMPARE(report->designs[0].version, 0);
    QCOMPARE(report->designs[0].network, std::string());
    QCOMPARE(report->designs[1].version, 1);
    QCOMPARE(report->designs[1].network, version.label);
    QCOMPARE(report->designs[1].evaluation.layers.size(), size_t{4}); // the pool reads activations, too
    QVERIFY(report::to_html(*report).find("half &lt;of&gt; it") != std::string::npos);
    QVERIFY(report::to_markdown(*report).find("half") != std::string::npos);
    QVERIFY(report::to_csv(*report).find("half <of> it") != std::string::npos);
    QVERIFY(report::to_json(*report).find("\"network\": \"half <of> it\"") != std::string::npos);
}

void TestProject::damagedVersionsAreErrors() {
    auto project = ProjectFile::open(fresh_project()).value();
    const std::string good = onnx::export_model(*test::small_network()).value();
    for (const std::string& bytes :
         {std::string(), std::string("no network"), good.substr(0, good.size() / 2)}) {
        const int64_t id = project->add_version({}, bytes).value();
        const auto model = flow::load_version(*project, id);
        QVERIFY(!model);
        QCOMPARE(model.error().code, ErrorCode::invalid_input);
        QVERIFY(model.error().to_line().find("#" + std::to_string(id)) != std::string::npos);
        StoredEvaluation row;
        row.version = id;
        QVERIFY(!flow::ProjectNetworks(*project).design(row));
    }
}

QTEST_APPLESS_MAIN(TestProject)
#include "tst_project.moc"
