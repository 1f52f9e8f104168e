// Diagnostics of a tiny network: run as a job, kept by design, stale after an edit, there again after undo.
#include "tests/widgets/tiny_network.h"
#include "widgets/document/diagnostics.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/precision/layer_filter.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>
#include <QUndoStack>

using namespace widthwise;
using namespace widthwise::gui;

class TestDiagnostics : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }
    void init() {
        m_document = std::make_unique<Document>();
        m_project = std::make_unique<Project>(*m_document);
        m_measurements = std::make_unique<Measurements>(*m_document, *m_project);
        m_measurements->setAutomatic(false);
        m_diagnostics = std::make_unique<Diagnostics>(*m_document, *m_measurements);
        connect(m_diagnostics.get(), &Diagnostics::failed, this,
                [](const Problem& problem) { qWarning() << problem.text; });
        test::open_tiny(*m_document, test::tiny_data());
    }
    void cleanup() {
        m_diagnostics.reset();
        m_measurements.reset();
        m_project.reset();
        m_document.reset();
    }

    void reports_are_kept_by_design() {
        QVERIFY(!m_diagnostics->shown());
        run();
        QVERIFY(!m_diagnostics->stale());
        QCOMPARE(m_diagnostics->shown()->images, int64_t(64));
        const LayerReport* at_8 = m_diagnostics->reportOf("conv2");
        QVERIFY(at_8);
        const double sqnr_8 = at_8->output.sqnr_db;
        QVERIFY(sqnr_8 > 10);

        m_document->setBits({"conv2"}, LayerOperand::weights, 2);
        QVERIFY(m_diagnostics->stale());
        QVERIFY(m_diagnostics->reportOf("conv2")); // greyed, not gone
        run();
        QVERIFY(m_diagnostics->reportOf("conv2")->output.sqnr_db < sqnr_8);
        m_document->undoStack()->undo();
        QVERIFY(!m_diagnostics->stale());
        QCOMPARE(m_diagnostics->reportOf("conv2")->output.sqnr_db, sqnr_8);
        m_diagnostics->run(); // nothing left to do
        QVERIFY(!m_diagnostics->running());
        m_document->setData(test::tiny_data(32), nullptr);
        QVERIFY(!m_diagnostics->shown());
    }

    void columns_fill_sort_and_explain_themselves() {
        WeightAnalysis analysis(*m_document);
        LayerTableModel model(*m_document, analysis, *m_diagnostics);
        LayerFilter filter;
        filter.setSourceModel(&model);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const int conv2 = model.rowOf("conv2");
        const auto cell = [&](int column) { return model.index(conv2, column); };
        QCOMPARE(cell(LayerTableModel::OutputSqnr).data().toString(), k_dash_text());
        QVERIFY(cell(LayerTableModel::OutputSqnr).data(Qt::ToolTipRole).toString().contains("F6"));
        QVERIFY(cell(LayerTableModel::ExecutionColumn).data(Qt::ToolTipRole).toString().contains("F5"));
        m_document->setBits({"conv2"}, LayerOperand::weights, 3);
        run();
        for (const int column : {int(LayerTableModel::OutputSqnr), int(LayerTableModel::OutputCosine),
                                 int(LayerTableModel::OutputKl), int(LayerTableModel::InputClipped)})
            QVERIFY2(cell(column).data(Qt::EditRole).isValid(),
                     qPrintable(model.headerData(column, Qt::Horizontal).toString()));
        filter.sortBy(LayerTableModel::OutputSqnr);
        QVERIFY(filter.headerData(LayerTableModel::OutputSqnr, Qt::Horizontal)
                    .toString()
                    .endsWith(QChar(0x25be)));
        QVERIFY(!filter.headerData(LayerTableModel::Sqnr, Qt::Horizontal).toString().endsWith(QChar(0x25be)));
        const auto sqnr = [&](int row) {
            return filter.index(row, LayerTableModel::OutputSqnr).data(LayerTableModel::SortRole).toDouble();
        };
        for (int row = 1; row < filter.rowCount(); ++row) QVERIFY(sqnr(row - 1) >= sqnr(row));
        filter.sortBy(LayerTableModel::OutputSqnr);
        for (int row = 1; row < filter.rowCount(); ++row) QVERIFY(sqnr(row - 1) <= sqnr(row));
        filter.sortBy(LayerTableModel::OutputSqnr);
        QCOMPARE(filter.index(0, LayerTableModel::Name).data().toString(), QString("conv1"));
        m_document->setBits({"conv2"}, LayerOperand::weights, 4);
        QVERIFY(cell(LayerTableModel::OutputSqnr).data(Qt::ForegroundRole).isValid());
    }

    void without_data_it_says_what_to_do() {
        m_document->setData(nullptr, nullptr);
        QSignalSpy failed(m_diagnostics.get(), &Diagnostics::failed);
        m_diagnostics->run();
        QCOMPARE(failed.count(), 1);
        QCOMPARE(failed[0][0].value<Problem>().remedy, Problem::Remedy::open_data);
    }

    void cancelling_leaves_nothing_running() {
        m_diagnostics->run();
        QVERIFY(m_diagnostics->running());
        m_measurements->cancelAll();
        QTRY_VERIFY_WITH_TIMEOUT(!m_diagnostics->running(), 10000);
    }

private:
    static QString k_dash_text() { return QStringLiteral("\u2013"); }
    void run() {
        m_diagnostics->run();
        QTRY_VERIFY_WITH_TIMEOUT(
            !m_diagnostics->running() && m_diagnostics->shown() && !m_diagnostics->stale(), 30000);
    }

    std::unique_ptr<Document> m_document;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<Measurements> m_measurements;
    std::unique_ptr<Diagnostics> m_diagnostics;
};

QTEST_MAIN(TestDiagnostics)
#include "tst_diagnostics.moc"
