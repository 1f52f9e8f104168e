// HAWQ-V3, ResNet-18: size and bit operations of its five published configurations.
#include "core/graph/layer_work.h"
#include "core/graph/zoo.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/small_networks.h"
#include "tests/core/cost/validation.h"

#include <algorithm>

namespace widthwise::test {
namespace {

constexpr const char* k_source = "HAWQ-V3";
constexpr double k_limit = 0.035;

/// The layers come in the paper's order; ours have other names. A layer of the same weights and MACs that is
/// not yet taken is the same layer: shortcuts, which the two order differently, are unlike their neighbours.
PrecisionPlan plan_of(const Graph& graph, const std::vector<CsvRow>& bits, const std::string& config) {
    PrecisionPlan plan(precision(8, 8));
    std::vector<NodeId> layers;
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
        const NodeId id{static_cast<int>(i)};
        if (is_weighted(graph, id)) layers.push_back(id);
    }
    for (const CsvRow& row : bits) {
        if (row.at("config") != config) continue;
        const auto same = [&](NodeId id) {
            const LoopNest nest = *loop_nest(graph, id);
            const int64_t weights =
                nest.out_channels * (nest.in_channels / nest.groups) * nest.kernel_height * nest.kernel_width;
            return weights == integer(row, "weights") && nest.macs() == integer(row, "macs");
        };
        const auto found = std::find_if(layers.begin(), layers.end(), same);
        if (found == layers.end()) qFatal("no layer like %s", row.at("layer").c_str());
        const int b = static_cast<int>(integer(row, "bits"));
        plan.set(graph.node(*found).name, precision(b, b));
        layers.erase(found);
    }
    if (!layers.empty()) qFatal("%zu layers without bits", layers.size());
    return plan;
}

} // namespace

std::vector<ValidationRow> validation_hawq(const std::filesystem::path& reference) {
    const auto folder = reference / "hawq_v3";
    std::vector<ValidationRow> table;
    if (!std::filesystem::is_directory(folder)) return table;
    const GraphPtr graph = take(zoo::build("resnet18", zoo::Weights::zero));
    const std::vector<CsvRow> bits = read_csv(folder / "resnet18_bits.csv");
    for (const CsvRow& published : read_csv(folder / "resnet18_published.csv")) {
        const std::string& config = published.at("config");
        const CostBreakdown cost =
            cost_of(graph, plan_of(*graph, bits, config), square_target(16, Dataflow::weight_stationary));
        table.push_back({k_source, config + ": weights, MiB", number(published, "published_size_mib"),
                         cost.weight_bytes / 1048576, k_limit});
        table.push_back({k_source, config + ": G bit operations", number(published, "published_bops_g"),
                         cost.bops / 1e9, k_limit});
    }
    return table;
}

} // namespace widthwise::test
