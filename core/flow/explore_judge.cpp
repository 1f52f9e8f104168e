#include "core/flow/explore_judge.h"

#include <limits>

namespace widthwise::flow {

using explore::Choices;
using explore::Verdict;

namespace {

explore::RacingOptions racing_options(const ExploreRequest& request, int64_t images,
                                      double useless_drop = explore::RacingOptions().useless_drop) {
    explore::RacingOptions options;
    options.useless_drop = useless_drop;
    // A space that the budget covers is walked through for its true front.
    const std::optional<int64_t> designs = request.space.designs();
    const bool small = designs && *designs <= request.budget;
    options.looks = request.screen && !small ? explore::default_looks(images) : std::vector<int64_t>{images};
    return options;
}

bool belongs_to_design(const Error& error) {
    return error.code == ErrorCode::unsupported || error.code == ErrorCode::invalid_input;
}

} // namespace

Judge::Judge(const ExploreRequest& request, std::shared_ptr<Pricer> pricer, std::unique_ptr<Meter> meter)
    : m_request(request)
    , m_pricer(std::move(pricer))
    , m_meter(std::move(meter))
    , m_race(request.goals, racing_options(request, m_meter->images()), m_meter->reference())
    , m_first_race(request.goals,
                   racing_options(request, m_meter->images(), std::numeric_limits<double>::infinity()),
                   m_meter->reference()) {}

Result<Candidate> Judge::judge(const Choices& choices, const WorkControl& control) {
    Candidate candidate;
    explore::Outcome& outcome = candidate.outcome;
    outcome.choices = choices;
    const explore::Priced priced = m_pricer->price(choices);
    outcome.figures = priced.figures;
    outcome.verdict = Verdict::rejected;
    outcome.reason =
        priced.problem.empty() ? explore::broken_constraint(m_request.goals, priced.figures) : priced.problem;
    if (outcome.reason.empty())
        if (auto ok = run_in_looks(candidate, control); !ok) return forward_error(ok);
    outcome.violation = explore::violation(m_request.goals, outcome.figures);
    return candidate;
}

Result<void> Judge::run_in_looks(Candidate& candidate, const WorkControl& control) {
    explore::Outcome& outcome = candidate.outcome;
    std::shared_ptr<Meter::Design> design;
    for (const int64_t end : m_race.looks()) {
        if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        auto ok = answer(candidate, end, design, control);
        if (!ok && !design && belongs_to_design(ok.error())) {
            outcome.reason = "cannot be run: " + ok.error().to_line();
            return {};
        }
        if (!ok) return ok;
        take_answers(candidate);
        outcome.verdict = Verdict::measured;
        if (end == m_meter->images()) break;
        outcome.reason = (m_has_front ? m_race : m_first_race).why_leave(outcome.figures, candidate.answers);
        if (outcome.reason.empty() && !m_race.known_well(candidate.answers)) continue;
        if (!outcome.reason.empty()) outcome.verdict = Verdict::screened;
        break;
    }
    return {};
}

Result<Candidate> Judge::complete(const explore::Outcome& measured, explore::Answers answers,
                                  const WorkControl& control) {
    Candidate candidate{0, measured, std::move(answers), 0};
    std::shared_ptr<Meter::Design> design;
    if (auto ok = answer(candidate, m_meter->images(), design, control); !ok) return forward_error(ok);
    explore::Outcome& outcome = candidate.outcome;
    take_answers(candidate);
    outcome.verdict = Verdict::completed;
    outcome.violation = explore::violation(m_request.goals, outcome.figures);
    return candidate;
}

void Judge::take_answers(Candidate& candidate) const {
    const explore::Race::Drop drop = m_race.drop(candidate.answers);
    candidate.outcome.figures[explore::Metric::drop] = drop.drop;
    candidate.outcome.drop_sigma = drop.sigma;
    candidate.outcome.samples = static_cast<int64_t>(candidate.answers.size());
}

Result<void> Judge::answer(Candidate& candidate, int64_t end, std::shared_ptr<Meter::Design>& design,
                           const WorkControl& control) {
    const auto known = m_answers.find(widths_of(candidate.outcome.choices));
    if (known != m_answers.end() && static_cast<int64_t>(known->second.size()) >= end) {
        candidate.answers.assign(known->second.begin(), known->second.begin() + end);
        return {};
    }
    if (!design) {
        auto started = m_meter->start(candidate.outcome.choices, control);
        if (!started) return forward_error(started);
        design = std::move(*started);
    }
    return m_meter->run(*design, end, candidate.answers, control);
}

Choices Judge::widths_of(const Choices& choices) const {
    Choices widths;
    for (size_t v = 0; v < choices.size(); ++v)
        if (m_request.space.variables[v].kind != explore::Variable::Kind::hardware)
            widths.push_back(choices[v]);
    return widths;
}

void Judge::remember(const Candidate& candidate) {
    if (candidate.outcome.verdict == Verdict::measured) {
        m_race.add(candidate.outcome.figures, candidate.answers);
        m_has_front = m_has_front || candidate.outcome.violation == 0;
    }
    if (!m_request.space.has_hardware() || candidate.answers.empty()) return;
    explore::Answers& answers = m_answers[widths_of(candidate.outcome.choices)];
    if (candidate.answers.size() > answers.size()) answers = candidate.answers;
}

Result<explore::Answers> Judge::measure(const Choices& choices, const WorkControl& control) {
    auto design = m_meter->start(choices, control);
    if (!design) return forward_error(design);
    explore::Answers answers;
    if (auto ok = m_meter->run(**design, m_meter->images(), answers, control); !ok) return forward_error(ok);
    return answers;
}

} // namespace widthwise::flow
