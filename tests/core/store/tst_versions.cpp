// Networks that a project holds and the runs that made them, through the project file's public interface.
#include "core/store/migrations.h"
#include "core/store/project_file.h"
#include "tests/support/test_data.h"

#include <QTest>

#include <array>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace widthwise;
namespace fs = std::filesystem;

namespace {

fs::path fresh(const char* name) {
    const fs::path folder = test::scratch_dir() / name;
    fs::remove_all(folder);
    fs::create_directories(folder);
    return folder / "p.widthwise";
}

std::unique_ptr<ProjectFile> open(const fs::path& path) {
    Result<std::unique_ptr<ProjectFile>> project = ProjectFile::open(path);
    if (!project) qFatal("%s", project.error().to_line().c_str());
    return std::move(*project);
}

store::Database open_database(const fs::path& path) {
    Result<store::Database> database = store::Database::open(path, store::Database::Mode::create, 100);
    if (!database) qFatal("%s", database.error().to_line().c_str());
    return std::move(*database);
}

StoredVersion version(const std::string& label, int64_t parent = 0) {
    return {0, parent, label, "qat", "{\"seed\": 1}", "{\"p\": 2}", "2026-01-02T03:04:05Z"};
}

StoredRun training_run(const std::string& label) {
    return {0, 0, 0, label, "train", "{}", "[1, 2]", "running", "2026-01-02T03:04:05Z"};
}

StoredEvaluation evaluation(int64_t version) {
    StoredEvaluation row;
    row.label = "w3a3";
    row.version = version;
    return row;
}

/// Every byte value, so that nothing takes it for text.
std::string bytes(size_t size) {
    std::string out(size, '\0');
    for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 31 + i / 256);
    return out;
}

template <typename T> bool is_invalid(const Result<T>& result) {
    return !result && result.error().code == ErrorCode::invalid_input && !result.error().message.empty() &&
           !result.error().where.empty();
}

} // namespace

class TestVersions : public QObject {
    Q_OBJECT

private slots:
    void versionsComeBack() {
        const fs::path path = fresh("versions");
        const std::string big = bytes(5 << 20);
        {
            const auto project = open(path);
            QVERIFY(project->versions()->empty());
            QCOMPARE(*project->add_version(version("QAT w3a3"), big), 1);
            StoredVersion second = version("half \"'; DROP TABLE network_version; --", 1);
            second.kind = "compress";
            second.plan_json = "";
            QCOMPARE(*project->add_version(second, ""), 2);
        }
        const auto project = open(path);
        const auto rows = project->versions();
        QCOMPARE(rows->size(), size_t{2});
        QCOMPARE((*rows)[0].id, 1);
        QCOMPARE((*rows)[0].parent, 0);
        QCOMPARE((*rows)[0].label, std::string("QAT w3a3"));
        QCOMPARE((*rows)[0].recipe_json, std::string("{\"seed\": 1}"));
        QCOMPARE((*rows)[0].plan_json, std::string("{\"p\": 2}"));
        QCOMPARE((*rows)[0].created_utc, std::string("2026-01-02T03:04:05Z"));
        QCOMPARE((*rows)[1].parent, 1);
        QCOMPARE((*rows)[1].kind, std::string("compress"));
        QCOMPARE((*rows)[1].plan_json, std::string());
        QCOMPARE(*project->version_onnx(1), big);
        QCOMPARE(*project->version_onnx(2), std::string());
    }

    void unknownVersionsAreRefused() {
        const auto project = open(fresh("unknown"));
        QVERIFY(project->set_network({}).has_value());
        QVERIFY(is_invalid(project->version_onnx(1)));
        QVERIFY(is_invalid(project->version_onnx(-1)));
        QVERIFY(is_invalid(project->add_version(version("x", 7), "")));
        QVERIFY(is_invalid(project->set_current_version(3)));
        QVERIFY(is_invalid(project->add_evaluation(evaluation(2))));
        StoredRun run = training_run("x");
        run.version = 5;
        QVERIFY(is_invalid(project->add_run(run)));
        run.version = 0;
        run.id = 9;
        QVERIFY(is_invalid(project->update_run(run)));
        QVERIFY(project->versions()->empty());
        QVERIFY(project->evaluations()->empty());
        QVERIFY(project->runs()->empty());
    }

    void currentVersionStays() {
        const fs::path path = fresh("current");
        {
            const auto project = open(path);
            QCOMPARE(*project->current_version(), 0);
            QVERIFY(is_invalid(project->set_current_version(0))); // no network yet
            StoredNetwork network;
            network.path = "/net.onnx";
            QVERIFY(project->set_network(network).has_value());
            QCOMPARE(*project->current_version(), 0);
            QVERIFY(project->add_version(version("a"), "bytes").has_value());
            QVERIFY(project->set_current_version(1).has_value());
            network.target_json = "{}"; // what is edited beside it leaves it alone
            QVERIFY(project->set_network(network).has_value());
        }
        const auto project = open(path);
        QCOMPARE(*project->current_version(), 1);
        QCOMPARE((*project->network())->target_json, std::string("{}"));
        QVERIFY(project->set_current_version(0).has_value());
        QCOMPARE(*project->current_version(), 0);
    }

    void evaluationsNameWhatTheyMeasured() {
        const auto project = open(fresh("evaluations"));
        QVERIFY(project->add_version(version("a"), "bytes").has_value());
        QVERIFY(project->add_evaluation(evaluation(0)).has_value());
        QVERIFY(project->add_evaluation(evaluation(1)).has_value());
        QCOMPARE(project->evaluations()->front().version, 0);
        QCOMPARE(project->evaluations()->back().version, 1);
    }

