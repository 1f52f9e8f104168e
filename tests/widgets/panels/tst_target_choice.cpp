// Choosing a target: presets by kind, files, what cannot be read; the design on several targets.
#include "tests/support/test_data.h"
#include "tests/widgets/tiny_network.h"
#include "widgets/cost_text.h"
#include "widgets/dialogs/target_dialog.h"
#include "widgets/models/target_table_model.h"
#include "widgets/number_text.h"
#include "widgets/panels/target_combo.h"

#include <QAbstractItemModelTester>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QStandardItemModel>
#include <QStandardPaths>
#include <QTableView>
#include <QTest>
#include <QUndoStack>

#include <cmath>

using namespace widthwise;
using namespace widthwise::gui;

class TestTargetChoice : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void presets_stand_under_headings_with_what_they_are() {
        Document document;
        TargetCombo combo(document);
        auto* items = qobject_cast<QStandardItemModel*>(combo.model());
        for (const std::string& name : cost::preset_names()) {
            const int at = combo.findData(qt(name));
            QVERIFY2(at > 0, name.c_str());
            QVERIFY(items->item(at)->flags() & Qt::ItemIsEnabled);
            QVERIFY2(combo.itemData(at, Qt::ToolTipRole).toString().contains("nm"), name.c_str());
            // The nearest heading above is that of its kind.
            int heading = at;
            while (items->item(heading)->flags() & Qt::ItemIsEnabled) --heading;
            QCOMPARE(combo.itemText(heading), group_name(group_of(*cost::load_target(name))));
        }
    }

    void a_preset_is_one_command() {
        Document document;
        test::open_tiny(document);
        TargetCombo combo(document);
        pick(combo, "eyeriss");
        QCOMPARE(document.target().name, std::string("eyeriss"));
        QCOMPARE(document.undoStack()->count(), 1);
        QCOMPARE(combo.currentText(), QString("eyeriss"));
        document.undoStack()->undo();
        QCOMPARE(combo.currentText(), qt(document.target().name));
        QVERIFY(combo.currentText() != QString("eyeriss"));
    }

    void a_file_is_read_reloaded_and_refused_with_the_key() {
        const auto path = test::scratch_dir() / "mine.json";
        HardwareTarget mine = *cost::load_target("eyeriss");
        mine.name = "mine";
        test::write_file(path, target_to_json(mine));
        const QString file = QString::fromStdString(path.string());
        Document document;
        test::open_tiny(document);
        TargetCombo combo(document);
        QVERIFY(combo.file().isEmpty());
        combo.choose(file);
        QCOMPARE(document.target().name, std::string("mine"));
        QCOMPARE(combo.currentText(), QString("mine"));
        QCOMPARE(combo.file(), file);
        // Edited outside, then reloaded by the last entry.
        mine.clock_hz *= 2;
        test::write_file(path, target_to_json(mine));
        combo.setCurrentIndex(combo.count() - 1);
        emit combo.activated(combo.count() - 1);
        QCOMPARE(document.target().clock_hz, mine.clock_hz);
        // A bad one: the banner names key and reason, the target stays.
        QString broken = QString::fromStdString(target_to_json(mine));
        broken.replace(QRegularExpression("\"node_nm\": [0-9.]+"), "\"node_nm\": -3");
        test::write_file(path, broken.toStdString());
        QSignalSpy failed(&combo, &TargetCombo::failed);
        combo.choose(file);
        QCOMPARE(failed.count(), 1);
        const QString text = failed.first().first().value<Problem>().text;
        QVERIFY2(text.contains("node_nm") && text.contains("mine.json"), qPrintable(text));
        QCOMPARE(document.target().node_nm, mine.node_nm);
        QCOMPARE(combo.currentText(), QString("mine"));
    }

    void the_design_is_modelled_on_every_target() {
        Document document;
        test::open_tiny(document);
        auto* dialog = new TargetDialog(document);
        TargetComparison& comparison = dialog->comparison();
        auto* table = dialog->findChild<QTableView*>("targetTable");
        const QAbstractItemModelTester tester(table->model(),
                                              QAbstractItemModelTester::FailureReportingMode::QtTest);
        QVERIFY(comparison.rows().size() >= cost::preset_names().size());
        QTRY_VERIFY_WITH_TIMEOUT(!comparison.busy(), 60000);
        for (const TargetComparison::Row& row : comparison.rows()) {
            QVERIFY(row.cost.has_value());
            const auto direct = cost::estimate(document.graph(), document.plan(), row.target);
            QCOMPARE(row.cost->has_value(), direct.has_value());
            if (direct) QCOMPARE((*row.cost)->energy_j, direct->energy_j);
        }
        // Another design: all again.
        const auto& first = comparison.rows().front();
        const double before = first.cost->has_value() ? (*first.cost)->energy_j : 0;
        document.setBits({"conv1", "conv2", "fc"}, LayerOperand::weights, 2);
        QVERIFY(!comparison.rows().front().cost);
        QTRY_VERIFY_WITH_TIMEOUT(!comparison.busy(), 60000);
        QVERIFY((*comparison.rows().front().cost)->energy_j < before);
        // One that does not take part has no figures.
        QVERIFY(table->model()->setData(table->model()->index(0, TargetTableModel::Name), Qt::Unchecked,
                                        Qt::CheckStateRole));
        QVERIFY(table->model()->index(0, TargetTableModel::Energy).data().toString().isEmpty());
        // The button takes a target over.
        table->selectRow(1);
        auto* use = dialog->findChild<QPushButton*>("useTarget");
        QVERIFY(use->isEnabled());
        use->click();
        QCOMPARE(qt(document.target().name),
                 table->model()->index(1, TargetTableModel::Name).data().toString());
        delete dialog;
    }

    void a_bad_file_stands_in_the_dialogs_banner() {
        Document document;
        test::open_tiny(document);
        TargetDialog dialog(document);
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        const size_t rows = dialog.comparison().rows().size();
        dialog.addFile("/nowhere/target.json");
        QVERIFY(!dialog.findChild<QWidget*>("banner")->isHidden());
        QCOMPARE(dialog.comparison().rows().size(), rows);
    }

private:
    static void pick(TargetCombo& combo, const QString& name) {
        const int at = combo.findData(name);
        QVERIFY(at >= 0);
        combo.setCurrentIndex(at);
        emit combo.activated(at);
    }
};

QTEST_MAIN(TestTargetChoice)
#include "tst_target_choice.moc"
