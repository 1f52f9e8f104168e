// The validation table: every row that is not explained must hold.
#include "tests/core/cost/validation.h"
#include "tests/support/test_data.h"

using namespace widthwise;
using namespace widthwise::test;

class Validation : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { WIDTHWISE_NEED(reference_dir() / "cost"); }

    void rows_compare_as_they_say() {
        const auto row = [](double theirs, double ours, double limit, bool at_most) {
            return ValidationRow{"source", "row", theirs, ours, limit, {}, at_most};
        };
        QVERIFY(holds(row(3, 3, 0, false)));
        QVERIFY(!holds(row(3, 4, 0, false)));
        QVERIFY(holds(row(100, 89, 0.12, false)) && !holds(row(100, 87, 0.12, false)));
        QVERIFY(holds(row(100, 10, 0, true)) && !holds(row(100, 101, 0, true)));
        QVERIFY(!holds(row(100, std::nan(""), 1, true)));
        QVERIFY(!holds(row(0, 1, 1, false)));
        const ValidationRow worst = worst_of({row(10, 11, 0, false), row(10, 8, 0, false)});
        QCOMPARE(worst.ours, 8.0);
        QCOMPARE(worst.row, std::string("row, worst of 2"));
    }

    void rows_data() {
        QTest::addColumn<size_t>("source");
        for (size_t i = 0; i < validation_sources().size(); ++i)
            QTest::newRow(validation_sources()[i].name) << i;
    }

    void rows() {
        QFETCH(size_t, source);
        const std::vector<ValidationRow> rows = validation_sources()[source].rows(reference_dir());
        QVERIFY(!rows.empty());
        int failing = 0;
        for (const ValidationRow& row : rows)
            if (row.note.empty() && !holds(row)) {
                ++failing;
                qWarning("%s", to_line(row).c_str());
            }
        QVERIFY2(failing == 0, qPrintable(QStringLiteral("%1 rows fail").arg(failing)));
    }
};

QTEST_APPLESS_MAIN(Validation)
#include "tst_validation.moc"
