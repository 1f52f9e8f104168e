// What the accuracy figure says: measured, stopped early, agreement where there are no labels.
#include "tests/widgets/tiny_network.h"
#include "widgets/cost_text.h"
#include "widgets/models/design_table_model.h"
#include "widgets/panels/design_panel.h"
#include "widgets/panels/figures_strip.h"

#include <QLabel>
#include <QStandardPaths>
#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::gui;

class TestFiguresStrip : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }
    void init() {
        m_document = std::make_unique<Document>();
        m_project = std::make_unique<Project>(*m_document);
        m_measurements = std::make_unique<Measurements>(*m_document, *m_project);
        m_measurements->setAutomatic(false);
        m_strip = std::make_unique<FiguresStrip>(*m_document, *m_measurements);
        test::open_tiny(*m_document, test::tiny_data(200));
    }
    void cleanup() {
        m_strip.reset();
        m_measurements.reset();
        m_project.reset();
        m_document.reset();
    }

    void a_difference_comes_with_its_interval() {
        Design design = measured();
        design.evaluation.accuracy.samples = 200;
        m_document->addDesign(design);
        QCOMPARE(text("figureAccuracyValue"), QString::fromUtf8("91.0\u00a0%"));
        QVERIFY2(text("figureAccuracyChange").contains(QString::fromUtf8("\u00b1\u20090.75")),
                 qPrintable(text("figureAccuracyChange")));
        QVERIFY(!text("figureAccuracyChange").contains("images"));
    }

    void one_that_was_stopped_early_says_on_how_many_images() {
        Design design = measured();
        design.evaluation.accuracy.samples = 96;
        m_document->addDesign(design);
        QVERIFY(text("figureAccuracyChange").contains("96 images"));
    }

    /// Its own float is worse than what was opened: against that it would look better.
    void a_version_is_told_against_the_network_as_opened() {
        Version version;
        version.id = 7;
        version.label = "QAT";
        version.model = test::tiny_model();
        version.plan = m_document->plan();
        m_document->addVersion(version);
        m_document->useVersion(7);
        Design trained = measured();
        trained.id = 2;
        trained.version = 7;
        Accuracy& accuracy = trained.evaluation.accuracy;
        accuracy.samples = 200;
        accuracy.float_top1 = 0.85;
        accuracy.delta_top1 = 0.06;
        accuracy.delta_ci95 = {0.04, 0.08};
        m_document->addDesign(trained);
        const DesignTableModel table(*m_document);
        QCOMPARE(text("figureAccuracyChange").contains("6.00"), false);
        QVERIFY2(text("figureAccuracyChange").contains("not compared"),
                 qPrintable(text("figureAccuracyChange")));
        QCOMPARE(table.index(0, DesignTableModel::Delta).data().toString(), QString(QChar(0x2013)));
        // On fewer images it says nothing of these.
        Design opened = measured();
        opened.evaluation.accuracy.samples = 96;
        m_document->addDesign(opened);
        QVERIFY(text("figureAccuracyChange").contains("not compared"));
        opened.id = 3;
        opened.evaluation.accuracy.samples = 200;
        opened.evaluation.accuracy.float_top1 = 0.979;
        m_document->addDesign(opened);
        // 91.0 - 97.9
        QVERIFY2(text("figureAccuracyChange").contains(QString::fromUtf8("\u25bc\u00a06.90")),
                 qPrintable(text("figureAccuracyChange")));
        QVERIFY(text("figureAccuracyChange").contains("as opened"));
        const DesignTableModel after(*m_document);
        QCOMPARE(after.index(0, DesignTableModel::Delta).data().toString(), QString::fromUtf8("\u22126.90"));
        QVERIFY(after.index(0, DesignTableModel::Delta)
                    .data(Qt::ToolTipRole)
                    .toString()
                    .contains("its own float"));
    }

    void without_labels_it_is_agreement() {
        Design design = measured();
        design.evaluation.accuracy = {};
        OutputAgreement agreement;
        agreement.samples = 200;
        agreement.sqnr_db = 31.4;
        agreement.psnr_db = 44;
        agreement.top1_agreement = 0.985;
        agreement.top1_agreement_ci95 = {0.97, 0.995};
        design.evaluation.agreement = agreement;
        m_document->addDesign(design);
        QCOMPARE(text("figureAccuracyValue"), QString::fromUtf8("98.5\u00a0%"));
        QVERIFY(text("figureAccuracyChange").contains("31.4 dB"));
        bool titled = false;
        for (const QLabel* label : m_strip->findChildren<QLabel*>()) titled |= label->text() == "AGREEMENT";
        QVERIFY(titled);
        const DesignTableModel table(*m_document);
        QCOMPARE(table.index(0, DesignTableModel::Top1).data().toString(), QString("98.50"));
        QCOMPARE(table.headerData(DesignTableModel::Top1, Qt::Horizontal).toString(), QString("Agree (%)"));
        const DesignSpace space = design_space_of(*m_document);
        QVERIFY(space.agreement);
        QCOMPARE(space.points.front().top1, 0.985);
        // The next network has labels again.
        test::open_tiny(*m_document, test::tiny_data(200));
        for (const QLabel* label : m_strip->findChildren<QLabel*>()) QVERIFY(label->text() != "AGREEMENT");
    }

    void how_a_figure_is_known_stands_in_its_tooltip() {
        QTRY_VERIFY(!m_document->costStale());
        CostBreakdown cost = *m_document->cost();
        cost.confidence["energy"] = {Basis::fitted, 1.15, "18 layers"};
        QVERIFY2(confidence_text(cost, "energy").contains("15 %"),
                 qPrintable(confidence_text(cost, "energy")));
        QVERIFY(confidence_text(cost, "energy").contains("18 layers"));
        cost.confidence["energy"] = {Basis::estimate, 2, ""};
        QVERIFY(confidence_text(cost, "energy").contains("factor of 2"));
        cost.confidence["size"] = {Basis::exact, 1, ""};
        QVERIFY(is_exact(cost, "size"));
        QVERIFY(confidence_text(cost, "nothing").isEmpty());
    }

    void a_device_is_filled_instead_of_having_an_area() {
        m_document->setTarget(*cost::load_target("pynq-z1"));
        QTRY_VERIFY(!m_document->costStale());
        QVERIFY2(m_document->cost(),
                 m_document->costProblem() ? m_document->costProblem()->to_line().c_str() : "");
        QVERIFY(std::isnan(m_document->cost()->area_mm2));
        QVERIFY2(text("figureAreaValue").contains('%'), qPrintable(text("figureAreaValue")));
        QVERIFY2(text("figureAreaChange").contains("LUT"), qPrintable(text("figureAreaChange")));
        QVERIFY(titles().contains("DEVICE"));
        m_document->setTarget(*cost::load_target("eyeriss"));
        QTRY_VERIFY(!m_document->costStale());
        QVERIFY(text("figureAreaValue").contains("mm"));
        QVERIFY(titles().contains("AREA"));
    }

    void a_refused_design_keeps_grey_figures_and_says_so() {
        HardwareTarget device = *cost::load_target("pynq-z1");
        m_document->setTarget(device);
        QTRY_VERIFY(!m_document->costStale());
        const QString energy = text("figureEnergyValue"), size = text("figureSizeValue");
        device.fpga->luts = 500;
        m_document->setTarget(device);
        QTRY_VERIFY(!m_document->costStale());
        QCOMPARE(text("figureEnergyValue"), energy);
        QCOMPARE(text("figureSizeValue"), size);
        QVERIFY2(text("figureEnergyChange").contains("cannot"), qPrintable(text("figureEnergyChange")));
    }

    /// What was measured of the chip itself is no estimate; the parts sum to it.
    void a_known_area_stands_upright() {
        m_document->setTarget(*cost::load_target("eyeriss"));
        QTRY_VERIFY(!m_document->costStale());
        const CostBreakdown& cost = *m_document->cost();
        QVERIFY(is_exact(cost, "area"));
        QCOMPARE(text("figureAreaValue"), area_text(cost));
        QVERIFY2(confidence_text(cost, "area").startsWith("Measured ("),
                 qPrintable(confidence_text(cost, "area")));
    }

private:
    [[nodiscard]] QStringList titles() const {
        QStringList all;
        for (const QLabel* label : m_strip->findChildren<QLabel*>()) all += label->text();
        return all;
    }
    [[nodiscard]] Design measured() const {
        Design design;
        design.id = 1;
        design.evaluation.plan = m_document->plan();
        design.evaluation.provenance.data_hash = m_document->data()->hash();
        Accuracy& accuracy = design.evaluation.accuracy;
        accuracy.top1 = 0.91;
        accuracy.top1_ci95 = {0.89, 0.93};
        accuracy.float_top1 = 0.92;
        accuracy.delta_top1 = -0.01;
        accuracy.delta_ci95 = {-0.0175, -0.0025};
        return design;
    }
    [[nodiscard]] QString text(const char* name) const {
        return m_strip->findChild<QLabel*>(QLatin1String(name))->text();
    }

    std::unique_ptr<Document> m_document;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<Measurements> m_measurements;
    std::unique_ptr<FiguresStrip> m_strip;
};

QTEST_MAIN(TestFiguresStrip)
#include "tst_figures_strip.moc"
