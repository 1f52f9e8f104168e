#pragma once
// What searches have when they are stopped early: time against hypervolume on all search images.

#include "core/explore/decision.h"
#include "core/flow/explore_course.h"
#include "core/flow/explore_data.h"
#include "core/flow/explore_meter.h"
#include "tests/bench/training_bench.h"

#include <algorithm>
#include <map>

namespace widthwise::bench {

/// What a search that is stopped after any of its designs has, once the front that it then sees is completed.
struct Stopped {
    double seconds = 0, hypervolume = 0;
};

/// By design. Completing takes as long an image as it took this search at its end; true drops of designs that
/// it left on some images are measured here, outside its time.
inline std::vector<Stopped> stopped_anywhere(const flow::ExploreRequest& request,
                                             const std::vector<flow::Candidate>& candidates,
                                             const explore::Figures& baseline) {
    const flow::ExploreData data = need(flow::explore_data(request));
    flow::MeterOptions options;
    options.model = request.model;
    options.images = options.calibration = data.search;
    options.seed = request.seed;
    const auto meter = need(flow::Meter::create(request.space, options, {}));
    std::map<explore::Choices, double> drops;
    const auto true_drop = [&](const explore::Outcome& outcome) {
        const auto [at, is_new] = drops.try_emplace(outcome.choices, outcome.figures[explore::Metric::drop]);
        if (is_new && outcome.samples < meter->images()) {
            explore::Answers answers;
            auto design = need(meter->start(outcome.choices, {}));
            need(meter->run(*design, meter->images(), answers, {}));
            at->second = explore::Race({}, {}, meter->reference()).drop(answers).drop;
        }
        return at->second;
    };
    std::vector<explore::Outcome> outcomes;
    std::vector<double> seconds;
    int64_t completed_images = 0;
    for (const flow::Candidate& candidate : candidates) {
        if (candidate.outcome.verdict == explore::Verdict::completed) {
            const auto before =
                std::ranges::find(outcomes, candidate.outcome.choices, &explore::Outcome::choices);
            completed_images += candidate.outcome.samples - before->samples;
            continue;
        }
        outcomes.push_back(candidate.outcome);
        seconds.push_back(candidate.seconds);
    }
    const double pace = completed_images > 0 ? (candidates.back().seconds - seconds.back()) /
                                                   static_cast<double>(completed_images)
                                             : 0;
    std::vector<Stopped> all;
    for (size_t k = 1; k <= outcomes.size(); ++k) {
        Stopped stopped{seconds[k - 1], 0};
        std::vector<explore::Outcome> seen(outcomes.begin(),
                                           outcomes.begin() + static_cast<std::ptrdiff_t>(k));
        std::vector<size_t> front;
        for (bool completed = true; completed;) {
            completed = false;
            front = explore::front_of(seen, request.goals);
            for (const size_t i : front) {
                if (seen[i].samples == meter->images()) continue;
                stopped.seconds += pace * static_cast<double>(meter->images() - seen[i].samples);
                seen[i].figures[explore::Metric::drop] = true_drop(seen[i]);
                seen[i].samples = meter->images();
                completed = true;
            }
        }
        std::vector<explore::Point> points;
        for (const size_t i : front)
            points.push_back(
                flow::judged_point(seen[i].figures[explore::Metric::drop], seen[i].figures, baseline));
        stopped.hypervolume = flow::judged_hypervolume(points);
        all.push_back(stopped);
    }
    return all;
}

/// NaN: never.
inline double seconds_until(const std::vector<Stopped>& stopped, double wanted) {
    double least = NAN;
    for (const Stopped& s : stopped)
        if (s.hypervolume >= wanted && !(s.seconds >= least)) least = s.seconds;
    return least;
}

} // namespace widthwise::bench
