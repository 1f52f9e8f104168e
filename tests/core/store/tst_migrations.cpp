// Schema steps: in order, each whole or not at all, after a backup.
#include "core/store/migrations.h"
#include "tests/support/test_data.h"

#include <QTest>

#include <vector>

using namespace widthwise;
using namespace widthwise::store;
namespace fs = std::filesystem;

namespace {

fs::path fresh(const char* name) {
    const fs::path folder = test::scratch_dir() / name;
    fs::remove_all(folder);
    fs::create_directories(folder);
    return folder / "p.widthwise";
}

Database open(const fs::path& path) {
    Result<Database> database = Database::open(path, Database::Mode::create, 100);
    if (!database) qFatal("%s", database.error().to_line().c_str());
    return std::move(*database);
}

const std::vector<std::string_view> k_one = {"CREATE TABLE a(x); INSERT INTO a VALUES (41)"};
const std::vector<std::string_view> k_three = {k_one[0], "ALTER TABLE a ADD COLUMN y DEFAULT 5",
                                               "UPDATE a SET x = x + 1; CREATE TABLE b(z)"};

} // namespace

class TestMigrations : public QObject {
    Q_OBJECT

private slots:
    void stepsRunInOrder() {
        Database database = open(fresh("order"));
        QVERIFY(migrate(database, k_three).has_value());
        QCOMPARE(*database.query_integer("PRAGMA user_version"), 3);
        QCOMPARE(*database.query_integer("PRAGMA application_id"), k_application_id);
        QCOMPARE(*database.query_integer("SELECT x + y FROM a"), 47);
        QVERIFY(!fs::exists(database.path().string() + ".v0.backup")); // nothing to keep
        QVERIFY(migrate(database, k_three).has_value());               // already there
        QCOMPARE(*database.query_integer("SELECT x + y FROM a"), 47);
    }

    void olderFileIsBackedUpFirst() {
        const fs::path path = fresh("backup");
        {
            Database database = open(path);
            QVERIFY(migrate(database, k_one).has_value());
            QVERIFY(database.query_text("PRAGMA journal_mode=WAL").has_value());
            QVERIFY(database.execute("INSERT INTO a VALUES (1000)").has_value());
        }
        Database database = open(path);
        QVERIFY(migrate(database, k_three).has_value());
        QCOMPARE(*database.query_integer("SELECT sum(x) FROM a"), 1043);
        Database backup = open(path.string() + ".v1.backup");
        QCOMPARE(*backup.query_integer("PRAGMA user_version"), 1);
        QCOMPARE(*backup.query_integer("SELECT sum(x) FROM a"), 1041);
    }

    void failedStepLeavesTheVersionBeforeIt() {
        const fs::path path = fresh("failed");
        Database database = open(path);
        QVERIFY(migrate(database, k_one).has_value());
        const std::vector<std::string_view> steps = {k_one[0], k_three[1],
                                                     "UPDATE a SET x = 0; INSERT INTO missing VALUES (1)"};
        const Result<void> failed = migrate(database, steps);
        QVERIFY(!failed.has_value());
        QCOMPARE(failed.error().code, ErrorCode::failed);
        QVERIFY(failed.error().message.find("missing") != std::string::npos);
        QCOMPARE(*database.query_integer("PRAGMA user_version"), 2);
        QCOMPARE(*database.query_integer("SELECT x FROM a"), 41);
        QVERIFY(fs::exists(path.string() + ".v1.backup"));
        QVERIFY(migrate(database, k_three).has_value()); // and goes on from there
        QCOMPARE(*database.query_integer("SELECT x FROM a"), 42);
    }

    void fullDiskDuringAStepIsAnIoError() {
        const fs::path path = fresh("full");
        Database database = open(path);
        QVERIFY(migrate(database, k_one).has_value());
        QVERIFY(database.query_integer("PRAGMA max_page_count = 4").has_value());
        const std::vector<std::string_view> steps = {
            k_one[0], "CREATE TABLE big(x); INSERT INTO big VALUES (zeroblob(100000)); UPDATE a SET x = 0"};
        const Result<void> full = migrate(database, steps);
        QVERIFY(!full.has_value());
        QCOMPARE(full.error().code, ErrorCode::io);
        QVERIFY(full.error().message.find("full") != std::string::npos);
        QCOMPARE(*database.query_integer("SELECT x FROM a"), 41);
        QCOMPARE(*database.query_integer("PRAGMA user_version"), 1);
    }

    void newerVersionIsRefused() {
        Database database = open(fresh("newer"));
        QVERIFY(migrate(database, k_three).has_value());
        const Result<void> refused = migrate(database, k_one);
        QVERIFY(!refused.has_value());
        QCOMPARE(refused.error().code, ErrorCode::invalid_input);
        QCOMPARE(*database.query_integer("PRAGMA user_version"), 3);
    }

    void transactionRollsBackWhenAbandoned() {
        Database database = open(fresh("abandoned"));
        QVERIFY(migrate(database, k_one).has_value());
        {
            Result<Transaction> transaction = Transaction::begin(database);
            QVERIFY(transaction.has_value());
            QVERIFY(database.execute("UPDATE a SET x = 0").has_value());
        }
        QCOMPARE(*database.query_integer("SELECT x FROM a"), 41);
    }

    void releasedStepsCreateTheSchema() {
        Database database = open(fresh("schema"));
        QVERIFY(migrate(database, migrations()).has_value());
        QCOMPARE(
            *database.query_integer("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN "
                                    "('network', 'evaluation', 'network_version', 'training_run', "
                                    "'sensitivity', 'exploration', 'candidate')"),
            7);
    }
};

QTEST_APPLESS_MAIN(TestMigrations)
#include "tst_migrations.moc"
