// FINN: its resource and cycle formulas on every row that was worked out from its sources, the throughput of
// its example foldings, and CNV-w1a1 as it was synthesized.
#include "core/cost/finn.h"
#include "core/cost/finn_window.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/validation.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace widthwise::test {
namespace {

constexpr const char* k_source = "FINN";
constexpr double k_clock_hz = 100e6; ///< of the examples

cost::Mvau unit_of(const CsvRow& row) {
    cost::Mvau unit;
    unit.pe = integer(row, "PE");
    unit.simd = integer(row, "SIMD");
    unit.weight_bits = static_cast<int>(integer(row, "W_bits"));
    unit.activation_bits = static_cast<int>(integer(row, "A_bits"));
    return unit;
}

void add_luts(const std::filesystem::path& tables, std::vector<ValidationRow>& rows) {
    std::vector<ValidationRow> luts;
    for (const CsvRow& row : read_csv(tables / "finn_lut_cost.csv")) {
        cost::Mvau unit = unit_of(row);
        unit.mw = integer(row, "MW");
        unit.mh = unit.pe;
        for (const bool dsps : {false, true})
            luts.push_back({k_source, "LUTs of an MVAU (finn_lut_cost.csv)",
                            number(row, dsps ? "LUT_total(resType=dsp)" : "LUT_total(resType=lut)"),
                            std::floor(cost::mvau_luts(unit, dsps)), 0});
    }
    rows.push_back(worst_of(luts));
}

void add_foldings(const std::filesystem::path& tables, std::vector<ValidationRow>& rows) {
    std::vector<ValidationRow> layers;
    std::map<std::string, double> slowest;
    for (const CsvRow& row : read_csv(tables / "finn_folding_cycles.csv")) {
        cost::Mvau unit = unit_of(row);
        unit.mh = integer(row, "MH_or_channels");
        unit.mw = integer(row, "MW_or_kernel");
        unit.vectors = integer(row, "num_vectors_px");
        const auto cycles = static_cast<double>(cost::mvau_cycles(unit));
        layers.push_back({k_source, "cycles of a layer (finn_folding_cycles.csv)",
                          number(row, "exp_cycles=(MH/PE)*(MW/SIMD)*px"), cycles, 0});
        double& most = slowest[row.at("design")];
        most = std::max(most, cycles);
    }
    rows.push_back(worst_of(layers));
    for (const auto& [design, frames] : {std::pair{"cnv-w1a1", 3052.0}, std::pair{"cnv-w1a2", 868.0},
                                         std::pair{"cnv-w2a2", 868.0}, std::pair{"tfc-w1a1", 1.56e6}})
        rows.push_back({k_source, std::string(design) + ": frames/s at 100 MHz from its folding", frames,
                        k_clock_hz / slowest.at(design), 0.005});
}

/// A layer of CNV-w1a1 as FINN's example folds it.
struct CnvLayer {
    int64_t mh, channels, kernel, side, pe, simd;
    int activation_bits;
};

/// BNN-PYNQ's design of the same folding for a Zynq 7020.
void add_synthesis(std::vector<ValidationRow>& rows) {
    constexpr double k_synthesized_luts = 26072;
    const CnvLayer layers[] = {
        {64, 3, 3, 32, 16, 3, 8},     {64, 64, 3, 30, 32, 32, 1}, {128, 64, 3, 14, 16, 32, 1},
        {128, 128, 3, 12, 16, 32, 1}, {256, 128, 3, 5, 4, 32, 1}, {256, 256, 3, 3, 1, 32, 1},
        {512, 256, 1, 1, 1, 4, 1},    {512, 512, 1, 1, 1, 8, 1},  {10, 512, 1, 1, 5, 1, 1}};
    double luts = 0;
    for (const CnvLayer& layer : layers) {
        cost::Mvau unit;
        unit.mh = layer.mh;
        unit.mw = layer.channels * layer.kernel * layer.kernel;
        unit.pe = layer.pe;
        unit.simd = layer.simd;
        unit.weight_bits = 1;
        unit.activation_bits = layer.activation_bits;
        const bool last = layer.mh == 10;
        luts += cost::mvau_luts(
            unit, false, last ? 0 : cost::mvau_threshold_luts(unit, 1, cost::mvau_accumulator_bits(unit)));
        const int64_t depth = unit.mh * unit.mw / (unit.pe * unit.simd);
        if (depth <= 128) luts += cost::lutram_luts(unit.pe * unit.simd, depth);
        if (layer.kernel > 1) {
            LoopNest nest;
            nest.in_channels = layer.channels;
            nest.in_height = nest.in_width = layer.side;
            nest.out_height = nest.out_width = layer.side - 2;
            nest.kernel_height = nest.kernel_width = layer.kernel;
            luts += cost::folded_window(nest, layer.activation_bits, layer.simd).resources.luts;
        }
        luts += cost::fifo_luts(static_cast<double>(layer.pe), 32);
    }
    rows.push_back({k_source, "cnv-w1a1: LUTs after synthesis, Zynq 7020 (Xilinx/BNN-PYNQ@d84f6e88)",
                    k_synthesized_luts, luts, 0.15});
}

} // namespace

std::vector<ValidationRow> validation_finn(const std::filesystem::path& reference) {
    std::vector<ValidationRow> rows;
    const auto tables = reference / "cost" / "tables";
    if (!std::filesystem::exists(tables / "finn_lut_cost.csv")) return rows;
    add_luts(tables, rows);
    add_foldings(tables, rows);
    cost::Mvau test;
    test.mh = test.mw = 4;
    test.weight_bits = test.activation_bits = 2;
    test.signed_activations = true;
    rows.push_back({k_source, "LUTs in FINN's own unit test (4 x 4 weights, 2 bits)", 317,
                    std::floor(cost::mvau_luts(test, false)), 0,
                    "the formula in FINN's source gives 315 too; what its test adds is not known"});
    add_synthesis(rows);
    return rows;
}

} // namespace widthwise::test
