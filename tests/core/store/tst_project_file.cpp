// The project file through its public interface: what was stored stays, whatever happens.
#include "core/store/project_file.h"
#include "tests/support/test_data.h"

#include <QTest>

#include <sqlite3.h>

#include <array>
#include <atomic>
#include <cmath>
#include <csignal>
#include <functional>
#include <limits>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
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

StoredEvaluation row(const std::string& label, size_t size = 100) {
    return {0,
            label,
            "{\"plan\": 1}",
            std::string(size, 'r'),
            "{\"evaluation\": 2}",
            "{\"cost\": 3}",
            0.5,
            1e-3,
            2e-3,
            3.25,
            4096,
            "2026-01-02T03:04:05Z"};
}

void compare(const StoredEvaluation& a, const StoredEvaluation& b) {
    QCOMPARE(a.label, b.label);
    QCOMPARE(a.plan_json, b.plan_json);
    QCOMPARE(a.resolved_json, b.resolved_json);
    QCOMPARE(a.evaluation_json, b.evaluation_json);
    QCOMPARE(a.cost_json, b.cost_json);
    QCOMPARE(a.created_utc, b.created_utc);
    QCOMPARE(a.top1, b.top1);
    QCOMPARE(a.energy_j, b.energy_j);
    QCOMPARE(a.latency_s, b.latency_s);
    QCOMPARE(a.area_mm2, b.area_mm2);
    QCOMPARE(a.model_bytes, b.model_bytes);
}

/// A connection of "another program".
struct Foreign {
    sqlite3* connection = nullptr;
    explicit Foreign(const fs::path& path) { sqlite3_open(path.c_str(), &connection); }
    ~Foreign() { sqlite3_close(connection); }
    Foreign(const Foreign&) = delete;
    Foreign& operator=(const Foreign&) = delete;
    bool run(const char* sql) const {
        return sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
    }
};

/// Runs `work` in a child that has no rights beyond any user's; true when it returned true.
bool as_nobody(const std::function<bool()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
        const bool dropped = ::geteuid() != 0 || (::setgid(65534) == 0 && ::setuid(65534) == 0);
        ::_exit(dropped && work() ? 0 : 1);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_error(const Result<std::unique_ptr<ProjectFile>>& project, ErrorCode code) {
    if (project || project.error().code != code) return false;
    return !project.error().message.empty() && !project.error().where.empty() &&
           !project.error().remedy.empty();
}

} // namespace

class TestProjectFile : public QObject {
    Q_OBJECT

private slots:
    void newProjectIsEmpty() {
        const fs::path path = fresh("new");
        const auto project = open(path);
        QCOMPARE(project->path(), path);
        QVERIFY(!project->network()->has_value());
        QVERIFY(project->evaluations()->empty());
    }

    void storesAndReopens() {
        const fs::path path = fresh("reopen");
        const StoredNetwork network{
            "/net.onnx", "abc", "demo", "def", "demo:train", "{\"t\": 1}", "{\"p\": \"\xC3\xA9\"}"};
        StoredEvaluation odd = row("mixed w2-8 \"'; DROP TABLE evaluation; --", 1 << 20);
        odd.top1 = std::numeric_limits<double>::quiet_NaN();
        odd.energy_j = 1.0 / 3;
        odd.plan_json = std::string("a\0b", 3);
        odd.cost_json = "";
        {
            const auto project = open(path);
            QVERIFY(project->set_network(network).has_value());
            QCOMPARE(*project->add_evaluation(row("w8a8")), 1);
            QCOMPARE(*project->add_evaluation(odd), 2);
            StoredNetwork changed = network;
            changed.target_json = "{}";
            QVERIFY(project->set_network(changed).has_value());
        }
        QVERIFY(!fs::exists(path.string() + "-wal")); // closed cleanly: one file
        const auto project = open(path);
        const auto read = project->network();
        QCOMPARE((*read)->path, network.path);
        QCOMPARE((*read)->data_hash, network.data_hash);
        QCOMPARE((*read)->calibration_data, network.calibration_data);
        QCOMPARE((*read)->target_json, std::string("{}"));
        QCOMPARE((*read)->current_plan_json, network.current_plan_json);
        auto rows = project->evaluations();
        QCOMPARE(rows->size(), size_t{2});
        compare((*rows)[0], row("w8a8"));
        QVERIFY(std::isnan((*rows)[1].top1));
        (*rows)[1].top1 = odd.top1 = 0;
        compare((*rows)[1], odd);
    }

