#include "core/engine/evaluator.h"
#include "core/onnx/import.h"
#include "core/passes/prepare.h"
#include "core/quant/quantizer.h"
#include "passes_fixture.h"
#include "tests/support/test_data.h"

using namespace widthwise;
using namespace widthwise::passes;
using namespace widthwise::test;

namespace {

GraphPtr network(uint64_t seed) {
    Net net(seed);
    ValueId x = net.builder.input("x", {1, 3, 8, 8});
    x = net.clip(net.batch_norm(net.conv(x, 12, 3)), 4);
    x = net.clip(net.batch_norm(net.conv(x, 12, 3, 12)), 4);
    const ValueId shortcut = net.batch_norm(net.conv(x, 8, 1));
    x = net.relu(net.batch_norm(net.conv(shortcut, 16, 1)));
    x = net.batch_norm(net.conv(x, 8, 1));
    return net.finish(net.head(net.add(Op::add, "Add", {}, {shortcut, x}), 5));
}

PrecisionPlan plan_of(int bits, std::vector<Pass> passes) {
    NumberFormat weights = weight_integer(bits);
    weights.granularity = Granularity::tensor;
    PrecisionPlan plan(LayerPrecision{weights, activation_integer(8), {}});
    plan.set_passes(std::move(passes));
    return plan;
}

std::vector<Pass> all_passes() {
    return {k_passes.begin(), k_passes.end()};
}

} // namespace

