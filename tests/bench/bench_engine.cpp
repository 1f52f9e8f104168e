// Images per second in float and int8, and the share of oneDNN's own time in the whole. Runs alternate and
// the median counts, so that a busy machine disturbs both sides alike.

#include "core/data/dataset.h"
#include "core/engine/batches.h"
#include "core/engine/evaluator.h"
#include "core/onnx/import.h"
#include "tests/support/test_data.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

using namespace widthwise;
using namespace widthwise::engine;

namespace {

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

struct Share {
    double primitives = 0; ///< of the time from reading an image to its scores, 0..1
    double steps = 0;      ///< of the time in the program's steps
};

/// One thread, images read and preprocessed as an evaluation does.
Share primitive_share(const GraphPtr& graph, const PrecisionPlan& plan, const Dataset& data) {
    auto executor = Executor::create(lower(*graph, plan).value()).value();
    WorkControl one_thread;
    one_thread.threads = 1;
    double primitives = 0, steps = 0;
    for (int warm = 0; warm < 2; ++warm) {
        const auto begin = std::chrono::steady_clock::now();
        double before_primitives = 0, before_steps = 0;
        (void)for_each_batch(*graph, executor, data, data.size(), one_thread,
                             [&](const Batch& batch) -> Result<void> {
                                 batch.context.set_profiling(true);
                                 batch.context.run();
                                 before_primitives = batch.context.primitive_seconds();
                                 before_steps = batch.context.total_seconds();
                                 return {};
                             });
        const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        primitives = before_primitives / wall;
        steps = before_primitives / before_steps;
    }
    return {primitives, steps};
}

void measure(const char* name, const char* card, int64_t images) {
    const auto model = onnx::import_model(test::data_dir() / "models" / (std::string(name) + ".onnx"));
    const auto all = open_dataset((test::data_dir() / card).string());
    if (!model || !all) {
        std::printf("%-12s not measured: %s\n", name,
                    (model ? all.error() : model.error()).to_line().c_str());
        return;
    }
    const DatasetPtr data = first_images(*all, images);
    const auto statistics = calibrate(model->graph, *data, 64, {});
    const auto int8 =
        resolve_plan(*model->graph, PrecisionPlan({weight_integer(8), activation_integer(8)}), *statistics);
    std::vector<double> rate_float, rate_int8;
    for (int run = 0; run < 5; ++run)
        for (const bool quantized : {false, true}) {
            const auto p = predict(model->graph, quantized ? *int8 : PrecisionPlan(), *data, {}, {});
            (quantized ? rate_int8 : rate_float).push_back(static_cast<double>(data->size()) / p->seconds);
        }
    const Share f = primitive_share(model->graph, PrecisionPlan(), *data);
    const Share q = primitive_share(model->graph, *int8, *data);
    std::printf("%-12s %9.0f %9.0f %7.2f   %5.1f %% %5.1f %%   %5.1f %% %5.1f %%\n", name, median(rate_float),
                median(rate_int8), median(rate_int8) / median(rate_float), 100 * f.primitives,
                100 * q.primitives, 100 * f.steps, 100 * q.steps);
}

} // namespace

int main() {
    std::printf("oneDNN runs %s\n", cpu_isa().c_str());
    std::printf("%-12s %9s %9s %7s   %-15s   %s\n", "network", "float/s", "int8/s", "ratio", "oneDNN of all",
                "oneDNN of steps");
    std::printf("%-12s %9s %9s %7s   %7s %7s   %7s %7s\n", "", "", "", "", "float", "int8", "float", "int8");
    measure("resnet20", "cifar10/test.json", 846);
    measure("squeezenet", "imagenet-sample/caffe227.json", 128);
}