    void idsAreNeverGivenTwice() {
        const fs::path path = fresh("ids");
        {
            const auto project = open(path);
            for (int i = 1; i <= 3; ++i) QCOMPARE(*project->add_evaluation(row("x")), i);
            QVERIFY(project->remove_evaluation(3).has_value());
            const auto missing = project->remove_evaluation(3);
            QVERIFY(!missing.has_value());
            QCOMPARE(missing.error().code, ErrorCode::invalid_input);
        }
        const auto project = open(path);
        QCOMPARE(*project->add_evaluation(row("y")), 4);
        QCOMPARE(project->evaluations()->size(), size_t{3});
    }

    void settingsAreTheDocumentedOnes() {
        const fs::path path = fresh("settings");
        const auto project = open(path);
        const std::string header = test::read_file(path).substr(0, 100);
        QCOMPARE(header.substr(68, 4), std::string("WdWi"));
        QCOMPARE(static_cast<int>(header[18]), 2); // WAL
        QCOMPARE(static_cast<int>(header[63]), 3); // user_version
    }

    void killInTheMiddleLosesNothingReported() {
        const fs::path path = fresh("kill");
        for (int round = 0; round < 3; ++round) {
            std::array<int, 2> pipe{};
            QVERIFY(::pipe(pipe.data()) == 0);
            const pid_t child = ::fork();
            if (child == 0) {
                Result<std::unique_ptr<ProjectFile>> project = ProjectFile::open(path);
                while (project) {
                    const Result<int64_t> id = (*project)->add_evaluation(row("w4a4", 20000));
                    if (!id || ::write(pipe[1], &*id, sizeof *id) != sizeof *id) break;
                }
                ::_exit(1);
            }
            ::close(pipe[1]);
            std::set<int64_t> reported;
            int64_t id = 0;
            while (::read(pipe[0], &id, sizeof id) == sizeof id) {
                reported.insert(id);
                if (reported.size() == static_cast<size_t>(20 + 7 * round)) ::kill(child, SIGKILL);
            }
            ::close(pipe[0]);
            int status = 0;
            ::waitpid(child, &status, 0);
            QVERIFY(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
            QVERIFY(reported.size() >= 20);

            const auto rows = open(path)->evaluations();
            QVERIFY(rows.has_value());
            std::set<int64_t> kept;
            for (const StoredEvaluation& stored : *rows) {
                kept.insert(stored.id);
                compare(stored, row("w4a4", 20000));
            }
            QVERIFY(std::includes(kept.begin(), kept.end(), reported.begin(), reported.end()));
        }
    }

    void killWhileCreatingLeavesSomethingThatOpens() {
        for (int round = 0; round < 20; ++round) {
            const fs::path path = fresh("create");
            std::array<int, 2> pipe{};
            QVERIFY(::pipe(pipe.data()) == 0);
            const pid_t child = ::fork();
            if (child == 0) {
                // The child says that it is about to create; how far it comes is up to the scheduler.
                const char byte = 1;
                if (::write(pipe[1], &byte, 1) != 1) ::_exit(1);
                const auto project = ProjectFile::open(path);
                if (project) (void)(*project)->add_evaluation(row("x"));
                ::pause();
            }
            ::close(pipe[1]);
            char byte = 0;
            QCOMPARE(::read(pipe[0], &byte, 1), 1);
            ::close(pipe[0]);
            for (int spin = 0; spin < round * 20; ++spin) (void)fs::exists(path);
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
            const auto project = ProjectFile::open(path);
            QVERIFY2(project.has_value(), project ? "" : project.error().to_line().c_str());
            QVERIFY((*project)->add_evaluation(row("y")).has_value());
        }
    }

    void twoProgramsShareAProject() {
        const fs::path path = fresh("share");
        const auto a = open(path), b = open(path);
        QCOMPARE(*a->add_evaluation(row("a")), 1);
        QCOMPARE(*b->add_evaluation(row("b")), 2);
        QCOMPARE(a->evaluations()->size(), size_t{2});
        // Threads of one program, too.
        std::vector<std::jthread> threads;
        std::atomic<int> added{0};
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < 10; ++i) added += (t % 2 ? *a : *b).add_evaluation(row("t")).has_value();
            });
        threads.clear();
        QCOMPARE(added.load(), 40);
        QCOMPARE(b->evaluations()->size(), size_t{42});
    }

    void lockedProjectIsAClearError() {
        const fs::path path = fresh("locked");
        const auto project = open(path);
        QVERIFY(project->add_evaluation(row("before")).has_value());
        {
            const Foreign other(path);
            QVERIFY(other.run("BEGIN IMMEDIATE"));
            const auto refused = project->add_evaluation(row("refused"));
            QVERIFY(!refused.has_value());
            QCOMPARE(refused.error().code, ErrorCode::io);
            QVERIFY(refused.error().message.find("another program") != std::string::npos);
            QCOMPARE(project->evaluations()->size(), size_t{1}); // reading goes on
            QVERIFY(other.run("ROLLBACK"));
        }
        QCOMPARE(*project->add_evaluation(row("after")), 2);
    }

    void otherFilesAreRefusedUntouched() {
        const fs::path path = fresh("foreign");
        const auto refuses = [&](const std::string& bytes) {
            test::write_file(path, bytes);
            return is_error(ProjectFile::open(path), ErrorCode::invalid_input) &&
                   test::read_file(path) == bytes;
        };
        QVERIFY(refuses("hello"));
        QVERIFY(refuses(std::string(5000, '\0')));
        QVERIFY(refuses("SQLite format 3"));
        QVERIFY(refuses(std::string("SQLite format 3\0", 16) + std::string(4080, 'x')));
        {
            fs::remove(path);
            const Foreign other(path);
            QVERIFY(other.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)"));
            // Even with a write-ahead log that opening would fold in.
            const std::string main = test::read_file(path), log = test::read_file(path.string() + "-wal");
            QVERIFY(is_error(ProjectFile::open(path), ErrorCode::invalid_input));
            QCOMPARE(test::read_file(path), main);
            QCOMPARE(test::read_file(path.string() + "-wal"), log);
        }
        QVERIFY(refuses(test::read_file(path)));
        fs::remove(path);
        QVERIFY(is_error(ProjectFile::open(path.parent_path()), ErrorCode::invalid_input)); // a folder
        QVERIFY(is_error(ProjectFile::open("/dev/null"), ErrorCode::invalid_input));
        QVERIFY(!ProjectFile::open("").has_value());
        // An empty file, as file managers and `touch` create it, becomes a project.
        test::write_file(path, "");
        QVERIFY(ProjectFile::open(path).has_value());
    }

    void newerVersionIsRefusedUntouched() {
        const fs::path path = fresh("newer");
        QVERIFY(open(path)->add_evaluation(row("x")).has_value());
        {
            const Foreign other(path);
            QVERIFY(other.run("PRAGMA user_version = 7"));
        }
        const std::string before = test::read_file(path);
        const auto refused = ProjectFile::open(path);
        QVERIFY(is_error(refused, ErrorCode::invalid_input));
        QVERIFY(refused.error().message.find("newer version") != std::string::npos);
        QVERIFY(refused.error().message.find('7') != std::string::npos);
        QCOMPARE(test::read_file(path), before);
    }

    void damagedFilesAreErrors() {
        const fs::path path = fresh("damaged");
        {
            const auto project = open(path);
            for (int i = 0; i < 30; ++i) QVERIFY(project->add_evaluation(row("w8a8", 3000)).has_value());
        }
        const std::string good = test::read_file(path);
        int refused = 0;
        for (size_t begin = 100; begin + 2048 < good.size(); begin += 4096) {
            std::string bad = good;
            std::fill_n(bad.begin() + static_cast<std::ptrdiff_t>(begin), 2048, '\x5a');
            test::write_file(path, bad);
            const auto project = ProjectFile::open(path);
            if (!project) {
                QCOMPARE(project.error().code, ErrorCode::invalid_input);
                ++refused;
            } else {
                (void)(*project)->evaluations(); // an error or the rows; no crash
            }
        }
        QVERIFY(refused >= 5);
        for (size_t size = 0; size < good.size(); size += 1500) {
            test::write_file(path, good.substr(0, size));
            const auto project = ProjectFile::open(path);
            QVERIFY2(size == 0 || !project.has_value(),
                     qPrintable(QString::number(size) + " of " + QString::number(good.size())));
        }
        test::write_file(path, good);
        QCOMPARE(open(path)->evaluations()->size(), size_t{30});
    }

    void foldersThatCannotBeWrittenAreErrors() {
        QVERIFY(is_error(ProjectFile::open(test::scratch_dir() / "absent" / "p.widthwise"), ErrorCode::io));
        const fs::path path = fresh("readonly");
        QVERIFY(open(path)->add_evaluation(row("x")).has_value());
        const fs::path folder = path.parent_path();
        ::chmod(test::scratch_dir().c_str(), 0755);
        ::chmod(path.c_str(), 0444);
        ::chmod(folder.c_str(), 0555);
        QVERIFY(
            as_nobody([&] { return is_error(ProjectFile::open(folder / "new.widthwise"), ErrorCode::io); }));
        QVERIFY(as_nobody([&] { return is_error(ProjectFile::open(path), ErrorCode::io); }));
        ::chmod(folder.c_str(), 0700);
        QVERIFY(::geteuid() != 0 || as_nobody([&] { return !ProjectFile::open(path).has_value(); }));
        ::chmod(path.c_str(), 0644);
        QCOMPARE(open(path)->evaluations()->size(), size_t{1});
    }

    void aFullDiskLosesNothing() {
        const fs::path path = fresh("full");
        const auto project = open(path);
        QVERIFY(project->add_evaluation(row("before", 1000)).has_value());
        // No file may grow beyond 256 KiB: write() fails as it does on a full disk.
        rlimit old{};
        ::getrlimit(RLIMIT_FSIZE, &old);
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit tight{1 << 18, old.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &tight);
        int64_t stored = 1;
        std::optional<Error> error;
        while (stored < 100 && !error) {
            Result<int64_t> id = project->add_evaluation(row("big", 50000));
            if (id)
                stored = *id;
            else
                error = id.error();
        }
        const auto copied = project->save_copy(path.parent_path() / "copy.widthwise");
        const auto created = ProjectFile::open(path.parent_path() / "ok.widthwise");
        const rlimit none{1 << 10, old.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &none);
        const auto failed = ProjectFile::open(path.parent_path() / "new.widthwise");
        ::setrlimit(RLIMIT_FSIZE, &old);

        QVERIFY(error.has_value());
        QCOMPARE(error->code, ErrorCode::io);
        QVERIFY(stored > 1);
        QVERIFY(created.has_value());
        QVERIFY(is_error(failed, ErrorCode::io));
        QVERIFY(!fs::exists(path.parent_path() / "new.widthwise")); // nothing half-made stays
        QVERIFY(copied.has_value() == fs::exists(path.parent_path() / "copy.widthwise"));
        QCOMPARE(project->evaluations()->size(), static_cast<size_t>(stored));
        QVERIFY(project->add_evaluation(row("after")).has_value()); // space again: it goes on
        QCOMPARE(open(path)->evaluations()->size(), static_cast<size_t>(stored + 1));
    }

    void savesACopyWholeOrNotAtAll() {
        const fs::path path = fresh("copy");
        const auto project = open(path);
        for (int i = 0; i < 5; ++i) QVERIFY(project->add_evaluation(row("w8a8", 5000)).has_value());
        const fs::path target = path.parent_path() / "copy.widthwise";
        test::write_file(target, "something old");
        QVERIFY(project->save_copy(target).has_value());
        QCOMPARE(open(target)->evaluations()->size(), size_t{5});
        QVERIFY(project->add_evaluation(row("later")).has_value());
        QCOMPARE(open(target)->evaluations()->size(), size_t{5});
        QCOMPARE(*open(target)->add_evaluation(row("own")), 6); // ids go on
        QVERIFY(project->save_copy(path).has_value());          // onto itself: nothing to do
        QCOMPARE(project->evaluations()->size(), size_t{6});

        const auto nowhere = project->save_copy(path.parent_path() / "absent" / "x.widthwise");
        QVERIFY(!nowhere.has_value());
        QCOMPARE(nowhere.error().code, ErrorCode::io);
        QVERIFY(nowhere.error().where.find("absent") != std::string::npos);
        QVERIFY(!project->save_copy(path.parent_path()).has_value());
        // A file that is open elsewhere keeps its log: replacing it would mix the two.
        const auto busy = open(target);
        QVERIFY(busy->add_evaluation(row("busy")).has_value());
        const auto refused = project->save_copy(target);
        QVERIFY(!refused.has_value());
        QCOMPARE(refused.error().code, ErrorCode::io);
        QCOMPARE(busy->evaluations()->size(), size_t{7});
        for (const auto& entry : fs::directory_iterator(path.parent_path()))
            QVERIFY2(entry.path().string().find(".tmp") == std::string::npos, entry.path().c_str());
    }

    void namesAreFileNames() {
        const fs::path path = fresh("names");
        const fs::path old = fs::current_path();
        fs::current_path(path.parent_path());
        for (const char* name :
             {":memory:", "file:x?mode=memory", "a b'c\";.widthwise", "\xC3\xA9.widthwise"}) {
            {
                const auto project = ProjectFile::open(name);
                QVERIFY2(project.has_value(), name);
                QVERIFY((*project)->add_evaluation(row("x")).has_value());
            }
            QVERIFY2(fs::exists(path.parent_path() / name), name);
            QCOMPARE(open(name)->evaluations()->size(), size_t{1});
        }
        fs::current_path(old);
    }
};

QTEST_APPLESS_MAIN(TestProjectFile)
#include "tst_project_file.moc"
