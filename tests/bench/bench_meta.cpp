// What a meta-initialization is worth: K steps of quantization-aware training to precision plans that it has
// not seen, from it and from the ordinary float network, on the demo. Both sides take the same steps on the
// same images, the same calibration images and the same re-estimation of BatchNormalization, each with the
// learning rate that serves it best on other plans and other images than those that are reported. Arguments:
// see read_options.

#include "core/base/resource.h"
#include "core/data/synthetic.h"
#include "core/flow/training.h"
#include "core/onnx/import.h"
#include "tests/bench/training_bench.h"

#include <numeric>

using namespace widthwise;
using namespace widthwise::bench;

namespace {

constexpr uint64_t k_reported_plans = 1000; // seeds of the plans, far from those of meta-training
constexpr uint64_t k_tuning_plans = 2000;

/// Where adapting starts.
struct Start {
    GraphPtr graph;
    ScaleTable scales;
};

struct Adapting {
    int64_t steps = 20;
    int64_t batch = 64;
    int64_t reestimate = 512;
    double rate = 0.01;
};

train::Options adapting_options(const Adapting& how, uint64_t seed) {
    train::Options options;
    options.steps = how.steps;
    options.batch_size = how.batch;
    options.learning_rate = how.rate;
    options.weight_decay = 0;
    options.schedule = train::Schedule::cosine;
    options.augmentation.crop = false;
    options.reestimate_images = how.reestimate;
    options.keep_best = false;
    options.seed = seed;
    return options;
}

double adapted_top1(const Start& start, const PrecisionPlan& plan, const Adapting& how, uint64_t seed,
                    const Dataset& training, const Dataset& test) {
    train::Options options = adapting_options(how, seed);
    options.qat = train::QatOptions{start.scales.resolve(plan)};
    const auto outcome = need(train::train(start.graph, training, nullptr, options, {}));
    return top1(outcome.graph, outcome.plan, test);
}

/// The rate of the grid with the highest mean over a few plans that are not reported.
Adapting tuned(const Start& start, const train::PlanFamily& family, Adapting how, uint64_t seed,
               const Dataset& training, const Dataset& images, const char* name) {
    double best = -1;
    Adapting result = how;
    std::printf("  %-20s rates:", name);
    for (const double rate : {0.001, 0.003, 0.01, 0.03, 0.1}) {
        how.rate = rate;
        double sum = 0;
        constexpr int plans = 3;
        for (int i = 0; i < plans; ++i)
            sum += adapted_top1(
                start,
                train::draw_plan(family, *start.graph, k_tuning_plans + seed, static_cast<uint64_t>(i)), how,
                seed, training, images);
        std::printf("  %g: %.2f %%", rate, 100 * sum / plans);
        if (sum > best) {
            best = sum;
            result = how;
        }
    }
    std::printf("\n");
    std::fflush(stdout);
    return result;
}

struct MeanInterval {
    double mean = 0, half = 0;
};

/// Student's t at 97.5 % for a few degrees of freedom and beyond (any table of it).
double student(size_t degrees) {
    static const std::vector<double> table = {0,     12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365,
                                              2.306, 2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
                                              2.120, 2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069,
                                              2.064, 2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
    return degrees < table.size() ? table[degrees] : 1.96;
}

/// Mean and 95 % interval.
MeanInterval interval(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double v : values) squares += (v - mean) * (v - mean);
    return {mean, student(values.size() - 1) * std::sqrt(squares / (n - 1) / n)};
}

} // namespace

