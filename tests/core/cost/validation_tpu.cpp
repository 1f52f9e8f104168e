// TPU v1 on the six applications of Jouppi et al., ISCA 2017 (Tables 1 and 3). The networks themselves are
// not published; these stand-ins have their kinds and numbers of layers, weights, batch and operations per
// weight byte (checked as rows of their own). From memory of Table 1: the LSTMs' and CNN1's layers by kind.
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/small_networks.h"
#include "tests/core/cost/validation.h"

namespace widthwise::test {
namespace {

/// `layers` square fully connected layers, element-wise ones spread between them.
GraphPtr dense_network(int layers, int64_t side, int element_wise) {
    Net net({1, side});
    for (int i = 0, done = 0; i < layers; ++i) {
        net.gemm("fc" + std::to_string(i), side);
        for (; done < element_wise * (i + 1) / layers; ++done)
            net.add(Op::sigmoid, "gate" + std::to_string(done));
    }
    return net.build();
}

/// 2888 operations per byte at batch 8 are 361 positions: a Go board, as AlphaGo's networks read it (48
/// planes, 5 x 5, then 3 x 3).
GraphPtr go_network() {
    Net net({1, 48, 19, 19});
    net.conv("in", 256, 5);
    for (int i = 0; i < 13; ++i) net.conv("c" + std::to_string(i), 256, 3);
    return net.conv("c13", 256, 1).conv("out", 1, 1).build();
}

/// 72 convolutions, 13 pools and four fully connected layers that hold most of the weights.
GraphPtr deep_network() {
    PoolAttributes same{.kernel = {3, 3}, .pads = {1, 1, 1, 1}}, halves{.kernel = {2, 2}, .strides = {2, 2}};
    Net net({1, 216, 14, 14});
    for (int i = 0, pools = 0; i < 72; ++i) {
        net.conv("c" + std::to_string(i), 216, 3);
        if (i == 65) net.add(Op::max_pool, "halves", halves);
        if (i % 6 == 2 && pools < 12) net.add(Op::max_pool, "p" + std::to_string(pools++), same);
    }
    net.add(Op::reshape, "flat", ReshapeAttributes{{1, 216 * 49}});
    return net.gemm("f0", 4096).gemm("f1", 4096).gemm("f2", 2048).gemm("f3", 1000).build();
}

GraphPtr network(const std::string& name) {
    if (name == "MLP0") return dense_network(5, 2000, 0);
    if (name == "MLP1") return dense_network(4, 1120, 0);
    if (name == "LSTM0") return dense_network(24, 1472, 34);
    if (name == "LSTM1") return dense_network(37, 960, 19);
    return name == "CNN0" ? go_network() : deep_network();
}

std::string explanation(const std::string& name) {
    if (name == "LSTM1")
        return "43 % of the chip's own roofline: its matrices of 600 x 600 (from memory) fill 61 % of their "
               "tiles, which are fetched whole (measured: 6.3 % of the peak is useful where 10.5 % is "
               "active)";
    if (name == "CNN1")
        return "15 % of the chip's own roofline: shallow layers leave half of the active array unused, 23 % "
               "of "
               "the cycles wait for earlier results, 19 % do no matrix work";
    return {};
}

} // namespace

std::vector<ValidationRow> validation_tpu(const std::filesystem::path& reference) {
    const auto path = reference / "cost/tables/tpu_v1_apps.csv";
    if (!std::filesystem::exists(path)) return {};
    const HardwareTarget target = take(cost::load_target("tpu-v1"));
    std::vector<ValidationRow> rows;
    for (const CsvRow& app : read_csv(path)) {
        const std::string& name = app.at("app");
        const GraphPtr graph = network(name);
        const int64_t batch = integer(app, "batch");
        const CostBreakdown cost = cost_of(graph, PrecisionPlan(precision(8, 8)), target, batch);
        double macs = 0, layers = 0;
        for (const LayerCost& layer : cost.layers) {
            macs += static_cast<double>(layer.macs);
            layers += layer.cycles > 0 ? 1 : 0;
        }
        const std::string millions = app.at("weights").substr(0, app.at("weights").find('M'));
        const auto weights = parse_double(millions);
        if (!weights) qFatal("weights of %s", name.c_str());
        const auto add = [&](const std::string& what, double theirs, double ours, double limit) {
            rows.push_back({.source = "TPU v1",
                            .row = name + ": " + what,
                            .theirs = theirs,
                            .ours = ours,
                            .limit = limit});
        };
        add("layers of the stand-in", number(app, "layers"), layers, 0);
        add("its weights, M", *weights, cost.weight_bytes / 1e6, 0.03);
        add("its MACs per weight byte", number(app, "ops_per_weight_byte(MAC)"), macs / cost.weight_bytes,
            0.03);
        add("TOPS", number(app, "measured_TOPS"), 2 * macs / cost.latency_s / 1e12, 0.20);
        rows.back().note = explanation(name);
    }
    return rows;
}

} // namespace widthwise::test
