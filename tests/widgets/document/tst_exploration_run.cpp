// A search's conclusions as the window keeps them.

#include "core/base/rng.h"
#include "core/explore/decision.h"
#include "widgets/document/exploration_run.h"

#include <QTest>

using namespace widthwise;
using namespace widthwise::gui;
using explore::Metric;
using explore::Verdict;

namespace {

/// Measured, left or rejected; one in four after the first ones is completed, with another drop.
std::vector<explore::Outcome> outcomes_of(uint64_t seed) {
    Rng rng(seed);
    std::vector<explore::Outcome> outcomes;
    for (int i = 0; i < 60; ++i) {
        explore::Outcome outcome;
        outcome.choices = {static_cast<uint8_t>(i)};
        outcome.verdict = i % 7 == 5 ? Verdict::screened : i % 7 == 6 ? Verdict::rejected : Verdict::measured;
        outcome.figures[Metric::drop] = rng.uniform();
        outcome.figures[Metric::energy] = rng.uniform();
        if (i > 20 && i % 4 == 0) {
            const explore::Outcome& earlier = outcomes[rng.below(static_cast<uint64_t>(i))];
            if (earlier.verdict == Verdict::measured) {
                const double drop = earlier.figures[Metric::drop] + 0.3 * rng.uniform();
                outcome = earlier;
                outcome.figures[Metric::drop] = drop;
                outcome.verdict = Verdict::completed;
            }
        }
        outcomes.push_back(std::move(outcome));
    }
    return outcomes;
}

} // namespace

class TestExplorationRun : public QObject {
    Q_OBJECT
private slots:
    void the_front_grows_as_if_found_at_once() {
        for (uint64_t seed = 1; seed <= 20; ++seed) {
            const std::vector<explore::Outcome> all = outcomes_of(seed);
            std::vector<explore::Outcome> seen;
            std::vector<size_t> front;
            for (size_t from = 0; from < all.size(); from += 6) {
                seen.insert(seen.end(), all.begin() + static_cast<std::ptrdiff_t>(from),
                            all.begin() + static_cast<std::ptrdiff_t>(from + 6));
                front = grown_front(seen, front, from, {});
                QCOMPARE(front, explore::front_of(seen, {}));
            }
        }
    }

    void each_design_counts_once() {
        ExplorationRun run;
        run.add(outcomes_of(1));
        run.add(outcomes_of(1));
        int64_t completed = 0;
        for (const explore::Outcome& outcome : run.outcomes)
            completed += outcome.verdict == Verdict::completed;
        QVERIFY(completed > 0);
        QCOMPARE(run.measured + run.screened + run.rejected + completed, int64_t(run.outcomes.size()));
        QCOMPARE(run.evaluations(), run.measured + run.screened);
    }
};

QTEST_APPLESS_MAIN(TestExplorationRun)
#include "tst_exploration_run.moc"
