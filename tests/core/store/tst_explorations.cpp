// Searches, their candidates and sensitivities, through the project file's public interface.
#include "core/store/migrations.h"
#include "core/store/project_file.h"
#include "tests/support/test_data.h"

#include <QTest>

#include <array>
#include <cmath>
#include <csignal>
#include <limits>
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
    // As the program has it, so that a foreign write meets the same rules.
    if (!database->execute("PRAGMA foreign_keys=ON")) qFatal("cannot set foreign_keys");
    return std::move(*database);
}

StoredExploration exploration(const std::string& label) {
    return {0, 0, label, "{\"seed\": 1}", "{\"cpu\": 2}", "running", "", 1.5, "2026-01-02T03:04:05Z"};
}

/// Every byte value, so that nothing takes it for text.
std::string bytes(size_t size) {
    std::string out(size, '\0');
    for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 31 + i / 256);
    return out;
}

StoredCandidate candidate(int64_t exploration, const std::string& stage, int64_t number) {
    return {exploration,
            stage,
            number,
            "3,0,4",
            "screened",
            "left after 64 images",
            "{\"drop\": 0.1}",
            64,
            bytes(8),
            0.25 * static_cast<double>(number),
            0};
}

void compare(const StoredCandidate& a, const StoredCandidate& b) {
    QCOMPARE(a.exploration, b.exploration);
    QCOMPARE(a.stage, b.stage);
    QCOMPARE(a.number, b.number);
    QCOMPARE(a.choices, b.choices);
    QCOMPARE(a.verdict, b.verdict);
    QCOMPARE(a.reason, b.reason);
    QCOMPARE(a.figures_json, b.figures_json);
    QCOMPARE(a.samples, b.samples);
    QCOMPARE(a.answers, b.answers);
    QCOMPARE(a.seconds, b.seconds);
    QCOMPARE(a.evaluation, b.evaluation);
}

template <typename T> bool is_invalid(const Result<T>& result) {
    return !result && result.error().code == ErrorCode::invalid_input && !result.error().message.empty() &&
           !result.error().where.empty();
}

} // namespace

class TestExplorations : public QObject {
    Q_OBJECT

private slots:
    void sensitivitiesComeBack() {
        const fs::path path = fresh("sensitivities");
        {
            const auto project = open(path);
            QVERIFY(project->sensitivities()->empty());
            QCOMPARE(*project->add_sensitivity({0, 0, "{\"a\": 1}", "{\"s\": 2}", "now"}), 1);
            StoredVersion version;
            version.label = "v";
            QCOMPARE(*project->add_version(version, "bytes"), 1);
            QCOMPARE(*project->add_sensitivity({0, 1, "'; DROP TABLE sensitivity; --", "", "then"}), 2);
            QVERIFY(is_invalid(project->add_sensitivity({0, 9, "", "", ""})));
        }
        const auto rows = open(path)->sensitivities();
        QCOMPARE(rows->size(), size_t{2});
        QCOMPARE((*rows)[0].id, 1);
        QCOMPARE((*rows)[0].version, 0);
        QCOMPARE((*rows)[0].request_json, std::string("{\"a\": 1}"));
        QCOMPARE((*rows)[0].sensitivity_json, std::string("{\"s\": 2}"));
        QCOMPARE((*rows)[0].created_utc, std::string("now"));
        QCOMPARE((*rows)[1].version, 1);
        QCOMPARE((*rows)[1].request_json, std::string("'; DROP TABLE sensitivity; --"));
        QCOMPARE((*rows)[1].sensitivity_json, std::string());
    }

    void explorationsAreUpdated() {
        const fs::path path = fresh("explorations");
        {
            const auto project = open(path);
            QVERIFY(project->explorations()->empty());
            QCOMPARE(*project->add_exploration(exploration("first")), 1);
            QCOMPARE(*project->add_exploration(exploration("second")), 2);
            StoredExploration done = exploration("second");
            done.id = 2;
            done.status = "finished";
            done.summary_json = "{\"front\": []}";
            done.seconds = std::numeric_limits<double>::quiet_NaN();
            QVERIFY(project->update_exploration(done).has_value());
            done.id = 3;
            QVERIFY(is_invalid(project->update_exploration(done)));
            done.id = 2;
            done.version = 4;
            QVERIFY(is_invalid(project->update_exploration(done)));
            QVERIFY(is_invalid(project->add_exploration(done)));
        }
        const auto rows = open(path)->explorations();
        QCOMPARE(rows->size(), size_t{2});
        QCOMPARE((*rows)[0].label, std::string("first"));
        QCOMPARE((*rows)[0].request_json, std::string("{\"seed\": 1}"));
        QCOMPARE((*rows)[0].provenance_json, std::string("{\"cpu\": 2}"));
        QCOMPARE((*rows)[0].status, std::string("running"));
        QCOMPARE((*rows)[0].summary_json, std::string());
        QCOMPARE((*rows)[0].seconds, 1.5);
        QCOMPARE((*rows)[0].created_utc, std::string("2026-01-02T03:04:05Z"));
        QCOMPARE((*rows)[1].status, std::string("finished"));
        QCOMPARE((*rows)[1].summary_json, std::string("{\"front\": []}"));
        QVERIFY(std::isnan((*rows)[1].seconds));
    }