int main(int argc, char** argv) {
    std::map<std::string, double> given{{"seeds", 3},  {"plans", 10}, {"steps", 20},       {"tasks", 300},
                                        {"inner", 8},  {"each", 1},   {"outer_rate", 0.5}, {"rate", 0.03},
                                        {"fomaml", 0}, {"batch", 64}, {"images", 2000}};
    read_options(argc, argv, given);
    const GraphPtr graph = need(onnx::import_model_bytes(resource("demo/demo.onnx"), "demo")).graph;
    const DatasetPtr training = demo_train();
    const DatasetPtr test = first_images(demo_test(), static_cast<int64_t>(given["images"]));
    const DatasetPtr tuning = make_synthetic({.seed = 77, .images = 1000}, "tuning");
    const train::PlanFamily family = flow::recommended_meta_options(*graph).family;
    const auto statistics = need(engine::calibrate(graph, *training, 512, {}));
    const Start ordinary{graph, need(train::calibrated_scales(*graph, family, statistics))};
    Adapting how;
    how.steps = static_cast<int64_t>(given["steps"]);
    how.batch = static_cast<int64_t>(given["batch"]);
    std::printf("demo: float %.2f %% on %lld images; %g random plans of 2 to 4 bits, first and last layer at "
                "8; K = %g steps of %g images\n",
                100 * top1(graph, PrecisionPlan(), *test), static_cast<long long>(test->size()),
                given["plans"], given["steps"], given["batch"]);

    std::vector<double> differences, seed_means, untrained;
    for (uint64_t seed = 1; seed <= static_cast<uint64_t>(given["seeds"]); ++seed) {
        train::MetaOptions options = flow::recommended_meta_options(*graph);
        options.algorithm =
            given["fomaml"] != 0 ? train::MetaAlgorithm::fomaml : train::MetaAlgorithm::reptile;
        options.tasks = static_cast<int64_t>(given["tasks"]);
        options.inner_steps = static_cast<int64_t>(given["inner"]);
        options.tasks_each = static_cast<int64_t>(given["each"]);
        options.outer_rate = given["outer_rate"];
        options.inner = adapting_options(how, seed);
        options.inner.schedule = train::Schedule::constant;
        options.inner.learning_rate = given["rate"];
        const Stopwatch watch;
        auto meta = need(train::meta_train(graph, ordinary.scales, *training, options, {}));
        const double seconds = watch.seconds();
        const auto ends = [&](bool first) {
            const size_t count = std::min<size_t>(20, meta.losses.size());
            const auto begin = first ? meta.losses.begin() : meta.losses.end() - static_cast<long>(count);
            return std::accumulate(begin, begin + static_cast<long>(count), 0.0) / static_cast<double>(count);
        };
        std::printf("\nseed %llu: meta-training took %.0f s, inner loss %.3f at first, %.3f at last\n",
                    static_cast<unsigned long long>(seed), seconds, ends(true), ends(false));
        const Start prepared{meta.graph, std::move(meta.scales)};
        const Adapting from_float = tuned(ordinary, family, how, seed, *training, *tuning, "float start");
        const Adapting from_meta =
            tuned(prepared, family, how, seed, *training, *tuning, "meta-initialization");
        double sums[2] = {};
        for (uint64_t i = 0; i < static_cast<uint64_t>(given["plans"]); ++i) {
            const PrecisionPlan plan = train::draw_plan(family, *graph, k_reported_plans + seed, i);
            const double before = top1(graph, ordinary.scales.resolve(plan), *test);
            const double a = adapted_top1(ordinary, plan, from_float, seed, *training, *test);
            const double b = adapted_top1(prepared, plan, from_meta, seed, *training, *test);
            std::printf("  plan %2llu: calibrated only %.2f %%, float start %.2f %%, meta-initialization "
                        "%.2f %%\n",
                        static_cast<unsigned long long>(i + 1), 100 * before, 100 * a, 100 * b);
            std::fflush(stdout);
            differences.push_back(100 * (b - a));
            sums[0] += 100 * a / given["plans"];
            sums[1] += 100 * b / given["plans"];
        }
        std::printf("  mean: float start %.2f %%, meta-initialization %.2f %%\n", sums[0], sums[1]);
        seed_means.push_back(sums[1] - sums[0]);
    }
    const MeanInterval all = interval(differences);
    std::printf("\nmeta-initialization minus float start, %zu pairs: %+.2f +- %.2f points (95 %%)\n",
                differences.size(), all.mean, all.half);
    if (seed_means.size() < 2) return 0;
    const MeanInterval seeds = interval(seed_means);
    std::printf("over the means of %zu seeds: %+.2f +- %.2f points (95 %%)\n", seed_means.size(), seeds.mean,
                seeds.half);
}
