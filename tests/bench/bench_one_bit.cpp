// One network at full precision, with ternary and binary weights, and with signs for activations too, each
// trained from the same random start on the demo's images: accuracy in the integer engine, memory,
// operations, run time and what the cost model says of hardware with units for each. Arguments: see
// read_options; only=N runs row N alone.

#include "core/cost/cost_model.h"
#include "core/data/synthetic.h"
#include "core/flow/training.h"
#include "core/graph/layer_work.h"
#include "core/graph/zoo.h"
#include "core/quant/quantizer.h"
#include "tests/bench/training_bench.h"

#include <algorithm>
#include <functional>
#include <set>

using namespace widthwise;
using namespace widthwise::bench;

namespace {

const std::set<std::string> k_ends = {"stem/conv", "classifier"}; // in 8 bits, as XNOR-Net keeps them

/// What the layers between the ends get.
struct Row {
    const char* name;
    std::function<LayerPrecision()> inner; ///< empty: float everywhere
    train::ScaleLearning activations = train::ScaleLearning::lsq;
};

LayerPrecision weights_only(NumberFormat weights) {
    return {std::move(weights), activation_integer(8), {}};
}

const std::vector<Row>& rows() {
    static const std::vector<Row> list = {
        {"float", {}},
        {"8 bits", [] { return weights_only(weight_integer(8)); }},
        {"ternary weights (TWN)", [] { return weights_only(default_weight_format(FormatType::ternary)); }},
        {"three learned levels (TTQ)",
         [] { return weights_only(default_weight_format(FormatType::codebook, 2)); }},
        {"binary weights (BWN)", [] { return weights_only(default_weight_format(FormatType::binary)); }},
        {"binary (XNOR-Net)",
         [] {
             return LayerPrecision{default_weight_format(FormatType::binary),
                                   default_activation_format(FormatType::binary),
                                   {}};
         },
         train::ScaleLearning::lsq},
    };
    return list;
}

/// Three levels to start from: those of a ternary quantizer of the whole layer (Zhu et al. 2017 learn the
/// outer two; here all three move).
NumberFormat with_levels(NumberFormat codebook, const Graph& graph, const Node& node) {
    const std::vector<float> weights = graph.value(node.inputs[1]).constant->to_f32();
    NumberFormat ternary = default_weight_format(FormatType::ternary);
    ternary.granularity = Granularity::tensor;
    const float level = need(resolve_weight_format(weights, 1, ternary)).scale.front();
    codebook.codebook = {-level, 0, level};
    return codebook;
}

PrecisionPlan plan_of(const Row& row, const Graph& graph) {
    if (!row.inner) return {};
    PrecisionPlan plan({weight_integer(8), activation_integer(8), {}});
    plan.set_folds_batch_norm(false);
    for (const NodeId id : graph.node_ids()) {
        const Node& node = graph.node(id);
        if (!is_weighted(graph, id) || k_ends.contains(node.name)) continue;
        LayerPrecision inner = row.inner();
        if (inner.weights.type == FormatType::codebook)
            inner.weights = with_levels(inner.weights, graph, node);
        plan.set(node.name, std::move(inner));
    }
    return plan;
}

/// What the program itself starts from, but for what the demo's images want.
train::Options options_of(const std::map<std::string, double>& given, bool real) {
    train::Options options = flow::recommended_options(!real, false);
    options.epochs = static_cast<int>(given.at("epochs"));
    options.batch_size = 32;
    if (real) options.learning_rate = 0.05;
    options.augmentation.crop = false; // glyphs lie anywhere already
    options.keep_best = false;
    options.seed = static_cast<uint64_t>(given.at("seed"));
    return options;
}

double images_per_second(const GraphPtr& graph, const PrecisionPlan& plan, const Dataset& data) {
    std::vector<double> rates;
    for (int run = 0; run < 5; ++run)
        rates.push_back(static_cast<double>(data.size()) /
                        need(engine::predict(graph, plan, data, {}, {})).seconds);
    std::sort(rates.begin(), rates.end());
    return rates[rates.size() / 2];
}

void measure(const Row& row, const GraphPtr& graph, const HardwareTarget& target,
             const std::map<std::string, double>& given) {
    const DatasetPtr training = demo_train(), test = demo_test();
    train::Options options = options_of(given, !row.inner);
    if (row.inner) {
        auto prepared = need(passes::prepare(graph, plan_of(row, *graph), {training.get(), 256, 1}, {}));
        options.qat = train::QatOptions{prepared.plan, train::ScaleLearning::lsq, row.activations};
    }
    const Stopwatch watch;
    train::Observer observer;
    observer.on_epoch = [&](const train::Epoch& epoch) {
        std::fprintf(stderr, "    %s: loss %.4f, training top-1 %.2f %%, %.0f s\n", row.name, epoch.loss,
                     100 * epoch.train_top1, epoch.seconds);
    };
    const auto outcome = need(train::train(graph, *training, nullptr, options, {}, observer));
    const double seconds = watch.seconds();
    const double accuracy = top1(outcome.graph, outcome.plan, *test);
    const auto cost = need(cost::estimate(*outcome.graph, outcome.plan, target));
    std::printf("%-28s %6.2f +- %.2f %9.1f %9.1f %9.0f %9.0f %9.2f %9.1f %9.0f\n", row.name, 100 * accuracy,
                half_width(accuracy, test->size()), cost.weight_bytes / 1024, cost.model_bytes / 1024,
                cost.bops / 1e6, images_per_second(outcome.graph, outcome.plan, *test), 1e6 * cost.energy_j,
                1e6 * cost.latency_s, seconds);
    std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) {
    std::map<std::string, double> given{{"epochs", 6}, {"seed", 1}, {"only", -1}};
    read_options(argc, argv, given);
    const GraphPtr graph = need(zoo::build("demo-binary"));
    const HardwareTarget target = need(cost::load_target("asic-45nm"));
    std::printf("zoo:demo-binary, %.2f million MACs, first and last layer and sums in 8 bits; %g epochs from "
                "a random start; cost on %s\n",
                static_cast<double>(graph_totals(*graph).macs) / 1e6, given["epochs"], target.name.c_str());
    std::printf("%-28s %14s %9s %9s %9s %9s %9s %9s %9s\n", "", "top-1 [%]", "weights", "model", "BOPs",
                "engine", "energy", "latency", "training");
    std::printf("%-28s %14s %9s %9s %9s %9s %9s %9s %9s\n", "", "(95 %)", "[KiB]", "[KiB]", "[10^6]",
                "[im/s]", "[uJ]", "[us]", "[s]");
    for (size_t i = 0; i < rows().size(); ++i)
        if (given["only"] < 0 || given["only"] == static_cast<double>(i))
            measure(rows()[i], graph, target, given);
}
