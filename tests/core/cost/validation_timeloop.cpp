// Timeloop v2.0 on its Eyeriss-like configuration: its mappings evaluated as they are, and our search under
// its energy table and its row-stationary constraints.
#include "core/base/text.h"
#include "core/cost/machine.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/core/cost/validation.h"

namespace widthwise::test {
namespace {

using cost::MatrixProblem;
using cost::MatrixResult;
using cost::Numeric;

constexpr double k_word_bits = 16;

/// Timeloop's public energy table (pat-public): 1 pJ per 16-bit word at 0.5 KB, 6 at 100 KB, a straight line.
double sram_pj_per_bit(double bytes) {
    return (1 + (bytes / 1024 - 0.5) * 5 / 99.5) / k_word_bits;
}

MemoryLevel level(const char* name, int64_t bytes, double pj_per_bit, OperandSet holds, bool per_pe) {
    MemoryLevel level;
    level.name = name;
    if (bytes > 0) level.bytes = bytes;
    level.read_energy_pj_per_bit = level.write_energy_pj_per_bit = pj_per_bit;
    level.holds = holds;
    level.per_pe = per_pe;
    return level;
}

HardwareTarget timeloop_target() {
    HardwareTarget target;
    target.name = "eyeriss-like";
    target.rows = 12;
    target.cols = 14;
    target.dataflow = Dataflow::row_stationary;
    target.objective = Objective::energy;
    target.mac.weight_bits = target.mac.activation_bits = target.mac.accumulator_bits = 16;
    target.mac_pj = 1;
    target.noc_pj_per_bit = 0;
    target.memory = {
        level("DRAM", 0, 200 / k_word_bits, {}, false),
        level("GlobalBuffer", 128 * 1024, sram_pj_per_bit(128 * 1024), {false, true, true}, false),
        level("InputRegFile", 24, sram_pj_per_bit(24), {false, true, false}, true),
        level("WeightRegFile", 384, sram_pj_per_bit(384), {true, false, false}, true),
        level("PsumRegFile", 32, sram_pj_per_bit(32), {false, false, true}, true),
    };
    return target;
}

/// Timeloop's R, P run along the width, S, Q along the height.
Dim dim_of(char letter) {
    switch (letter) {
    case 'R':
        return Dim::s;
    case 'S':
        return Dim::r;
    case 'P':
        return Dim::q;
    case 'Q':
        return Dim::p;
    case 'C':
        return Dim::c;
    case 'K':
        return Dim::k;
    default:
        return Dim::n;
    }
}

/// "DRAM [ ... ] | for Q in [0:5) | ... | GlobalBuffer [ ... ] | for K in [0:4) (Spatial-X) | ..."; the loops
/// of the empty DummyBuffer belong to the buffer above it.
Mapping parse_mapping(const std::string& text) {
    Mapping mapping;
    for (const std::string& item : split(text, '|')) {
        const std::string part = trim(item);
        if (!part.starts_with("for ")) {
            const std::string name = part.substr(0, part.find(' '));
            if (name != "DummyBuffer") mapping.levels.push_back({name, {}, {}, {}});
            continue;
        }
        const size_t from = part.find("[0:") + 3;
        const Loop loop{dim_of(part[4]), parse_int(part.substr(from, part.find(')', from) - from)).value()};
        if (loop.extent == 1) continue;
        MappingLevel& at = mapping.levels.back();
        auto& loops = part.find("Spatial-X") != std::string::npos   ? at.spatial_x
                      : part.find("Spatial-Y") != std::string::npos ? at.spatial_y
                                                                    : at.temporal;
        loops.push_back(loop);
    }
    return mapping;
}

MatrixProblem problem_of(const CsvRow& row) {
    MatrixProblem problem;
    LoopNest& n = problem.nest;
    n.kernel_width = integer(row, "R");
    n.kernel_height = integer(row, "S");
    n.out_width = integer(row, "P");
    n.out_height = integer(row, "Q");
    n.in_channels = integer(row, "C");
    n.out_channels = integer(row, "K");
    n.stride_height = n.stride_width = integer(row, "stride");
    n.in_width = (n.out_width - 1) * n.stride_width + n.kernel_width;
    n.in_height = (n.out_height - 1) * n.stride_height + n.kernel_height;
    problem.batch = integer(row, "N");
    problem.operands = {{Numeric::integer, 16}, {Numeric::integer, 16}};
    problem.stored = {16, 16, 16};
    return problem;
}

void add_counts(const CsvRow& row, const std::string& layer, const MatrixResult& result,
                std::vector<ValidationRow>& counts) {
    for (const LevelAccesses& at : result.nest->accesses)
        for (const auto& [operand, name] :
             {std::pair(Operand::weights, "Weights"), std::pair(Operand::inputs, "Inputs"),
              std::pair(Operand::outputs, "Outputs")}) {
            const OperandAccesses& ours = at.operands[static_cast<size_t>(operand)];
            const std::string column = at.level + "_" + name;
            for (const auto& [what, value] :
                 {std::pair("_reads_total", ours.reads), std::pair("_fills_total", ours.fills),
                  std::pair("_updates_total", ours.updates), std::pair("_tile", ours.tile)})
                if (row.contains(column + what))
                    counts.push_back(
                        {"Timeloop v2.0", layer + ": " + column + what, number(row, column + what), value});
        }
}

} // namespace

std::vector<ValidationRow> validation_timeloop(const std::filesystem::path& reference) {
    std::vector<ValidationRow> rows, counts;
    const HardwareTarget target = timeloop_target();
    for (const char* file : {"timeloop_v2_alexnet_rs_14x12.csv", "timeloop_v2_vgg16_rs_14x12.csv"}) {
        const auto path = reference / "cost/timeloop" / file;
        if (!std::filesystem::exists(path)) continue;
        for (const CsvRow& row : read_csv(path)) {
            if (row.at("status") != "ok") continue;
            const std::string layer =
                (std::string_view(file).find("alexnet") != std::string_view::npos ? "AlexNet " : "VGG-16 ") +
                row.at("layer");
            const MatrixProblem problem = problem_of(row);
            const auto machine = cost::make_machine(target, std::span(&problem, 1));
            if (!machine) qFatal("%s", machine.error().to_line().c_str());
            const Mapping mapping = parse_mapping(row.at("mapping"));
            const auto given = (*machine)->matrix(problem, &mapping);
            if (!given) qFatal("%s: %s", layer.c_str(), given.error().to_line().c_str());
            add_counts(row, layer, *given, counts);
            const double energy = number(row, "energy_uJ") * 1e-6;
            rows.push_back({"Timeloop v2.0", layer + ": cycles of its mapping", number(row, "cycles"),
                            static_cast<double>(given->figures.compute_cycles)});
            rows.push_back({"Timeloop v2.0", layer + ": energy of its mapping, J", energy,
                            given->figures.energy.total_j(), 0.01});
            const auto found = (*machine)->matrix(problem);
            if (!found) qFatal("%s: %s", layer.c_str(), found.error().to_line().c_str());
            // Both under the same evaluation, so that not even their rounding hides a worse one.
            rows.push_back({"Timeloop v2.0",
                            layer + ": energy of our mapping against its, J",
                            given->figures.energy.total_j(),
                            found->figures.energy.total_j(),
                            0,
                            {},
                            true});
        }
    }
    if (!counts.empty()) rows.insert(rows.begin(), worst_of(counts));
    return rows;
}

} // namespace widthwise::test