class TestPrepare : public QObject {
    Q_OBJECT
private slots:
    void every_pass_reports_and_the_result_is_complete() {
        const GraphPtr graph = network(1);
        const NoiseImages data(48, {3, 8, 8});
        const auto prepared = prepare(graph, plan_of(4, all_passes()), {&data, 32, 1}, {}).value();
        QCOMPARE(prepared.reports.size(), k_passes.size());
        for (size_t i = 0; i < k_passes.size(); ++i) {
            QCOMPARE(prepared.reports[i].pass, k_passes[i]);
            QVERIFY(!prepared.reports[i].summary.empty());
            QVERIFY(prepared.reports[i].output_sqnr_db_before && prepared.reports[i].output_sqnr_db_after);
            if (i > 0)
                QCOMPARE(*prepared.reports[i].output_sqnr_db_before,
                         *prepared.reports[i - 1].output_sqnr_db_after);
        }
        QVERIFY(*prepared.reports.back().output_sqnr_db_after >
                *prepared.reports.front().output_sqnr_db_before + 3);
        QVERIFY(prepared.plan.passes().empty());
        QVERIFY(engine::is_resolved(*prepared.graph, prepared.plan));
        QCOMPARE(prepared.plan.values().size(), size_t{6});
        QCOMPARE(prepared.statistics->samples, int64_t{32});
    }
    void the_prepared_plan_needs_no_data_and_gives_the_same() {
        const GraphPtr graph = network(2);
        const NoiseImages data(24, {3, 8, 8});
        const auto prepared = prepare(graph, plan_of(3, all_passes()), {&data, 24, 1}, {}).value();
        const auto again = prepare(graph, prepared.plan, {}, {}).value();
        QVERIFY(again.reports.empty());
        QVERIFY(again.plan == prepared.plan);
        QCOMPARE(outputs_of(again.graph, again.plan, data), outputs_of(prepared.graph, prepared.plan, data));
    }
    void adaround_lies_on_the_grid() {
        const GraphPtr graph = network(3);
        const NoiseImages data(24, {3, 8, 8});
        const auto prepared = prepare(graph, plan_of(3, {Pass::adaround}), {&data, 24, 1}, {}).value();
        for (const auto& [name, values] : prepared.plan.values()) {
            const auto q = quantize_weights(values->weights, static_cast<int64_t>(values->bias.size()),
                                            prepared.plan.at(name).weights)
                               .value();
            QCOMPARE(q.values, values->weights);
        }
    }
    void threads_do_not_matter() {
        const GraphPtr graph = network(4);
        const NoiseImages data(24, {3, 8, 8});
        WorkControl one, two;
        one.threads = 1;
        two.threads = 2;
        const auto a = prepare(graph, plan_of(4, all_passes()), {&data, 24, 5}, one).value();
        const auto b = prepare(graph, plan_of(4, all_passes()), {&data, 24, 5}, two).value();
        QVERIFY(a.plan == b.plan);
        for (size_t i = 0; i < a.reports.size(); ++i)
            QCOMPARE(a.reports[i].output_sqnr_db_after, b.reports[i].output_sqnr_db_after);
    }
    void a_float_plan_stays_float() {
        Net net(5);
        ValueId x = net.builder.input("x", {1, 3, 8, 8});
        x = net.relu(net.batch_norm(net.conv(x, 12, 3)));
        x = net.relu(net.batch_norm(net.conv(x, 12, 3, 12)));
        const GraphPtr graph = net.finish(net.head(net.conv(x, 8, 1), 5));
        const NoiseImages data(16, {3, 8, 8});
        PrecisionPlan plan;
        plan.set_passes({Pass::equalize});
        const auto prepared = prepare(graph, plan, {}, {}).value();
        QCOMPARE(prepared.reports[0].layers, 4);
        QVERIFY(!prepared.reports[0].output_sqnr_db_after);
        QVERIFY(relative_error(outputs_of(graph, {}, data), outputs_of(prepared.graph, prepared.plan, data)) <
                1e-5);
        // Passes over quantization have nothing to do.
        plan.set_passes(all_passes());
        const auto all = prepare(graph, plan, {&data, 16, 1}, {}).value();
        for (const PassReport& report : all.reports)
            if (report.pass != Pass::equalize && report.pass != Pass::absorb_bias) QCOMPARE(report.layers, 0);
    }
    void without_passes_statistics_serve() {
        const GraphPtr graph = network(6);
        const NoiseImages data(16, {3, 8, 8});
        auto statistics =
            std::make_shared<const engine::Statistics>(engine::calibrate(graph, data, 16, {}).value());
        const auto given = prepare(graph, plan_of(8, {}), {}, {}, statistics).value();
        const auto measured = prepare(graph, plan_of(8, {}), {&data, 16, 1}, {}).value();
        QCOMPARE(given.graph.get(), graph.get());
        QCOMPARE(given.statistics.get(), statistics.get());
        QVERIFY(given.plan == measured.plan);
    }
    void what_needs_images_says_so() {
        const GraphPtr graph = network(7);
        const auto open = prepare(graph, plan_of(8, {}), {}, {});
        QVERIFY(!open);
        QCOMPARE(open.error().code, ErrorCode::invalid_input);
        PrecisionPlan plan;
        plan.set_passes({Pass::bias_correction});
        const auto pass = prepare(graph, plan, {}, {});
        QVERIFY(!pass);
        QVERIFY(pass.error().to_line().find("bias_correction needs calibration images") != std::string::npos);
    }
    void can_be_cancelled() {
        const NoiseImages data(16, {3, 8, 8});
        WorkControl control;
        control.progress = [&](const Progress& p) {
            if (p.what == "rounding weights" && p.done == 2) control.cancel.cancel();
        };
        const auto prepared = prepare(network(8), plan_of(4, {Pass::adaround}), {&data, 16, 1}, control);
        QVERIFY(!prepared);
        QCOMPARE(prepared.error().code, ErrorCode::cancelled);
    }
    /// Weights whose channels differ by a factor of fifty share a scale badly; equalization needs no data.
    void equalization_rescues_weights_that_share_a_scale() {
        Net net(9);
        net.spread = 2;
        ValueId x = net.builder.input("x", {1, 3, 8, 8});
        for (int i = 0; i < 2; ++i) {
            x = net.relu(net.conv(x, 24, 1));
            x = net.relu(net.conv(x, 24, 3, 24));
        }
        const GraphPtr graph = net.finish(net.head(x, 5));
        const NoiseImages data(32, {3, 8, 8});
        const auto report =
            prepare(graph, plan_of(6, {Pass::equalize}), {&data, 32, 1}, {}).value().reports[0];
        QVERIFY2(*report.output_sqnr_db_after > *report.output_sqnr_db_before + 6,
                 qPrintable(QStringLiteral("%1 dB, %2 dB")
                                .arg(*report.output_sqnr_db_before)
                                .arg(*report.output_sqnr_db_after)));
    }
    /// Inverted residuals with ReLU6 and BatchNormalization, three bits for each whole tensor.
    void mobilenet_gains_from_every_pass() {
        const auto file = data_dir() / "models" / "mobilenet-cifar.onnx";
        const auto card = data_dir() / "cifar10-jpeg" / "test.json";
        WIDTHWISE_NEED(file);
        WIDTHWISE_NEED(card);
        const GraphPtr graph = onnx::import_model(file).value().graph;
        const DatasetPtr data = first_images(open_dataset(card.string()).value(), 64);
        const PrepareOptions options{data.get(), 64, 1};
        const auto prepared =
            prepare(graph,
                    plan_of(3, {Pass::equalize, Pass::bias_correction_analytic, Pass::bias_correction}),
                    options, {})
                .value();
        QCOMPARE(prepared.reports.size(), size_t{3});
        for (const PassReport& r : prepared.reports) {
            const QString line = QStringLiteral("%1, %2 dB -> %3 dB")
                                     .arg(QString::fromStdString(r.summary))
                                     .arg(*r.output_sqnr_db_before)
                                     .arg(*r.output_sqnr_db_after);
            QVERIFY2(*r.output_sqnr_db_after > *r.output_sqnr_db_before + 1, qPrintable(line));
        }
        // In float, with its clips moved, it is still nearly the same network.
        PrecisionPlan plan;
        plan.set_passes({Pass::equalize});
        const auto reports = prepare(graph, plan, options, {}).value().reports;
        QVERIFY(reports[0].output_sqnr_db_after.value_or(1000) > 30);
    }
};

QTEST_GUILESS_MAIN(TestPrepare)
#include "tst_prepare.moc"