    void candidatesComeBackInOrder() {
        const fs::path path = fresh("candidates");
        StoredCandidate odd = candidate(1, "search", 1);
        odd.answers = bytes(100000);
        odd.reason = std::string("a\0b \xC3\xA9 '", 8);
        StoredCandidate plain = candidate(1, "search", 2);
        plain.answers.clear();
        StoredCandidate front = candidate(1, "report", 0);
        {
            const auto project = open(path);
            QVERIFY(project->add_exploration(exploration("a")).has_value());
            QVERIFY(project->add_exploration(exploration("b")).has_value());
            front.evaluation = *project->add_evaluation({});
            for (const StoredCandidate& row :
                 {candidate(1, "search", 0), front, odd, candidate(2, "search", 0), plain})
                QVERIFY(project->add_candidate(row).has_value());
        }
        const auto project = open(path);
        const auto rows = project->candidates(1, "search");
        QCOMPARE(rows->size(), size_t{3});
        compare((*rows)[0], candidate(1, "search", 0));
        compare((*rows)[1], odd);
        compare((*rows)[2], plain);
        compare(project->candidates(1, "report")->at(0), front);
        compare(project->candidates(2, "search")->at(0), candidate(2, "search", 0));
        QVERIFY(project->candidates(2, "report")->empty());
        QVERIFY(project->candidates(7, "search")->empty());
        // The design may go, what the search saw stays.
        QVERIFY(project->remove_evaluation(front.evaluation).has_value());
        QCOMPARE(project->candidates(1, "report")->at(0).evaluation, 0);
        QVERIFY(is_invalid(project->set_candidate_evaluation(1, "report", 0, front.evaluation)));
        const int64_t again = *project->add_evaluation({});
        QVERIFY(is_invalid(project->set_candidate_evaluation(1, "report", 7, again)));
        QVERIFY(project->set_candidate_evaluation(1, "report", 0, again).has_value());
        QCOMPARE(open(path)->candidates(1, "report")->at(0).evaluation, again);
    }

    void onlyTheNextNumberIsTaken() {
        const fs::path path = fresh("numbers");
        const auto project = open(path), other = open(path);
        QVERIFY(project->add_exploration(exploration("a")).has_value());
        QVERIFY(is_invalid(project->add_candidate(candidate(1, "search", 1))));
        QVERIFY(is_invalid(project->add_candidate(candidate(1, "search", -1))));
        QVERIFY(project->add_candidate(candidate(1, "search", 0)).has_value());
        QVERIFY(is_invalid(project->add_candidate(candidate(1, "search", 0))));
        QVERIFY(is_invalid(project->add_candidate(candidate(1, "search", 2))));
        QVERIFY(is_invalid(project->add_candidate(candidate(1, "report", 1))));
        QVERIFY(is_invalid(project->add_candidate(candidate(2, "search", 0)))); // no such exploration
        StoredCandidate unmeasured = candidate(1, "search", 1);
        unmeasured.evaluation = 5;
        QVERIFY(is_invalid(project->add_candidate(unmeasured)));
        // Another program that searches on loses the race, and says so.
        QVERIFY(other->add_candidate(candidate(1, "search", 1)).has_value());
        QVERIFY(is_invalid(project->add_candidate(candidate(1, "search", 1))));
        QCOMPARE(project->candidates(1, "search")->size(), size_t{2});
    }

    void removingASearchTakesItsCandidates() {
        const fs::path path = fresh("remove");
        const auto project = open(path);
        for (const int64_t id : {1, 2}) {
            QCOMPARE(*project->add_exploration(exploration("x")), id);
            QVERIFY(project->add_candidate(candidate(id, "search", 0)).has_value());
            QVERIFY(project->add_candidate(candidate(id, "report", 0)).has_value());
        }
        QVERIFY(project->remove_exploration(2).has_value());
        QVERIFY(is_invalid(project->remove_exploration(2)));
        QCOMPARE(project->explorations()->size(), size_t{1});
        QVERIFY(project->candidates(2, "search")->empty());
        QCOMPARE(project->candidates(1, "search")->size(), size_t{1});
        QCOMPARE(*open_database(path).query_integer("SELECT count(*) FROM candidate"), 2);
        QCOMPARE(*project->add_exploration(exploration("y")), 3); // ids are never given twice
    }

