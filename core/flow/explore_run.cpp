// The search itself: ask, judge, write down, tell.

#include "core/base/normal.h"
#include "core/flow/explore_baseline.h"
#include "core/flow/explore_course.h"
#include "core/flow/explore_data.h"
#include "core/flow/explore_front.h"
#include "core/flow/explore_judge.h"
#include "core/flow/explore_request.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

namespace widthwise::flow {
namespace {

using Clock = std::chrono::steady_clock;
using explore::Choices;
using explore::Metric;
using explore::Outcome;

/// Designs that an algorithm may ask for at once.
constexpr int64_t k_most_at_once = 64;
/// Designs rejected one after another before a search ends without having spent its budget.
constexpr int64_t k_most_rejected = 100'000;
/// An accuracy goal is given up when the widest design misses it with this probability of error.
constexpr double k_hopeless_alpha = 0.01;
constexpr int k_widest_bits = 32;
/// What a network may lose that is no better than chance, so that drops have a scale.
constexpr double k_least_worst_drop = 0.05;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

double share_of(const explore::Answers& answers) {
    return static_cast<double>(std::accumulate(answers.begin(), answers.end(), int64_t{0})) /
           static_cast<double>(answers.size());
}

bool walks_through(const ExploreRequest& request) {
    const auto info =
        std::ranges::find(explore::algorithms(), algorithm_name(request), &explore::AlgorithmInfo::name);
    return info != explore::algorithms().end() && info->needs_small_space;
}

/// Positions in the order in which the designs are run: those that begin alike one after another.
std::vector<size_t> running_order(const std::vector<Choices>& asked) {
    std::vector<size_t> order(asked.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, {}, [&](size_t i) -> const Choices& { return asked[i]; });
    return order;
}

class Exploration {
public:
    Exploration(const ExploreRequest& request, ExploreLog& log, const WorkControl& control,
                const ExploreObserver& observer)
        : m_request(request), m_log(log), m_control(control), m_observer(observer) {}

    Result<ExploreOutcome> run() {
        Result<void> ok = prepare();
        if (ok) ok = search();
        if (ok) ok = complete_front();
        m_result.cancelled = !ok && ok.error().code == ErrorCode::cancelled;
        if (!ok && !m_result.cancelled) return forward_error(ok);
        return finish();
    }

private:
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<void> price_baseline();
    [[nodiscard]] Result<void> check_costs();
    [[nodiscard]] Result<void> check_accuracy();
    [[nodiscard]] Result<std::unique_ptr<explore::Algorithm>> algorithm();
    [[nodiscard]] Result<void> search();
    /// On all search images, what seems to be on the front.
    [[nodiscard]] Result<void> complete_front();
    [[nodiscard]] Result<void> conclude(const Choices& choices);
    /// What is known as the next conclusion; nullopt: nothing. Errors: invalid_input, it is another design.
    [[nodiscard]] Result<std::optional<Candidate>> known(const Choices& choices);
    [[nodiscard]] Result<void> write_down(Candidate candidate);
    [[nodiscard]] Result<ExploreOutcome> finish();
    [[nodiscard]] std::string why_nothing() const;
    [[nodiscard]] double seconds() const { return m_before + seconds_since(m_begin) - m_waited; }

