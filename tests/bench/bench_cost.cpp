// The cost model: how fast it answers on ResNet-50, and how it agrees with measurements and other simulators.
// A quick run: times are the best of several, on one thread.

#include "core/base/rng.h"
#include "core/cost/design_table.h"
#include "core/cost/estimator.h"
#include "core/graph/layer_work.h"
#include "core/graph/zoo.h"
#include "tests/core/cost/validation.h"
#include "tests/support/test_data.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>

using namespace widthwise;

namespace {

double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The quickest of `times` runs: what a busy machine disturbs least.
double best_of(int times, const std::function<void()>& work) {
    double best = seconds_of(work);
    for (int i = 1; i < times; ++i) best = std::min(best, seconds_of(work));
    return best;
}

template <typename T> T need(Result<T> result) {
    if (!result) {
        std::printf("not measured: %s\n", result.error().to_line().c_str());
        std::exit(1);
    }
    return std::move(*result);
}

LayerPrecision precision(int weights, int activations) {
    return {weight_integer(weights), activation_integer(activations), {}};
}

int64_t matrix_layers(const Graph& graph) {
    const auto ids = graph.node_ids();
    return std::count_if(ids.begin(), ids.end(), [&](NodeId id) { return is_weighted(graph, id); });
}

/// Loops are mapped onto scratchpads in the processing elements, so that there is a best mapping to find.
bool searches(const HardwareTarget& target) {
    return std::any_of(target.memory.begin(), target.memory.end(),
                       [](const MemoryLevel& level) { return level.per_pe; });
}

/// Everything from scratch: roles, problems, machine, every layer.
void from_scratch(const GraphPtr& graph, const HardwareTarget& target) {
    const PrecisionPlan plan(precision(8, 8));
    const double seconds =
        best_of(searches(target) ? 1 : 20, [&] { (void)need(cost::estimate(*graph, plan, target)); });
    const double layers = static_cast<double>(matrix_layers(*graph));
    std::printf("  %-18s everything from scratch %9.3f ms, %8.2f us a layer of %.0f%s\n", target.name.c_str(),
                1e3 * seconds, 1e6 * seconds / layers, layers, searches(target) ? ", by search" : "");
}

/// Each weighted layer in turn gets another width; then the same edits again, all known by then.
void one_layer_edits(const GraphPtr& graph, const HardwareTarget& target) {
    auto estimator = need(cost::Estimator::create(graph, target));
    PrecisionPlan plan(precision(8, 8));
    (void)need(estimator.at(plan));
    std::vector<std::string> layers;
    for (const NodeId id : graph->node_ids())
        if (is_weighted(*graph, id)) layers.push_back(graph->node(id).name);
    const auto edits = [&] {
        for (const std::string& layer : layers)
            for (const int bits : {4, 8}) {
                plan.set(layer, precision(bits, bits));
                (void)need(estimator.at(plan));
            }
    };
    const double edit_count = 2 * static_cast<double>(layers.size());
    const double cold = seconds_of(edits);
    const double warm = best_of(5, edits);
    std::printf("  %-18s edit of one layer: cold %9.2f us, warm %7.2f us\n", target.name.c_str(),
                1e6 * cold / edit_count, 1e6 * warm / edit_count);
}

void design_points(const GraphPtr& graph, const HardwareTarget& target) {
    std::vector<NumberFormat> weights, activations;
    for (const int bits : {2, 3, 4, 5, 6, 8}) {
        weights.push_back(weight_integer(bits));
        activations.push_back(activation_integer(bits));
    }
    auto table = need(
        cost::DesignTable::create(graph, target, {}, PrecisionPlan(precision(8, 8)), weights, activations));
    Rng rng(1);
    // Few where nothing adds up, or where a cold entry is a search for the best mapping.
    std::vector<std::vector<cost::WidthChoice>> points(searches(target) ? 4 : table.adds_up() ? 5000 : 50);
    for (auto& point : points)
        for (size_t i = 0; i < table.layers().size(); ++i)
            point.push_back({static_cast<uint8_t>(rng.below(weights.size())),
                             static_cast<uint8_t>(rng.below(activations.size()))});
    double sum = 0;
    const auto all = [&] {
        for (const auto& point : points) sum += need(table.totals(point)).energy_j;
    };
    const double cold = seconds_of(all);
    const double warm = best_of(5, all);
    const double count = static_cast<double>(points.size());
    std::printf("  %-18s random designs: %.0f a second with a cold table, %.0f with a warm one (mean %.3g "
                "J)%s\n",
                target.name.c_str(), count / cold, count / warm, sum / (6 * count),
                table.adds_up() ? "" : ", all full estimates");
}

void speed() {
    const GraphPtr graph = need(zoo::build("resnet50", zoo::Weights::zero));
    std::printf("ResNet-50, one thread; aims: closed forms 10 us a layer, a mapping search of the whole "
                "network 2 s, an edit 20 us, 200,000 designs a second\n");
    for (const std::string& name : cost::preset_names()) {
        const HardwareTarget target = need(cost::load_target(name));
        const auto cost = cost::estimate(*graph, PrecisionPlan(precision(8, 8)), target);
        if (!cost) {
            std::printf("  %-18s cannot run it at w8a8: %s\n", name.c_str(), cost.error().to_line().c_str());
            continue;
        }
        from_scratch(graph, target);
        one_layer_edits(graph, target);
        design_points(graph, target);
        std::fflush(stdout);
    }
}

void validation() {
    std::printf("\nvalidation: source, row, theirs, ours, error, limit\n");
    for (const test::ValidationSource& source : test::validation_sources())
        for (const test::ValidationRow& row : source.rows(test::reference_dir()))
            std::printf("%s\n", test::to_line(row).c_str());
}

} // namespace

int main() {
    speed();
    validation();
}