    void olderProjectsAreBroughtForward() {
        for (const size_t from : {size_t{1}, size_t{2}}) {
            const fs::path path = fresh("older");
            {
                store::Database database = open_database(path);
                QVERIFY(store::migrate(database, store::migrations().first(from)).has_value());
                QVERIFY(database
                            .execute("INSERT INTO evaluation (label, plan_json, resolved_json, "
                                     "evaluation_json, cost_json, created_utc) "
                                     "VALUES ('w8a8', 'a', 'b', 'c', 'd', 'now')")
                            .has_value());
            }
            {
                const auto project = open(path);
                QCOMPARE(project->evaluations()->size(), size_t{1});
                QVERIFY(project->explorations()->empty());
                QVERIFY(project->sensitivities()->empty());
                QCOMPARE(*project->add_exploration(exploration("a")), 1);
                StoredCandidate front = candidate(1, "report", 0);
                front.evaluation = 1;
                QVERIFY(project->add_candidate(front).has_value());
            }
            QCOMPARE(*open_database(path).query_integer("PRAGMA user_version"), 3);
            const fs::path backup = path.string() + ".v" + std::to_string(from) + ".backup";
            QVERIFY(fs::exists(backup));
            QCOMPARE(*open_database(backup).query_integer("PRAGMA user_version"), static_cast<int64_t>(from));
        }
    }

    void foreignContentsAreToldOrReadAsTheyAre() {
        const fs::path path = fresh("hostile");
        {
            const auto project = open(path);
            QVERIFY(project->add_exploration(exploration("a")).has_value());
            for (int64_t number = 0; number < 3; ++number)
                QVERIFY(project->add_candidate(candidate(1, "search", number)).has_value());
        }
        {
            store::Database database = open_database(path);
            // Columns are strictly typed, numbers are not negative, explorations are known.
            for (const char* refused :
                 {"UPDATE candidate SET answers = 'text'", "UPDATE candidate SET samples = 'many'",
                  "UPDATE candidate SET number = -1 WHERE number = 0",
                  "UPDATE candidate SET number = 1 WHERE number = 0",
                  "UPDATE candidate SET exploration = 9 WHERE number = 0",
                  "UPDATE exploration SET version = 3", "UPDATE exploration SET seconds = 'long'",
                  "UPDATE candidate SET evaluation = 4"})
                QVERIFY2(!database.execute(refused).has_value(), refused);
            QVERIFY(database
                        .execute("UPDATE candidate SET choices = '{', figures_json = 'x', answers = x'00ff', "
                                 "samples = -7, seconds = NULL WHERE number = 1")
                        .has_value());
        }
        {
            const auto rows = open(path)->candidates(1, "search");
            QCOMPARE(rows->at(1).answers, std::string("\0\xff", 2));
            QCOMPARE(rows->at(1).samples, -7);
            QVERIFY(std::isnan(rows->at(1).seconds));
        }
        QVERIFY(open_database(path).execute("DELETE FROM candidate WHERE number = 1").has_value());
        const auto project = open(path);
        QVERIFY(is_invalid(project->candidates(1, "search")));
    }

    void copiesHoldSearches() {
        const fs::path path = fresh("copy");
        const auto project = open(path);
        QVERIFY(project->add_exploration(exploration("a")).has_value());
        QVERIFY(project->add_candidate(candidate(1, "search", 0)).has_value());
        const fs::path target = path.parent_path() / "copy.widthwise";
        QVERIFY(project->save_copy(target).has_value());
        compare(open(target)->candidates(1, "search")->at(0), candidate(1, "search", 0));
    }

    void killInTheMiddleLosesNothingReported() {
        const fs::path path = fresh("kill");
        QVERIFY(open(path)->add_exploration(exploration("a")).has_value());
        std::array<int, 2> pipe{};
        QVERIFY(::pipe(pipe.data()) == 0);
        const pid_t child = ::fork();
        if (child == 0) {
            Result<std::unique_ptr<ProjectFile>> project = ProjectFile::open(path);
            for (int64_t number = 0; project; ++number)
                if (!(*project)->add_candidate(candidate(1, "search", number)) ||
                    ::write(pipe[1], &number, sizeof number) != sizeof number)
                    break;
            ::_exit(1);
        }
        ::close(pipe[1]);
        int64_t number = 0, reported = 0;
        while (::read(pipe[0], &number, sizeof number) == sizeof number) {
            QCOMPARE(number, reported++);
            if (reported == 30) ::kill(child, SIGKILL);
        }
        ::close(pipe[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        QVERIFY(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        const auto rows = open(path)->candidates(1, "search");
        QVERIFY(static_cast<int64_t>(rows->size()) >= reported);
        for (size_t i = 0; i < rows->size(); ++i)
            compare((*rows)[i], candidate(1, "search", static_cast<int64_t>(i)));
    }
};

QTEST_APPLESS_MAIN(TestExplorations)
#include "tst_explorations.moc"
