// The built-in networks side by side: figures as the graphs have them, and what is opened.
#include "core/graph/layer_work.h"
#include "widgets/dialogs/zoo_dialog.h"
#include "widgets/models/zoo_table_model.h"
#include "widgets/number_text.h"

#include <QAbstractItemModelTester>
#include <QDoubleSpinBox>
#include <QPushButton>
#include <QSignalSpy>
#include <QSortFilterProxyModel>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTableView>
#include <QTest>

using namespace widthwise;
using namespace widthwise::gui;

class TestZooDialog : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void every_network_has_its_figures() {
        ZooTableModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(model.rowCount(), static_cast<int>(zoo::entries().size()));
        QTRY_VERIFY_WITH_TIMEOUT(!model.lane().busy(), 120000);
        for (int row = 0; row < model.rowCount(); ++row) {
            const auto& entry = ZooTableModel::entryAt(row);
            QVERIFY2(model.factsAt(row).has_value(), std::string(entry.name).c_str());
            QVERIFY(!model.index(row, ZooTableModel::Macs).data().toString().isEmpty());
            QVERIFY(model.index(row, ZooTableModel::Name)
                        .data(Qt::ToolTipRole)
                        .toString()
                        .contains(qt(entry.source)));
        }
        // One against the graph itself.
        const auto graph = zoo::build("lenet5");
        QVERIFY(graph.has_value());
        int row = 0;
        while (ZooTableModel::entryAt(row).name != "lenet5") ++row;
        QCOMPARE(model.index(row, ZooTableModel::Macs).data(ZooTableModel::SortRole).toLongLong(),
                 graph_totals(**graph).macs);
    }

    void sorting_is_by_number() {
        ZooDialog dialog;
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        auto* table = dialog.findChild<QTableView*>("zooTable");
        auto* sorted = qobject_cast<QSortFilterProxyModel*>(table->model());
        auto* model = qobject_cast<ZooTableModel*>(sorted->sourceModel());
        QTRY_VERIFY_WITH_TIMEOUT(!model->lane().busy(), 120000);
        sorted->sort(ZooTableModel::Macs, Qt::DescendingOrder);
        double last = std::numeric_limits<double>::infinity();
        for (int row = 0; row < sorted->rowCount(); ++row) {
            const double macs =
                sorted->index(row, ZooTableModel::Macs).data(ZooTableModel::SortRole).toDouble();
            QVERIFY(macs <= last);
            last = macs;
        }
    }

    void what_is_opened_carries_its_options() {
        ZooDialog dialog;
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        auto* open = dialog.findChild<QPushButton*>("zooOpen");
        QVERIFY(!open->isEnabled());
        QVERIFY(dialog.source().isEmpty());
        auto* table = dialog.findChild<QTableView*>("zooTable");
        const auto select = [&](const QString& name) {
            for (int row = 0; row < table->model()->rowCount(); ++row)
                if (table->model()->index(row, ZooTableModel::Name).data().toString() == name)
                    table->selectRow(row);
        };
        select("resnet8");
        QVERIFY(open->isEnabled());
        QCOMPARE(dialog.source(), QString("zoo:resnet8"));
        dialog.findChild<QSpinBox*>("zooSize")->setValue(48);
        dialog.findChild<QDoubleSpinBox*>("zooWidth")->setValue(0.5);
        dialog.findChild<QSpinBox*>("zooClasses")->setValue(7);
        QCOMPARE(dialog.source(), QString("zoo:resnet8@size=48,width=0.5,classes=7"));
        QVERIFY(zoo::build(dialog.source().mid(4).toStdString()).has_value());
        QSignalSpy chosen(&dialog, &ZooDialog::chosen);
        open->click();
        QCOMPARE(chosen.count(), 1);
        // Another network starts from its own options; one that does not classify has no classes.
        select("ad-autoencoder");
        QCOMPARE(dialog.source(), QString("zoo:ad-autoencoder"));
        QVERIFY(!dialog.findChild<QSpinBox*>("zooClasses")->isEnabled());
    }
};

QTEST_MAIN(TestZooDialog)
#include "tst_zoo_dialog.moc"