    void runsAreUpdated() {
        const fs::path path = fresh("runs");
        {
            const auto project = open(path);
            QCOMPARE(*project->add_run(training_run("first")), 1);
            QCOMPARE(*project->add_run(training_run("second")), 2);
            QVERIFY(project->add_version(version("a"), "bytes").has_value());
            StoredRun done = training_run("second");
            done.id = 2;
            done.version = 1;
            done.status = "finished";
            done.epochs_json = "[3]";
            QVERIFY(project->update_run(done).has_value());
        }
        const auto rows = open(path)->runs();
        QCOMPARE(rows->size(), size_t{2});
        QCOMPARE((*rows)[0].status, std::string("running"));
        QCOMPARE((*rows)[0].version, 0);
        QCOMPARE((*rows)[1].label, std::string("second"));
        QCOMPARE((*rows)[1].kind, std::string("train"));
        QCOMPARE((*rows)[1].status, std::string("finished"));
        QCOMPARE((*rows)[1].epochs_json, std::string("[3]"));
        QCOMPARE((*rows)[1].version, 1);
    }

    void olderProjectsAreBroughtForward() {
        const fs::path path = fresh("older");
        {
            store::Database database = open_database(path);
            QVERIFY(store::migrate(database, store::migrations().first(1)).has_value());
            QVERIFY(database
                        .execute("INSERT INTO network VALUES (1, '/n.onnx', 'h', 'd', 'dh', 'c', 't', 'p');"
                                 "INSERT INTO evaluation VALUES (4, 'w8a8', 'a', 'b', 'c', 'd', 0.5, 1, 2, "
                                 "3, 4, 'now')")
                        .has_value());
        }
        {
            const auto project = open(path);
            QCOMPARE((*project->network())->path, std::string("/n.onnx"));
            QCOMPARE(*project->current_version(), 0);
            QCOMPARE(project->evaluations()->size(), size_t{1});
            QCOMPARE(project->evaluations()->front().id, 4);
            QCOMPARE(project->evaluations()->front().version, 0);
            QCOMPARE(*project->add_version(version("a"), bytes(1000)), 1);
            QVERIFY(project->set_current_version(1).has_value());
        }
        QCOMPARE(*open_database(path).query_integer("PRAGMA user_version"),
                 static_cast<int64_t>(store::migrations().size()));
        const fs::path backup = path.string() + ".v1.backup";
        QVERIFY(fs::exists(backup));
        store::Database before = open_database(backup);
        QCOMPARE(*before.query_integer("PRAGMA user_version"), 1);
        QCOMPARE(*before.query_integer("SELECT count(*) FROM sqlite_master WHERE name = 'network_version'"),
                 0);
        QCOMPARE(*before.query_text("SELECT label FROM evaluation WHERE id = 4"), std::string("w8a8"));
    }

    void copiesHoldVersions() {
        const fs::path path = fresh("copy");
        const auto project = open(path);
        QVERIFY(project->add_version(version("a"), bytes(100000)).has_value());
        QVERIFY(project->add_run(training_run("r")).has_value());
        const fs::path target = path.parent_path() / "copy.widthwise";
        QVERIFY(project->save_copy(target).has_value());
        const auto copy = open(target);
        QCOMPARE(*copy->version_onnx(1), bytes(100000));
        QCOMPARE(copy->runs()->size(), size_t{1});
    }

    void killInTheMiddleLosesNothingReported() {
        const fs::path path = fresh("kill");
        const std::string network = bytes(200000);
        std::array<int, 2> pipe{};
        QVERIFY(::pipe(pipe.data()) == 0);
        const pid_t child = ::fork();
        if (child == 0) {
            Result<std::unique_ptr<ProjectFile>> project = ProjectFile::open(path);
            while (project) {
                const Result<int64_t> id = (*project)->add_version(version("v"), network);
                if (!id || ::write(pipe[1], &*id, sizeof *id) != sizeof *id) break;
            }
            ::_exit(1);
        }
        ::close(pipe[1]);
        int64_t id = 0, reported = 0;
        while (::read(pipe[0], &id, sizeof id) == sizeof id) {
            QCOMPARE(id, ++reported);
            if (reported == 12) ::kill(child, SIGKILL);
        }
        ::close(pipe[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        QVERIFY(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        const auto project = open(path);
        const auto rows = project->versions();
        QVERIFY(static_cast<int64_t>(rows->size()) >= reported);
        for (const StoredVersion& row : *rows) QCOMPARE(*project->version_onnx(row.id), network);
    }

    void foreignContentsAreReadAsTheyAre() {
        const fs::path path = fresh("hostile");
        QVERIFY(open(path)->add_version(version("a"), "bytes").has_value());
        {
            store::Database database = open_database(path);
            // Columns are strictly typed; ids and references are whatever another program writes.
            QVERIFY(!database.execute("UPDATE network_version SET onnx = 'text'").has_value());
            QVERIFY(database.execute("INSERT INTO network_version VALUES (-5, 1, '', '', '{', '', '', x'00')")
                        .has_value());
            QVERIFY(database
                        .execute("PRAGMA foreign_keys=OFF;"
                                 "UPDATE network_version SET parent = 77 WHERE id = 1")
                        .has_value());
        }
        const auto project = open(path);
        const auto rows = project->versions();
        QVERIFY(rows.has_value());
        QCOMPARE(rows->front().id, -5);
        QCOMPARE(*project->version_onnx(-5), std::string(1, '\0'));
        QCOMPARE(rows->back().parent, 77);
        QVERIFY(is_invalid(project->version_onnx(77)));
    }
};

QTEST_APPLESS_MAIN(TestVersions)
#include "tst_versions.moc"
