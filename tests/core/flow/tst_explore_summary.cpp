// A search told: its document, the designs that stand out, and what sets two requests apart.
#include "core/flow/explore_summary.h"
#include "tests/core/flow/explore_world.h"

#include <QTest>

#include <nlohmann/json.hpp>

#include <limits>

using namespace widthwise;
using namespace widthwise::flow;
using explore::Metric;
using nlohmann::json;

namespace {

/// Confirmed on the report images; on the search images the cheaper one is the worse one.
FrontDesign front_design(int64_t id, double energy, double delta, Interval interval) {
    FrontDesign design;
    design.figures[Metric::drop] = 1 - energy / 10;
    design.design_id = id;
    design.figures[Metric::energy] = energy;
    design.top1 = 0.9;
    design.report.samples = 100;
    design.report.top1 = design.report_top1 = 0.9 + delta;
    design.report.delta_top1 = delta;
    design.report.delta_ci95 = interval;
    if (interval.lo >= -0.01) design.within_one_point = true;
    if (interval.hi < -0.01) design.within_one_point = false;
    return design;
}

} // namespace

class ExploreSummaryTest : public QObject {
    Q_OBJECT
private slots:
    void the_cheapest_within_one_point() {
        const ExploreRequest request = test::small_search();
        ExploreOutcome outcome;
        QVERIFY(!cheapest_within_one_point(request, outcome, true));
        outcome.front = {front_design(1, 1, -0.05, {-0.08, -0.02}), front_design(2, 2, -0.005, {-0.02, 0.01}),
                         front_design(3, 3, 0, {-0.008, 0.008}),    front_design(4, 4, 0.01, {0, 0.02}),
                         front_design(0, 0.5, 0, {0, 0}),        // never run on report images
                         front_design(5, 0.7, 0.01, {0, 0.02})}; // lucky: the one before it failed
        QCOMPARE(cheapest_within_one_point(request, outcome, false)->design_id, 2);
        QCOMPARE(cheapest_within_one_point(request, outcome, true)->design_id, 3);
        // Cheap is what the search asked for: of a throughput, much.
        ExploreRequest other = request;
        other.goals.objectives = {Metric::throughput, Metric::drop};
        for (FrontDesign& design : outcome.front)
            design.figures[Metric::throughput] = 10 * design.figures[Metric::energy];
        QCOMPARE(cheapest_within_one_point(other, outcome, true)->design_id, 4);
    }

    void figures_that_do_not_apply_are_null() {
        ExploreRequest request = test::small_search();
        ExploreOutcome outcome;
        outcome.front = {front_design(7, 2e-6, -0.005, {-0.02, 0.01})};
        outcome.front[0].choices = explore::uniform_choices(request.space, 8, 8);
        outcome.front[0].plan = explore::plan_of(request.space, outcome.front[0].choices);
        outcome.front[0].knee = true;
        outcome.baseline[Metric::energy] = 4e-6;
        outcome.nothing_feasible = "\"quoted\"\n";
        outcome.notes = {"as you know"};
        outcome.baseline_label = "w8a8";
        const json document = json::parse(summary_to_json(request, outcome, 3));
        QVERIFY(document["exploration"] == 3);
        QVERIFY(document["algorithm"] == "surrogate");
        QVERIFY(document["nothing_feasible"] == "\"quoted\"\n");
        QVERIFY(document["ended_early"].is_null());
        QVERIFY(document["notes"] == json::array({"as you know"}));
        QVERIFY(document["baseline"]["label"] == "w8a8");
        QVERIFY(document["knee"] == json::array({7}));
        const json& design = document["front"][0];
        QVERIFY(design["energy_j"] == 2e-6);
        QVERIFY(design["area_mm2"].is_null());
        QVERIFY(design["within_one_point"].is_null());
        QVERIFY(design["report_delta_ci95"] == json::array({-0.02, 0.01}));
        QVERIFY(design["label"] == "w8a8");
        QVERIFY(!design.contains("hardware"));
    }

    void hardware_stands_in_the_label() {
        SpaceOptions options = test::weights_only();
        options.hardware = {{"array.rows", {"8", "16"}},
                            {"mac.style", {"\"bit_serial\"", "\"bit_composable\""}}};
        const ExploreRequest request = test::small_search(options);
        explore::Choices choices = explore::uniform_choices(request.space, 8, 8);
        choices[choices.size() - 2] = 0;
        choices.back() = 0;
        const std::string label = design_label(request.space, choices, *request.model.graph);
        QVERIFY2(label.starts_with("w8a8, array.rows=8, mac.style=bit_"), label.c_str());
        ExploreOutcome outcome;
        outcome.front.resize(1);
        outcome.front[0].choices = choices;
        const json document = json::parse(summary_to_json(request, outcome, 1));
        QVERIFY(document["front"][0]["hardware"]["array.rows"] == 8);
        QVERIFY(document["front"][0]["design_id"].is_null());
        QVERIFY(document["front"][0]["report_top1"].is_null());
    }

    void requests_are_told_apart() {
        const ExploreRequest request = test::small_search();
        const std::string same = request_to_json(request);
        QCOMPARE(request_difference(same, request_to_json(request)), "");
        const auto difference = [&](const auto& change) {
            ExploreRequest other = request;
            change(other);
            return request_difference(same, request_to_json(other));
        };
        QCOMPARE(difference([](ExploreRequest& r) { r.budget = 31; }), "budget (30, here 31)");
        QCOMPARE(difference([](ExploreRequest& r) { r.seed = 2; }), "seed (1, here 2)");
        QCOMPARE(difference([](ExploreRequest& r) { r.algorithm = "random"; }),
                 "algorithm (\"surrogate\", here \"random\")");
        QCOMPARE(difference([](ExploreRequest& r) { r.space.variables.pop_back(); }), "variables");
        QCOMPARE(difference([](ExploreRequest& r) {
                     r.goals.constraints = {{Metric::drop, 0.5}};
                 }),
                 "goals.constraints ([], here [{\"metric\":\"drop\",\"limit\":0.5}])");
        const std::string many = difference([](ExploreRequest& r) {
            r.budget = 1;
            r.seed = 3;
            r.limit = 4;
            r.screen = false;
            r.algorithm = "random";
            r.calibration_samples = 9;
        });
        QVERIFY2(many.ends_with("2 more"), many.c_str());
    }

    void documents_of_other_programs_are_told() {
        const std::string good = request_to_json(test::small_search());
        for (const std::string& text : {std::string(), std::string("{"), good.substr(0, good.size() / 2),
                                        std::string(100000, '['), std::string("\xff\xfe")})
            QVERIFY2(!request_difference(text, good).empty(), text.substr(0, 20).c_str());
        std::string deep;
        for (int i = 0; i < 200000; ++i) deep += "{\"goals\":";
        deep += "1" + std::string(200000, '}');
        QVERIFY(!request_difference(deep, good).empty());
        for (const char* text : {"null", "[]", "3", "{}", "{\"model\": 3, \"variables\": {\"a\": []}}"})
            QVERIFY2(!request_difference(text, good).empty(), text);
    }
};

QTEST_APPLESS_MAIN(ExploreSummaryTest)
#include "tst_explore_summary.moc"