    const ExploreRequest& m_request;
    ExploreLog& m_log;
    const WorkControl& m_control;
    const ExploreObserver& m_observer;
    const Clock::time_point m_begin = Clock::now();
    double m_before = 0, m_waited = 0; ///< seconds of earlier sittings; in the observer
    ExploreData m_data;
    std::vector<Candidate> m_known; ///< of the log
    std::shared_ptr<Pricer> m_pricer;
    std::unique_ptr<Judge> m_judge;
    std::unique_ptr<Course> m_course;
    std::vector<Outcome> m_outcomes; ///< by number
    /// Of measured designs that were not run on all images.
    std::map<Choices, explore::Answers> m_incomplete;
    ExploreOutcome m_result;
};

Result<void> Exploration::prepare() {
    if (m_request.budget < 1)
        return fail(ErrorCode::usage, "the budget is below 1", "budget", "give the number of designs to run");
    auto known = m_log.known();
    if (!known) return forward_error(known);
    m_known = std::move(*known);
    m_before = std::max(m_known.empty() ? 0 : m_known.back().seconds, m_log.seconds());
    auto data = explore_data(m_request);
    if (!data) return forward_error(data);
    m_data = std::move(*data);
    if (!m_data.note.empty()) m_result.notes.push_back(m_data.note);
    if (auto ok = check_fit(*m_request.model.graph, *m_data.report); !ok) return ok;
    auto pricer = Pricer::create(m_request.model.graph, m_request.space, m_request.cost);
    if (!pricer) return forward_error(pricer);
    m_pricer = std::move(*pricer);
    if (auto ok = price_baseline(); !ok) return ok;
    if (auto ok = explore::validate(m_request.goals, m_result.baseline); !ok) return ok;
    if (auto ok = check_costs(); !ok) return ok;

    MeterOptions options;
    options.model = m_request.model;
    options.images = m_data.search;
    options.calibration = m_request.calibration ? m_request.calibration : m_data.search;
    options.calibration_samples = m_request.calibration_samples;
    options.seed = m_request.seed;
    options.incremental = m_request.incremental;
    auto meter = Meter::create(m_request.space, std::move(options), m_control);
    if (!meter) return forward_error(meter);
    m_result.search_images = (*meter)->images();
    m_result.report_images = m_data.report->size();
    m_result.float_top1 = share_of((*meter)->reference());
    m_judge = std::make_unique<Judge>(m_request, m_pricer, std::move(*meter));
    return m_known.empty() ? check_accuracy() : Result<void>{};
}

Result<void> Exploration::price_baseline() {
    auto baseline = explore_baseline(m_request);
    if (!baseline) return forward_error(baseline);
    m_result.baseline_label = std::move(baseline->label);
    m_result.baseline = baseline->figures;
    m_course = std::make_unique<Course>(m_request.goals, m_result.baseline);
    return {};
}

Result<void> Exploration::check_costs() {
    const Pricer::Found found = m_pricer->best_found(m_request.goals);
    const auto hopeless = explore::tightest(m_request.goals, found.best);
    if (!hopeless) return {};
    if (!found.problem.empty())
        return fail(ErrorCode::invalid_input, "the target can run no design that was tried: " + found.problem,
                    "target '" + m_request.space.target.name + "'", "choose other formats or another target");
    return fail(ErrorCode::invalid_input, hopeless->message, "goals of the search",
                "relax it, or widen the space");
}

Result<void> Exploration::check_accuracy() {
    for (const explore::Constraint& goal : m_request.goals.constraints) {
        if (goal.metric != Metric::drop) continue;
        const Choices widest = explore::uniform_choices(m_request.space, k_widest_bits, k_widest_bits);
        auto answers = m_judge->measure(widest, m_control);
        if (!answers) return forward_error(answers);
        const explore::Answers& reference = m_judge->reference();
        int64_t both = 0, only_float = 0, only_design = 0;
        for (size_t i = 0; i < reference.size(); ++i) {
            both += reference[i] && (*answers)[i];
            only_float += reference[i] && !(*answers)[i];
            only_design += !reference[i] && (*answers)[i];
        }
        const Interval gain =
            paired_difference_interval(both, only_float, only_design, m_result.search_images,
                                       two_sided_normal_quantile(k_hopeless_alpha));
        if (-gain.hi <= goal.limit) continue;
        const double lost = share_of(reference) - share_of(*answers);
        return fail(ErrorCode::invalid_input,
                    "no design of this space keeps the accuracy drop below " +
                        explore::format_figure(Metric::drop, goal.limit) + ": the widest one loses " +
                        explore::format_figure(Metric::drop, lost),
                    "goals of the search", "relax it, or add wider formats to the space");
    }
    return {};
}

Result<std::unique_ptr<explore::Algorithm>> Exploration::algorithm() {
    explore::Problem problem;
    problem.space = m_request.space;
    problem.goals = m_request.goals;
    problem.seed = m_request.seed;
    problem.budget = m_request.budget;
    problem.price = [pricer = m_pricer](const Choices& choices) { return pricer->price(choices); };
    const int64_t classes = m_data.search->class_count();
    problem.worst_drop = std::max(
        m_result.float_top1 - (classes > 0 ? 1.0 / static_cast<double>(classes) : 0), k_least_worst_drop);
    problem.start = {explore::uniform_choices(m_request.space, 8, 8)};
    for (const PrecisionPlan& plan : m_request.start)
        if (auto choices = explore::choices_of(m_request.space, plan);
            choices && std::ranges::find(problem.start, *choices) == problem.start.end())
            problem.start.push_back(std::move(*choices));
    const std::string name = algorithm_name(m_request);
    const auto info = std::ranges::find(explore::algorithms(), name, &explore::AlgorithmInfo::name);
    if (info != explore::algorithms().end() && info->needs_noise) {
        auto sensitivity = explore_sensitivity(m_request, m_log, m_control);
        if (!sensitivity) return forward_error(sensitivity);
        m_result.sensitivity_evaluations = sensitivity->evaluations;
        problem.noise = std::make_shared<const explore::NoiseTable>(*sensitivity);
    }
    return explore::make_algorithm(name, std::move(problem));
}

Result<void> Exploration::search() {
    auto made = algorithm();
    if (!made) return forward_error(made);
    explore::Algorithm& searcher = **made;
    // A space that is to be walked through is small enough for it.
    const bool exhaustive = walks_through(m_request);
    int64_t rejected_before = 0, evaluations_before = 0;
    while (m_course->now().evaluations < m_request.budget) {
        const int64_t left = m_request.budget - m_course->now().evaluations;
        const std::vector<Choices> asked = searcher.ask(static_cast<int>(std::min(left, k_most_at_once)));
        if (asked.empty()) {
            const std::string why = searcher.why_ended();
            m_result.ended_early = why.empty() ? "the algorithm has no more designs to try" : why;
            return {};
        }
        std::vector<Outcome> outcomes(asked.size());
        for (const size_t i : running_order(asked)) {
            if (auto ok = conclude(asked[i]); !ok) return ok;
            outcomes[i] = m_outcomes.back();
        }
        searcher.tell(outcomes);
        if (m_course->now().evaluations > evaluations_before) {
            evaluations_before = m_course->now().evaluations;
            rejected_before = m_course->rejected();
        } else if (!exhaustive && m_course->rejected() - rejected_before > k_most_rejected) {
            m_result.ended_early =
                "none of the last " + std::to_string(k_most_rejected) + " designs could be run";
            return {};
        }
    }
    return {};
}

Result<std::optional<Candidate>> Exploration::known(const Choices& choices) {
    const size_t number = m_outcomes.size();
    if (number >= m_known.size()) {
        if (m_control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        return std::optional<Candidate>();
    }
    if (m_known[number].outcome.choices != choices)
        return fail(ErrorCode::invalid_input,
                    "the stored search went another way at design " + std::to_string(number + 1),
                    "resuming a search", "it was made by another version of this program: start a new one");
    return std::optional(std::move(m_known[number]));
}

Result<void> Exploration::write_down(Candidate candidate) {
    const size_t number = m_outcomes.size();
    if (number >= m_known.size()) {
        candidate.number = static_cast<int64_t>(number);
        candidate.seconds = seconds();
        if (auto ok = m_log.add(candidate); !ok) return ok;
    }
    m_judge->remember(candidate);
    m_course->add(candidate);
    m_outcomes.push_back(candidate.outcome);
    const auto waiting = Clock::now();
    if (m_observer.on_candidate) m_observer.on_candidate(candidate, m_course->now());
    m_waited += seconds_since(waiting);
    return {};
}

Result<void> Exploration::conclude(const Choices& choices) {
    auto candidate = known(choices);
    if (!candidate) return forward_error(candidate);
    if (!*candidate) {
        WorkControl quiet = m_control;
        quiet.progress = {};
        auto judged = m_judge->judge(choices, quiet);
        if (!judged) return forward_error(judged);
        *candidate = std::move(*judged);
    }
    const Outcome& outcome = (*candidate)->outcome;
    if (outcome.verdict == explore::Verdict::measured && outcome.samples < m_result.search_images)
        m_incomplete.emplace(choices, (*candidate)->answers);
    if (auto ok = write_down(std::move(**candidate)); !ok) return ok;
    m_control.report("exploring", m_course->now().evaluations, m_request.budget);
    return {};
}

Result<void> Exploration::complete_front() {
    WorkControl quiet = m_control;
    quiet.progress = {};
    for (;;) {
        std::vector<Outcome> incomplete;
        std::vector<Choices> designs;
        for (const size_t i : explore::front_of(m_outcomes, m_request.goals))
            if (m_incomplete.contains(m_outcomes[i].choices)) {
                incomplete.push_back(m_outcomes[i]);
                designs.push_back(m_outcomes[i].choices);
            }
        if (designs.empty()) return {};
        int64_t done = 0;
        for (const size_t i : running_order(designs)) {
            m_control.report("measuring the front on all search images", done++,
                             static_cast<int64_t>(designs.size()));
            auto candidate = known(designs[i]);
            if (!candidate) return forward_error(candidate);
            auto answers = m_incomplete.extract(designs[i]);
            if (!*candidate) {
                auto completed = m_judge->complete(incomplete[i], std::move(answers.mapped()), quiet);
                if (!completed) return forward_error(completed);
                *candidate = std::move(*completed);
            }
            if (auto ok = write_down(std::move(**candidate)); !ok) return ok;
        }
    }
}

Result<ExploreOutcome> Exploration::finish() {
    m_judge.reset(); // its activations make room
    ExploreOutcome& r = m_result;
    r.front = search_front(m_request, m_outcomes, r.float_top1);
    if (!r.cancelled) {
        auto reported = report_front(m_request, m_data, r.front, m_log, m_control, m_observer);
        r.cancelled = !reported && reported.error().code == ErrorCode::cancelled;
        if (!reported && !r.cancelled) return forward_error(reported);
    }
    std::vector<explore::Point> on_report;
    for (const FrontDesign& design : r.front) {
        if (design.design_id == 0) continue;
        on_report.push_back(judged_point(report_drop(design), design.figures, r.baseline));
        r.report_float_top1 = design.report.samples > 0 ? design.report.float_top1 : 1;
    }
    r.hypervolume = judged_hypervolume(on_report);
    if (m_course) {
        r.search_hypervolume = m_course->now().hypervolume;
        r.course = m_course->points();
        r.evaluations = m_course->now().evaluations;
        r.measured = m_course->measured();
        r.screened = m_course->screened();
        r.rejected = m_course->rejected();
        r.images_run = m_course->images_run();
    }
    const int64_t seen = r.evaluations + r.rejected;
    if (const auto designs = m_request.space.designs();
        !r.cancelled && walks_through(m_request) && designs && seen < *designs)
        r.notes.push_back("looked at " + std::to_string(seen) + " of " + std::to_string(*designs) +
                          " designs: the budget ended before the space did");
    if (r.front.empty() && !r.cancelled) r.nothing_feasible = why_nothing();
    r.seconds = seconds();
    return std::move(m_result);
}

std::string Exploration::why_nothing() const {
    // Of a design that was never run or never priced less is known to be broken: it only seems nearer.
    const auto distance = [&](const Outcome& outcome) {
        const bool priced = std::ranges::all_of(m_request.goals.constraints, [&](const auto& constraint) {
            return constraint.metric == Metric::drop || !std::isnan(outcome.figures[constraint.metric]);
        });
        const bool broken = outcome.violation > 0; // else it was rejected because nothing can run it
        const int unknown = outcome.samples > 0 ? 0 : priced && broken ? 1 : 2;
        return std::pair(unknown, outcome.violation);
    };
    const auto nearest = std::ranges::min_element(m_outcomes, {}, distance);
    const std::string all = "none of the " +
                            std::to_string(m_course->now().evaluations + m_course->rejected()) +
                            " designs looked at keeps all limits";
    if (nearest == m_outcomes.end()) return "no design was looked at";
    const std::string label =
        plan_label(explore::plan_of(m_request.space, nearest->choices), *m_request.model.graph);
    const std::string broken = explore::broken_constraint(m_request.goals, nearest->figures);
    return all + "; the nearest one, " + label + ": " + (broken.empty() ? nearest->reason : broken);
}

} // namespace

Result<ExploreOutcome> run_exploration(const ExploreRequest& request, ExploreLog& log,
                                       const WorkControl& control, const ExploreObserver& observer) {
    return Exploration(request, log, control, observer).run();
}

} // namespace widthwise::flow
