#pragma once
// Searches that take no time: what the window does with them is tested, not what they find.

#include "core/flow/explore_log.h"
#include "core/flow/project.h"
#include "tests/widgets/tiny_network.h"
#include "widgets/document/exploration_backend.h"

#include <atomic>
#include <memory>
#include <semaphore>

namespace widthwise::test {

/// What a fake search does; shared with its worker.
struct FakeSearch {
    int rejected_every = 5, screened_every = 4; ///< by number; 0: none
    Error error;                                ///< a message: what it ends with
    bool endless = false;                       ///< after its designs it waits to be cancelled
    std::atomic<int> done{0};                   ///< designs concluded
    std::binary_semaphore gate{1};              ///< taken before the first design
};

/// Choices number k of a space: counting up in the first variables, from the widest down.
inline explore::Choices nth_choices(const explore::Space& space, int64_t k) {
    explore::Choices choices;
    for (const explore::Variable& variable : space.variables) {
        const auto size = static_cast<int64_t>(variable.size());
        choices.push_back(static_cast<uint8_t>(size - 1 - k % size));
        k /= size;
    }
    return choices;
}

/// A front that grows: the later a design, the cheaper and the less accurate it is.
inline explore::Outcome nth_outcome(const FakeSearch& fake, const explore::Space& space, int64_t k) {
    explore::Outcome outcome;
    outcome.choices = nth_choices(space, k);
    using explore::Metric;
    const auto part = static_cast<double>(k);
    outcome.figures[Metric::energy] = 1e-3 / (1 + part);
    outcome.figures[Metric::latency] = 2e-3 / (1 + part);
    outcome.figures[Metric::area] = 10;
    outcome.figures[Metric::size] = 1e5 / (1 + part);
    if (fake.rejected_every > 0 && k % fake.rejected_every == fake.rejected_every - 1) {
        outcome.verdict = explore::Verdict::rejected;
        outcome.reason = "energy " + std::to_string(k) + " uJ is above the limit of 3 uJ";
        return outcome;
    }
    outcome.figures[Metric::drop] = 0.001 * part;
    outcome.samples = 64;
    outcome.drop_sigma = 0.004;
    if (fake.screened_every > 0 && k % fake.screened_every == fake.screened_every - 1) {
        outcome.verdict = explore::Verdict::screened;
        outcome.samples = 16;
        outcome.reason = "a design of the front is cheaper and more accurate";
    }
    return outcome;
}

inline Result<flow::ExploreOutcome> fake_search(FakeSearch& fake, const flow::ExploreRequest& request,
                                                flow::ExploreLog& log, const WorkControl& control,
                                                const flow::ExploreObserver& observer) {
    fake.gate.acquire();
    fake.gate.release();
    auto known = log.known();
    if (!known) return forward_error(known);
    if (!fake.error.message.empty()) return tl::unexpected(fake.error);
    flow::ExploreOutcome result;
    flow::CoursePoint course;
    std::vector<explore::Outcome> outcomes;
    for (int64_t k = 0; course.evaluations < request.budget; ++k) {
        flow::Candidate candidate;
        if (k < static_cast<int64_t>(known->size())) {
            candidate = (*known)[static_cast<size_t>(k)];
        } else {
            if (control.cancel.cancelled()) {
                result.cancelled = true;
                return result;
            }
            candidate.number = k;
            candidate.outcome = nth_outcome(fake, request.space, k);
            candidate.answers.assign(static_cast<size_t>(candidate.outcome.samples), 1);
            if (auto added = log.add(candidate); !added) return forward_error(added);
            ++fake.done;
        }
        if (candidate.outcome.verdict != explore::Verdict::rejected) ++course.evaluations;
        course.hypervolume = 1 - 1 / static_cast<double>(course.evaluations + 1);
        outcomes.push_back(candidate.outcome);
        if (observer.on_candidate) observer.on_candidate(candidate, course);
    }
    while (fake.endless && !control.cancel.cancelled()) std::this_thread::yield();
    if (control.cancel.cancelled()) {
        result.cancelled = true;
        return result;
    }
    for (const size_t i : explore::front_of(outcomes, request.goals)) {
        flow::FrontDesign design;
        design.choices = outcomes[i].choices;
        design.plan = explore::plan_of(request.space, design.choices);
        design.figures = outcomes[i].figures;
        const double drop = design.figures[explore::Metric::drop];
        flow::EvaluationOutcome report;
        report.evaluation.plan = report.evaluation.resolved = design.plan;
        Accuracy& accuracy = report.evaluation.accuracy;
        accuracy.samples = request.data->size();
        accuracy.float_top1 = 0.9;
        accuracy.top1 = 0.9 - drop;
        accuracy.top1_ci95 = {accuracy.top1 - 0.02, accuracy.top1 + 0.02};
        accuracy.delta_top1 = -drop;
        accuracy.delta_ci95 = {-drop - 0.002, -drop + 0.002};
        const Dataset& data = request.report_data ? *request.report_data : *request.data;
        report.evaluation.provenance.data = data.name();
        report.evaluation.provenance.data_hash = data.hash();
        auto cost = cost::estimate(*request.model.graph, design.plan, request.space.target);
        if (!cost) return forward_error(cost);
        auto id = log.add_front(design.choices, report, *cost);
        if (!id) return forward_error(id);
        design.design_id = *id;
        design.report = accuracy;
        design.report_top1 = accuracy.top1;
        if (accuracy.delta_ci95.lo >= -0.01) design.within_one_point = true;
        if (accuracy.delta_ci95.hi < -0.01) design.within_one_point = false;
        if (observer.on_front) observer.on_front(design);
        result.front.push_back(std::move(design));
    }
    result.hypervolume = result.search_hypervolume = course.hypervolume;
    result.evaluations = course.evaluations;
    result.float_top1 = 0.9;
    return result;
}

inline gui::ExplorationBackend fake_exploration(std::shared_ptr<FakeSearch> fake) {
    gui::ExplorationBackend backend = gui::ExplorationBackend::real();
    backend.load_data = [](const std::string& source) -> Result<DatasetPtr> {
        if (source == "nowhere") return fail(ErrorCode::invalid_input, "no such data", source, "name a card");
        return tiny_data();
    };
    backend.run = [fake](const flow::ExploreRequest& request, flow::ExploreLog& log,
                         const WorkControl& control, const flow::ExploreObserver& observer) {
        return fake_search(*fake, request, log, control, observer);
    };
    return backend;
}

} // namespace widthwise::test
