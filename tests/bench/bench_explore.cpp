// How good search is: resnet20's widths on two targets, every algorithm with the same budget, hypervolumes on
// images that no decision saw; what the surrogate knows; what screening and shared prefixes gain in time.
// Arguments: see main's table. Curves are written as CSV and SVG into the working directory.

#include "core/flow/explore.h"
#include "core/flow/explore_log.h"
#include "core/flow/explore_request.h"
#include "core/flow/explore_summary.h"
#include "tests/bench/course_plot.h"
#include "tests/bench/stopped_search.h"
#include "tests/bench/training_bench.h"
#include "tests/support/test_data.h"

#include <algorithm>
#include <numeric>

using namespace widthwise;
using namespace widthwise::bench;

namespace {

using Given = std::map<std::string, double>;

struct Run {
    std::string algorithm;
    uint64_t seed = 1;
    flow::ExploreOutcome outcome;
    std::vector<flow::Candidate> candidates;
};

/// Networks, images and calibration are the same for all runs of a target.
struct Question {
    flow::Model model;
    DatasetPtr search, report;
    HardwareTarget target;
    int64_t limit = 0, sensitivity_images = 0;
};

Question question_of(const std::string& target, const Given& given) {
    const auto data = test::data_dir();
    return {need(flow::load_model((data / "models/resnet20.onnx").string())),
            need(flow::load_data((data / "cifar10/train.json").string())),
            need(flow::load_data((data / "cifar10/test.json").string())),
            need(cost::load_target(target)),
            static_cast<int64_t>(given.at("images")),
            static_cast<int64_t>(given.at("sensitivity_images"))};
}

flow::ExploreRequest request_of(const Question& question, const std::string& algorithm, uint64_t seed,
                                int64_t budget) {
    flow::ExploreRequest request;
    request.model = question.model;
    request.data = question.search;
    request.report_data = question.report;
    request.limit = question.limit;
    request.space = need(flow::make_space(*question.model.graph, PrecisionPlan(need(parse_bits("w8a8"))),
                                          question.target, {}));
    request.algorithm = algorithm;
    request.budget = budget;
    request.seed = seed;
    request.sensitivity_samples = question.sensitivity_images;
    return request;
}

Run run(const flow::ExploreRequest& request) {
    flow::MemoryLog log;
    Run done{request.algorithm, request.seed, need(flow::run_exploration(request, log, {})), {}};
    done.candidates = need(log.known());
    return done;
}

/// Designs run before the search's hypervolume reached `wanted`; -1: never.
int64_t evaluations_until(const std::vector<flow::CoursePoint>& course, double wanted) {
    const auto reached =
        std::ranges::find_if(course, [&](const flow::CoursePoint& p) { return p.hypervolume >= wanted; });
    return reached == course.end() ? -1 : reached->evaluations;
}

void print_row(const Run& run) {
    const flow::ExploreOutcome& o = run.outcome;
    std::printf("  %-10s %4llu %8.4f %8.4f %6lld %6lld %6lld %9lld %7.0f %5zu\n", run.algorithm.c_str(),
                static_cast<unsigned long long>(run.seed), o.hypervolume, o.search_hypervolume,
                static_cast<long long>(o.evaluations), static_cast<long long>(o.measured),
                static_cast<long long>(o.screened), static_cast<long long>(o.images_run), o.seconds,
                o.front.size());
    std::fflush(stdout);
}

/// The cheapest designs of the front within one point of float on the report images: walking down the front
/// in the order that the search images give, up to the first that is not, so that no luck is chosen.
void print_cheapest(const flow::ExploreRequest& request, const Run& run) {
    for (const bool surely : {false, true}) {
        const char* what = surely ? "surely (95 %)" : "as measured";
        const flow::FrontDesign* best = flow::cheapest_within_one_point(request, run.outcome, surely);
        if (!best) {
            std::printf("    within one point of float, %s: none\n", what);
            continue;
        }
        std::printf(
            "    cheapest within one point of float, %s: %.2f %% (float %.2f %%; difference %+.2f, 95 %% "
            "%+.2f to %+.2f) at %.3f of w8a8's energy: %s, design %s\n",
            what, 100 * best->report_top1, 100 * run.outcome.report_float_top1, 100 * best->report.delta_top1,
            100 * best->report.delta_ci95.lo, 100 * best->report.delta_ci95.hi,
            best->figures[explore::Metric::energy] / run.outcome.baseline[explore::Metric::energy],
            flow::design_label(request.space, best->choices, *request.model.graph).c_str(),
            explore::to_text(best->choices).c_str());
    }
}

void compare_algorithms(const std::string& target, const Given& given) {
    const Question question = question_of(target, given);
    const auto budget = static_cast<int64_t>(given.at("budget"));
    const std::vector<std::string> names = {"surrogate", "nsga2", "random"};
    std::printf("\n%s, %s, %lld designs\n  algorithm  seed  hv(report) hv(search)  run measured screened "
                "images seconds front\n",
                question.model.name.c_str(), target.c_str(), static_cast<long long>(budget));
    std::vector<Run> runs;
    std::vector<Course> courses;
    for (uint64_t seed = 1; seed <= static_cast<uint64_t>(given.at("seeds")); ++seed)
        for (const std::string& name : names) {
            if (given.at(name) == 0) continue;
            flow::ExploreRequest request = request_of(question, name, seed, budget);
            request.screen = name != "nsga2"; // the yardstick is told of nothing but full measurements
            runs.push_back(run(request));
            print_row(runs.back());
            if (name == names.front()) print_cheapest(request, runs.back());
            Course course{name + " " + std::to_string(seed), {}};
            for (const flow::CoursePoint& p : runs.back().outcome.course)
                course.points.emplace_back(static_cast<double>(p.evaluations), p.hypervolume);
            courses.push_back(std::move(course));
        }
    const auto mean = [&](const std::string& name) {
        double sum = 0;
        int count = 0;
        for (const Run& r : runs)
            if (r.algorithm == name) sum += r.outcome.hypervolume, ++count;
        return count > 0 ? sum / count : NAN;
    };
    const double ours = mean(names[0]);
    std::printf("  mean hypervolume on the report images: %.4f; %+.1f %% against NSGA-II (%.4f), %+.1f %% "
                "against random (%.4f)\n",
                ours, 100 * (ours / mean(names[1]) - 1), mean(names[1]), 100 * (ours / mean(names[2]) - 1),
                mean(names[2]));
    for (const Run& r : runs)
        if (r.algorithm == names[0])
            for (const Run& other : runs)
                if (other.algorithm == names[1] && other.seed == r.seed)
                    std::printf("  seed %llu reaches NSGA-II's hypervolume (search images) after %lld "
                                "designs\n",
                                static_cast<unsigned long long>(r.seed),
                                static_cast<long long>(
                                    evaluations_until(r.outcome.course, other.outcome.search_hypervolume)));
    write_courses("bench_explore_" + target, courses);
}

/// The default algorithm again with only some designs: its hypervolume on the report images.
void few_designs(const std::string& target, const Given& given) {
    const Question question = question_of(target, given);
    std::printf("\n%s, %s, default algorithm, few designs\n", question.model.name.c_str(), target.c_str());
    for (uint64_t seed = 1; seed <= static_cast<uint64_t>(given.at("seeds")); ++seed)
        print_row(run(request_of(question, "surrogate", seed, static_cast<int64_t>(given.at("few")))));
}

/// The same search with and without screening and shared prefixes: seconds until the same hypervolume on all
/// search images. Sensitivities are the same ones, each from the first layer on where all is from scratch.
void compare_speed(const std::string& target, const Given& given) {
    const Question question = question_of(target, given);
    const auto budget = static_cast<int64_t>(given.at("speed_budget"));
    std::printf("\ntime of the default algorithm, %s, %s, %lld designs\n", question.model.name.c_str(),
                target.c_str(), static_cast<long long>(budget));
    flow::ExploreRequest request = request_of(question, "surrogate", 1, budget);
    const Run quick = run(request);
    print_row(quick);
    const std::vector<Stopped> quick_course =
        stopped_anywhere(request, quick.candidates, quick.outcome.baseline);
    request.screen = request.incremental = false;
    const Run slow = run(request);
    print_row(slow);
    const std::vector<Stopped> slow_course =
        stopped_anywhere(request, slow.candidates, slow.outcome.baseline);
    std::printf("  images run: ratio %.2f; whole search: ratio %.2f\n",
                static_cast<double>(quick.outcome.images_run) / static_cast<double>(slow.outcome.images_run),
                quick.candidates.back().seconds / slow.candidates.back().seconds);
    const double both = std::min(quick.outcome.search_hypervolume, slow.outcome.search_hypervolume);
    for (const double share : {0.9, 0.95, 0.98, 0.99, 0.995}) {
        const double quick_s = seconds_until(quick_course, share * both);
        const double slow_s = seconds_until(slow_course, share * both);
        std::printf(
            "  hypervolume %.4f (%.1f %% of the last that both have): %.1f s, from scratch on all images "
            "%.1f s; ratio %.2f (wanted: at most 0.33)\n",
            share * both, 100 * share, quick_s, slow_s, quick_s / slow_s);
    }
}

/// Biases corrected for each design: a design within one point of float below half of w8a8's energy.
void with_correction(bool keep_feature_maps, const Given& given) {
    const Question question = question_of("bitfusion", given);
    flow::ExploreRequest request =
        request_of(question, "surrogate", 1, static_cast<int64_t>(given.at("corrected_budget")));
    request.cost.keep_feature_maps = keep_feature_maps;
    PrecisionPlan base = request.space.base;
    base.set_passes({Pass::bias_correction});
    request.space = need(flow::make_space(*question.model.graph, base, question.target, {}));
    std::printf("\n%s, bitfusion%s, biases corrected, %lld designs\n", question.model.name.c_str(),
                keep_feature_maps ? " with maps kept on the chip where they fit" : "",
                static_cast<long long>(request.budget));
    const Run done = run(request);
    print_row(done);
    print_cheapest(request, done);
}

/// Random designs whose widths are drawn from `widths`: what the additive surrogate says, and what is true.
void correlate(const std::vector<int>& widths, const Given& given) {
    const Question question = question_of("bitfusion", given);
    flow::ExploreRequest request =
        request_of(question, "random", 7, static_cast<int64_t>(given.at("designs")));
    flow::SpaceOptions options;
    options.weight_widths = options.activation_widths = widths;
    request.space =
        need(flow::make_space(*question.model.graph, request.space.base, question.target, options));
    request.screen = false;
    flow::MemoryLog log;
    (void)need(flow::run_exploration(request, log, {}));
    const Sensitivity sensitivity = need(flow::explore_sensitivity(request, log, {}));
    const explore::NoiseTable noise(sensitivity);
    const explore::Surrogate additive(noise.slot_count(), 0.8);
    std::vector<double> predicted, measured;
    for (const flow::Candidate& candidate : need(log.known())) {
        if (candidate.outcome.verdict != explore::Verdict::measured) continue;
        predicted.push_back(
            additive.total_noise(noise.features(explore::plan_of(request.space, candidate.outcome.choices))));
        measured.push_back(candidate.outcome.figures[explore::Metric::drop]);
    }
    const auto [least, most] = std::ranges::minmax(measured);
    std::printf("  widths %d to %d: rank correlation %.3f over %zu designs (drops %.1f to %.1f points)\n",
                widths.front(), widths.back(), explore::rank_correlation(predicted, measured),
                measured.size(), 100 * least, 100 * most);
    std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) {
    Given given{{"budget", 400},
                {"seeds", 3},
                {"images", 1000},
                {"surrogate", 1},
                {"nsga2", 1},
                {"random", 1},
                {"eyeriss", 1},
                {"bitfusion", 1},
                {"few", 80},
                {"compare", 1},
                {"speed", 1},
                {"speed_budget", 60},
                {"designs", 200},
                {"corrected", 1},
                {"corrected_budget", 120},
                {"correlation", 1},
                {"sensitivity_images", 256}};
    read_options(argc, argv, given);
    std::printf("wanted: default against random +15 %%, against NSGA-II +5 %%, or NSGA-II's hypervolume with "
                "80 designs; a design within one point of float below half of w8a8's energy on bitfusion\n");
    for (const char* target : {"eyeriss", "bitfusion"}) {
        if (given[target] == 0) continue;
        if (given["compare"] != 0) compare_algorithms(target, given);
        if (given["few"] > 0) few_designs(target, given);
    }
    if (given["corrected"] != 0) with_correction(true, given);
    if (given["corrected"] > 1) with_correction(false, given);
    if (given["speed"] != 0) compare_speed("bitfusion", given);
    if (given["correlation"] != 0) {
        std::printf("\nadditive surrogate against measured loss, random designs\n");
        correlate({2, 3, 4, 6, 8}, given);
        correlate({3, 4, 5, 6, 8}, given);
        correlate({4, 5, 6, 7, 8}, given);
    }
}
