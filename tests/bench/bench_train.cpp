// Images per second of a training step (forward, loss, backward, optimizer; images from memory) in float32,
// bfloat16 and quantization-aware, and the most memory that the process took. Rounds take turns and medians
// count.
//   bench_train [NETWORK [BATCH [THREADS]]]                      all modes: a table (resnet20, 128, 2)
//   bench_train --once MODE NETWORK BATCH THREADS SECONDS        one mode (f32, bf16, w4a4...): a JSON line

#include "core/base/rng.h"
#include "core/engine/evaluator.h"
#include "core/graph/zoo.h"
#include "core/train/trainer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace widthwise;
using Clock = std::chrono::steady_clock;

namespace {

template <typename T> T need(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "not measured: %s\n", result.error().to_line().c_str());
        std::exit(1);
    }
    return std::move(*result);
}

/// As many images as CIFAR-10 trains with, cut out of one noise: reading them takes a copy, as from memory.
class NoiseImages final : public Dataset {
public:
    NoiseImages(const Shape& nchw, int64_t classes) : m_shape{nchw[1], nchw[2], nchw[3]} {
        m_name = "noise";
        m_class_count = classes;
        m_noise.resize(2 * static_cast<size_t>(nchw.elements()));
        Rng rng(1);
        for (float& v : m_noise) v = static_cast<float>(rng.normal());
    }
    [[nodiscard]] int64_t size() const override { return 50000; }
    [[nodiscard]] int64_t label(int64_t index) const override { return index % m_class_count; }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return m_shape; }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        const auto first = static_cast<size_t>(index * 977) % hwc.size();
        std::copy_n(m_noise.begin() + static_cast<std::ptrdiff_t>(first), hwc.size(), hwc.begin());
        return {};
    }

private:
    std::array<int64_t, 3> m_shape;
    std::vector<float> m_noise;
};

struct Job {
    std::string mode = "f32", network = "resnet20";
    int64_t batch = 128;
    int threads = 2;
    double seconds = 5;
};

struct Speed {
    double images_per_second = 0;
    double images_per_cpu_second = 0; ///< of all threads: what a busy machine disturbs least
    int64_t steps = 0;
};

train::Options options_of(const Job& job, const GraphPtr& graph, const Dataset& data) {
    train::Options options;
    options.steps = 1'000'000; // the clock ends it
    options.batch_size = job.batch;
    options.schedule = train::Schedule::constant;
    options.learning_rate = 0.01;
    options.augmentation.crop = false;
    if (job.mode == "bf16") options.compute = train::ComputeType::bf16;
    if (job.mode == "f32" || job.mode == "bf16") return options;
    PrecisionPlan plan(need(parse_bits(job.mode)));
    plan.set_folds_batch_norm(false);
    const auto statistics = need(engine::calibrate(graph, data, 64, {}));
    options.qat = train::QatOptions{.plan = need(engine::resolve_plan(*graph, plan, statistics))};
    return options;
}

Speed measure(const Job& job) {
    constexpr int64_t warm_up = 3; // steps
    const GraphPtr graph = need(zoo::build(job.network));
    const Shape input = graph->value(graph->inputs().front()).shape;
    const NoiseImages data(input, graph->value(graph->outputs().front()).shape[1]);
    WorkControl control;
    control.threads = job.threads;
    Clock::time_point begin;
    std::clock_t cpu_begin = 0;
    Speed speed;
    train::Observer observer;
    observer.on_step = [&](const train::StepReport& report) {
        const Clock::time_point now = Clock::now();
        if (report.step <= warm_up) {
            begin = now;
            cpu_begin = std::clock();
            return;
        }
        const double seconds = std::chrono::duration<double>(now - begin).count();
        speed.steps = report.step - warm_up;
        const auto images = static_cast<double>(speed.steps * job.batch);
        speed.images_per_second = images / seconds;
        speed.images_per_cpu_second =
            images / (static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC);
        if (seconds >= job.seconds) control.cancel.cancel();
    };
    const auto done = train::train(graph, data, nullptr, options_of(job, graph, data), control, observer);
    if (!done && done.error().code != ErrorCode::cancelled) (void)need(Result<train::Outcome>(done));
    return speed;
}

int once(const Job& job) {
    const Speed speed = measure(job);
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    std::printf("{\"mode\": \"%s\", \"network\": \"%s\", \"batch\": %lld, \"threads\": %d, "
                "\"images_per_second\": %.1f, \"images_per_cpu_second\": %.1f, \"steps\": %lld, "
                "\"peak_bytes\": %lld}\n",
                job.mode.c_str(), job.network.c_str(), static_cast<long long>(job.batch), job.threads,
                speed.images_per_second, speed.images_per_cpu_second, static_cast<long long>(speed.steps),
                static_cast<long long>(usage.ru_maxrss) * 1024);
    return 0;
}

/// In a process of its own, so that the peak is this mode's.
struct Sample {
    Speed speed;
    double peak_mb = 0;
};
Sample in_child(const Job& job) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) std::exit(1);
    const pid_t child = ::fork();
    if (child == 0) {
        const Speed speed = measure(job);
        const bool told = ::write(ends[1], &speed, sizeof speed) == sizeof speed;
        ::_exit(told ? 0 : 1);
    }
    ::close(ends[1]);
    Speed speed;
    const bool heard = ::read(ends[0], &speed, sizeof speed) == sizeof speed;
    ::close(ends[0]);
    rusage usage{};
    int status = 0;
    ::wait4(child, &status, 0, &usage);
    if (!heard || status != 0) std::exit(1); // the child has said why
    return {speed, static_cast<double>(usage.ru_maxrss) / 1024};
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void table(Job job) {
    constexpr int rounds = 3;
    constexpr std::array modes = {"f32", "bf16", "w4a4", "w1a1"};
    std::array<std::vector<double>, modes.size()> speeds, cpu_speeds, ratios, peaks;
    for (int round = 0; round < rounds; ++round)
        for (size_t m = 0; m < modes.size(); ++m) {
            job.mode = modes[m];
            const Sample sample = in_child(job);
            speeds[m].push_back(sample.speed.images_per_second);
            cpu_speeds[m].push_back(sample.speed.images_per_cpu_second);
            ratios[m].push_back(cpu_speeds[0].back() / cpu_speeds[m].back());
            peaks[m].push_back(sample.peak_mb);
        }
    std::printf("%s, batches of %lld on %d threads, oneDNN runs %s\n", job.network.c_str(),
                static_cast<long long>(job.batch), job.threads, engine::cpu_isa().c_str());
    std::printf("%-6s %10s %14s %19s %10s\n", "", "images/s", "per CPU second", "CPU time over f32's",
                "peak MB");
    for (size_t m = 0; m < modes.size(); ++m)
        std::printf("%-6s %10.1f %14.1f %19.2f %10.1f\n", modes[m], median(speeds[m]), median(cpu_speeds[m]),
                    median(ratios[m]), median(peaks[m]));
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> args(argv + 1, argv + argc);
    Job job;
    if (!args.empty() && args[0] == "--once") {
        if (args.size() != 6) {
            std::fprintf(stderr, "bench_train --once MODE NETWORK BATCH THREADS SECONDS\n");
            return 2;
        }
        return once({args[1], args[2], std::stoll(args[3]), std::stoi(args[4]), std::stod(args[5])});
    }
    if (!args.empty()) job.network = args[0];
    if (args.size() > 1) job.batch = std::stoll(args[1]);
    if (args.size() > 2) job.threads = std::stoi(args[2]);
    table(job);
}
