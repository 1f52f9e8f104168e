#include "core/cost/fpga_overlay.h"

#include "core/cost/finn.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace widthwise::cost {
namespace {

constexpr double k_control_luts = 5000, k_edge_luts = 40;
constexpr double k_base_luts = 300; ///< of a unit of its own, in FINN's formula
constexpr double k_bram18_bytes = 2304, k_bram18_port_bytes = 4.5;
constexpr double k_uram_bytes = 36864, k_uram_port_bytes = 9;
constexpr int64_t k_uram_from = 256 * 1024;

std::string shortage(const char* what, double needed, double available) {
    std::array<char, 160> text;
    std::snprintf(text.data(), text.size(), "%.0f %s needed, %.0f may be filled, %.0f short", needed, what,
                  available, needed - available);
    return text.data();
}

} // namespace

FpgaResources may_fill(const Fpga& fpga) {
    return {std::floor(fpga.luts * fpga.fill_luts), std::floor(fpga.dsps * fpga.fill_dsps),
            std::floor(fpga.bram18 * fpga.fill_bram), std::floor(fpga.urams * fpga.fill_uram)};
}

FpgaResources overlay_resources(const HardwareTarget& target) {
    const Fpga& fpga = *target.fpga;
    const FpgaResources most = may_fill(fpga);
    const double rows = static_cast<double>(target.rows), cols = static_cast<double>(target.cols);
    Mvau array;
    array.pe = array.mh = target.cols;
    array.simd = array.mw = target.rows;
    array.weight_bits = target.mac.weight_bits;
    array.activation_bits = target.mac.activation_bits;
    const double wanted = static_cast<double>(packed_dsps(array, fpga.dsp, true));

    FpgaResources taken;
    taken.dsps = std::min(wanted, most.dsps);
    const double in_luts = rows * cols * (1 - taken.dsps / wanted);
    const double packed = wanted < rows * cols ? rows * cols - in_luts : 0;
    Mvau one;
    one.weight_bits = array.weight_bits;
    one.activation_bits = array.activation_bits;
    const double multiplier = mvau_luts(one, false) - mvau_luts(one, true);
    taken.luts = k_control_luts + k_edge_luts * (rows + cols) + in_luts * multiplier +
                 (in_luts + packed) * target.mac.accumulator_bits;
    Mvau scale;
    scale.weight_bits = 16;
    scale.activation_bits = target.mac.accumulator_bits;
    taken.luts += cols * (mvau_luts(scale, false) - k_base_luts);

    for (size_t i = 1; i < target.memory.size(); ++i) {
        const MemoryLevel& level = target.memory[i];
        const double bytes = static_cast<double>(level.bytes.value_or(0));
        const double port = level.bytes_per_cycle.value_or(0);
        if (level.per_pe) {
            taken.luts += rows * cols * std::ceil(bytes * 8 / 64);
            continue;
        }
        const double urams = std::ceil(std::max(bytes / k_uram_bytes, port / k_uram_port_bytes));
        if (level.bytes.value_or(0) >= k_uram_from && taken.urams + urams <= most.urams)
            taken.urams += urams;
        else
            taken.bram18 += std::ceil(std::max(bytes / k_bram18_bytes, port / k_bram18_port_bytes));
    }
    taken.luts = std::ceil(taken.luts);
    return taken;
}

Result<void> check_overlay(const HardwareTarget& target) {
    const FpgaResources taken = overlay_resources(target), most = may_fill(*target.fpga);
    const char* remedy = "use a smaller array or buffer, or a larger device";
    const std::string where = "target '" + target.name + "'";
    if (taken.luts > most.luts)
        return fail(ErrorCode::invalid_input,
                    "the array does not fit: " + shortage("LUTs", taken.luts, most.luts), where, remedy);
    if (taken.bram18 > most.bram18)
        return fail(ErrorCode::invalid_input,
                    "the buffers do not fit: " + shortage("BRAM18", taken.bram18, most.bram18), where,
                    remedy);
    return {};
}

} // namespace widthwise::cost
