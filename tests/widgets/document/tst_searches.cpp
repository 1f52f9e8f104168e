// Searches in the background that take no time: runs, pause, cancel, resume, the file.
#include "core/design/target_parameter.h"
#include "core/explore/pareto.h"
#include "tests/widgets/fake_exploration.h"
#include "widgets/document/exploration.h"
#include "widgets/document/exploration_front.h"

#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>
#include <QUndoStack>

using namespace widthwise;
using namespace widthwise::gui;
using Status = ExplorationRun::Status;

class TestSearches : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void init() {
        m_fake = std::make_shared<test::FakeSearch>();
        m_document = std::make_unique<Document>();
        m_project = std::make_unique<Project>(*m_document);
        m_exploration =
            std::make_unique<Exploration>(*m_document, *m_project, test::fake_exploration(m_fake));
        m_project->openNetwork("zoo:demo");
        QTRY_VERIFY_WITH_TIMEOUT(m_document->hasNetwork(), 20000);
        // Only for its project file: a faster network takes its place.
        test::open_tiny(*m_document, test::tiny_data());
        m_setup = {};
        m_setup.budget = 20;
    }
    void cleanup() {
        m_exploration.reset();
        m_project.reset();
        m_document.reset();
    }

    void a_finished_search_has_a_front_and_its_designs_are_the_documents() {
        QSignalSpy finished(m_exploration.get(), &Exploration::finished);
        QVERIFY(m_exploration->start(m_setup));
        QTRY_COMPARE(finished.count(), 1);
        const ExplorationRun& run = m_exploration->runs().front();
        QVERIFY(run.status == Status::finished);
        QCOMPARE(run.evaluations(), int64_t(20));
        QCOMPARE(run.measured + run.screened + run.rejected, int64_t(run.outcomes.size()));
        QVERIFY(run.rejected > 0 && run.screened > 0);
        QCOMPARE(run.course.size(), run.outcomes.size());
        // Incrementally grown, it is the front of all.
        auto all = explore::front_of(run.outcomes, m_setup.goals);
        auto grown = run.front;
        std::ranges::sort(all);
        std::ranges::sort(grown);
        QCOMPARE(grown, all);
        QCOMPARE(run.report.size(), run.front.size());
        QCOMPARE(m_document->designs().size(), run.front.size());
        // Reasons are told without their figures, so that they add up.
        QCOMPARE(run.reasons.size(), size_t(2));
        QCOMPARE(run.reasons.count(QString::fromUtf8("energy \u2026 is above the limit of \u2026")),
                 size_t(1));
        const auto rows = stored();
        QCOMPARE(rows.size(), size_t(1));
        QTRY_COMPARE(stored().front().status, std::string("finished"));
        QVERIFY(!rows.front().request_json.empty());
    }

    void a_design_is_applied_as_one_command() {
        QVERIFY(runToTheEnd());
        const ExplorationRun& run = m_exploration->runs().front();
        const PrecisionPlan before = m_document->plan();
        QVERIFY(m_exploration->use(run.id, run.outcomes[7].choices));
        QVERIFY(m_document->plan() != before);
        QCOMPARE(m_document->undoStack()->count(), 1);
        m_document->undoStack()->undo();
        QCOMPARE(m_document->plan(), before);
        // The same again is no command.
        m_document->undoStack()->redo();
        QVERIFY(m_exploration->use(run.id, run.outcomes[7].choices));
        QCOMPARE(m_document->undoStack()->count(), 1);
        // A design of the front is one that was measured.
        QVERIFY(m_exploration->use(run.id, run.report[1].choices));
        QVERIFY(m_document->currentDesign());
        QCOMPARE(m_document->currentDesign()->id, run.report[1].design_id);
        QVERIFY(!m_exploration->use(99, run.outcomes[0].choices));
    }

    void hardware_is_applied_with_its_design() {
        const auto parameters = target_parameters(m_document->target());
        const auto many = std::ranges::find_if(
            parameters, [](const TargetParameter& one) { return one.suggestions.size() > 2; });
        QVERIFY(many != parameters.end());
        m_setup.space.hardware = {{many->key, {}}};
        QVERIFY(runToTheEnd());
        const ExplorationRun& run = m_exploration->runs().front();
        QVERIFY(run.space->has_hardware());
        explore::Choices choices = run.outcomes[0].choices;
        choices.back() = choices.back() == 0 ? 1 : 0;
        const HardwareTarget before = m_document->target();
        QVERIFY(m_exploration->use(run.id, choices));
        QVERIFY(m_document->target() != before);
        QCOMPARE(m_document->undoStack()->count(), 1);
        m_document->undoStack()->undo();
        QVERIFY(m_document->target() == before);
    }

    void a_paused_search_rests_and_goes_on() {
        m_fake->gate.acquire();
        m_setup.budget = 50;
        QVERIFY(m_exploration->start(m_setup));
        QTRY_VERIFY(m_exploration->runs().front().status == Status::running);
        m_exploration->setPaused(true);
        QVERIFY(m_exploration->paused());
        m_fake->gate.release();
        // It rests after its first design.
        QTRY_COMPARE(m_exploration->runs().front().outcomes.size(), size_t(1));
        QCOMPARE(m_fake->done.load(), 1);
        m_exploration->setPaused(false);
        QTRY_VERIFY(m_exploration->runs().front().status == Status::finished);
        QCOMPARE(m_exploration->runs().front().evaluations(), int64_t(50));
    }

    void a_cancelled_search_is_resumed_to_the_same_end() {
        QVERIFY(runToTheEnd());
        m_fake->gate.acquire();
        QVERIFY(m_exploration->start(m_setup));
        QTRY_VERIFY(m_exploration->runs().back().status == Status::running);
        m_exploration->setPaused(true);
        m_fake->gate.release();
        QTRY_VERIFY(!m_exploration->runs().back().outcomes.empty());
        const int64_t id = m_exploration->runs().back().id;
        m_exploration->cancel(id);
        QTRY_VERIFY(m_exploration->runById(id)->status == Status::cancelled);
        QVERIFY(m_exploration->runById(id)->outcomes.size() < 20);
        QVERIFY(m_exploration->runById(id)->resumable());
        QVERIFY(m_exploration->resume(id));
        QTRY_VERIFY(m_exploration->runById(id)->status == Status::finished);
        const ExplorationRun &first = m_exploration->runs()[0], &second = m_exploration->runs()[1];
        QCOMPARE(second.outcomes.size(), first.outcomes.size());
        for (size_t i = 0; i < first.outcomes.size(); ++i)
            QCOMPARE(second.outcomes[i].choices, first.outcomes[i].choices);
        QCOMPARE(second.course.size(), second.outcomes.size());
        QCOMPARE(second.front, first.front);
        QCOMPARE(second.report.size(), first.report.size());
        QVERIFY(!m_exploration->resume(id)); // there is nothing left to do
    }

    void what_the_end_of_the_program_broke_off_is_found_and_resumed() {
        m_fake->endless = true;
        QVERIFY(m_exploration->start(m_setup));
        QTRY_COMPARE(m_exploration->runs().front().evaluations(), int64_t(20));
        const ExplorationRun before = m_exploration->runs().front();
        // Its row says that it runs, as after a crash. The window goes, the file stays.
        m_exploration.reset();
        m_fake->endless = false;
        m_exploration =
            std::make_unique<Exploration>(*m_document, *m_project, test::fake_exploration(m_fake));
        QSignalSpy found(m_exploration.get(), &Exploration::interruptedFound);
        test::open_tiny(*m_document, test::tiny_data());
        QCOMPARE(found.count(), 1);
        QCOMPARE(found[0][1].toInt(), 1);
        QCOMPARE(m_exploration->runs().size(), size_t(1));
        const auto run = [this]() -> const ExplorationRun& { return m_exploration->runs().front(); };
        QVERIFY(run().status == Status::interrupted);
        QTRY_COMPARE(run().outcomes.size(), before.outcomes.size());
        for (size_t i = 0; i < before.outcomes.size(); ++i) {
            QCOMPARE(run().outcomes[i].choices, before.outcomes[i].choices);
            QCOMPARE(run().outcomes[i].verdict, before.outcomes[i].verdict);
        }
        QCOMPARE(run().front, before.front);
        QCOMPARE(run().space->variables.size(), before.space->variables.size());
        QVERIFY(!run().course.empty());
        QVERIFY(m_exploration->resume(found[0][0].toLongLong()));
        QTRY_VERIFY(run().status == Status::finished);
        QCOMPARE(run().outcomes.size(), before.outcomes.size());
        QCOMPARE(m_fake->done.load(), int(before.outcomes.size())); // nothing was done twice
        // Opened once more it is as it was, front included.
        test::open_tiny(*m_document, test::tiny_data());
        QTRY_COMPARE(run().outcomes.size(), before.outcomes.size());
        QVERIFY(run().status == Status::finished);
        QCOMPARE(run().report.size(), run().front.size());
        QVERIFY(run().report_hypervolume.has_value());
    }

    void searches_queue_are_named_and_deleted() {
        QVERIFY(m_exploration->start(m_setup));
        QVERIFY(m_exploration->start(m_setup));
        QCOMPARE(m_exploration->runs()[1].label, m_exploration->runs()[0].label + " (2)");
        QTRY_VERIFY(m_exploration->runs()[1].status == Status::finished);
        const int64_t first = m_exploration->runs()[0].id;
        m_exploration->rename(first, "  the  wide one ");
        QCOMPARE(m_exploration->runs()[0].label, QString("the wide one"));
        QTRY_COMPARE(stored().front().label, std::string("the wide one"));
        // What renaming does not touch stays.
        QVERIFY(!stored().front().request_json.empty());
        QVERIFY(!stored().front().provenance_json.empty());
        const size_t designs = m_document->designs().size();
        m_exploration->remove(first);
        QCOMPARE(m_exploration->runs().size(), size_t(1));
        QTRY_COMPARE(stored().size(), size_t(1));
        QCOMPARE(m_document->designs().size(), designs);
        m_fake->gate.acquire();
        QVERIFY(m_exploration->start(m_setup));
        m_exploration->remove(m_exploration->runs().back().id); // not while it runs
        QCOMPARE(m_exploration->runs().size(), size_t(2));
        m_exploration->cancelAll();
        m_fake->gate.release();
        QTRY_VERIFY(!m_exploration->activeRun());
    }

    void several_searches_have_one_front() {
        m_setup.budget = 5;
        QVERIFY(runToTheEnd());
        m_setup.budget = 20;
        m_fake->screened_every = 0;
        QVERIFY(runToTheEnd());
        const auto& runs = m_exploration->runs();
        QVERIFY(why_not_one_front({&runs[0], &runs[1]}).isEmpty());
        const auto entries = front_entries({&runs[0], &runs[1]}, m_setup.goals);
        std::vector<explore::Outcome> all = runs[0].outcomes;
        all.insert(all.end(), runs[1].outcomes.begin(), runs[1].outcomes.end());
        QCOMPARE(entries.size(), explore::front_of(all, m_setup.goals).size());
        QCOMPARE(std::ranges::count(entries, true, &FrontEntry::cheapest), 1);
        // The cheapest within 1 point: by the interval on the report images.
        const auto cheapest = std::ranges::find(entries, true, &FrontEntry::cheapest);
        for (const FrontEntry& entry : entries)
            if (within_one_point(entry).value_or(false))
                QVERIFY(entry.figures[explore::Metric::energy] >= cheapest->figures[explore::Metric::energy]);
        // What if energy were limited: nothing is run.
        explore::Goals limited = m_setup.goals;
        limited.constraints = {{explore::Metric::energy, 1e-4}};
        const int done = m_fake->done;
        const auto fewer = front_entries({&runs[0], &runs[1]}, limited);
        QVERIFY(fewer.size() < entries.size() && !fewer.empty());
        for (const FrontEntry& entry : fewer) QVERIFY(entry.figures[explore::Metric::energy] <= 1e-4);
        QCOMPARE(m_fake->done.load(), done);
        // Another target prices otherwise.
        m_document->setTarget(*cost::load_target("eyeriss"));
        QVERIFY(runToTheEnd());
        QVERIFY(!why_not_one_front({&runs[0], &runs[2]}).isEmpty());
    }

    void what_cannot_be_met_is_told() {
        m_fake->error = {ErrorCode::invalid_input,
                         "no design keeps energy below 1 uJ: the least is 21.4 uJ",
                         {},
                         "raise the limit"};
        QSignalSpy failed(m_exploration.get(), &Exploration::failed);
        QVERIFY(m_exploration->start(m_setup));
        QTRY_COMPARE(failed.count(), 1);
        QVERIFY(failed[0][0].value<Problem>().text.contains("energy"));
        QTRY_VERIFY(m_exploration->runs().front().status == Status::failed);
        QTRY_VERIFY(stored().front().status.find("21.4") != std::string::npos);
        m_fake->error = {};
        m_setup.data = "nowhere";
        QVERIFY(m_exploration->start(m_setup));
        QTRY_COMPARE(failed.count(), 2);
        QVERIFY(failed[1][0].value<Problem>().text.contains("nowhere"));
        m_setup = {};
        m_document->setData(nullptr, nullptr);
        QVERIFY(!m_exploration->start(m_setup));
        QVERIFY(failed[2][0].value<Problem>().remedy == Problem::Remedy::open_data);
    }

    void a_design_is_explained_layer_by_layer() {
        QVERIFY(runToTheEnd());
        QSignalSpy explained(m_exploration.get(), &Exploration::explained);
        const ExplorationRun& run = m_exploration->runs().front();
        m_exploration->explain(run.id, run.outcomes[3].choices);
        QTRY_COMPARE(explained.count(), 1);
        const auto moves = explained[0][0].value<ExplorationMoves>();
        QCOMPARE(moves.baseline, QString("w8a8"));
        QVERIFY(!moves.moves.empty());
        QVERIFY(std::ranges::any_of(moves.moves, [](const explore::Move& move) { return move.saved_j > 0; }));
    }

    void what_was_asked_for_survives_its_document() {
        m_setup.goals.objectives = {explore::Metric::drop, explore::Metric::latency, explore::Metric::area};
        m_setup.goals.constraints = {{explore::Metric::energy, 1.25e-4}, {explore::Metric::drop, 0.02}};
        m_setup.space.weight_widths = {1, 5};
        m_setup.space.weight_formats = {"ternary"};
        m_setup.space.frozen = {"conv*"};
        m_setup.space.tie_operands = true;
        m_setup.seed = uint64_t(1) << 60;
        m_setup.limit = 77;
        ExplorationWork work = m_exploration->workOf(m_setup);
        work.cost.fuse_layers = true;
        work.cost.zeros["conv1"] = {0.1, 0.2, 0.3};
        const auto read = work_from_json(work_to_json(work), m_document->graph());
        QVERIFY2(read.has_value(), read ? "" : read.error().to_line().c_str());
        QCOMPARE(work_to_json(*read), work_to_json(work));
        QVERIFY(read->setup.goals == m_setup.goals);
        QVERIFY(read->base == work.base && read->target == work.target && read->cost == work.cost);
        QCOMPARE(read->setup.seed, m_setup.seed);
        // Whatever else stands there is refused, and nothing is made of it.
        for (const char* text : {"", "{", "[]", "{\"window\":{\"setup\":{}}}",
                                 "{\"window\":{\"setup\":{},\"plan\":\"x\",\"target\":\"y\"}}"})
            QVERIFY(!work_from_json(text, m_document->graph()));
        const std::string whole = work_to_json(work);
        for (size_t length = 0; length < whole.size(); length += 97)
            QVERIFY(!work_from_json(whole.substr(0, length), m_document->graph()));
    }

    void widths_are_read_as_people_write_them() {
        QCOMPARE(*widths_from("8, 2;4 4"), (std::vector<int>{2, 4, 8}));
        for (const char* text : {"", "0", "17", "4.5", "four", "-2", "99999999999999"})
            QVERIFY2(!widths_from(text), text);
    }

private:
    bool runToTheEnd() {
        QSignalSpy finished(m_exploration.get(), &Exploration::finished);
        if (!m_exploration->start(m_setup)) return false;
        return QTest::qWaitFor([&] { return finished.count() == 1; }, 20000);
    }
    std::vector<StoredExploration> stored() {
        return *m_project->store()->exclusively([](ProjectFile& file) { return file.explorations(); });
    }

    std::shared_ptr<test::FakeSearch> m_fake;
    std::unique_ptr<Document> m_document;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<Exploration> m_exploration;
    ExplorationSetup m_setup;
};

QTEST_MAIN(TestSearches)
#include "tst_searches.moc"
