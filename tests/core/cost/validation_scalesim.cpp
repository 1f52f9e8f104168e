// SCALE-Sim v2, stall-free: every layer of its runs rebuilt from its shape; version 3's published traces.
#include "core/cost/systolic.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/small_networks.h"
#include "tests/core/cost/validation.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

namespace widthwise::test {
namespace {

constexpr const char* k_source = "SCALE-Sim v2";

Dataflow dataflow_of(const CsvRow& row) {
    const std::string& name = row.at("dataflow");
    if (name == "os") return Dataflow::output_stationary;
    if (name == "is") return Dataflow::input_stationary;
    if (name != "ws") qFatal("dataflow %s", name.c_str());
    return Dataflow::weight_stationary;
}

/// The layer as a convolution without padding; the tool rounds its output size up.
GraphPtr layer_graph(const CsvRow& row) {
    const auto input = [&](const char* size, const char* filter, const char* stride) {
        const int64_t r = integer(row, filter), s = integer(row, stride);
        const int64_t out = (integer(row, size) - r + 2 * s - 1) / s;
        return (out - 1) * s + r;
    };
    const int64_t channels = integer(row, "channels");
    Net net({1, channels, input("ifmap_h", "filt_h", "stride_h"), input("ifmap_w", "filt_w", "stride_w")});
    ConvAttributes attributes;
    attributes.kernel = {integer(row, "filt_h"), integer(row, "filt_w")};
    attributes.strides = {integer(row, "stride_h"), integer(row, "stride_w")};
    return net
        .add(Op::conv, "conv", attributes,
             {net.zeros({integer(row, "num_filters"), channels, attributes.kernel[0], attributes.kernel[1]})})
        .build();
}

/// As the tool prints it.
double percent(double share) {
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "%.6f", 100 * share);
    return parse_double(text.data()).value();
}

using Rows = std::map<std::string, std::vector<ValidationRow>>; ///< by figure

void compare_layer(const CsvRow& row, const std::string& run, Rows& rows) {
    const cost::Array array{integer(row, "array_rows"), integer(row, "array_cols")};
    const Dataflow dataflow = dataflow_of(row);
    HardwareTarget target;
    target.rows = array.rows;
    target.cols = array.cols;
    target.dataflow = dataflow;
    const CostBreakdown cost = cost_of(layer_graph(row), PrecisionPlan(precision(8, 8)), target);
    const double units = static_cast<double>(array.rows * array.cols);
    const auto cycles = static_cast<double>(cost.layers[0].compute_cycles);
    const auto macs = static_cast<double>(cost.layers[0].macs);

    const cost::Gemm gemm{integer(row, "M_ofmap_px"), integer(row, "N_filters"), integer(row, "K_window")};
    const cost::Folding folding = cost::fold(dataflow, gemm, array);
    const cost::ArrayWords words = cost::array_words(dataflow, folding);
    const double mapped = cost::mapping_efficiency(folding, array);
    // The tool's own length of a fold.
    const bool os = dataflow == Dataflow::output_stationary;
    const int64_t length =
        os ? folding.t + array.rows + array.cols - 2 : 2 * array.rows + 2 * array.cols + folding.t - 3;
    // Its os trace counts rows + columns further result words per fold.
    const int64_t artefact = os ? folding.folds() * (array.rows + array.cols) : 0;

    const auto add = [&](const std::string& figure, const char* column, double ours) {
        rows[figure].push_back(
            {k_source, figure + ": " + run + " " + row.at("layer"), number(row, column), ours});
    };
    add("cycles", "total_cycles", cycles);
    add("overall utilization, %", "overall_util_pct", percent(macs / (cycles * units)));
    add("mapping efficiency, %", "mapping_eff_pct", percent(cost.layers[0].mapped_units));
    add("compute utilization, %", "compute_util_pct",
        percent(mapped * static_cast<double>(folding.t) / static_cast<double>(length)));
    add("ifmap SRAM accesses", "ifmap_sram_accesses", static_cast<double>(words.activation_reads));
    add("filter SRAM accesses", "filter_sram_accesses", static_cast<double>(words.weight_reads));
    add("ofmap SRAM accesses", "ofmap_sram_accesses", static_cast<double>(words.result_writes + artefact));
}

} // namespace

std::vector<ValidationRow> validation_scalesim(const std::filesystem::path& reference) {
    const auto folder = reference / "cost" / "scalesim";
    std::vector<ValidationRow> table;
    if (!std::filesystem::is_directory(folder)) return table;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".csv") files.push_back(entry.path());
    std::sort(files.begin(), files.end());

    Rows rows;
    for (const std::filesystem::path& file : files) {
        for (const CsvRow& row : read_csv(file)) {
            const auto status = row.find("status");
            if (status != row.end() && status->second.starts_with("ok"))
                compare_layer(row, file.stem().string(), rows);
        }
    }
    for (const auto& [figure, all] : rows) table.push_back(worst_of(all));

    // Limited bandwidth: total - stalls is the closed form.
    for (const CsvRow& row : read_csv(folder / "v3_golden_user_bw.csv")) {
        const cost::Gemm gemm{integer(row, "M"), integer(row, "N"), integer(row, "K")};
        const cost::Folding folding = cost::fold(dataflow_of(row), gemm, {32, 32});
        table.push_back(
            {"SCALE-Sim v3", "cycles without stalls: " + row.at("layer") + " " + row.at("dataflow"),
             number(row, "total_cycles") - number(row, "stall_cycles"), cost::compute_cycles(folding)});
    }
    return table;
}

} // namespace widthwise::test
