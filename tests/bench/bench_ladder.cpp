// What each pass is worth: accuracy at low weight widths, one more means a row. Real networks, all layers at
// the same width, activations in 8 bits. Arguments: networks to run (none: all).

#include "core/engine/evaluator.h"
#include "core/onnx/import.h"
#include "core/passes/prepare.h"
#include "tests/support/test_data.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

using namespace widthwise;

namespace {

struct Network {
    const char* name;
    const char* test;
    const char* train;
    int64_t images;      ///< of the test set, at most
    int64_t calibration; ///< images
};

struct Rung {
    const char* name;
    RangeRuleType range;
    std::vector<Pass> passes;
};

const std::vector<Rung>& rungs() {
    static const std::vector<Rung> list = {
        {"min-max", RangeRuleType::minmax, {}},
        {"  + equalization", RangeRuleType::minmax, {Pass::equalize}},
        {"MSE", RangeRuleType::mse, {}},
        {"  + equalization", RangeRuleType::mse, {Pass::equalize, Pass::absorb_bias}},
        {"  + analytic bias correction",
         RangeRuleType::mse,
         {Pass::equalize, Pass::absorb_bias, Pass::bias_correction_analytic}},
        {"  + bias correction",
         RangeRuleType::mse,
         {Pass::equalize, Pass::absorb_bias, Pass::bias_correction}},
        {"  + AdaRound",
         RangeRuleType::mse,
         {Pass::equalize, Pass::absorb_bias, Pass::adaround, Pass::bias_correction}},
        {"MSE + BatchNorm again", RangeRuleType::mse, {Pass::reestimate_batch_norm}},
        {"MSE + AdaRound", RangeRuleType::mse, {Pass::adaround}},
    };
    return list;
}

double right(const Dataset& data, const engine::Predictions& predictions) {
    int64_t count = 0;
    for (size_t i = 0; i < predictions.top1.size(); ++i)
        count += predictions.top1[i] == data.label(static_cast<int64_t>(i));
    return 100.0 * static_cast<double>(count) / static_cast<double>(predictions.top1.size());
}

struct Cell {
    double accuracy = 0, seconds = 0;
    std::string error;
};

Cell measure(const GraphPtr& graph, const Rung& rung, int bits, Granularity granularity, const Dataset& test,
             const Dataset& train, int64_t samples) {
    NumberFormat weights = weight_integer(bits);
    weights.granularity = granularity;
    weights.range.type = rung.range;
    PrecisionPlan plan(LayerPrecision{weights, activation_integer(8), {}});
    plan.set_passes(rung.passes);
    const auto begin = std::chrono::steady_clock::now();
    auto prepared = passes::prepare(graph, plan, {&train, samples, 1}, {});
    if (!prepared) return {0, 0, prepared.error().to_line()};
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    auto predictions = engine::predict(prepared->graph, prepared->plan, test, {}, {});
    if (!predictions) return {0, 0, predictions.error().to_line()};
    return {right(test, *predictions), seconds, {}};
}

void ladder(const Network& network) {
    const auto model =
        onnx::import_model(test::data_dir() / "models" / (std::string(network.name) + ".onnx"));
    const auto test = open_dataset((test::data_dir() / network.test).string());
    const auto train = open_dataset((test::data_dir() / network.train).string());
    if (!model || !test || !train) {
        std::printf("%s not measured\n", network.name);
        return;
    }
    const DatasetPtr images = first_images(*test, network.images);
    const auto reference = engine::predict(model->graph, PrecisionPlan(), *images, {}, {});
    if (!reference) {
        std::printf("%s: %s\n", network.name, reference.error().to_line().c_str());
        return;
    }
    std::printf("\n%s on %lld images of %s, calibrated on %lld of %s: float %.2f %%\n", network.name,
                static_cast<long long>(images->size()), network.test,
                static_cast<long long>(network.calibration), network.train, right(*images, *reference));
    std::printf("%-30s %9s %9s %9s %9s   %s\n", "accuracy, %", "w4a8", "w4a8", "w3a8", "w3a8", "seconds");
    std::printf("%-30s %9s %9s %9s %9s   %s\n", "weights per", "tensor", "channel", "tensor", "channel",
                "to prepare");
    for (const Rung& rung : rungs()) {
        std::printf("%-30s", rung.name);
        double seconds = 0;
        for (const int bits : {4, 3})
            for (const Granularity granularity : {Granularity::tensor, Granularity::channel}) {
                const Cell cell =
                    measure(model->graph, rung, bits, granularity, *images, **train, network.calibration);
                if (!cell.error.empty()) std::fprintf(stderr, "%s\n", cell.error.c_str());
                std::printf(" %9.2f", cell.accuracy);
                std::fflush(stdout);
                seconds = std::max(seconds, cell.seconds);
            }
        std::printf("   %.1f\n", seconds);
    }
}

} // namespace

int main(int argc, char** argv) {
    std::printf("oneDNN runs %s\n", engine::cpu_isa().c_str());
    for (const Network& network :
         {Network{"resnet20", "cifar10/test.json", "cifar10/train.json", 846, 512},
          Network{"resnet32", "cifar10/test.json", "cifar10/train.json", 846, 512},
          Network{"mobilenet-cifar", "cifar10-jpeg/test.json", "cifar10-jpeg/train-10k.json", 2000, 512}})
        if (argc < 2 || std::any_of(argv + 1, argv + argc,
                                    [&](const char* name) { return std::string_view(name) == network.name; }))
            ladder(network);
}
