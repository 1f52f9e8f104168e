// What an edit costs, as a share of evaluating everything: per layer, for the last block, for sensitivity
// with and without kept activations and with early stopping; and what memory evaluation and calibration take.
// Ratios within one run on two threads are what counts.

#include "core/base/text.h"
#include "core/flow/session.h"
#include "core/graph/layer_work.h"
#include "tests/support/test_data.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace widthwise;

namespace {

double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Of all threads so far: what a busy machine disturbs least.
double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

template <typename T> T need(Result<T> result) {
    if (!result) {
        std::printf("not measured: %s\n", result.error().to_line().c_str());
        std::exit(1);
    }
    return std::move(*result);
}

flow::EvaluationRequest request(const char* network, const char* card, const LayerPrecision& everywhere) {
    flow::EvaluationRequest r;
    r.model = need(flow::load_model((test::data_dir() / "models" / network).string()));
    r.data = need(flow::load_data((test::data_dir() / card).string()));
    r.plan = PrecisionPlan(everywhere);
    return r;
}

const LayerPrecision w8a8{weight_integer(8), activation_integer(8), {}};
const LayerPrecision real{float32_format(), float32_format(), {}};

WorkControl two_threads() {
    WorkControl control;
    control.threads = 2;
    return control;
}

/// Every weighted layer edited in turn, weights and activations: the time of an edit over that of evaluating
/// everything with nothing kept.
void edits(const char* network, const char* card) {
    flow::EvaluationRequest base = request(network, card, w8a8);
    flow::Evaluator kept, from_start;
    from_start.set_memory_budget(0);
    const WorkControl control = two_threads();
    const auto run = [&](flow::Evaluator& evaluator, const flow::EvaluationRequest& r) {
        return seconds_of([&] { (void)need(evaluator.evaluate(r, control)); });
    };
    for (int warm = 0; warm < 3; ++warm) {
        run(kept, base);
        run(from_start, base);
    }
    std::vector<std::string> layers;
    const Graph& graph = *base.model.graph;
    for (const NodeId id : graph.node_ids())
        if (is_weighted(graph, id)) layers.push_back(graph.node(id).name);
    std::printf("\n%s on %s, %lld images; keeps %.0f MB\n", network, card,
                static_cast<long long>(base.data->size()), static_cast<double>(kept.memory_used()) / 1e6);
    std::printf("%-16s %10s %10s %7s %10s %7s\n", "edited layer", "all [ms]", "w+a [ms]", "ratio", "w [ms]",
                "ratio");
    double both = 0, weights = 0, all = 0, last = 0, last_all = 0;
    for (size_t l = 0; l < layers.size(); ++l) {
        std::vector<double> full, edit_both, edit_weights;
        for (int repeat = 0; repeat < 5; ++repeat) {
            flow::EvaluationRequest edited = base;
            edited.plan.set(layers[l], {weight_integer(2 + repeat), activation_integer(3 + repeat), {}});
            edit_both.push_back(run(kept, edited));
            full.push_back(run(from_start, edited));
            edited.plan.set(layers[l], {weight_integer(2 + repeat), activation_integer(8), {}});
            edit_weights.push_back(run(kept, edited));
        }
        const double f = median(full), b = median(edit_both), w = median(edit_weights);
        std::printf("%-16s %10.1f %10.1f %7.2f %10.1f %7.2f\n", layers[l].substr(0, 16).c_str(), 1e3 * f,
                    1e3 * b, b / f, 1e3 * w, w / f);
        all += f;
        both += b;
        weights += w;
        if (l + 3 >= layers.size()) { // two convolutions and the classifier
            last += b;
            last_all += f;
        }
    }
    std::printf("average %.2f (at most 0.6), weights alone %.2f; last block %.2f (at most 0.15)\n",
                both / all, weights / all, last / last_all);
}

void sensitivity(const char* network, const char* card, int64_t limit) {
    flow::SensitivityRequest ask;
    ask.base = request(network, card, real);
    ask.base.limit = limit;
    const WorkControl control = two_threads();
    struct Cost {
        Sensitivity result;
        double cpu = 0;
    };
    const auto run = [&](int64_t budget, std::optional<double> within) {
        flow::Evaluator evaluator;
        if (budget >= 0) evaluator.set_memory_budget(budget);
        (void)need(evaluator.statistics(ask.base, control));
        flow::SensitivityRequest r = ask;
        r.decide_within = within;
        const double before = cpu_seconds();
        Sensitivity result = need(evaluator.sensitivity(r, control));
        return Cost{std::move(result), cpu_seconds() - before};
    };
    const Cost full = run(0, {});
    const auto tell = [&](const std::string& what, const Cost& cost, double most) {
        std::printf("%-28s %8.1f s %5.2f   %8.1f s %5.2f   (at most %.2f)\n", what.c_str(),
                    cost.result.seconds, cost.result.seconds / full.result.seconds, cost.cpu,
                    cost.cpu / full.cpu, most);
        std::fflush(stdout);
    };
    std::printf("\nsensitivity of %s, %lld images, %lld designs: wall clock and processor time\n", network,
                static_cast<long long>(full.result.samples), static_cast<long long>(full.result.evaluations));
    tell("nothing kept", full, 1);
    tell("kept", run(-1, {}), 0.6);
    for (const double within : {0.01, 0.02, 0.05})
        tell("kept, deciding on " + std::to_string(std::lround(100 * within)) + " point(s)", run(-1, within),
             1.0 / 3);
}

/// Peak resident memory of a child that does `work`, bytes.
double peak_of(const std::function<void()>& work) {
    int channel[2];
    if (::pipe(channel) != 0) return 0;
    const pid_t child = ::fork();
    if (child == 0) {
        work();
        std::ifstream status("/proc/self/status");
        double peak = 0;
        for (std::string line; std::getline(status, line);)
            if (line.starts_with("VmHWM:")) peak = 1024 * std::stod(line.substr(6));
        const bool told = ::write(channel[1], &peak, sizeof peak) == sizeof peak;
        ::_exit(told ? 0 : 1);
    }
    double peak = 0;
    if (::read(channel[0], &peak, sizeof peak) != sizeof peak) peak = 0;
    ::close(channel[0]);
    ::close(channel[1]);
    ::waitpid(child, nullptr, 0);
    return peak;
}

void memory() {
    const char *network = "resnet20.onnx", *card = "cifar10-jpeg/test.json";
    constexpr double mb = 1 << 20;
    const double loaded = peak_of([&] { (void)request(network, card, w8a8); });
    const double evaluated = peak_of([&] {
        flow::EvaluationRequest r = request(network, card, w8a8);
        flow::Evaluator evaluator;
        evaluator.set_memory_budget(int64_t{256} << 20);
        for (const int bits : {8, 8, 6}) {
            r.plan.set(r.model.graph->nodes().back().name, {weight_integer(bits), activation_integer(8), {}});
            (void)need(evaluator.evaluate(r, two_threads()));
        }
    });
    std::printf("\nmemory: %.0f MiB with network and 10,000 images loaded, %.0f MiB at most evaluating them "
                "thrice with "
                "256 MiB to keep activations: %.0f MiB beyond (at most 556)\n",
                loaded / mb, evaluated / mb, (evaluated - loaded) / mb);
    double calibrated[2];
    for (const int i : {0, 1})
        calibrated[i] = peak_of([&] {
            flow::EvaluationRequest r = request(network, card, w8a8);
            r.calibration_samples = i == 0 ? 100 : 10000;
            (void)need(flow::Evaluator().statistics(r, two_threads()));
        });
    std::printf("calibrating on 100 images: %.0f MiB, on 10,000: %.0f MiB (at most 50 more)\n",
                calibrated[0] / mb, calibrated[1] / mb);
}

} // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "all";
    if (what == "all" || what == "memory") memory(); // first: children inherit what is resident
    if (what == "all" || what == "edits") edits("resnet20.onnx", "cifar10/test.json");
    if (what == "all" || what == "sensitivity") sensitivity("resnet20.onnx", "cifar10/test.json", 0);
}
