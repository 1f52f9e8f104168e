// Eyeriss (Chen et al., JSSC 2017, Tables III, V and VI): 18 layers of AlexNet and VGG-16 from their shapes,
// their mapping and the chip's description; zero fractions and total latencies as published.
//
// VGG-16's mapping is not published. The one assumed here keeps within the chip's memories and the published
// count of active processing elements; its tile sizes are those that come closest to the published traffic.
#include "core/cost/cost_model.h"
#include "core/cost/machine.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/validation.h"

#include <numeric>

namespace widthwise::test {
namespace {

using cost::MatrixProblem;
using cost::MatrixResult;

/// Table III's parameters and how the rest of the loops is split between DRAM and GLB.
struct RowStationary {
    int64_t m, n, e, p, q, r,
        t;                    ///< filters and images in the GLB; strip; per PE; sets of channels, of filters
    int64_t column_parts = 1; ///< output rows are cut in so many parts
    bool filters_in_columns = false; ///< the t sets stand side by side, else above one another
};

int64_t ceil_divide(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

Mapping mapping_of(const LoopNest& nest, int64_t batch, const RowStationary& rs) {
    const int64_t k = nest.out_channels / nest.groups, c = nest.in_channels / nest.groups;
    const auto loops = [](std::vector<Loop> all) {
        std::erase_if(all, [](const Loop& loop) { return loop.extent == 1; });
        return all;
    };
    const Loop sets{Dim::k, rs.t};
    Mapping mapping;
    mapping.levels = {
        {"DRAM",
         loops({{Dim::g, nest.groups},
                {Dim::p, ceil_divide(nest.out_height, rs.e)},
                {Dim::q, rs.column_parts},
                {Dim::n, ceil_divide(batch, rs.n)},
                {Dim::k, ceil_divide(k, rs.m)},
                {Dim::c, ceil_divide(c, rs.q * rs.r)}}),
         {},
         {}},
        {"GLB",
         loops({{Dim::k, ceil_divide(rs.m, rs.p * rs.t)},
                {Dim::n, rs.n},
                {Dim::q, ceil_divide(nest.out_width, rs.column_parts)}}),
         loops({{Dim::p, rs.e}, rs.filters_in_columns ? sets : Loop{Dim::k, 1}}),
         loops(
             {{Dim::r, nest.kernel_height}, {Dim::c, rs.r}, rs.filters_in_columns ? Loop{Dim::k, 1} : sets})},
        {"weight pad", loops({{Dim::c, rs.q}, {Dim::s, nest.kernel_width}}), {}, {}},
        {"sum pad", loops({{Dim::k, rs.p}}), {}, {}},
    };
    return mapping;
}

MatrixProblem problem_of(LoopNest nest, int64_t batch, double input_zeros, double output_zeros) {
    MatrixProblem problem;
    problem.nest = nest;
    problem.batch = batch;
    problem.operands = {{cost::Numeric::integer, 16}, {cost::Numeric::integer, 16}};
    problem.stored = {16, 16, 16};
    problem.zeros = {input_zeros, 0, output_zeros};
    return problem;
}

LoopNest square(int64_t channels, int64_t filters, int64_t in, int64_t kernel, int64_t out, int64_t stride,
                int64_t groups) {
    LoopNest nest;
    nest.in_channels = channels;
    nest.out_channels = filters;
    nest.groups = groups;
    nest.in_height = nest.in_width = in;
    nest.out_height = nest.out_width = out;
    nest.kernel_height = nest.kernel_width = kernel;
    nest.stride_height = nest.stride_width = stride;
    return nest;
}

struct Layer {
    LoopNest nest;
    RowStationary mapping;
};

std::vector<Layer> alexnet(const std::filesystem::path& tables) {
    const std::map<std::string, std::pair<int64_t, int64_t>> input = {// side, groups
                                                                      {"CONV1", {227, 1}},
                                                                      {"CONV2", {27, 2}},
                                                                      {"CONV3", {13, 1}},
                                                                      {"CONV4", {13, 2}},
                                                                      {"CONV5", {13, 2}}};
    std::vector<Layer> layers;
    for (const CsvRow& row : read_csv(tables / "eyeriss_rs_mapping_alexnet.csv")) {
        const auto [side, groups] = input.at(row.at("layer"));
        const auto of = [&](const char* column) { return integer(row, column); };
        RowStationary rs{of("m"), of("n"), of("e"), of("p"), of("q"), of("r"), of("t")};
        rs.filters_in_columns = row.at("layer") == "CONV1"; // 11 rows leave no room above one another
        layers.push_back(
            {square(of("C_per_group") * groups, of("M"), side, of("R"), of("E"), of("U_stride"), groups),
             rs});
    }
    return layers;
}

std::vector<Layer> vgg16() {
    const RowStationary first{32, 1, 13, 8, 1, 1, 4, 2}, second{32, 1, 13, 8, 1, 1, 4},
        third{64, 1, 13, 8, 2, 1, 4}, fourth{32, 1, 28, 16, 4, 1, 2}, fifth{64, 3, 14, 16, 4, 2, 2};
    const auto layer = [](int64_t channels, int64_t filters, int64_t side, const RowStationary& rs) {
        return Layer{square(channels, filters, side, 3, side, 1, 1), rs};
    };
    return {layer(3, 64, 224, first),     layer(64, 64, 224, first),   layer(64, 128, 112, second),
            layer(128, 128, 112, second), layer(128, 256, 56, third),  layer(256, 256, 56, third),
            layer(256, 256, 56, third),   layer(256, 512, 28, fourth), layer(512, 512, 28, fourth),
            layer(512, 512, 28, fourth),  layer(512, 512, 14, fifth),  layer(512, 512, 14, fifth),
            layer(512, 512, 14, fifth)};
}

void add_network(const std::string& network, const std::filesystem::path& table, double megabyte,
                 const std::vector<Layer>& layers, const HardwareTarget& target,
                 std::vector<ValidationRow>& rows, std::vector<double>& errors) {
    std::vector<CsvRow> published = read_csv(table);
    std::erase_if(published, [](const CsvRow& row) { return row.at("layer") == "Total"; });
    if (published.size() != layers.size()) qFatal("%s: %zu layers", network.c_str(), published.size());
    const bool mapping_known = network == "AlexNet";
    for (size_t i = 0; i < layers.size(); ++i) {
        const CsvRow& row = published[i];
        const auto zeros = [&](size_t at) {
            return number(published[std::min(at, layers.size() - 1)], "ifmap_zeros_pct") / 100;
        };
        const Layer& layer = layers[i];
        const int64_t batch = integer(row, "batch");
        // What a layer writes has about the zeros of what the next one reads (pooling aside).
        const MatrixProblem problem = problem_of(layer.nest, batch, zeros(i), zeros(i + 1));
        const auto machine = cost::make_machine(target, std::span(&problem, 1));
        if (!machine) qFatal("%s", machine.error().to_line().c_str());
        const Mapping mapping = mapping_of(layer.nest, batch, layer.mapping);
        const std::string name = network + " " + row.at("layer");
        const auto result = (*machine)->matrix(problem, &mapping);
        if (!result) qFatal("%s: %s", name.c_str(), result.error().to_line().c_str());

        const auto add = [&](const char* what, double theirs, double ours, double limit,
                             std::string note = {}) {
            rows.push_back({"Eyeriss JSSC'17", name + ": " + what, theirs, ours, limit, std::move(note)});
        };
        const auto& figures = result->figures;
        const double latency = static_cast<double>(figures.cycles) * (*machine)->cycle_s();
        add("processing latency, s", number(row, "processing_latency_ms") * 1e-3, latency,
            row.at("layer") == "CONV1-1" ? 0.15 : 0.12);
        errors.push_back(std::abs(relative_error(rows.back())));
        if (mapping_known)
            add("active PEs", number(row, "active_PEs"), figures.mapped_units * (*machine)->macs_per_cycle(),
                0);
        const double idle = target.static_power_w * number(row, "total_latency_ms") * 1e-3;
        add("chip energy, J", number(row, "power_mW") * 1e-3 * number(row, "total_latency_ms") * 1e-3,
            figures.energy.total_j() - figures.energy.dram_j - figures.energy.static_j + idle, 0.15);
        add("DRAM traffic, B", number(row, "dram_access_MB") * megabyte, figures.dram_bytes, 0.30);
        add("GLB traffic, B", number(row, "glb_access_MB") * megabyte, figures.buffer_bytes, 0.15,
            name == "AlexNet CONV3" ? "published traffic contradicts the published mapping (q = 4, r = 1)"
                                    : "");
    }
}

} // namespace

std::vector<ValidationRow> validation_eyeriss(const std::filesystem::path& reference) {
    std::vector<ValidationRow> rows;
    const auto tables = reference / "cost/tables";
    if (!std::filesystem::exists(tables / "eyeriss_alexnet.csv")) return rows;
    const auto target = cost::load_target("eyeriss");
    if (!target) qFatal("%s", target.error().to_line().c_str());
    // The tables print MB: 10^6 bytes fit AlexNet's rows, 2^20 those of VGG-16.
    std::vector<double> errors; // of processing latency
    add_network("AlexNet", tables / "eyeriss_alexnet.csv", 1e6, alexnet(tables), *target, rows, errors);
    add_network("VGG-16", tables / "eyeriss_vgg16.csv", 1 << 20, vgg16(), *target, rows, errors);
    const double mean =
        std::accumulate(errors.begin(), errors.end(), 0.0) / static_cast<double>(errors.size());
    rows.push_back({"Eyeriss JSSC'17", "1 + mean error of processing latency, 18 layers", 1, 1 + mean, 0.04});
    return rows;
}

} // namespace widthwise::test
