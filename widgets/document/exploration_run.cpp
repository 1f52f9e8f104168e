#include "widgets/document/exploration_run.h"

#include "core/explore/decision.h"
#include "core/flow/explore_summary.h"
#include "widgets/number_text.h"

#include <QRegularExpression>

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>

namespace widthwise::gui {

using Status = ExplorationRun::Status;

double ExplorationRun::per_second() const {
    if (paced_from_s < 0 || outcomes.size() <= paced_from || sitting_s - paced_from_s < 0.2) return -1;
    return static_cast<double>(outcomes.size() - paced_from) / (sitting_s - paced_from_s);
}

double ExplorationRun::remaining_s() const {
    if (!active() || per_second() <= 0 || evaluations() <= 0) return -1;
    // Rejected designs take time but none of the budget.
    const double run = static_cast<double>(evaluations()) / static_cast<double>(outcomes.size());
    return static_cast<double>(std::max<int64_t>(0, budget() - evaluations())) / (per_second() * run);
}

double ExplorationRun::hypervolume() const {
    return course.empty() ? std::numeric_limits<double>::quiet_NaN() : course.back().hypervolume;
}

const flow::FrontDesign* ExplorationRun::confirmed(const explore::Choices& choices) const {
    const auto found = std::ranges::find(report, choices, &flow::FrontDesign::choices);
    return found == report.end() ? nullptr : &*found;
}

void ExplorationRun::add(std::vector<explore::Outcome> news) {
    const size_t from = outcomes.size();
    for (explore::Outcome& outcome : news) {
        switch (outcome.verdict) {
        case explore::Verdict::measured:
            ++measured;
            break;
        case explore::Verdict::screened:
            ++screened;
            break;
        case explore::Verdict::rejected:
            ++rejected;
            break;
        case explore::Verdict::completed:
            break;
        }
        if (!outcome.reason.empty()) ++reasons[kind_of_reason(outcome)];
        outcomes.push_back(std::move(outcome));
    }
    if (work) front = grown_front(outcomes, front, from, work->setup.goals);
}

std::vector<size_t> grown_front(const std::vector<explore::Outcome>& outcomes,
                                const std::vector<size_t>& front, size_t from, const explore::Goals& goals) {
    const std::span<const explore::Outcome> newcomers = std::span(outcomes).subspan(from);
    // A design that is completed may turn out worse: then what it had beaten stands again.
    if (std::ranges::find(newcomers, explore::Verdict::completed, &explore::Outcome::verdict) !=
        newcomers.end())
        return explore::front_of(outcomes, goals);
    // Else whoever was beaten once stays beaten: only the front and the newcomers can be on the new one.
    std::vector<size_t> positions = front;
    for (size_t i = from; i < outcomes.size(); ++i)
        if (outcomes[i].verdict == explore::Verdict::measured) positions.push_back(i);
    std::ranges::sort(positions);
    std::vector<explore::Outcome> rivals;
    rivals.reserve(positions.size());
    for (const size_t position : positions) rivals.push_back(outcomes[position]);
    std::vector<size_t> grown;
    for (const size_t i : explore::front_of(rivals, goals)) grown.push_back(positions[i]);
    return grown;
}

QString kind_of_reason(const explore::Outcome& outcome) {
    static const QRegularExpression figures(
        QStringLiteral("\\s*[-+\u2212]?\\d[\\d.,]*(e[-+]?\\d+)?([\\s\u00a0]?(%|points?|pt|[pn\u00b5umkMG]?(J|"
                       "s|W|B)|mm2|mm"
                       "\u00b2|bytes|images/s)(?![a-z]))?"),
        QRegularExpression::UseUnicodePropertiesOption);
    QString text = qt(outcome.reason);
    text.replace(figures, QStringLiteral(" \u2026"));
    return text.simplified();
}

QString design_label(const explore::Space& space, const explore::Choices& choices, const Graph& graph) {
    return qt(flow::design_label(space, choices, graph));
}

StoredExploration to_stored(const ExplorationRun& run) {
    StoredExploration stored;
    stored.id = run.stored_id;
    stored.version = run.version;
    stored.label = run.label.toStdString();
    stored.created_utc = run.created.toStdString();
    stored.seconds = run.seconds;
    switch (run.status) {
    case Status::waiting:
        stored.status = "queued";
        break;
    case Status::running:
    case Status::paused:
    case Status::interrupted:
        stored.status = "running";
        break;
    case Status::finished:
        stored.status = "finished";
        break;
    case Status::cancelled:
        stored.status = "cancelled";
        break;
    case Status::failed:
        stored.status = "failed: " + run.problem.toStdString();
        break;
    }
    return stored;
}

ExplorationRun from_stored(const StoredExploration& stored, const Graph* graph) {
    ExplorationRun run;
    run.stored_id = stored.id;
    run.version = stored.version;
    run.label = qt(stored.label);
    run.created = qt(stored.created_utc);
    run.seconds = stored.seconds;
    const QString status = qt(stored.status);
    if (status == QLatin1String("finished")) {
        run.status = Status::finished;
    } else if (status == QLatin1String("cancelled")) {
        run.status = Status::cancelled;
    } else if (status.startsWith(QLatin1String("failed"))) {
        run.status = Status::failed;
        run.problem = status.section(QStringLiteral(": "), 1);
    } else {
        run.status = Status::interrupted;
    }
    if (graph)
        if (auto work = work_from_json(stored.provenance_json, *graph))
            run.work = std::make_shared<const ExplorationWork>(std::move(*work));
    return run;
}

QString status_text(const ExplorationRun& run) {
    switch (run.status) {
    case Status::waiting:
        return QObject::tr("waiting");
    case Status::running:
        return QObject::tr("running");
    case Status::paused:
        return QObject::tr("paused");
    case Status::finished:
        return QObject::tr("finished");
    case Status::cancelled:
        return QObject::tr("cancelled");
    case Status::interrupted:
        return QObject::tr("interrupted");
    case Status::failed:
        return QObject::tr("failed");
    }
    return {};
}

} // namespace widthwise::gui
