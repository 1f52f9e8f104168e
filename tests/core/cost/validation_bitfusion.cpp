// BitFusion: compute cycles of its simulator on AlexNet, area and dynamic power of its synthesized arrays.
#include "core/cost/mac_array.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/small_networks.h"
#include "tests/core/cost/validation.h"

#include <map>

namespace widthwise::test {
namespace {

constexpr const char* k_source = "BitFusion";
constexpr double k_synthesis_limit = 0.08;

/// AlexNet with twice the channels (WRPN), its two groups as layers of their own; first and last layer in 8
/// bits, the others in 4.
struct Layer {
    int64_t outputs, inputs, side, kernel, stride;
    int bits;
};

/// Runs at 192 bits per cycle have pooling that rounds up: 28 and 14 pixels instead of 27 and 13.
Layer alexnet_layer(const std::string& name, bool rounds_up) {
    const int64_t wide = rounds_up ? 28 : 27, narrow = rounds_up ? 14 : 13;
    const std::map<std::string, Layer> layers = {
        {"conv1", {96, 3, 55, 11, 4, 8}},       {"conv2", {256, 96, wide, 5, 1, 4}},
        {"conv3", {384, 512, narrow, 3, 1, 4}}, {"conv4", {384, 384, narrow, 3, 1, 4}},
        {"conv5", {256, 384, narrow, 3, 1, 4}}, {"fc1", {8192, 18432, 1, 1, 1, 4}},
        {"fc2", {8192, 8192, 1, 1, 1, 4}},      {"fc3", {1000, 8192, 1, 1, 1, 8}},
    };
    const std::string key = name.substr(0, name.find_first_of("_/"));
    const auto found = layers.find(key);
    if (found == layers.end()) qFatal("no layer %s", name.c_str());
    return found->second;
}

double compute_cycles(const Layer& l, HardwareTarget target, int64_t rows, int64_t cols, int64_t batch) {
    target.rows = rows;
    target.cols = cols;
    const int64_t side = (l.side - 1) * l.stride + 1; // "same" padding
    const GraphPtr graph = Net({1, l.inputs, side, side}).conv("conv", l.outputs, l.kernel, l.stride).build();
    const CostBreakdown cost = cost_of(graph, PrecisionPlan(precision(l.bits, l.bits)), target, batch);
    return static_cast<double>(cost.layers[0].compute_cycles);
}

void add_cycles(const std::filesystem::path& file, std::vector<ValidationRow>& table) {
    const HardwareTarget target = take(cost::load_target("bitfusion"));
    std::map<std::string, std::vector<ValidationRow>> runs;
    for (const CsvRow& row : read_csv(file)) {
        if (row.at("Network") != "AlexNet") continue;
        const std::string& bandwidth = row.at("Bandwidth (bits/cycle)");
        const std::string& name = row.at("Layer");
        const std::string run = row.at("N") + " x " + row.at("M") + ", " + bandwidth + " b/cycle";
        const double ours = compute_cycles(alexnet_layer(name, bandwidth == "192"), target, integer(row, "N"),
                                           integer(row, "M"), integer(row, "Batch size"));
        runs[run].push_back({k_source, "AlexNet compute cycles, " + run,
                             number(row, "Cycles") - number(row, "Memory wait cycles"), ours});
    }
    for (const auto& [run, rows] : runs) table.push_back(worst_of(rows));
}

void add_arrays(const std::filesystem::path& file, std::vector<ValidationRow>& table) {
    std::map<std::string, std::vector<ValidationRow>> kinds;
    for (const CsvRow& row : read_csv(file)) {
        const cost::Array array{integer(row, "N"), integer(row, "M")};
        const bool unit = array.rows == 1 && array.cols == 1;
        if (!unit && !(array.rows == 4 && array.cols == 4)) continue;
        const int b = static_cast<int>(integer(row, "Max Precision (bits)"));
        const int least = static_cast<int>(integer(row, "Min Precision (bits)"));
        // nW at f Hz are 1e3 / f pJ a cycle.
        const double pj = number(row, "Dynamic Power (nW)") * 1e3 / number(row, "Frequency");
        const std::string kind =
            std::string(unit ? "1 x 1 " : "4 x 4 ") + (b == least ? "fixed units" : "fusion units");
        kinds[kind + ", um2"].push_back({k_source, kind + ", um2", number(row, "Area (um^2)"),
                                         cost::fusion_array_um2(array, b, b, least), k_synthesis_limit});
        kinds[kind + ", pJ a cycle"].push_back({k_source, kind + ", pJ a cycle", pj,
                                                cost::fusion_array_pj(array, b, b, least),
                                                k_synthesis_limit});
    }
    for (const auto& [kind, rows] : kinds) table.push_back(worst_of(rows));
}

} // namespace

std::vector<ValidationRow> validation_bitfusion(const std::filesystem::path& reference) {
    const auto folder = reference / "cost" / "bitfusion";
    std::vector<ValidationRow> table;
    if (!std::filesystem::is_directory(folder)) return table;
    add_cycles(folder / "bitfusion_sim_sweep.csv", table);
    add_arrays(folder / "systolic_array_synth.csv", table);
    return table;
}

} // namespace widthwise::test
