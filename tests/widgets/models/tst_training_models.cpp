// Tables of runs, versions and layers, and the curves made of runs.
#include "tests/widgets/fake_training.h"
#include "widgets/charts/training_chart.h"
#include "widgets/models/layer_change_model.h"
#include "widgets/models/training_runs_model.h"
#include "widgets/models/version_table_model.h"
#include "widgets/panels/training_panel.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>

using namespace widthwise;
using namespace widthwise::gui;

class TestTrainingModels : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void init() {
        m_fake = std::make_shared<test::FakeRun>();
        m_document = std::make_unique<Document>();
        m_project = std::make_unique<Project>(*m_document);
        m_training = std::make_unique<Training>(*m_document, *m_project, test::fake_training(m_fake));
        m_project->openNetwork("zoo:demo");
        QTRY_VERIFY_WITH_TIMEOUT(m_document->hasNetwork(), 20000);
        test::open_tiny(*m_document, test::tiny_data());
        m_setup = recommended_setup(TrainingMode::plain, m_document->model());
        m_setup.data = "demo:train";
    }
    void cleanup() {
        m_training.reset();
        m_project.reset();
        m_document.reset();
    }

    void runs_appear_and_follow() {
        TrainingRunsModel model(*m_training);
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(model.rowCount(), 0);
        QVERIFY(m_training->start(m_setup));
        QCOMPARE(model.rowCount(), 1);
        const auto text = [&](int column) { return model.index(0, column).data().toString(); };
        QTRY_COMPARE(text(TrainingRunsModel::Status), QString("finished"));
        QCOMPARE(text(TrainingRunsModel::Best), QString("50.00"));
        QCOMPARE(text(TrainingRunsModel::Progress), QString("3/3"));
        QCOMPARE(text(TrainingRunsModel::Loss), QString("0.6667"));
        QVERIFY(model.setData(model.index(0, 0), Qt::Unchecked, Qt::CheckStateRole));
        QVERIFY(!m_training->runs().front().shown);
        QVERIFY(!model.setData(model.index(0, 1), Qt::Checked, Qt::CheckStateRole));
        test::open_tiny(*m_document); // the same file's runs again
        QCOMPARE(model.rowCount(), 1);
    }

    void curves_have_bounded_points_and_the_same_axis() {
        m_fake->epochs = 2;
        m_fake->steps_per_epoch = 5000;
        QVERIFY(m_training->start(m_setup));
        QTRY_VERIFY(m_training->runs().front().status == TrainingRun::Status::finished);
        TrainingCurves curves = training_curves_of(*m_training);
        QCOMPARE(curves.runs.size(), size_t(1));
        QVERIFY(!curves.in_steps);
        const TrainingCurve& curve = curves.runs.front();
        QVERIFY(curve.loss.size() <= 2 * DecimatedCurve::k_most);
        QVERIFY(curve.loss.back().x() > 1.9 && curve.loss.back().x() <= 2.0);
        QCOMPARE(curve.validation.size(), size_t(2));
        QCOMPARE(curve.validation.back(), QPointF(2, 0.5));
        TrainingChart loss(TrainingChart::Quantity::loss), accuracy(TrainingChart::Quantity::accuracy);
        loss.show(curves);
        accuracy.show(curves);
        QCOMPARE(curve.smooth.size(), curve.loss.size());
        QCOMPARE(loss.pointCount(), static_cast<int>(curve.loss.size() + curve.smooth.size()));
        QCOMPARE(accuracy.pointCount(), 4);
        m_training->setShown(m_training->runs().front().id, false);
        curves = training_curves_of(*m_training);
        QVERIFY(curves.runs.empty());
        loss.show(curves);
        QCOMPARE(loss.pointCount(), 0);
    }

    void a_running_mean_has_no_bias_at_its_start() {
        std::vector<QPointF> flat, noisy;
        for (int i = 0; i < 400; ++i) {
            flat.emplace_back(i, 2.5);
            noisy.emplace_back(i, i % 2 == 0 ? 1.0 : 3.0);
        }
        for (const QPointF& point : running_mean(flat)) QVERIFY(std::abs(point.y() - 2.5) < 1e-12);
        QVERIFY(std::abs(running_mean(noisy).back().y() - 2.0) < 0.2);
        flat.resize(10);
        QVERIFY(running_mean(flat).empty());
    }

    void one_step_that_diverged_leaves_the_chart_readable() {
        TrainingCurve curve;
        for (int i = 0; i < 500; ++i) curve.loss.emplace_back(i / 100.0, i == 200 ? 8e7 : 2.0 - i * 0.003);
        curve.smooth = running_mean(curve.loss);
        curve.validation = {{1, 0.5}, {5, 0.9}};
        TrainingCurves curves;
        curves.runs = {curve};
        TrainingChart loss(TrainingChart::Quantity::loss), accuracy(TrainingChart::Quantity::accuracy);
        loss.show(curves);
        QVERIFY2(loss.yEnd() > 1.9 && loss.yEnd() < 10, qPrintable(QString::number(loss.yEnd())));
        // The mean recovers from it.
        QVERIFY(curve.smooth[350].y() < 2);
        QCOMPARE(loss_bound({{1, 2.0}, {2, 1.0}, {3, 0.5}}), 2.0);
        // The last mark has room.
        accuracy.show(curves);
        QVERIFY(accuracy.xEnd() > 5.05 && accuracy.xEnd() < 6);
    }

    void neighbouring_runs_look_different() {
        const QPalette palette;
        std::set<std::pair<QRgb, int>> seen;
        for (int i = 0; i < 20; ++i) {
            const RunStyle style = run_style(i, palette);
            QVERIFY(seen.insert({style.colour.rgb(), int(style.dashes)}).second);
        }
    }

    void versions_are_listed_with_what_was_measured() {
        VersionTableModel model(*m_document);
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(model.rowCount(), 1);
        QVERIFY(m_training->start(m_setup));
        QTRY_COMPARE(model.rowCount(), 2);
        const int64_t made = m_document->version().id;
        QCOMPARE(model.rowOf(made), 1);
        QCOMPARE(model.index(1, VersionTableModel::Origin).data().toString(),
                 m_document->versions()[0].label);
        QCOMPARE(model.index(1, VersionTableModel::Top1).data().toString(), QString(QChar(0x2013)));
        Design design;
        design.id = 1;
        design.version = made;
        design.evaluation.plan = m_document->plan();
        design.evaluation.accuracy.samples = 64;
        design.evaluation.accuracy.top1 = 0.75;
        design.evaluation.provenance.data_hash = m_document->data()->hash();
        m_document->addDesign(design);
        QCOMPARE(model.index(1, VersionTableModel::Top1).data().toString(), QString("75.00"));
        QCOMPARE(model.index(0, VersionTableModel::Top1).data().toString(), QString(QChar(0x2013)));
        test::open_tiny(*m_document);
        QCOMPARE(model.rowCount(), 1);
    }

    void layer_changes_are_told_where_there_are_some() {
        LayerChangeModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        passes::LayerChange changed, same;
        changed.layer = "conv1";
        changed.weights_before = 1000;
        changed.weights_after = 500;
        changed.relative_error = 0.25;
        same.layer = "fc";
        same.weights_before = same.weights_after = 80;
        same.note = "the last layer";
        model.show({changed, same});
        QCOMPARE(model.rowCount(), 2);
        QVERIFY(model.index(0, LayerChangeModel::Weights).data().toString().contains(QChar(0x2192)));
        QCOMPARE(model.index(1, LayerChangeModel::Weights).data().toString(), QString("80"));
        QCOMPARE(model.index(1, LayerChangeModel::Note).data().toString(), QString("the last layer"));
        model.show({});
        QCOMPARE(model.rowCount(), 0);
    }

private:
    std::shared_ptr<test::FakeRun> m_fake;
    std::unique_ptr<Document> m_document;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<Training> m_training;
    TrainingSetup m_setup;
};

QTEST_MAIN(TestTrainingModels)
#include "tst_training_models.moc"
