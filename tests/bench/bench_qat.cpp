// What quantization-aware training wins back of the accuracy that low bits cost: published networks for
// CIFAR-10, calibrated and then trained on some 15,000 images, measured in the integer engine on the lossless
// test images. Arguments: see read_options; rate=0 and distillation=-1 are the program's own, resnet20=0,
// w2a4=0 and resnet8=0 leave measurements out, recipes=1 calibrates by min-max alone.

#include "core/flow/training.h"
#include "core/onnx/import.h"
#include "tests/bench/training_bench.h"
#include "tests/support/test_data.h"

#include <algorithm>
#include <span>

using namespace widthwise;
using namespace widthwise::bench;

namespace {

struct Setting {
    const char* network;
    const char* card_suffix; ///< "-raw255": pixels as they are
    int weight_bits, activation_bits;
};

DatasetPtr card(const std::string& name) {
    return need(open_dataset((test::data_dir() / (name + ".json")).string()));
}

/// One way of quantizing without training: the rule for ranges, the passes.
struct Recipe {
    const char* name;
    RangeRuleType weights, activations;
    std::vector<Pass> passes;
};

const std::vector<Recipe>& recipes() {
    static const std::vector<Recipe> list = {
        {"min-max", RangeRuleType::minmax, RangeRuleType::percentile, {}},
        {"MSE", RangeRuleType::mse, RangeRuleType::mse, {}},
        {"MSE, bias correction", RangeRuleType::mse, RangeRuleType::mse, {Pass::bias_correction}},
        {"MSE, AdaRound, bias correction",
         RangeRuleType::mse,
         RangeRuleType::mse,
         {Pass::adaround, Pass::bias_correction}},
    };
    return list;
}

PrecisionPlan plan_of(const Setting& s, const Recipe& recipe, const Graph& graph, bool wide_ends) {
    const LayerPrecision narrow{with_range(weight_integer(s.weight_bits), recipe.weights),
                                with_range(activation_integer(s.activation_bits), recipe.activations),
                                {}};
    PrecisionPlan plan(narrow);
    if (wide_ends) {
        std::vector<std::string> weighted;
        for (const Node& node : graph.nodes())
            if (node.op == Op::conv || node.op == Op::gemm) weighted.push_back(node.name);
        for (const std::string& name : {weighted.front(), weighted.back()})
            plan.set(name, {weight_integer(8), activation_integer(8), {}});
    }
    plan.set_passes(recipe.passes);
    return plan;
}

struct Calibrated {
    GraphPtr graph;
    PrecisionPlan plan;
    double top1 = 0;
};

std::vector<Calibrated> all_calibrated(const GraphPtr& graph, const Setting& s, const Dataset& training,
                                       const Dataset& test, bool wide_ends, size_t how_many) {
    std::vector<Calibrated> all;
    for (const Recipe& recipe :
         std::span(recipes()).first(std::clamp<size_t>(how_many, 1, recipes().size()))) {
        const Stopwatch watch;
        auto prepared =
            need(passes::prepare(graph, plan_of(s, recipe, *graph, wide_ends), {&training, 512, 1}, {}));
        all.push_back({prepared.graph, prepared.plan, top1(prepared.graph, prepared.plan, test)});
        std::printf("  after training, %-32s %6.2f %%   %5.0f s\n", recipe.name, 100 * all.back().top1,
                    watch.seconds());
        std::fflush(stdout);
    }
    return all;
}

/// What the program itself starts from, but for what was asked.
train::Options options_of(const std::map<std::string, double>& given) {
    train::Options options = flow::recommended_options(true, true);
    options.epochs = static_cast<int>(given.at("epochs"));
    if (given.at("rate") > 0) options.learning_rate = given.at("rate");
    if (given.at("distillation") >= 0) options.distillation = given.at("distillation");
    options.augmentation.flip = true;
    options.augmentation.crop = given.at("crop") != 0;
    options.keep_best = false;
    options.seed = static_cast<uint64_t>(given.at("seed"));
    return options;
}

void measure(const Setting& s, const std::map<std::string, double>& given) {
    const GraphPtr graph =
        need(onnx::import_model(test::data_dir() / "models" / (std::string(s.network) + ".onnx"))).graph;
    const std::string suffix = s.card_suffix;
    const DatasetPtr test = card("cifar10/test" + suffix);
    const DatasetPtr training =
        need(join_datasets({card("cifar10/train" + suffix), card("cifar10-jpeg/train-10k" + suffix)}));
    const bool wide_ends = given.at("wide_ends") != 0;
    const double real = top1(graph, PrecisionPlan(), *test);
    std::printf("\n%s at w%da%d%s, %lld test images, %lld training images\n  float %38.2f %% +- %.1f\n",
                s.network, s.weight_bits, s.activation_bits, wide_ends ? ", first and last layer w8a8" : "",
                static_cast<long long>(test->size()), static_cast<long long>(training->size()), 100 * real,
                half_width(real, test->size()));
    const std::vector<Calibrated> calibrated =
        all_calibrated(graph, s, *training, *test, wide_ends, static_cast<size_t>(given.at("recipes")));
    const Calibrated& plain = calibrated[std::min<size_t>(1, calibrated.size() - 1)];
    const Calibrated& best = *std::ranges::max_element(calibrated, {}, &Calibrated::top1);

    // Trained from the float weights: the ranges are calibrated, no pass has changed the network.
    PrecisionPlan start = plan_of(s, recipes()[1], *graph, wide_ends);
    start.set_folds_batch_norm(given.at("fold") != 0);
    auto prepared = need(passes::prepare(graph, start, {training.get(), 512, 1}, {}));
    train::Options options = options_of(given);
    options.qat = train::QatOptions{prepared.plan};
    const Stopwatch watch;
    train::Observer observer;
    observer.on_epoch = [&](const train::Epoch& epoch) {
        std::fprintf(stderr, "    loss %.4f, training top-1 %.2f %%, %.0f s\n", epoch.loss,
                     100 * epoch.train_top1, epoch.seconds);
    };
    const auto outcome = need(train::train(prepared.graph, *training, nullptr, options, {}, observer));
    const double trained = top1(outcome.graph, outcome.plan, *test);
    std::printf("  quantization-aware training %16.2f %% +- %.1f   %d epochs, %.0f s\n", 100 * trained,
                half_width(trained, test->size()), options.epochs, watch.seconds());
    const auto won_back = [&](const char* baseline, double before) {
        std::printf("  of the %.2f points that %s loses, %.0f %% are won back\n", 100 * (real - before),
                    baseline, 100 * (trained - before) / (real - before));
    };
    std::printf("  %.2f points below float\n", 100 * (real - trained));
    won_back("plain calibration (MSE)", plain.top1);
    won_back("the best of calibration", best.top1);
    std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) {
    std::map<std::string, double> given{{"epochs", 10},  {"rate", 0}, {"distillation", -1}, {"crop", 0},
                                        {"seed", 1},     {"fold", 0}, {"wide_ends", 0},     {"recipes", 4},
                                        {"resnet20", 1}, {"w2a4", 1}, {"resnet8", 1}};
    read_options(argc, argv, given);
    std::printf("wanted: at w3a3 two thirds of resnet20's loss won back; resnet8 at w4a4 within 1.5 points "
                "of float\n");
    if (given["resnet20"] != 0) {
        measure({"resnet20", "", 3, 3}, given);
        if (given["w2a4"] != 0) measure({"resnet20", "", 2, 4}, given);
    }
    if (given["resnet8"] != 0) measure({"resnet8", "-raw255", 4, 4}, given);
}
